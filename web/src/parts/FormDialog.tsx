import { useState, type FormEvent, type ReactNode } from "react";
import { Button } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";
import css from "./parts.module.css";
import { isComposing } from "./shortcuts.ts";
import { usePartWords } from "./words.ts";

type Asked = { title: string; act: string; onSubmit: (values: FormData) => Promise<unknown>; onClose: () => void; children: ReactNode };

/** A dialog with a form: it closes once the server has accepted it; otherwise it keeps what was written, and says why. */
export function FormDialog({ title, act, onSubmit, onClose, children }: Asked) {
  const t = usePartWords();
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    try {
      await onSubmit(new FormData(event.currentTarget));
      onClose();
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form className={css["form"]} onSubmit={(event) => void submit(event)} onKeyDown={(event) => event.key === "Enter" && isComposing(event) && event.preventDefault()}>
        {wrong && <p role="alert" className={css["alert"]}>{wrong}</p>}
        {children}
        <div className={`${css["row"]} ${css["ends"]}`}>
          <Button onClick={onClose}>{t.cancel}</Button>
          <Button type="submit" kind="primary" disabled={busy}>{act}</Button>
        </div>
      </form>
    </Dialog>
  );
}
