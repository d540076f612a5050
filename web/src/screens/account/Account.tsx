import { useState, type FormEvent } from "react";
import { changePassword, useSession } from "../../data/session.ts";
import { dateTime } from "../../format/format.ts";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { notify } from "../../parts/toast.tsx";
import { Page } from "../../shell/Page.tsx";
import { useWords } from "../../words/language.ts";
import css from "./account.module.css";
import { en } from "./en.ts";
import { vi } from "./vi.ts";

export default function Account() {
  const t = useWords({ en, vi });
  const session = useSession();
  const [wrong, setWrong] = useState<string | null>(null);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const values = new FormData(form);
    setWrong(null);
    try {
      await changePassword(String(values.get("current")), String(values.get("next")));
      form.reset();
      notify(t.done);
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
    }
  };

  return (
    <Page title={t.title}>
      <div className={css["columns"]}>
        <Panel title={session.user.name}>
          <dl className={css["facts"]}>
            <dt>{t.login}</dt><dd>{session.user.login}</dd>
            <dt>{t.until}</dt><dd>{dateTime(session.expiresAt)}</dd>
          </dl>
        </Panel>
        <Panel title={t.change}>
          <form className={css["form"]} onSubmit={(event) => void submit(event)}>
            <input type="hidden" name="username" autoComplete="username" value={session.user.login} readOnly />
            <Field label={t.current} name="current" type="password" autoComplete="current-password" required wrong={wrong} />
            <Field label={t.next} name="next" type="password" autoComplete="new-password" required />
            <Button type="submit" kind="primary">{t.act}</Button>
          </form>
        </Panel>
      </div>
    </Page>
  );
}
