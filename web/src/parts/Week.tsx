import { Button } from "./Button.tsx";
import css from "./parts.module.css";
import { DAYS, TIME, type Day, type Span, type Week as Kept } from "./week.ts";
import { usePartWords } from "./words.ts";

const OFFICE: Span = { from: "08:00", to: "17:30" };

/** The hours of each weekday, any number of them a day, to be changed. */
export function Week({ week, onChange }: { week: Kept; onChange: (week: Kept) => void }) {
  const t = usePartWords().week;
  const set = (day: Day, spans: Span[]) => onChange({ ...week, [day]: spans });
  return (
    <>
      {DAYS.map((day) => (
        <div key={day} role="group" aria-label={t.days[day]} className={css["weekday"]}>
          <strong>{t.days[day]}</strong>
          <div className={css["spans"]}>
            {!week[day].length && <span className={css["hint"]}>{t.closed}</span>}
            {week[day].map((span, at) => {
              const field = (end: "from" | "to", pattern: string) => (
                <input
                  className={css["time"]} aria-label={t.span(t.days[day], `${at + 1} ${t[end]}`)} required pattern={pattern} placeholder="08:00" value={span[end]}
                  onChange={(event) => set(day, week[day].map((one, place) => (place === at ? { ...one, [end]: event.target.value } : one)))}
                />
              );
              return (
                <div key={at} className={css["span"]}>
                  {field("from", TIME)}–{field("to", `${TIME}|24:00`)}
                  <Button kind="plain small" aria-label={`${t.drop}: ${t.span(t.days[day], String(at + 1))}`} onClick={() => set(day, week[day].filter((_, place) => place !== at))}>×</Button>
                </div>
              );
            })}
          </div>
          <Button kind="small" aria-label={`${t.add}: ${t.days[day]}`} onClick={() => set(day, [...week[day], OFFICE])}>+</Button>
        </div>
      ))}
      <div><Button kind="small" onClick={() => onChange({ ...week, tue: week.mon, wed: week.mon, thu: week.mon, fri: week.mon })}>{t.asMonday}</Button></div>
    </>
  );
}
