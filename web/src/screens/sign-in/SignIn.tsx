import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useState, type FormEvent } from "react";
import { ApiError } from "../../data/api.ts";
import { optionsQuery, signIn } from "../../data/session.ts";
import { number } from "../../format/format.ts";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { LanguageChooser } from "../../shell/Chooser.tsx";
import { Door } from "../../shell/Page.tsx";
import css from "../../shell/shell.module.css";
import { useWords } from "../../words/language.ts";
import { en } from "./en.ts";
import { localPath, openidFailure } from "./next.ts";
import { vi } from "./vi.ts";

export default function SignIn() {
  const t = useWords({ en, vi });
  const client = useQueryClient();
  const router = useRouter();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { next?: unknown; openid?: unknown };
  const next = localPath(search.next);
  const refused = openidFailure(search.openid);
  const { data: options } = useQuery(optionsQuery);
  const [failed, setFailed] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    if (options?.firstRun) void navigate({ to: "/first-run" });
  }, [options, navigate]);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setFailed(null);
    try {
      await signIn(client, String(form.get("login")).trim(), String(form.get("password")));
      await router.invalidate();
      router.history.push(next);
    } catch (error) {
      setFailed(error);
      setBusy(false);
    }
  };

  return (
    <Door title={t.title} foot={<><LanguageChooser /><span>{options && t.version(options.version)}</span></>}>
      <form className={css["form"]} onSubmit={(event) => void submit(event)}>
        {refused && failed === null && <div className={css["alert"]} role="alert">{t.openidFailed[refused](options?.openid?.name ?? "OpenID")}</div>}
        {failed !== null && <div className={css["alert"]} role="alert">{told(failed, t)}</div>}
        <Field label={t.login} name="login" autoComplete="username" required autoFocus />
        <Field label={t.password} name="password" type="password" autoComplete="current-password" required hint={t.forgotten} />
        <Button kind="primary" type="submit" disabled={busy}>{t.act}</Button>
        {options?.openid && <a href={`/v1/session/openid?next=${encodeURIComponent(next)}`}>{t.openid(options.openid.name)}</a>}
      </form>
    </Door>
  );
}

function told(error: unknown, t: { wrong: string; limited: (seconds: string) => string }): string {
  if (error instanceof ApiError && error.status === 401) return t.wrong;
  if (error instanceof ApiError && error.status === 429) return t.limited(number(error.retryAfter ?? 60));
  return error instanceof Error ? error.message : String(error);
}
