import { Button } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";
import css from "./parts.module.css";
import { notify, notifyFailure } from "./toast.tsx";
import { usePartWords } from "./words.ts";

/** Secrets that the server shows once: their names and values, until the reader closes it. Escape does not. `open`: an address among them. */
export function ShownOnce({ title, secrets, open, onClose }: { title: string; secrets: readonly (readonly [string, string])[]; open?: string; onClose: () => void }) {
  const t = usePartWords();
  const copy = async (value: string) => {
    try {
      await navigator.clipboard.writeText(value);
      notify(t.copied);
    } catch (error) {
      notifyFailure(error);
    }
  };
  return (
    <Dialog title={title} onClose={() => undefined}>
      <p>{t.once}</p>
      <dl className={css["secrets"]}>
        {secrets.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd><code>{value}</code>{isSecureContext && <Button kind="small" aria-label={`${t.copy}: ${name}`} onClick={() => void copy(value)}>{t.copy}</Button>}</dd>
          </div>
        ))}
      </dl>
      <div className={`${css["row"]} ${css["ends"]}`}>{open && <a className={css["button"]} href={open} target="_blank" rel="noreferrer">{t.open}</a>}<Button kind="primary" onClick={onClose} autoFocus>{t.close}</Button></div>
    </Dialog>
  );
}
