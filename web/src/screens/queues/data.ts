import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { components } from "../../api/schema.d.ts";
import { all } from "../../data/all.ts";
import { api, call } from "../../data/api.ts";

type Schemas = components["schemas"];
export type Queue = Schemas["QueueView"];
export type Settings = Schemas["QueueSettingsView"];
export type Destination = Schemas["CallerDestination"];
export type Menu = Schemas["MenuView"];
export type Sound = Schemas["tongdai.queues.sounds.api.SoundView"];
export type Rule = Schemas["RuleView"];
export type Hours = Schemas["HoursView"];

export const STRATEGIES = [1, 2, 3, 4, 99] as const;
export type Strategy = (typeof STRATEGIES)[number];

export function useMenus(): UseQueryResult<Menu[]> {
  return useQuery({ queryKey: ["menus"], queryFn: () => all((cursor) => call(api.GET("/v1/queues/menus", { params: { query: { cursor, size: 200 } } }))) });
}

export function useSounds(): UseQueryResult<Sound[]> {
  return useQuery({ queryKey: ["sounds"], queryFn: () => all((cursor) => call(api.GET("/v1/queues/sounds", { params: { query: { cursor, size: 200 } } }))) });
}

/** The opening hours of a queue, and whether it is open now; of null: those that queues have without their own. */
export function useHours(queueId: number | null): UseQueryResult<Hours> {
  return useQuery({
    queryKey: ["queues", queueId, "hours"],
    queryFn: () => call(queueId === null ? api.GET("/v1/queues/hours") : api.GET("/v1/queues/inbound/{id}/hours", { params: { path: { id: queueId } } })),
    refetchInterval: 30_000,
  });
}
