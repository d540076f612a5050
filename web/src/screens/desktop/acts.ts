/** What an agent may do in a state. Pure; the server decides. */

import type { Agent, Call } from "./data.ts";

export type StateAct = "signIn" | "signOut" | "ready" | "pause" | "stay";

export function stateActs({ state, nextState, wrapUpCodeNeeded }: Pick<Agent, "state" | "nextState" | "wrapUpCodeNeeded">): StateAct[] {
  const taken: StateAct[] = nextState ? ["stay"] : [];
  switch (state) {
    case "offline":
      return ["signIn"];
    case "hanging_up":
      return [];
    case "calling":
      return ["signOut"];
    case "paused":
    case "unreachable":
      return ["ready", "signOut"];
    case "wrap_up":
      return [...(wrapUpCodeNeeded ? [] : (["ready"] as const)), "pause", "signOut", ...taken];
    default:
      return ["pause", "signOut", ...taken];
  }
}

export type Hears = { held: boolean; muted: boolean; consulting: boolean; conference: boolean; live: boolean };

/** How customer and agent hear each other. Whoever was consulted and then got the call remains a party of it: they are its agent. */
export function hears({ agentId, heldUntil, muted, parties, state }: Pick<Call, "agentId" | "heldUntil" | "muted" | "parties" | "state">): Hears {
  const others = parties.filter((party) => party.agentId === null || party.agentId !== agentId);
  return {
    held: heldUntil !== null,
    muted,
    consulting: others.some((party) => party.state === "called" || party.state === "consulting"),
    conference: others.some((party) => party.state === "talking"),
    live: state === "answered",
  };
}

/** Whether an agent is in the call of another: `asked` by them, or `joined` in a conference; null: it is their own. */
export function guest({ agentId, parties }: Pick<Call, "agentId" | "parties">, of: number): "asked" | "joined" | null {
  const party = agentId === of ? undefined : parties.find((one) => one.agentId === of);
  return party ? (party.state === "talking" ? "joined" : "asked") : null;
}

/** Seconds in which agent and customer had each other, holds included: from the first talk with this agent. */
export function talkedSince({ segments }: Pick<Call, "segments">, agentId: number): string | null {
  return segments.find((segment) => segment.kind === "talk" && segment.agentId === agentId)?.startedAt ?? null;
}

/** A date and a time of a form, as an instant in ISO 8601; null: not one, or not after `now`. */
export function dueAt(text: string, now: number): string | null {
  const at = Date.parse(text);
  return Number.isNaN(at) || at <= now ? null : new Date(at).toISOString();
}
