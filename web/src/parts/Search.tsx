import css from "./parts.module.css";
import { usePartWords } from "./words.ts";

/** A search field, for `matches` of format.ts: it finds without accents. */
export function Search({ value, onChange, label }: { value: string; onChange: (value: string) => void; label?: string }) {
  const t = usePartWords();
  return <input type="search" className={css["input"]} aria-label={label ?? t.search} placeholder={label ?? t.search} value={value} onChange={(event) => onChange(event.target.value)} />;
}
