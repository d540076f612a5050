import { expect, test } from "vitest";
import { again, blocks, closed, level, picksUp, shown, takes } from "./status.ts";

test("a connection that broke is tried again, one that was closed with a reason is not", () => {
  expect(closed(1006)).toBe("lost");
  expect(again(closed(1006))).toBe(true);
  expect(again(closed(1012))).toBe(true);
  for (const code of [4401, 4404, 4409, 4410, 4412]) expect(again(closed(code))).toBe(false);
});

test("the phone can be taken from another browser, another tab and a desk phone", () => {
  for (const code of [4409, 4410, 4412]) expect(takes(closed(code))).toBe(true);
  expect(takes("other_tab")).toBe(true);
  expect(takes(closed(4404))).toBe(false);
});

test("an agent with another phone is neither kept from signing in nor told of this one", () => {
  for (const code of [4404, 4501]) {
    expect(blocks(closed(code))).toBe(false);
    expect(shown(closed(code))).toBe(false);
  }
});

test("an agent whose browser is the phone signs in once it is ready", () => {
  for (const status of ["asking", "denied", "insecure", "signing_on", "elsewhere", "taken", "other_tab"] as const) expect(blocks(status)).toBe(true);
  expect(blocks("ready")).toBe(false);
});

test("only a call that asks for it is picked up", () => {
  expect(picksUp("<sip:tongdai>;answer-after=0")).toBe(true);
  expect(picksUp("<sip:tongdai>; answer-after=0")).toBe(true);
  expect(picksUp("<sip:tongdai>;answer-after=05")).toBe(false);
  expect(picksUp(undefined)).toBe(false);
});

test("silence is 0 and a full tone is 1", () => {
  expect(level(new Float32Array(128))).toBe(0);
  expect(level(new Float32Array(0))).toBe(0);
  expect(level(new Float32Array(128).fill(1))).toBe(1);
  expect(level(new Float32Array(128).fill(0.01))).toBeCloseTo(1 / 3);
});
