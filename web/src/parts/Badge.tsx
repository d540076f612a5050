import css from "./parts.module.css";

export type Tone = "good" | "warn" | "bad" | "info" | "quiet";

/** A shape for each tone, so that colour is never all that tells two states apart. */
const SHAPES: Record<Tone, string> = {
  good: "M5 0a5 5 0 1 0 0 10A5 5 0 0 0 5 0z",
  warn: "M5 0 10 10H0z",
  bad: "M0 0h10v10H0z",
  info: "M5 0 10 5 5 10 0 5z",
  quiet: "M0 3.5h10v3H0z",
};

/** A state in a word, with a shape and a colour. */
export function Badge({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className={`${css["badge"]} ${css[tone]}`}>
      <svg viewBox="0 0 10 10" aria-hidden="true"><path d={SHAPES[tone]} /></svg>
      {children}
    </span>
  );
}
