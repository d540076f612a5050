import { expect, test } from "vitest";
import { dueAt, guest, hears, stateActs, talkedSince } from "./acts.ts";

test("an agent who wraps up and owes a code is not offered to be ready", () => {
  const state = { state: "wrap_up", nextState: null } as const;
  expect(stateActs({ ...state, wrapUpCodeNeeded: false })).toContain("ready");
  expect(stateActs({ ...state, wrapUpCodeNeeded: true })).not.toContain("ready");
});

test("what was chosen for after the call can be taken back", () => {
  expect(stateActs({ state: "talking", nextState: "paused", wrapUpCodeNeeded: false })).toContain("stay");
  expect(stateActs({ state: "talking", nextState: null, wrapUpCodeNeeded: false })).not.toContain("stay");
});

test("somebody who is called for a consultation is not in a conference yet", () => {
  const party = { kind: "number", agentId: null, target: "0901", calledAt: "2026-03-10T02:00:00Z" } as const;
  const call = { agentId: 7, heldUntil: "2026-03-10T02:10:00Z", muted: false, state: "answered" } as const;
  expect(hears({ ...call, parties: [{ ...party, state: "called" }] })).toMatchObject({ held: true, consulting: true, conference: false });
  expect(hears({ ...call, heldUntil: null, parties: [{ ...party, state: "talking" }] })).toMatchObject({ held: false, consulting: false, conference: true });
});

test("a colleague who was consulted and got the call is its agent, and not in a conference", () => {
  const party = (state: "consulting" | "talking") => ({ kind: "agent", agentId: 8, target: "phone-8", calledAt: "2026-03-10T02:00:00Z", state }) as const;
  const call = { heldUntil: null, muted: false, state: "answered" } as const;
  expect(guest({ agentId: 7, parties: [party("consulting")] }, 8)).toBe("asked");
  expect(guest({ agentId: 7, parties: [party("talking")] }, 8)).toBe("joined");
  expect(guest({ agentId: 7, parties: [party("talking")] }, 7)).toBeNull();
  expect(guest({ agentId: 8, parties: [party("talking")] }, 8)).toBeNull();
  expect(hears({ ...call, agentId: 8, parties: [party("talking")] }).conference).toBe(false);
  expect(hears({ ...call, agentId: 7, parties: [party("talking")] }).conference).toBe(true);
});

test("talk counts from the agent's own first talk", () => {
  const segment = (kind: "talk" | "wait", agentId: number | null, startedAt: string) => ({ kind, agentId, startedAt, queueId: 1, endedAt: null });
  const segments = [segment("wait", null, "a"), segment("talk", 7, "b"), segment("talk", 8, "c")];
  expect(talkedSince({ segments }, 8)).toBe("c");
  expect(talkedSince({ segments }, 9)).toBeNull();
});

test("a callback is after now", () => {
  const now = Date.parse("2026-03-10T02:00:00Z");
  expect(dueAt("2026-03-10T01:59:00Z", now)).toBeNull();
  expect(dueAt("tomorrow", now)).toBeNull();
  expect(dueAt("2026-03-10T03:00:00Z", now)).toBe("2026-03-10T03:00:00.000Z");
});
