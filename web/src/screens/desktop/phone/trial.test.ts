import { expect, test } from "vitest";
import { spoken } from "./trial.ts";

const RATE = 8_000;
const tone = (seconds: number, loudness: number) => Float32Array.from({ length: seconds * RATE }, (_, at) => loudness * Math.sin(at / 3));

test("speech is heard, however short, and the noise of a quiet room is not", () => {
  expect(spoken(tone(3, 0.1), RATE)).toBe(true);
  const word = new Float32Array(3 * RATE);
  word.set(tone(0.3, 0.1), RATE);
  expect(spoken(word, RATE)).toBe(true);
  expect(spoken(tone(3, 0.002), RATE)).toBe(false);
  expect(spoken(new Float32Array(3 * RATE), RATE)).toBe(false);
  expect(spoken(new Float32Array(0), RATE)).toBe(false);
});
