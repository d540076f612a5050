import { expect, test } from "vitest";
import { levelOf, wholeEvents } from "./events.ts";

test("events are read when they are whole, wherever the stream is cut", () => {
  const event = 'event: wallboard\ndata: {"now":"a","readAt":"b"}\n\n';
  expect(wholeEvents(event)).toEqual([[{ now: "a", readAt: "b" }], ""]);
  expect(wholeEvents(`${event}: still there\n\nevent: wall`)).toEqual([[{ now: "a", readAt: "b" }], "event: wall"]);
  for (let cut = 0; cut < event.length; cut++) {
    const [first, rest] = wholeEvents(event.slice(0, cut));
    expect(first).toEqual([]);
    expect(wholeEvents(rest + event.slice(cut))[0]).toEqual([{ now: "a", readAt: "b" }]);
  }
});

test("a figure warns and alarms from its thresholds on", () => {
  const high = { warn: 5, alarm: 10 };
  expect([0, 4, 5, 9, 10, 99].map((value) => levelOf(value, high))).toEqual([null, null, "warn", "warn", "bad", "bad"]);
  const low = { warn: 80, alarm: 60 };
  expect([100, 81, 80, 61, 60, 0].map((value) => levelOf(value, low, true))).toEqual([null, null, "warn", "warn", "bad", "bad"]);
  expect([levelOf(null, high), levelOf(99, null), levelOf(99, undefined)]).toEqual([null, null, null]);
});
