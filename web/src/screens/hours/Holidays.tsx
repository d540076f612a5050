import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { components } from "../../api/schema.d.ts";
import { text, useFilters } from "../../app/search.ts";
import { api, call } from "../../data/api.ts";
import { serverNow } from "../../data/clock.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { notify, notifyFailure } from "../../parts/toast.tsx";
import css from "./hours.module.css";
import { SPANS, spansOf, writeSpans } from "../../parts/week.ts";
import { useHoursWords } from "./words.ts";

type Holiday = components["schemas"]["HolidayView"];
type Change = components["schemas"]["HolidayChange"];

/** A day as dd/MM/yyyy: it has no time zone. */
function shown(day: string): string {
  return day.split("-").reverse().join("/");
}

/** The holidays of a year, public ones and the company's, and what it has changed of them. */
export function Holidays({ mayAct }: { mayAct: boolean }) {
  const t = useHoursWords();
  const client = useQueryClient();
  const [{ year: asked }, filter] = useFilters((search) => ({ year: text(search, "year") }));
  const year = Number(asked) || new Date(serverNow()).getFullYear();
  const holidays = useQuery({ queryKey: ["queues", "holidays", year], queryFn: async () => (await call(api.GET("/v1/queues/holidays", { params: { query: { year } } }))).data });
  const [open, setOpen] = useState<{ day: Holiday | null } | null>(null);
  const send = async (change: Change) => {
    await call(api.PATCH("/v1/queues/holidays", { body: { holidays: [change] } }));
    notify(t.changed(shown(change.date)));
    await client.invalidateQueries({ queryKey: ["queues"] });
  };
  const submit = (values: FormData) => {
    const of = (name: string) => String(values.get(name) ?? "").trim();
    return send({ date: open?.day?.date ?? of("date"), name: of("name") || null, open: spansOf(of("open")) });
  };
  const status = ({ removed, publicHoliday }: Holiday) => (removed ? t.removed : publicHoliday ? t.publicDay : t.ownDay);
  return (
    <Panel title={t.holidays} more={mayAct && <Button kind="small" onClick={() => setOpen({ day: null })}>{t.addHoliday}</Button>}>
      <div className={css["filters"]}><Field label={t.year} type="number" min={2000} max={2100} value={year} onChange={(event) => filter({ year: event.target.value })} /></div>
      <Shown of={holidays}>
        {(rows) => (
          <Table
            label={t.holidays}
            rows={rows}
            rowKey={({ date }) => date}
            empty={<Empty title={t.noHolidays} />}
            columns={[
              { id: "day", title: t.day, by: ({ date }) => date, cell: ({ date }) => shown(date) },
              { id: "name", title: t.name, cell: ({ name }) => name },
              { id: "kind", title: t.kind, cell: (day) => <Badge tone={day.removed ? "quiet" : day.publicHoliday ? "info" : "warn"}>{status(day)}</Badge> },
              { id: "open", title: t.openOn, cell: ({ open: spans }) => writeSpans(spans) || "–" },
              { id: "acts", title: "", end: true, cell: (day) => mayAct && (
                <div className={css["acts"]}>
                  {!day.removed && <Button kind="small" aria-label={`${t.change}: ${shown(day.date)}`} onClick={() => setOpen({ day })}>{t.change}</Button>}
                  {day.publicHoliday && !day.removed && <Button kind="small" aria-label={`${t.work}: ${shown(day.date)}`} onClick={() => void send({ date: day.date, removed: true }).catch(notifyFailure)}>{t.removed}</Button>}
                  {day.changed && <Button kind="small" aria-label={`${t.reset}: ${shown(day.date)}`} onClick={() => void send({ date: day.date, reset: true }).catch(notifyFailure)}>↶</Button>}
                </div>
              ) },
            ]}
          />
        )}
      </Shown>
      {open && (
        <FormDialog title={open.day ? `${t.change}: ${shown(open.day.date)}` : t.addHoliday} act={t.save} onSubmit={submit} onClose={() => setOpen(null)}>
          {!open.day && <Field label={t.day} name="date" type="date" required autoFocus />}
          <Field label={t.name} name="name" maxLength={255} required={!open.day?.publicHoliday} defaultValue={open.day?.name ?? ""} />
          <Field label={t.openOn} name="open" pattern={SPANS} hint={t.openHint} defaultValue={writeSpans(open.day?.open ?? [])} />
        </FormDialog>
      )}
    </Panel>
  );
}
