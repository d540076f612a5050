import { expect, test } from "vitest";
import { mayHold } from "./leader.ts";
import { reduce } from "./stream.ts";

const AT = (seconds: number) => new Date(seconds * 1000).toISOString();

test("data of a topic replace those before, and others stay", () => {
  const first = reduce({}, { kind: "data", topic: "agents", data: { agents: [1] }, readAt: AT(10), now: AT(11) });
  const second = reduce(first, { kind: "data", topic: "queues", data: { queues: [] }, readAt: AT(12), now: AT(12) });
  expect(second).toEqual({
    heardAt: 12_000,
    agents: { data: { agents: [1] }, readAt: 10_000 },
    queues: { data: { queues: [] }, readAt: 12_000 },
  });
});

test("a heartbeat makes data that did not change younger, and keeps them", () => {
  const state = reduce({}, { kind: "data", topic: "agents", data: { agents: [] }, readAt: AT(10), now: AT(10) });
  const next = reduce(state, { kind: "beat", now: AT(20), readAt: { agents: AT(19) } });
  expect(next.agents?.readAt).toBe(19_000);
  expect(next.agents?.data).toBe(state.agents?.data);
});

test("a topic that was not read keeps its age", () => {
  const state = reduce({}, { kind: "data", topic: "agents", data: {}, readAt: AT(10), now: AT(10) });
  expect(reduce(state, { kind: "beat", now: AT(20), readAt: {} }).agents?.readAt).toBe(10_000);
});

test("what another tab knows is taken when it is newer", () => {
  const old = { heardAt: 5 };
  const newer = { heardAt: 6 };
  expect(reduce(old, { kind: "state", state: newer })).toBe(newer);
  expect(reduce(newer, { kind: "state", state: old })).toBe(newer);
});

test("a lease is held by one tab, until it ends", () => {
  expect(mayHold(null, "a", 1_000)).toBe(true);
  expect(mayHold({ id: "b", until: 3_000 }, "a", 1_000)).toBe(false);
  expect(mayHold({ id: "a", until: 3_000 }, "a", 1_000)).toBe(true);
  expect(mayHold({ id: "b", until: 3_000 }, "a", 3_000)).toBe(true);
  expect(mayHold({ id: "b", until: 3_600_000 }, "a", 1_000)).toBe(true);
});
