/** The events of a board. `EventSource` sends no header, and the token may be in no address: they are read by fetch. */

import type { components } from "../../api/schema.d.ts";

export type Board = components["schemas"]["Board"];
export type BoardQueue = components["schemas"]["BoardQueue"];
export type BoardEvent = { now: string; readAt: string; board?: Board };

/** The events that are whole in a text, and what is left of it. */
export function wholeEvents(text: string): [BoardEvent[], string] {
  const parts = text.split("\n\n");
  const rest = parts.pop()!;
  const data = parts.flatMap((part) => part.split("\n").filter((line) => line.startsWith("data: ")));
  return [data.map((line) => JSON.parse(line.slice("data: ".length)) as BoardEvent), rest];
}

/** Hear the events of a stream until it ends; "revoked" if the token holds no more. Raises what fetch raises. */
export async function hearEvents(token: string, signal: AbortSignal, hear: (event: BoardEvent) => void): Promise<"ended" | "revoked"> {
  const answer = await fetch("/v1/wallboard/events", { headers: { "X-Api-Key": token }, cache: "no-store", credentials: "omit", signal });
  if (answer.status === 401) return "revoked";
  if (!answer.ok || !answer.body) return "ended";
  const decoder = new TextDecoder();
  const reader = answer.body.getReader();
  for (let text = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return "ended";
    const [events, rest] = wholeEvents(text + decoder.decode(value, { stream: true }));
    text = rest;
    events.forEach(hear);
  }
}

export type Level = "warn" | "bad" | null;

/** How bad a figure is by its threshold; `low`: the lower, the worse. */
export function levelOf(value: number | null, threshold: { warn: number; alarm: number } | null | undefined, low = false): Level {
  if (value === null || !threshold) return null;
  const reached = (limit: number) => (low ? value <= limit : value >= limit);
  return reached(threshold.alarm) ? "bad" : reached(threshold.warn) ? "warn" : null;
}
