import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo } from "react";
import { oneOf, text, useFilters } from "../../app/search.ts";
import { api, call } from "../../data/api.ts";
import { clock, date, dateTime, duration, number, percent } from "../../format/format.ts";
import type { Line } from "../../parts/Chart.tsx";
import { Field, Select } from "../../parts/Field.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Loading, Shown } from "../../parts/states.tsx";
import { Table, type Column } from "../../parts/Table.tsx";
import { Tabs } from "../../parts/Tabs.tsx";
import { Page } from "../../shell/Page.tsx";
import { useOutcomeWords } from "../calls/words.ts";
import { dayAfter, dayOf, filled, NAMES, REPORTS, type Found, type Kind, type Name, type Row } from "./declared.ts";
import css from "./reports.module.css";
import { useReportWords } from "./words.ts";

const Chart = lazy(() => import("../../parts/Chart.tsx"));
const STEPS = ["15", "30", "60", "day"] as const;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const ROWS = 300;
const STROKES: Pick<Line, "colour" | "dash">[] = [{ colour: "--info" }, { colour: "--good", dash: [8, 3] }, { colour: "--bad", dash: [2, 3] }];

function read(search: Record<string, unknown>) {
  const day = (name: string) => (DAY.test(text(search, name) ?? "") ? text(search, name) : undefined);
  // A number in the URL is one after it was read.
  return { report: oneOf(search, "report", NAMES), from: day("from"), to: day("to"), interval: STEPS.find((step) => step === text(search, "interval")) };
}

/** What happened in a period, by interval, as numbers, as lines and as a file. */
export default function Reports() {
  const t = useReportWords();
  const [{ report = "queues", from, to, interval = "60" }, change] = useFilters(read);
  const query = { interval, ...(from && { from }), ...(to && { to: dayAfter(to) }) };
  const found = useQuery({
    queryKey: ["reports", report, query],
    // The six have one shape, of which this screen shows what `declared.ts` names.
    queryFn: async () => (await call(api.GET(`/v1/reports/${report}` as "/v1/reports/queues", { params: { query } }))) as unknown as Found,
    placeholderData: (before, asked) => ((asked?.queryKey[1] === report ? before : undefined)),
  });
  // The period that the server chose, where none is asked for.
  const period = found.data && { from: dayOf(found.data.from, found.data.timeZone), to: dayOf(found.data.to, found.data.timeZone, 1) };
  const file = (format: string) => `/v1/reports/${report}?${new URLSearchParams({ ...query, format })}`;
  return (
    <Page title={t.title}>
      <Tabs label={t.title} tabs={NAMES.map((name) => [name, t.names[name]] as const)} shown={report} onShow={(name) => change({ report: name })}>
        <Panel title={t.names[report]} more={
          <div className={css["files"]}>
            <a href={file("csv")} download>{t.csv}</a>
            <a href={file("xlsx")} download>{t.xlsx}</a>
          </div>
        }>
          <div className={css["filters"]}>
            <Field label={t.from} type="date" value={from ?? period?.from ?? ""} onChange={({ target }) => change({ from: target.value || undefined })} />
            <Field label={t.to} type="date" value={to ?? period?.to ?? ""} onChange={({ target }) => change({ to: target.value || undefined })} />
            <Select label={t.interval} value={interval} onChange={({ target }) => change({ interval: target.value as typeof interval })}>
              {STEPS.map((step) => <option key={step} value={step}>{t.intervals[step]}</option>)}
            </Select>
          </div>
          <Shown of={found}>{(shown) => <Report name={report} of={shown} />}</Shown>
        </Panel>
      </Tabs>
    </Page>
  );
}

function Report({ name, of }: { name: Name; of: Found }) {
  const t = useReportWords();
  const show = useFigure();
  const { whom, figures } = REPORTS[name] as { whom: readonly string[]; figures: readonly (readonly [string, Kind])[] };
  const columns: Column<Row>[] = [
    { id: "at", title: t.at, by: ({ from }) => Date.parse(from), cell: ({ from }) => <span className={css["line"]}>{of.interval === "day" ? date(from, of.timeZone) : dateTime(from, of.timeZone)}</span> },
    ...whom.map((field) => ({ id: field, title: t.fields[field]!, by: (row: Row) => row[field] as string | null, cell: (row: Row) => <span className={css["line"]}>{(row[field] as string | null) ?? t.nameless}</span> })),
    ...figures.map(([field, kind]) => ({
      id: field, title: t.fields[field]!, end: kind !== "counts", cell: (row: Row) => show(field, kind, row[field]),
      ...(kind !== "counts" && { by: (row: Row) => row[field] as number | null }),
    })),
  ];
  if (!of.data.length) return <><p className={css["note"]}>{t.zone(of.timeZone)}</p><Empty title={t.none} /></>;
  return (
    <>
      <h3 className={css["note"]}>{t.total}</h3>
      <dl className={css["total"]}>
        {figures.map(([field, kind]) => <div key={field}><dt>{t.fields[field]}</dt><dd>{show(field, kind, of.total[field])}</dd></div>)}
      </dl>
      <div className={css["chart"]}>
        <h3>{t.charts[name]}</h3>
        <Suspense fallback={<Loading />}><Lines name={name} of={of} /></Suspense>
      </div>
      <Table label={t.rows} rows={of.data.slice(0, ROWS)} rowKey={(row) => `${row.from} ${row["queueId"] ?? ""} ${row["agentId"] ?? ""} ${row["campaignId"] ?? ""}`} columns={columns} />
      <p className={css["note"]}>{t.zone(of.timeZone)}{of.data.length > ROWS ? `. ${t.first(number(ROWS), number(of.data.length))}` : ""}</p>
    </>
  );
}

function Lines({ name, of }: { name: Name; of: Found }) {
  const t = useReportWords();
  const { at, lines, tick } = useMemo(() => {
    const { lines: shown, mean } = REPORTS[name] as { lines: readonly string[]; mean?: boolean };
    const points = filled(of);
    const value = (row: Row | undefined, field: string) => {
      const sum = Number(row?.[field] ?? 0);
      return mean && row ? sum / ((Date.parse(row.to) - Date.parse(row.from)) / 1000) : sum;
    };
    return {
      at: points.map((point) => point.at),
      lines: shown.map((field, index): Line => ({ ...STROKES[index]!, name: t.fields[field]!, values: points.map(({ row }) => value(row, field)), ...(mean && { digits: 1 }) })),
      tick: (moment: Date) => {
        const midnight = clock(moment, of.timeZone) === "00:00:00";
        return of.interval === "day" || midnight ? date(moment, of.timeZone).slice(0, 5) : clock(moment, of.timeZone).slice(0, 5);
      },
    };
  }, [name, of, t]);
  return <Chart when={t.at} label={t.charts[name]} at={at} lines={lines} tick={tick} />;
}

/** How a figure of a report is written. */
function useFigure() {
  const t = useReportWords();
  const outcomes: Record<string, string> = useOutcomeWords();
  return (field: string, kind: Kind, value: unknown): string => {
    if (kind === "count") return number(value as number | null);
    if (kind === "percent") return percent(value as number | null, 1);
    if (kind === "time") return duration(value as number | null);
    const word = (one: string) => (field === "states" ? t.missedStates[one] : field === "outcomes" ? outcomes[one] : one === "no_answer" ? t.unanswered : one) ?? one;
    const counts = Object.entries((value ?? {}) as Record<string, number>).filter(([, count]) => count > 0);
    return counts.map(([one, count]) => `${word(one)}: ${field === "pauses" ? duration(count) : number(count)}`).join(", ");
  };
}
