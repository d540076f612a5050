import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes } from "react";
import css from "./parts.module.css";
import { useRefusal } from "./refusal.ts";

type Around = { label: string; hint?: ReactNode; wrong?: string | null | undefined };

/** A text field with its label, a hint, and what is wrong with it: as `wrong` says, or the server to the form that it is in. */
export function Field({ label, hint, wrong, ...rest }: Around & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  const refused = useRefusal(rest.name);
  const fault = wrong || refused;
  return (
    <div className={css["field"]}>
      <label htmlFor={id}>{label}</label>
      <input id={id} className={css["input"]} aria-invalid={fault ? true : undefined} aria-describedby={`${id}-more`} {...rest} />
      <More id={`${id}-more`} fault={fault} hint={hint} />
    </div>
  );
}

/** A text field in a table, whose label is not seen: the row and the column say it. */
export function Cell({ label, ...rest }: Around & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  const fault = useRefusal(rest.name);
  return (
    <>
      <input aria-label={label} className={css["input"]} aria-invalid={fault ? true : undefined} aria-describedby={fault ? id : undefined} {...rest} />
      {fault && <More id={id} fault={fault} hint={null} />}
    </>
  );
}

export function Select({ label, hint, wrong, children, ...rest }: Around & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  const refused = useRefusal(rest.name);
  const fault = wrong || refused;
  return (
    <div className={css["field"]}>
      <label htmlFor={id}>{label}</label>
      <select id={id} className={css["input"]} aria-invalid={fault ? true : undefined} aria-describedby={fault || hint ? `${id}-more` : undefined} {...rest}>{children}</select>
      {(fault || hint) && <More id={`${id}-more`} fault={fault} hint={hint} />}
    </div>
  );
}

/** A box for yes or no; the form has its name only for yes. */
export function Check({ label, hint, ...rest }: Around & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  const refused = useRefusal(rest.name);
  return (
    <div className={css["field"]}>
      <label className={css["check"]}><input type="checkbox" aria-describedby={`${id}-more`} {...rest} />{label}</label>
      <More id={`${id}-more`} fault={refused} hint={hint} />
    </div>
  );
}

function More({ id, fault, hint }: { id: string; fault: string | null | undefined; hint: ReactNode }) {
  return fault ? <span id={id} role="alert" className={css["wrong"]}>{fault}</span> : <span id={id} className={css["hint"]}>{hint}</span>;
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
