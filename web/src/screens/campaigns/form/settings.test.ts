import { expect, test } from "vitest";
import { weekOf } from "../../../parts/week.ts";
import { changed, NEW, RETRIES, settingsOf, type Settings } from "./settings.ts";

const WINDOWS: NonNullable<Settings["callingWindows"]> = [{ days: ["mon", "tue"], from: "08:00", to: "11:30" }];
const CAMPAIGN: Settings = { ...NEW, campaignName: "Khảo sát", callerId: "1900636363", callingWindows: WINDOWS, retryRules: { busy: { times: 2, afterMin: 5 } }, contactCeiling: { calls: 6, periodHours: null } };

function form(fields: Record<string, string>): FormData {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) made.append(name, value);
  return made;
}

const SHOWN = { campaignName: "Khảo sát", callerId: "1900636363", priority: "0", "retryRules.busy.times": "2", "retryRules.busy.afterMin": "5", "contactCeiling.calls": "6", "contactCeiling.periodHours": "" };

test("what is as it was, or is not shown, is not sent", () => {
  expect(changed(CAMPAIGN, settingsOf(form(SHOWN), weekOf(WINDOWS as never)))).toEqual({});
});

test("what differs is sent, and what is empty is none", () => {
  const shown = settingsOf(form({ ...SHOWN, callerId: " ", priority: "2", "contactCeiling.calls": "", "numberCeiling.calls": "3", "numberCeiling.periodHours": "24" }), null);
  expect(changed(CAMPAIGN, shown)).toEqual({ callerId: null, priority: 2, contactCeiling: null, numberCeiling: { calls: 3, periodHours: 24 }, callingWindows: null });
});

test("a rule with one number has the usual other one, and rules without numbers are the usual ones", () => {
  const shown = settingsOf(form({ "retryRules.machine.times": "0", "retryRules.no_answer.afterMin": "30" }), null);
  expect(shown.retryRules).toEqual({ no_answer: { afterMin: 30, times: RETRIES.no_answer.times }, machine: { afterMin: RETRIES.machine.afterMin, times: 0 } });
  expect(settingsOf(form({ "retryRules.busy.times": "", "retryRules.busy.afterMin": "" }), null).retryRules).toBeNull();
});
