import type { ButtonHTMLAttributes } from "react";
import css from "./parts.module.css";

type Kind = "primary" | "danger" | "plain" | "small";

/** A button; it submits nothing unless its type says so. */
export function Button({ kind = "", className = "", ...rest }: ButtonHTMLAttributes<HTMLButtonElement> & { kind?: Kind | `${Kind} ${Kind}` | "" }) {
  const classes = kind.split(" ").filter(Boolean).map((one) => css[one]);
  return <button type="button" className={[css["button"], ...classes, className].join(" ")} {...rest} />;
}
