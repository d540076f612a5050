import { useOtherBuild } from "../data/build.ts";
import { Button } from "../parts/Button.tsx";
import css from "./shell.module.css";
import { useShellWords } from "./words.ts";

/** Asks for a reload when the server was upgraded, but never in a call: see `useKeepsPage`. */
export function NewVersion() {
  const t = useShellWords();
  const other = useOtherBuild();
  return (
    <div role="status">
      {other && (
        <div className={css["upgraded"]}>
          <span>{t.upgraded}</span>
          <Button kind="small" onClick={() => location.reload()}>{t.reload}</Button>
        </div>
      )}
    </div>
  );
}
