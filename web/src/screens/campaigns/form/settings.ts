/** The settings of a campaign as a form has them, those of a new one, and what of a form differs. Pure. */

import type { components } from "../../../api/schema.d.ts";
import { weekOf, windowsOf, type Week, type Window } from "../../../parts/week.ts";

type Schemas = components["schemas"];
export type Detail = Schemas["CampaignDetail"];
export type Change = Schemas["CampaignChange"];
export type Retry = Schemas["Retry"];

export const NUMBERS = ["maxConcurrentCalls", "callsPerSecond", "ringTimeoutSec", "abandonmentCapPercent", "priority"] as const;
const TEXTS = ["userName", "callerId", "trunk", "audioFile", "abandonFile", "recordingAnnouncement"] as const;
const CHOICES = ["purpose", "dialingMode", "preset", "machineDetection", "recording"] as const;
export const CEILINGS = ["contactCeiling", "numberCeiling"] as const;
export const OUTCOMES = ["no_answer", "busy", "failed", "invalid_number", "machine", "abandoned"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type Settings = Pick<Detail, (typeof NUMBERS)[number] | (typeof TEXTS)[number] | (typeof CHOICES)[number] | (typeof CEILINGS)[number] | "campaignName" | "queueId" | "callingWindows" | "retryRules">;

/** What the form of a new campaign shows: the defaults of the server, which a browser test compares. */
export const NEW: Settings = {
  campaignName: "", userName: null, purpose: "service", dialingMode: "agentless", queueId: null, callerId: null, trunk: null, audioFile: null, abandonFile: null, recordingAnnouncement: null,
  ringTimeoutSec: 30, maxConcurrentCalls: 10, callsPerSecond: 5, preset: "tenant_hours", callingWindows: null, retryRules: null, contactCeiling: null,
  numberCeiling: null, abandonmentCapPercent: 3, machineDetection: "off", recording: "off", priority: 0,
};
/** The retry rules of a campaign without its own: the server's, which a browser test compares. */
export const RETRIES: Record<Outcome, Retry> = {
  no_answer: { afterMin: 60, times: 3 }, busy: { afterMin: 10, times: 3 }, failed: { afterMin: 2, times: 5 },
  invalid_number: { afterMin: 0, times: 0 }, machine: { afterMin: 240, times: 2 }, abandoned: { afterMin: 4320, times: 1 },
};

/** The retry rules of a form; where one of its two numbers is empty, that is the usual one. */
function retriesOf(form: FormData): Record<string, Retry> | null {
  const rules: Record<string, Retry> = {};
  for (const outcome of OUTCOMES) {
    const written = (part: keyof Retry) => String(form.get(`retryRules.${outcome}.${part}`) ?? "").trim();
    if (!written("times") && !written("afterMin")) continue;
    const of = (part: keyof Retry) => Number(written(part) || RETRIES[outcome][part]);
    rules[outcome] = { afterMin: of("afterMin"), times: of("times") };
  }
  return Object.keys(rules).length ? rules : null;
}

function ceilingOf(form: FormData, name: string): { calls: number; periodHours: number | null } | null {
  const written = (part: string) => String(form.get(`${name}.${part}`) ?? "").trim();
  if (!written("calls")) return null;
  return { calls: Number(written("calls")), periodHours: written("periodHours") ? Number(written("periodHours")) : null };
}

/** The settings that a form has; those that it does not show now are not among them. `week` null: the hours of the preset. */
export function settingsOf(form: FormData, week: Week | null): Partial<Settings> {
  const found: Record<string, unknown> = {};
  const written = (name: string) => String(form.get(name)).trim();
  if (form.has("campaignName")) found["campaignName"] = written("campaignName");
  for (const name of TEXTS) if (form.has(name)) found[name] = written(name) || null;
  for (const name of CHOICES) if (form.has(name)) found[name] = written(name);
  for (const name of NUMBERS) if (form.has(name)) found[name] = Number(written(name));
  if (form.has("queueId")) found["queueId"] = Number(written("queueId")) || null;
  for (const name of CEILINGS) found[name] = ceilingOf(form, name);
  found["callingWindows"] = week && windowsOf(week);
  found["retryRules"] = retriesOf(form);
  return found as Partial<Settings>;
}

/** What of a form differs from the campaign: nothing else is sent, so that no change of somebody else is undone. */
export function changed(now: Settings, shown: Partial<Settings>): Change {
  const kept = comparable(now);
  const sent = comparable(shown);
  return Object.fromEntries(Object.entries(shown).filter(([name]) => sent[name] !== kept[name])) as Change;
}

function comparable({ callingWindows, retryRules, ...rest }: Partial<Settings>): Record<string, string> {
  const windows = callingWindows ? windowsOf(weekOf(callingWindows as Window[])) : null;
  const all = { ...rest, callingWindows: windows, retryRules: retryRules ?? null };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, text(value)]));
}

/** A value as JSON with its fields in order of their names. */
function text(value: unknown): string {
  const ordered = (_: string, one: unknown) => (one && typeof one === "object" && !Array.isArray(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => a.localeCompare(b))) : one);
  return JSON.stringify(value, ordered);
}
