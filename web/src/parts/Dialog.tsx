import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import { Button } from "./Button.tsx";
import css from "./parts.module.css";
import { notifyFailure } from "./toast.tsx";
import { usePartWords } from "./words.ts";

/** A modal dialog, which keeps the focus; Escape closes it. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current!;
    if (!dialog.open) dialog.showModal();
    return () => dialog.close();
  }, []);
  return (
    <dialog ref={ref} className={css["dialog"]} aria-labelledby={id} onCancel={(event) => { event.preventDefault(); onClose(); }}>
      <div className={css["dialogBody"]}>
        <h2 id={id}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

type Question = { title: string; text?: ReactNode; act: string; danger?: boolean; onConfirm: () => Promise<unknown>; onClose: () => void };

/** Ask before something is done; it closes once the server says that it is done, and tells why if it is not. */
export function Confirm({ title, text, act, danger = false, onConfirm, onClose }: Question) {
  const t = usePartWords();
  const [busy, setBusy] = useState(false);
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      notifyFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {text && <div>{text}</div>}
      <div className={`${css["row"]} ${css["ends"]}`}>
        <Button onClick={onClose} autoFocus>{t.cancel}</Button>
        <Button kind={danger ? "danger" : "primary"} disabled={busy} onClick={() => void confirm()}>{act}</Button>
      </div>
    </Dialog>
  );
}
