import { expect, test } from "vitest";
import { nameOf, pathOf, typeOf } from "./upload.ts";

test("music keeps its ending, and a prompt is named by its part", () => {
  expect(nameOf({ name: "Nhạc chờ.mp3" }, "music")).toBe("Nhạc chờ.mp3");
  expect(nameOf({ name: "muoi.wav" }, "prompt")).toBe("muoi");
});

test("the type is that of the ending, and only prompts have a language", () => {
  expect([typeOf({ name: "a.MP3" }), typeOf({ name: "a.wav" })]).toEqual(["audio/mpeg", "audio/wav"]);
  expect(pathOf("music", "a&b.wav", "vi")).toBe("/v1/queues/sounds?kind=music&name=a%26b.wav");
  expect(pathOf("prompt", "muoi", "vi")).toBe("/v1/queues/sounds?kind=prompt&name=muoi&language=vi");
});
