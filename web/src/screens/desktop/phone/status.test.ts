import { expect, test } from "vitest";
import { again, blocks, closed, level, picksUp, retries, secureAddress, shown, takes } from "./status.ts";

test("a connection that broke is tried again, one that was closed with a reason is not", () => {
  expect(closed(1006)).toBe("lost");
  expect(again(closed(1006))).toBe(true);
  expect(again(closed(1012))).toBe(true);
  for (const code of [4401, 4404, 4409, 4410, 4412]) expect(again(closed(code))).toBe(false);
});

test("a connection that never was one is told from one that broke, and is tried again, too", () => {
  expect(closed(1006, false)).toBe("no_websocket");
  expect(closed(4404, false)).toBe("no_account");
  expect(again("no_websocket")).toBe(true);
  expect(blocks("no_websocket")).toBe(false);
});

test("an agent whose sound does not come through signs in after another try", () => {
  expect(blocks("no_media")).toBe(true);
  expect(retries("no_media")).toBe(true);
  expect(blocks("checking")).toBe(false);
});

test("the secure address of a page is its host by https", () => {
  expect(secureAddress("http://192.168.1.5:8080/desk?a=1")).toBe("https://192.168.1.5/");
  expect(secureAddress("http://[fd00::1]:8080/desk")).toBe("https://[fd00::1]/");
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
