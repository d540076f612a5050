import { Button } from "../parts/Button.tsx";
import { Failure } from "../parts/states.tsx";
import { Door } from "./Page.tsx";
import { useShellWords } from "./words.ts";

/** A page that failed; after an upgrade the code of a screen is under another name, which a reload finds. */
export function Failed({ error }: { error: unknown }) {
  const t = useShellWords();
  return (
    <Door title={t.failed}>
      <Failure error={error} />
      <Button kind="primary" onClick={() => location.reload()}>{t.reload}</Button>
    </Door>
  );
}
