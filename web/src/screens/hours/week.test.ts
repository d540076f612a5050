import { expect, test } from "vitest";
import { weekOf, windowsOf } from "./week.ts";

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
