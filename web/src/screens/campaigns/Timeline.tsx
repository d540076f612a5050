import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo } from "react";
import type { components } from "../../api/schema.d.ts";
import { oneOf, useFilters } from "../../app/search.ts";
import { api, call } from "../../data/api.ts";
import { serverNow } from "../../data/clock.ts";
import { clock, date, dateTime, number, percent } from "../../format/format.ts";
import type { Line } from "../../parts/Chart.tsx";
import { Select } from "../../parts/Field.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Loading, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import css from "./campaigns.module.css";
import { useCampaignWords } from "./words.ts";

const Chart = lazy(() => import("../../parts/Chart.tsx"));

type Found = components["schemas"]["Timeline"];
const HOUR = 3_600_000;
const LENGTH = { minute: 60_000, hour: HOUR };
const SPANS = { hour: ["minute", 1], hours: ["minute", 3], day: ["hour", 24], week: ["hour", 7 * 24], month: ["hour", 30 * 24] } as const;
type Span = keyof typeof SPANS;

/** How fast the campaign calls, who answers, and how near it is to its most abandoned, over time. */
export function Timeline({ id }: { id: number }) {
  const t = useCampaignWords();
  const [{ span = "hour" }, change] = useFilters((search) => ({ span: oneOf(search, "span", Object.keys(SPANS) as Span[]) }));
  const [step, hours] = SPANS[span];
  const found = useQuery({
    queryKey: ["campaigns", id, "timeline", span],
    queryFn: () => call(api.GET("/v1/campaigns/{id}/timeline", { params: { path: { id }, query: { step, from: new Date(serverNow() - hours * HOUR + LENGTH[step]).toISOString() } } })),
    refetchInterval: step === "minute" ? 10_000 : 60_000,
    placeholderData: keepPreviousData,
  });
  return (
    <Panel title={t.overTime} more={
      <div className={css["span"]}>
        <Select label={t.span} value={span} onChange={(event) => change({ span: event.target.value as Span })}>
          {Object.entries(t.spans).map(([value, title]) => <option key={value} value={value}>{title}</option>)}
        </Select>
      </div>
    }>
      <Shown of={found}>{(timeline) => <Charts of={timeline} days={hours > 24} />}</Shown>
    </Panel>
  );
}

function Charts({ of, days }: { of: Found; days: boolean }) {
  const t = useCampaignWords();
  const { at, calls, rates } = useMemo(() => {
    const line = (name: string, value: (point: Found["data"][number]) => number | null, colour: Line["colour"], more: Partial<Line> = {}): Line => ({ name, values: of.data.map(value), colour, ...more });
    return {
      at: of.data.map((point) => new Date(point.at)),
      calls: [line(t.placed, ({ calls }) => calls, "--info"), line(t.answered, ({ answered }) => answered, "--good", { dash: [8, 3] }), line(t.talking, ({ talking }) => talking, "--warn", { dash: [2, 3], digits: 1 }), line(t.idle, ({ idle }) => idle, "--muted", { dash: [1, 4], digits: 1 })],
      rates: [line(t.abandonedRate, ({ abandonedRate24h }) => abandonedRate24h, "--bad", { digits: 1 }), line(t.cap, () => of.abandonmentCapPercent, "--muted", { dash: [4, 4], digits: 1 })],
    };
  }, [of, t]);
  const tick = days ? dayTick : minuteTick;
  return (
    <div className={css["body"]}>
      <Suspense fallback={<Loading />}>
        <h3>{of.step === "minute" ? t.callsByMinute : t.callsByHour}</h3>
        <Chart when={t.at} label={of.step === "minute" ? t.callsByMinute : t.callsByHour} at={at} lines={calls} tick={tick} />
        <h3>{t.rateTitle}</h3>
        <Chart when={t.at} label={t.rateTitle} at={at} lines={rates} tick={tick} height={150} />
      </Suspense>
      <details>
        <summary>{t.asTable}</summary>
        <Table
          label={t.overTime}
          rows={[...of.data].reverse()}
          rowKey={(point) => point.at}
          columns={[
            { id: "at", title: t.at, cell: (point) => dateTime(point.at) },
            { id: "calls", title: t.placed, end: true, cell: ({ calls: placed }) => number(placed) },
            { id: "answered", title: t.answered, end: true, cell: ({ answered }) => number(answered) },
            { id: "abandoned", title: t.outcomeNames.abandoned, end: true, cell: ({ abandoned }) => number(abandoned) },
            { id: "rate", title: t.abandonedRate, end: true, cell: ({ abandonedRate24h }) => percent(abandonedRate24h, 1) },
            { id: "talking", title: t.talking, end: true, cell: ({ talking }) => number(talking, 1) },
            { id: "idle", title: t.idle, end: true, cell: ({ idle }) => number(idle, 1) },
          ]}
        />
      </details>
    </div>
  );
}

function minuteTick(at: Date): string {
  return clock(at).slice(0, 5);
}

function dayTick(at: Date): string {
  return at.getHours() || at.getMinutes() ? minuteTick(at) : date(at).slice(0, 5);
}
