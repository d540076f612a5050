import { expect, test } from "vitest";
import { mayHold } from "./leader.ts";
import { reduce, type LiveEvent, type Topics } from "./stream.ts";

const AT = (seconds: number) => new Date(seconds * 1000).toISOString();
const AGENTS: Topics["agents"] = [];
const event = (more: Partial<LiveEvent>): LiveEvent => ({ now: AT(20), readAt: {}, ...more });

test("what changed replaces what was there, and other topics stay", () => {
  const first = reduce({}, event({ now: AT(11), readAt: { agents: AT(10) }, agents: AGENTS }));
  const queues = { queues: [] } as unknown as Topics["queues"];
  expect(reduce(first, event({ now: AT(12), readAt: { queues: AT(12) }, queues }))).toEqual({
    heardAt: 12_000,
    agents: { data: AGENTS, readAt: 10_000 },
    queues: { data: queues, readAt: 12_000 },
  });
});

test("a reading makes data that did not change younger, and keeps them", () => {
  const state = reduce({}, event({ readAt: { agents: AT(10) }, agents: AGENTS }));
  const next = reduce(state, event({ readAt: { agents: AT(19) } }));
  expect(next.agents).toEqual({ data: AGENTS, readAt: 19_000 });
  expect(next.agents?.data).toBe(AGENTS);
});

test("a topic that was not read keeps its age", () => {
  const state = reduce({}, event({ readAt: { agents: AT(10) }, agents: AGENTS }));
  expect(reduce(state, event({})).agents?.readAt).toBe(10_000);
});

test("a lease is held by one tab, until it ends", () => {
  expect(mayHold(null, "a", 1_000)).toBe(true);
  expect(mayHold({ id: "b", until: 3_000 }, "a", 1_000)).toBe(false);
  expect(mayHold({ id: "a", until: 3_000 }, "a", 1_000)).toBe(true);
  expect(mayHold({ id: "b", until: 3_000 }, "a", 3_000)).toBe(true);
  expect(mayHold({ id: "b", until: 3_600_000 }, "a", 1_000)).toBe(true);
});
