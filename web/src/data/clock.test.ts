import { expect, test } from "vitest";
import { ServerClock } from "./clock.ts";

const HOUR = 3_600_000;

test.each([[HOUR], [-HOUR], [-400 * 24 * HOUR], [0]])("a clock that is wrong by %s ms is corrected", (wrong) => {
  const clock = new ServerClock();
  clock.hear(1_000_000, 1_000_000 + wrong, 0);
  expect(clock.at(1_005_000 + wrong)).toBe(1_005_000);
});

test("a message that came late does not move the time", () => {
  const clock = new ServerClock();
  clock.hear(10_000, 10_020, 20);
  clock.hear(11_000, 11_800, 1_800);
  expect(clock.at(12_020)).toBe(12_000);
});

test("a clock that is set in between is followed at once", () => {
  const clock = new ServerClock();
  clock.hear(10_000, 10_000, 0);
  clock.hear(11_000, 11_000 + HOUR, 1_000);
  expect(clock.at(12_000 + HOUR)).toBe(12_000);
});
