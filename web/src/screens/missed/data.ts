import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { components } from "../../api/schema.d.ts";
import { oneOf, text, useFilters } from "../../app/search.ts";
import { all } from "../../data/all.ts";
import { api, call } from "../../data/api.ts";
import { useAgents, useQueues } from "../agents/data.ts";
import { instantsOf } from "../calls/outcomes.ts";

type Schemas = components["schemas"];
export type Missed = Schemas["MissedView"];
export type Callback = Schemas["CallbackView"];
export const MISSED_STATES = ["open", "claimed", "served", "closed"] as const;
export const CALLBACK_STATES = ["pending", "calling", "done", "failed", "expired", "cancelled", "replaced", "forbidden"] as const;

const OFTEN_MS = 5_000;
const SIZE = 50;

/** The filters of a list, in the URL. Those of one list mean nothing to the other. */
export function useListFilters<T extends string>(states: readonly T[]) {
  const [filters, change] = useFilters((search) => ({
    state: oneOf(search, "state", states),
    queue: text(search, "queue"), agent: text(search, "agent"), from: text(search, "from"), to: text(search, "to"), cursor: text(search, "cursor"),
  }));
  return { filters, change, set: (some: Partial<typeof filters>) => change({ ...some, cursor: undefined }) };
}

type Filters = { queue: string | undefined; agent: string | undefined; from: string | undefined; to: string | undefined; cursor: string | undefined };

const common = ({ queue, from, to, cursor }: Filters) => ({ size: SIZE, cursor: cursor ?? "*", ...(queue && { queueId: Number(queue) }), ...instantsOf(from, to) });

export function useMissed(filters: Filters & { state: Missed["state"] | undefined }) {
  const query = { ...common(filters), ...(filters.state && { state: filters.state }) };
  return useQuery({
    queryKey: ["missed", query],
    queryFn: () => call(api.GET("/v1/missed-calls", { params: { query } })),
    refetchInterval: OFTEN_MS,
    placeholderData: keepPreviousData,
  });
}

export function useCallbacks(filters: Filters & { state: Callback["state"] | undefined }) {
  const query = { ...common(filters), ...(filters.state && { state: filters.state }), ...(filters.agent && { agentId: Number(filters.agent) }) };
  return useQuery({
    queryKey: ["callbacks", query],
    queryFn: () => call(api.GET("/v1/callbacks", { params: { query } })),
    refetchInterval: OFTEN_MS,
    placeholderData: keepPreviousData,
  });
}

/** Callbacks that wait or are called, of all queues. */
export function usePending() {
  const of = (state: "pending" | "calling") => all((cursor) => call(api.GET("/v1/callbacks", { params: { query: { state, cursor, size: 500 } } })));
  return useQuery({ queryKey: ["callbacks", "pending"], queryFn: async () => (await Promise.all([of("pending"), of("calling")])).flat(), refetchInterval: OFTEN_MS });
}

/** The names of queues and agents by id. */
export function useNames() {
  const queues = useQueues().data ?? [];
  const agents = useAgents().data ?? [];
  return {
    queues: queues.map(({ callinId, callinName }) => [callinId, callinName] as const),
    agents: agents.map(({ agentId, agentName }) => [agentId, agentName] as const),
    queue: (id: number) => queues.find(({ callinId }) => callinId === id)?.callinName ?? String(id),
    agent: (id: number) => agents.find(({ agentId }) => agentId === id)?.agentName ?? String(id),
  };
}
