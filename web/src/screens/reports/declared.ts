/** What the screen shows of each report: whom a row is about, its figures, and the lines of its chart. Pure. */

import type { components } from "../../api/schema.d.ts";

type Schemas = components["schemas"];
type Rows = {
  queues: Schemas["QueueRow"]; agents: Schemas["AgentRow"]; offers: Schemas["OfferRow"];
  missed: Schemas["MissedRow"]; campaigns: Schemas["CampaignReport"]["data"][number]; imports: Schemas["ImportReportRow"];
};
export type Name = keyof Rows;
/** How a figure is shown: seconds as a duration, counts by a word one after the other. */
export type Kind = "count" | "percent" | "time" | "counts";
export type Row = { from: string; to: string } & Record<string, unknown>;
export type Found = { timeZone: string; interval: string; from: string; to: string; data: Row[]; intervals: Row[]; total: Record<string, unknown> };
type Declared<R> = {
  whom: readonly (keyof R & string)[];
  figures: readonly (readonly [keyof R & string, Kind])[];
  lines: readonly (keyof R & string)[];
  /** Of the lines: seconds are shown as the mean number of agents in the interval. */
  mean?: boolean;
};

export const REPORTS: { [N in Name]: Declared<Rows[N]> } = {
  queues: {
    whom: ["queueName"],
    figures: [
      ["offered", "count"], ["answered", "count"], ["abandoned", "count"], ["overflowed", "count"], ["callback", "count"], ["closed", "count"], ["refused", "count"],
      ["failed", "count"], ["open", "count"], ["serviceLevelOfOffered", "percent"], ["abandonRate", "percent"], ["answerSec", "time"], ["answerSecP90", "time"], ["handleSec", "time"],
    ],
    lines: ["offered", "answered", "abandoned"],
  },
  agents: {
    whom: ["agentName"],
    figures: [
      ["signedInSec", "time"], ["idleSec", "time"], ["talkingSec", "time"], ["wrappingUpSec", "time"], ["pausedSec", "time"], ["pauses", "counts"], ["reservedSec", "time"],
      ["alertingSec", "time"], ["callingSec", "time"], ["unreachableSec", "time"], ["calls", "count"], ["handleSec", "time"],
    ],
    lines: ["signedInSec", "talkingSec", "pausedSec"],
    mean: true,
  },
  offers: {
    whom: ["queueName", "agentName"],
    figures: [
      ["offers", "count"], ["answered", "count"], ["noAnswer", "count"], ["rejected", "count"], ["callerGone", "count"], ["answeredElsewhere", "count"],
      ["unreachable", "count"], ["withdrawn", "count"], ["open", "count"], ["answerRate", "percent"], ["answerSec", "time"],
    ],
    lines: ["offers", "answered", "noAnswer"],
  },
  missed: {
    whom: ["queueName"],
    figures: [["missed", "count"], ["outcomes", "counts"], ["states", "counts"], ["servedRate", "percent"], ["waitSec", "time"]],
    lines: ["missed"],
  },
  campaigns: {
    whom: ["campaignName"],
    figures: [
      ["calls", "count"], ["placed", "count"], ["answered", "count"], ["connected", "count"], ["open", "count"], ["outcomes", "counts"], ["answerRate", "percent"],
      ["abandonRate", "percent"], ["ringSec", "time"], ["waitSec", "time"], ["talkSec", "time"],
    ],
    lines: ["placed", "answered", "connected"],
  },
  imports: {
    whom: ["campaignName"],
    figures: [
      ["imports", "count"], ["done", "count"], ["failed", "count"], ["open", "count"], ["rows", "count"], ["created", "count"], ["duplicate", "count"],
      ["refused", "count"], ["waiting", "count"], ["removed", "count"],
    ],
    lines: ["rows", "created", "refused"],
  },
};
export const NAMES = Object.keys(REPORTS) as Name[];

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** When each interval begins, with what happened in it; a report leaves out those in which nothing did. */
export function filled({ from, to, interval, intervals }: Pick<Found, "from" | "to" | "interval" | "intervals">): { at: Date; row: Row | undefined }[] {
  const length = interval === "day" ? DAY : Number(interval) * MINUTE;
  const [begins, ends] = [Date.parse(from), Date.parse(to)];
  const found: { at: Date; row: Row | undefined }[] = [];
  let next = 0;
  // Where the clock changes a day has an hour more or less: an interval is the one whose beginning is nearest.
  for (let at = begins; at < ends - length / 2; at += length) {
    const row = intervals[next];
    const here = row !== undefined && Math.abs(Date.parse(row.from) - at) < length / 2;
    if (here) next += 1;
    found.push(here ? { at: new Date(Date.parse(row.from)), row } : { at: new Date(at), row: undefined });
  }
  return found;
}

/** The calendar day of an instant, as a date field has it; `beforeMs` earlier. */
export function dayOf(instant: string, zone: string, beforeMs = 0): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(Date.parse(instant) - beforeMs);
}

/** The day after a date, as the API takes where a period ends. */
export function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY).toISOString().slice(0, 10);
}
