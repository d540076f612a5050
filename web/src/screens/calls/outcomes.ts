/** How calls of both directions end. */

import type { Tone } from "../../parts/Badge.tsx";
import { isOutcome, toneOf } from "../campaigns/states.ts";
import type { components } from "../../api/schema.d.ts";

export type Call = components["schemas"]["CallView"];
export type Outcome = NonNullable<Call["outcome"]>;

const OF_CALLERS: Record<"overflow" | "closed" | "callback" | "refused", Tone> = { overflow: "warn", closed: "quiet", callback: "info", refused: "bad" };

export function toneOfOutcome(outcome: Outcome): Tone {
  return isOutcome(outcome) ? toneOf(outcome) : OF_CALLERS[outcome as keyof typeof OF_CALLERS];
}

/** The part of a call's time that a segment has, in percent of it: `left` where it begins, and its `width`. Without an end it lasts until `now`. */
export function placeOf(segment: { startedAt: string; endedAt: string | null }, all: readonly { startedAt: string; endedAt: string | null }[], now: number): { left: number; width: number } {
  const end = (at: string | null) => (at === null ? now : Date.parse(at));
  const first = Math.min(...all.map(({ startedAt }) => Date.parse(startedAt)));
  const whole = Math.max(...all.map(({ endedAt }) => end(endedAt))) - first;
  if (whole <= 0) return { left: 0, width: 100 };
  const from = Date.parse(segment.startedAt);
  return { left: (100 * (from - first)) / whole, width: (100 * Math.max(0, end(segment.endedAt) - from)) / whole };
}

/** The instants between which a call began, for days of the browser's zone; the last day belongs to it. Undefined: no such day. */
export function instantsOf(from: string | undefined, to: string | undefined): { from?: string; to?: string } {
  const start = dayOf(from);
  const end = dayOf(to);
  end?.setDate(end.getDate() + 1);
  return { ...(start && { from: start.toISOString() }), ...(end && { to: end.toISOString() }) };
}

function dayOf(day: string | undefined): Date | undefined {
  if (!day || !/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const at = new Date(`${day}T00:00:00`);
  return Number.isNaN(at.getTime()) ? undefined : at;
}
