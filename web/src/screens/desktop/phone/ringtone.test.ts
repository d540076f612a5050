import { expect, test } from "vitest";
import { samples } from "./ringtone.ts";

const RATE = 8_000;

test("it sounds for one second of five", () => {
  const made = samples(RATE);
  expect(made.length).toBe(5 * RATE);
  expect(Math.max(...made.subarray(0, RATE))).toBeGreaterThan(0.25);
  expect(made.subarray(RATE).every((one) => one === 0)).toBe(true);
});

test("it is the tone of the network, and begins and ends softly", () => {
  const made = samples(RATE).subarray(0, RATE);
  const crossings = made.reduce((found, one, at) => found + Number(at > 0 && Math.sign(one) > 0 && Math.sign(made[at - 1] ?? 0) <= 0), 0);
  expect(Math.abs(crossings - 425)).toBeLessThanOrEqual(1);
  expect(Math.abs(made[5] ?? 1)).toBeLessThan(0.03);
  expect(Math.abs(made[RATE - 2] ?? 1)).toBeLessThan(0.03);
});
