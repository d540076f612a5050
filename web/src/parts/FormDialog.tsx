import { type ReactNode } from "react";
import { Button } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";
import { Form } from "./Form.tsx";
import css from "./parts.module.css";
import { usePartWords } from "./words.ts";

type Asked = { title: string; act: string; onSubmit: (values: FormData) => Promise<unknown>; onClose: () => void; children: ReactNode };

/** A dialog with a form: it closes once the server has accepted it; otherwise it keeps what was written, and says why. */
export function FormDialog({ title, act, onSubmit, onClose, children }: Asked) {
  const t = usePartWords();
  const submit = async (values: FormData) => {
    await onSubmit(values);
    onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <Form onSubmit={submit} foot={(busy) => (
        <div className={`${css["row"]} ${css["ends"]}`}>
          <Button onClick={onClose}>{t.cancel}</Button>
          <Button type="submit" kind="primary" disabled={busy}>{act}</Button>
        </div>
      )}>
        {children}
      </Form>
    </Dialog>
  );
}
