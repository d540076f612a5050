import { useState, type FormEvent, type ReactNode } from "react";
import css from "./parts.module.css";
import { namedBy, RefusalContext, type Refusal } from "./refusal.ts";
import { isComposing } from "./shortcuts.ts";

type Asked = { label?: string; onSubmit: (values: FormData) => Promise<unknown>; foot: (busy: boolean) => ReactNode; children: ReactNode };

/** A form that keeps what was written until the server accepts it. What the server refuses is said at the field that it names. */
export function Form({ label, onSubmit, foot, children }: Asked) {
  const [refused, setRefused] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    setBusy(true);
    setRefused(null);
    try {
      await onSubmit(new FormData(form));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const fields = [...form.elements].filter((one) => "name" in one) as HTMLInputElement[];
      const name = namedBy(message, fields.map((one) => one.name));
      setRefused({ name, message });
      fields.find((one) => name !== null && one.name === name)?.focus();
    } finally {
      setBusy(false);
    }
  };
  return (
    <form aria-label={label} className={css["form"]} onSubmit={(event) => void submit(event)} onKeyDown={(event) => event.key === "Enter" && isComposing(event) && event.preventDefault()}>
      {refused?.name === null && <p role="alert" className={css["alert"]}>{refused.message}</p>}
      <RefusalContext value={refused}>{children}</RefusalContext>
      {foot(busy)}
    </form>
  );
}
