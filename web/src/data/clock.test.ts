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

test("what came while the page slept is old when it wakes", () => {
  const clock = new ServerClock();
  clock.hear(1_000, 1_000, 0);
  for (const at of [2_000, 30_000, 60_000, 114_000]) clock.hear(at, 121_000, 120_000);
  expect(clock.at(121_000)).toBe(121_000);
});

test("a server whose clock is set back is followed after a minute", () => {
  const clock = new ServerClock();
  for (let at = 0; at <= 120; at += 5) clock.hear(at * 1_000 + (at < 20 ? HOUR : 0), at * 1_000, at * 1_000);
  expect(clock.at(120_000)).toBe(120_000);
});
