/**
 * The one event stream of this browser. HTTP/1.1 allows six connections to a server, for all tabs: one tab, the leader,
 * holds the stream and passes what it hears to the others on a BroadcastChannel. It reconnects for ever.
 */

import { useSyncExternalStore } from "react";
import type { components } from "../api/schema.d.ts";
import { hearServer, serverNow } from "./clock.ts";
import { elect } from "./leader.ts";
import type { Role } from "./session.ts";

type Schemas = components["schemas"];
export type Topics = {
  queues: Omit<Schemas["QueuesLive"], "queues"> & { queues: Schemas["QueueLiveDetail"][] };
  agents: Schemas["AgentView"][];
  campaigns: Schemas["Overview"];
  /** The agent of whoever is signed in, and the call that they have. */
  me: { agent: Schemas["AgentView"]; call: Schemas["CallDetailView"] | null };
};
export type Topic = keyof Topics;
const TOPICS: readonly Topic[] = ["queues", "agents", "campaigns", "me"];

/** What somebody may follow: the tenant, if they may read it, and their own agent, if they have one. */
export function topicsOf(role: Role, agentId: number | null): Topic[] {
  return TOPICS.filter((topic) => (topic === "me" ? agentId !== null : role !== "agent"));
}

/** What was heard of a topic, and when the server read it last, changed or not. */
export type Heard<T> = { data: T; readAt: number };
type State = { [K in Topic]?: Heard<Topics[K]> } & { heardAt?: number };

/** An event of the server: when it read each topic, and the topics that changed. */
export type LiveEvent = { now: string; readAt: Partial<Record<Topic, string>> } & Partial<Topics>;
type Message = { kind: "event"; event: LiveEvent } | { kind: "ask" } | { kind: "state"; state: State };

const CHANNEL = "tongdai.stream";
export const STALE_S = 5;
const RETRY_MS = [500, 1_000, 2_000, 5_000];

/** The state after an event: data that did not change are as young as their last reading. */
export function reduce(state: State, event: LiveEvent): State {
  const next: State = { ...state, heardAt: Date.parse(event.now) };
  for (const topic of TOPICS) {
    const read = event.readAt[topic];
    const data = event[topic] ?? state[topic]?.data;
    if (read !== undefined && data !== undefined) Object.assign(next, { [topic]: { data, readAt: Date.parse(read) } });
  }
  return next;
}

class Stream {
  #state: State = {};
  #listeners = new Set<() => void>();
  #stop: (() => void) | null = null;
  #channel: BroadcastChannel | null = null;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): State => this.#state;

  /** Follow for whoever is signed in. Only tabs of the same person share a stream: one that has not yet noticed that
   * somebody else signed in holds the stream of another tenant. */
  start(topics: readonly Topic[], person: string): void {
    if (this.#stop) return;
    const name = `${CHANNEL}.${person}`;
    const channel = new BroadcastChannel(name);
    this.#channel = channel;
    let leading = false;
    channel.onmessage = ({ data }: MessageEvent<Message>) => {
      if (data.kind === "ask") {
        if (leading) channel.postMessage({ kind: "state", state: this.#state } satisfies Message);
      } else if (data.kind === "event") this.#hear(data.event);
      else if ((data.state.heardAt ?? 0) > (this.#state.heardAt ?? 0)) this.#show(data.state);
    };
    channel.postMessage({ kind: "ask" } satisfies Message);
    const resign = elect(name, () => {
      leading = true;
      const close = this.#connect(topics);
      return () => {
        leading = false;
        close();
      };
    });
    this.#stop = () => {
      resign();
      channel.close();
    };
  }

  stop(): void {
    this.#stop?.();
    this.#stop = null;
    this.#channel = null;
    this.#state = {};
    this.#tell();
  }

  #connect(topics: readonly Topic[]): () => void {
    let source: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;

    const open = () => {
      clearTimeout(timer);
      source?.close();
      source = new EventSource(`/v1/live/events?topics=${topics.join(",")}`);
      source.onopen = () => {
        failures = 0;
      };
      // The browser gives up after an answer other than 200: we do not.
      source.onerror = () => {
        source?.close();
        timer = setTimeout(open, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
      };
      source.addEventListener("live", (message) => {
        const event = JSON.parse((message as MessageEvent<string>).data) as LiveEvent;
        this.#channel?.postMessage({ kind: "event", event } satisfies Message);
        this.#hear(event);
      });
    };
    // No event tells that a page was frozen, or that the machine slept: look when it is seen again.
    const look = () => {
      if (document.visibilityState === "visible" && age(this.#state.heardAt) > STALE_S) open();
    };
    document.addEventListener("visibilitychange", look);
    addEventListener("pageshow", look);
    addEventListener("online", look);
    const watch = setInterval(() => {
      if (this.#state.heardAt && age(this.#state.heardAt) > 3 * STALE_S) open();
    }, 3 * STALE_S * 1000);
    open();
    return () => {
      clearTimeout(timer);
      clearInterval(watch);
      document.removeEventListener("visibilitychange", look);
      removeEventListener("pageshow", look);
      removeEventListener("online", look);
      source?.close();
    };
  }

  #hear(event: LiveEvent): void {
    hearServer(event.now);
    this.#show(reduce(this.#state, event));
  }

  #show(state: State): void {
    this.#state = state;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

export const stream = new Stream();

/** Seconds since an instant of the server; infinite if there is none. */
export function age(at: number | undefined): number {
  return at === undefined ? Infinity : (serverNow() - at) / 1000;
}

/** The newest data of a topic; undefined until the first came. */
export function useTopic<K extends Topic>(topic: K): Heard<Topics[K]> | undefined {
  return useSyncExternalStore(stream.subscribe, () => stream.state()[topic]) as Heard<Topics[K]> | undefined;
}
