/** What the desk of an agent shows: their state and call come from the stream, the rest is asked for. */

import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { api, call } from "../../data/api.ts";
import { serverNow } from "../../data/clock.ts";
import { useSession } from "../../data/session.ts";
import { useTopic, type Heard } from "../../data/stream.ts";
import type { components } from "../../api/schema.d.ts";
import { notifyFailure } from "../../parts/toast.tsx";

type Schemas = components["schemas"];
export type Agent = Schemas["AgentView"];
export type Call = Schemas["CallDetailView"];
export type Missed = Schemas["MissedView"];
export type Callback = Schemas["CallbackView"];
export type Offer = NonNullable<Schemas["PreviewView"]["offer"]>;

/** Calls of an agent, newest first: the endpoint also answers in CSV, which its type tells. */
async function callsOf(agentId: number, size: number, phoneNumber?: string): Promise<Schemas["CallView"][]> {
  const query = { agentId, direction: "all" as const, size, ...(phoneNumber ? { phoneNumber } : {}) };
  return ((await call(api.GET("/v1/calls", { params: { query } }))) as Schemas["CallPage"]).data;
}

const OFTEN_MS = 2_000;
const PREVIEWS_MS = 5_000;
const SELDOM_MS = 10_000;

/** The id of the agent of whoever is signed in; null: they have none. */
export function useAgentId(): number | null {
  return useSession().user.agentId;
}

/** An answer with the time at which it was read. */
async function heard<T>(answer: Promise<T>): Promise<Heard<T>> {
  const data = await answer;
  return { data, readAt: serverNow() };
}

/** The call to show: the present one, or in wrap-up the one that has just ended. */
export function useCallId(agent: Agent): string | null {
  const last = useRef<string | null>(null);
  const wrapsUp = agent.state === "wrap_up";
  if (agent.callId) last.current = agent.callId;
  else if (!wrapsUp) last.current = null;
  // After a reload in wrap-up nothing is remembered: it is the agent's newest call.
  const asked = useQuery({
    queryKey: ["desk", "last call", agent.agentId],
    queryFn: () => callsOf(agent.agentId, 1),
    enabled: wrapsUp && last.current === null,
  });
  return last.current ?? (wrapsUp ? (asked.data?.[0]?.callId ?? null) : null);
}

/** The call to show, with its age: the present one is followed, one that has ended is read. */
export function useCall(callId: string | null): Heard<Call> | undefined {
  const me = useTopic("me");
  const present = me?.data.call?.callId === callId ? me?.data.call : null;
  const ended = useQuery({
    queryKey: ["desk", "call", callId],
    queryFn: () => heard(call(api.GET("/v1/calls/{callId}", { params: { path: { callId: callId! } } }))),
    enabled: callId !== null && me !== undefined && !present,
  });
  return present && me ? { data: present, readAt: me.readAt } : ended.data;
}

export function useContact(of: Call) {
  const { campaignId, contactId } = of;
  return useQuery({
    queryKey: ["desk", "contact", campaignId, contactId],
    queryFn: () => call(api.GET("/v1/campaigns/{id}/contacts/{contactId}", { params: { path: { id: campaignId!, contactId: contactId! } } })),
    enabled: campaignId != null && contactId != null,
    retry: false,
  });
}

/** How the call is wrapped up, and with which codes. */
export function useRule(of: Call) {
  const { campaignId, queueId } = of;
  return useQuery({
    queryKey: ["desk", "rule", campaignId, queueId],
    queryFn: () =>
      campaignId != null
        ? call(api.GET("/v1/campaigns/{id}/wrap-up", { params: { path: { id: campaignId } } }))
        : call(api.GET("/v1/queues/inbound/{id}/wrap-up", { params: { path: { id: queueId! } } })),
    enabled: campaignId != null || queueId != null,
  });
}

/** Earlier calls of the agent with the same number, newest first. */
export function useHistory(of: Call) {
  const agentId = useAgentId();
  return useQuery({
    queryKey: ["desk", "history", of.phoneNumber, of.callId],
    queryFn: () => callsOf(agentId!, 6, of.phoneNumber),
    enabled: agentId !== null && of.phoneNumber !== "",
  });
}

/** Calls of the agent with a number, newest first. */
export function useCallsWith(phoneNumber: string) {
  const agentId = useAgentId();
  return useQuery({ queryKey: ["desk", "calls with", phoneNumber], queryFn: () => callsOf(agentId!, 5, phoneNumber), enabled: agentId !== null });
}

export function usePreview(agentId: number) {
  return useQuery({
    queryKey: ["desk", "preview", agentId],
    queryFn: () => call(api.GET("/v1/agents/{id}/preview", { params: { path: { id: agentId } } })),
    refetchInterval: PREVIEWS_MS,
  });
}

export function useToday(agentId: number) {
  return useQuery({
    queryKey: ["desk", "today", agentId],
    queryFn: () => heard(call(api.GET("/v1/agents/{id}/today", { params: { path: { id: agentId } } }))),
    refetchInterval: SELDOM_MS,
    placeholderData: keepPreviousData,
  });
}

export function useQueues() {
  return useQuery({ queryKey: ["desk", "queues"], queryFn: () => call(api.GET("/v1/queues/inbound", { params: { query: { size: 100 } } })), staleTime: 60_000 });
}

export function useColleagues(id: number) {
  return useQuery({
    queryKey: ["desk", "agents"],
    queryFn: async () => (await call(api.GET("/v1/agents", { params: { query: { size: 100 } } }))).data.filter(({ agentId }) => agentId !== id),
    refetchInterval: OFTEN_MS,
  });
}

export function useMissed() {
  return useQuery({
    queryKey: ["desk", "missed"],
    queryFn: () => heard(call(api.GET("/v1/missed-calls", { params: { query: { size: 50 } } }))),
    refetchInterval: SELDOM_MS,
    placeholderData: keepPreviousData,
  });
}

export function useCallbacks(agentId: number) {
  return useQuery({
    queryKey: ["desk", "callbacks", agentId],
    queryFn: () => heard(call(api.GET("/v1/callbacks", { params: { query: { agentId, state: "pending", size: 50 } } }))),
    refetchInterval: SELDOM_MS,
    placeholderData: keepPreviousData,
  });
}

/** Do something, then ask again for all that the desk shows: nothing is shown before the server says it. */
export function useAct() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (act: () => Promise<unknown>) => act(),
    onSettled: () => client.invalidateQueries({ queryKey: ["desk"] }),
    onError: notifyFailure,
  });
}
