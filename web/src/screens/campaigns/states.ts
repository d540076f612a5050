/** States of campaigns and contacts, by the numbers of the API. */

import type { Tone } from "../../parts/Badge.tsx";
import type { en } from "./en.ts";

export type Act = keyof typeof en.acts;

export const STATUSES: Record<1 | 2 | 3 | 4, [keyof typeof en.statuses, Tone]> = {
  1: ["new", "quiet"], 2: ["running", "good"], 3: ["paused", "warn"], 4: ["stopped", "quiet"],
};

export const PROCESSES: Record<0 | 1 | 2, [keyof typeof en.process, Tone]> = {
  0: ["pending", "quiet"], 1: ["inCall", "info"], 2: ["processed", "good"],
};

/** What may be done with a campaign in a status. */
export function actsFor(status: 1 | 2 | 3 | 4): Act[] {
  return { 1: ["start"], 2: ["pause", "stop"], 3: ["resume", "stop"], 4: [] }[status] as Act[];
}

const OUTCOMES: Record<keyof typeof en.outcomeNames, Tone> = {
  answered: "good", no_answer: "warn", busy: "warn", failed: "bad", invalid_number: "bad", machine: "info", abandoned: "bad", cancelled: "quiet",
  lost: "bad", dnc: "quiet", out_of_window: "quiet",
};

export function toneOf(outcome: keyof typeof en.outcomeNames): Tone {
  return OUTCOMES[outcome];
}

/** Whether a call to a contact has ended so; in the list of calls there are also outcomes of callers. */
export function isOutcome(outcome: string | null): outcome is keyof typeof en.outcomeNames {
  return outcome !== null && outcome in OUTCOMES;
}

/** The share that is done, in percent; of a campaign without contacts nothing. */
export function doneOf({ processedCount, contactCount }: { processedCount: number; contactCount: number }): number {
  return contactCount ? (100 * processedCount) / contactCount : 0;
}

/** Days in a row are named by their first and last. */
export function daysOf(days: readonly (keyof typeof en.days)[], names: Record<keyof typeof en.days, string>): string {
  const all = Object.keys(names) as (keyof typeof en.days)[];
  const runs: string[] = [];
  for (let from = 0; from < all.length; from++) {
    if (!days.includes(all[from]!)) continue;
    let to = from;
    while (to + 1 < all.length && days.includes(all[to + 1]!)) to++;
    runs.push(to - from < 2 ? all.slice(from, to + 1).map((day) => names[day]).join(", ") : `${names[all[from]!]}–${names[all[to]!]}`);
    from = to;
  }
  return runs.join(", ");
}
