import { expect, test } from "vitest";
import { instantsOf, placeOf, toneOfOutcome } from "./outcomes.ts";

const at = (second: number) => new Date(Date.UTC(2026, 2, 10, 9, 0, second)).toISOString();

test("a segment is where its time is in the call, and one that lasts ends now", () => {
  const all = [{ startedAt: at(0), endedAt: at(10) }, { startedAt: at(10), endedAt: null }];
  expect(placeOf(all[0]!, all, Date.parse(at(40)))).toEqual({ left: 0, width: 25 });
  expect(placeOf(all[1]!, all, Date.parse(at(40)))).toEqual({ left: 25, width: 75 });
});

test("a call without a length is drawn whole", () => {
  const all = [{ startedAt: at(0), endedAt: at(0) }];
  expect(placeOf(all[0]!, all, Date.parse(at(40)))).toEqual({ left: 0, width: 100 });
});

test("the last day belongs to the period, and what is no day is left out", () => {
  const { from, to } = instantsOf("2026-03-10", "2026-03-10");
  expect(Date.parse(to!) - Date.parse(from!)).toBe(24 * 3600 * 1000);
  expect(instantsOf("yesterday", "2026-13-99")).toEqual({});
  expect(instantsOf(undefined, undefined)).toEqual({});
});

test("outcomes of callers have a tone, too", () => {
  expect(toneOfOutcome("refused")).toBe("bad");
  expect(toneOfOutcome("answered")).toBe("good");
});
