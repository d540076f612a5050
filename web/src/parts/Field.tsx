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

/** Several of a few choices, each with its own box; the form has `name` once for each that is chosen. */
export function Choices({ label, name, choices, chosen }: { label: string; name: string; choices: readonly (readonly [string | number, string])[]; chosen: readonly (string | number)[] }) {
  return (
    <fieldset className={css["checks"]}>
      <legend>{label}</legend>
      {choices.map(([value, title]) => <label key={value}><input type="checkbox" name={name} value={value} defaultChecked={chosen.includes(value)} />{title}</label>)}
    </fieldset>
  );
}
