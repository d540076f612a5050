import { expect, test } from "vitest";
import { SPANS, spansOf, weekOf, windowsOf, writeSpans } from "./week.ts";

test("windows become days, and days windows again", () => {
  const windows = [
    { days: ["mon" as const, "tue" as const], from: "13:00", to: "17:30" },
    { days: ["mon" as const], from: "08:00", to: "12:00" },
  ];
  const week = weekOf(windows);
  expect(week.mon).toEqual([{ from: "08:00", to: "12:00" }, { from: "13:00", to: "17:30" }]);
  expect(week.sun).toEqual([]);
  expect(windowsOf(week)).toEqual([windows[1], windows[0]]);
});

test("the spans of a day are read as they are written", () => {
  const spans = [{ from: "08:00", to: "12:00" }, { from: "13:30", to: "24:00" }];
  expect(spansOf(writeSpans(spans))).toEqual(spans);
  expect(spansOf("08:00-12:00,13:30 - 24:00")).toEqual(spans);
  expect(spansOf(writeSpans([]))).toEqual([]);
});

test.each([["", true], ["08:00–12:00", true], ["08:00-12:00, 13:30-24:00", true], ["8-12", false], ["08:00", false], ["08:00-12:00 13:00-17:00", false]])("%s may be written: %s", (text, may) => {
  expect(new RegExp(`^(?:${SPANS})$`, "v").test(text)).toBe(may);
});
