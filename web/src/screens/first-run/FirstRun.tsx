import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { firstRun } from "../../data/session.ts";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { LanguageChooser } from "../../shell/Chooser.tsx";
import { Door } from "../../shell/Page.tsx";
import css from "../../shell/shell.module.css";
import { useWords } from "../../words/language.ts";
import { en } from "./en.ts";
import { vi } from "./vi.ts";

export default function FirstRun() {
  const t = useWords({ en, vi });
  const client = useQueryClient();
  const router = useRouter();
  const navigate = useNavigate();
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const tenantName = text("tenant");
    setBusy(true);
    setFailed(null);
    try {
      await firstRun(client, { token: text("token"), ...(tenantName ? { tenantName } : {}), name: text("name"), login: text("login"), password: String(form.get("password")) });
      await router.invalidate();
      await navigate({ to: "/" });
    } catch (error) {
      setFailed(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };

  return (
    <Door title={t.title} foot={<LanguageChooser />}>
      <p>{t.intro}</p>
      <form className={css["form"]} onSubmit={(event) => void submit(event)}>
        {failed !== null && <div className={css["alert"]} role="alert">{failed}</div>}
        <Field label={t.token} name="token" autoComplete="off" required autoFocus hint={t.tokenHint} />
        <Field label={t.tenant} name="tenant" autoComplete="organization" />
        <Field label={t.name} name="name" autoComplete="name" required />
        <Field label={t.login} name="login" autoComplete="username" required />
        <Field label={t.password} name="password" type="password" autoComplete="new-password" required hint={t.passwordHint} />
        <Button kind="primary" type="submit" disabled={busy}>{t.act}</Button>
      </form>
    </Door>
  );
}
