import { expect, test } from "vitest";
import { dayAfter, dayOf, filled, NAMES, REPORTS } from "./declared.ts";
import { en } from "./en.ts";
import { vi } from "./vi.ts";

test("every figure has a word in both languages", () => {
  for (const name of NAMES)
    for (const field of [...REPORTS[name].whom, ...REPORTS[name].figures.map(([figure]) => figure), ...REPORTS[name].lines]) {
      expect(en.fields, field).toHaveProperty(field);
      expect(vi.fields, field).toHaveProperty(field);
    }
});

test("intervals in which nothing happened are there", () => {
  const row = { from: "2026-03-10T01:00:00+07:00", to: "2026-03-10T02:00:00+07:00", offered: 2 };
  const found = filled({ from: "2026-03-10T00:00:00+07:00", to: "2026-03-10T03:00:00+07:00", interval: "60", intervals: [row] });
  expect(found.map(({ row: one }) => one?.["offered"])).toEqual([undefined, 2, undefined]);
});

test("days of 25 hours shift none of those after them", () => {
  const day = (from: string, offered: number) => ({ from, to: "", offered });
  const intervals = [day("2025-10-25T00:00:00+02:00", 1), day("2025-10-26T00:00:00+02:00", 2), day("2025-10-27T00:00:00+01:00", 3)];
  const found = filled({ from: "2025-10-25T00:00:00+02:00", to: "2025-10-28T00:00:00+01:00", interval: "day", intervals });
  expect(found.map(({ row }) => row?.["offered"])).toEqual([1, 2, 3]);
});

test("the day after the last one of a month is in the next", () => expect(dayAfter("2026-02-28")).toBe("2026-03-01"));

test("the last day of a period is the one before its end", () => {
  expect(dayOf("2026-03-10T00:00:00+07:00", "Asia/Ho_Chi_Minh")).toBe("2026-03-10");
  expect(dayOf("2026-03-11T00:00:00+07:00", "Asia/Ho_Chi_Minh", 1)).toBe("2026-03-10");
});
