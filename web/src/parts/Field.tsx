import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes } from "react";
import css from "./parts.module.css";

type Around = { label: string; hint?: ReactNode; wrong?: string | null | undefined };

/** A text field with its label, a hint, and what is wrong with it. */
export function Field({ label, hint, wrong, ...rest }: Around & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <div className={css["field"]}>
      <label htmlFor={id}>{label}</label>
      <input id={id} className={css["input"]} aria-invalid={wrong ? true : undefined} aria-describedby={`${id}-more`} {...rest} />
      <span id={`${id}-more`} className={wrong ? css["wrong"] : css["hint"]}>{wrong || hint}</span>
    </div>
  );
}

export function Select({ label, hint, children, ...rest }: Around & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  return (
    <div className={css["field"]}>
      <label htmlFor={id}>{label}</label>
      <select id={id} className={css["input"]} {...rest}>{children}</select>
      {hint && <span className={css["hint"]}>{hint}</span>}
    </div>
  );
}
