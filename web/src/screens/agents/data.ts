import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { components } from "../../api/schema.d.ts";
import { all } from "../../data/all.ts";
import { api, call } from "../../data/api.ts";

type Schemas = components["schemas"];
export type Agent = Schemas["AgentView"];
export type Queue = Schemas["QueueView"];
export type Team = Schemas["TeamView"];
export type Credentials = Schemas["PhoneCredentials"];

export function useAgents(enabled = true): UseQueryResult<Agent[]> {
  return useQuery({
    enabled,
    queryKey: ["agents"],
    queryFn: () => all((cursor) => call(api.GET("/v1/agents", { params: { query: { cursor, size: 200 } } }))),
    refetchInterval: 5_000,
  });
}

export function useQueues(enabled = true): UseQueryResult<Queue[]> {
  return useQuery({ enabled, queryKey: ["queues"], queryFn: () => all((cursor) => call(api.GET("/v1/queues/inbound", { params: { query: { cursor, size: 200 } } }))) });
}

export function useTeams(): UseQueryResult<Team[]> {
  return useQuery({ queryKey: ["teams"], queryFn: async () => (await call(api.GET("/v1/teams"))).data });
}
