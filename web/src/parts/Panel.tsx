import { useId, type ReactNode } from "react";
import { age, STALE_S, type Heard } from "../data/stream.ts";
import { useServerNow } from "../data/clock.ts";
import { duration } from "../format/format.ts";
import css from "./parts.module.css";
import { usePartWords } from "./words.ts";

/** A part of a screen with its heading. `heard`: of live data, whose age is shown; it is greyed when older than 5 s. */
export function Panel({ title, more, heard, live = false, children }: { title: string; more?: ReactNode; heard?: Heard<unknown> | undefined; live?: boolean; children: ReactNode }) {
  const id = useId();
  useServerNow();
  const old = live && heard !== undefined && age(heard.readAt) > STALE_S;
  return (
    <section className={`${css["panel"]} ${old ? css["old"] : ""}`} aria-labelledby={id} data-old={old || undefined}>
      <div className={css["panelHead"]}>
        <h2 id={id}>{title}</h2>
        {more}
        {live && <Age heard={heard} />}
      </div>
      {children}
    </section>
  );
}

function Age({ heard }: { heard: Heard<unknown> | undefined }) {
  const t = usePartWords();
  if (!heard) return <span className={css["age"]}>{t.noData}</span>;
  const seconds = age(heard.readAt);
  if (seconds <= STALE_S) return <span className={css["age"]}>{t.current}</span>;
  return <span className={`${css["age"]} ${css["ageOld"]}`}>{t.age(duration(seconds))}</span>;
}
