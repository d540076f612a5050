import { useSyncExternalStore } from "react";
import { Button } from "./Button.tsx";
import css from "./parts.module.css";
import { usePartWords } from "./words.ts";

type Toast = { id: number; text: string; bad: boolean };

const SHOWN_MS = 6_000;
const listeners = new Set<() => void>();
let toasts: readonly Toast[] = [];
let last = 0;

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Tell what was done, for a few seconds; a screen reader says it when it has finished its sentence. */
export function notify(text: string): void {
  const id = ++last;
  set([...toasts.slice(-3), { id, text, bad: false }]);
  setTimeout(() => dismiss(id), SHOWN_MS);
}

/** Tell what went wrong, until it is dismissed. */
export function notifyFailure(error: unknown): void {
  set([...toasts.slice(-3), { id: ++last, text: error instanceof Error ? error.message : String(error), bad: true }]);
}

function dismiss(id: number): void {
  set(toasts.filter((toast) => toast.id !== id));
}

export function Toasts() {
  const t = usePartWords();
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className={css["toasts"]} role="status" aria-live="polite">
      {shown.map(({ id, text, bad }) => (
        <div key={id} className={`${css["toast"]} ${bad ? css["toastBad"] : ""}`}>
          <span>{text}</span>
          <Button kind="plain small" aria-label={t.close} onClick={() => dismiss(id)}>×</Button>
        </div>
      ))}
    </div>
  );
}
