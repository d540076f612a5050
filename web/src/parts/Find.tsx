import { useState, type FormEvent } from "react";
import { Button } from "./Button.tsx";
import { Field } from "./Field.tsx";
import { usePartWords } from "./words.ts";

/** A field that searches when Enter is pressed: the server finds whole numbers and ids, not parts. */
export function Find({ label, value, onFind }: { label: string; value: string | undefined; onFind: (value: string | undefined) => void }) {
  const parts = usePartWords();
  const [written, write] = useState(value ?? "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onFind(written.trim() || undefined);
  };
  return (
    <form onSubmit={submit} role="search" aria-label={label}>
      <Field label={label} value={written} onChange={(event) => write(event.target.value)} />
      <Button kind="small" type="submit" aria-label={`${parts.search}: ${label}`}>{parts.search}</Button>
    </form>
  );
}
