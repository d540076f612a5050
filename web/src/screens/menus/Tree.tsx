import { number } from "../../format/format.ts";
import { useDestinationText } from "../queues/Destination.tsx";
import css from "./menus.module.css";
import type { Heard } from "./tree.ts";
import { useMenuWords } from "./words.ts";

/** What a caller hears in a menu, and what each key leads to, with the menus below it. */
export function Tree({ of }: { of: Heard }) {
  const t = useMenuWords();
  const where = useDestinationText();
  const { greeting, timeoutSec, repeats } = of.menu;
  return (
    <>
      <p>
        {greeting ? t.plays(greeting) : t.silent}, {repeats ? t.waits(number(timeoutSec), number(repeats)) : t.waitsOnce(number(timeoutSec))}:
      </p>
      <ul className={css["tree"]}>
        {of.branches.map(({ key, to, below }) => (
          <li key={key ?? ""}>
            {key === null ? <span className={css["noKey"]}>{t.noKey}</span> : <kbd>{key}</kbd>} {to ? where(to) : t.ends}
            {below && <div className={css["below"]}><Tree of={below} /></div>}
          </li>
        ))}
      </ul>
    </>
  );
}
