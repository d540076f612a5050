import { Link, useRouterState } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { resetPassword } from "../../data/session.ts";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { LanguageChooser } from "../../shell/Chooser.tsx";
import { Door } from "../../shell/Page.tsx";
import css from "../../shell/shell.module.css";
import { useWords } from "../../words/language.ts";
import { en } from "./en.ts";
import { vi } from "./vi.ts";

/** The one-time link of an owner, `/reset#TOKEN`: what follows # is sent to no server by the browser itself. */
export default function Reset() {
  const t = useWords({ en, vi });
  const token = useRouterState({ select: (state) => state.location.hash });
  const [wrong, setWrong] = useState<string | null>(null);
  const [done, setDone] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    if (form.get("password") !== form.get("repeated")) {
      setWrong(t.differ);
      return;
    }
    try {
      await resetPassword(token, String(form.get("password")));
      setDone(true);
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
    }
  };

  return (
    <Door title={t.title} foot={<LanguageChooser />}>
      {done ? (
        <><p role="status">{t.done}</p><Link to="/sign-in">{t.signIn}</Link></>
      ) : !token ? (
        <div className={css["alert"]} role="alert">{t.noToken}</div>
      ) : (
        <form className={css["form"]} onSubmit={(event) => void submit(event)}>
          {wrong && <div className={css["alert"]} role="alert">{wrong}</div>}
          <Field label={t.password} name="password" type="password" autoComplete="new-password" required autoFocus />
          <Field label={t.repeated} name="repeated" type="password" autoComplete="new-password" required />
          <Button kind="primary" type="submit">{t.act}</Button>
        </form>
      )}
    </Door>
  );
}
