/** Who is signed in. The cookie holds the session; this is what the page knows of it. */

import { queryOptions, useQuery, type QueryClient } from "@tanstack/react-query";
import { api, ApiError, call, setCsrfToken } from "./api.ts";
import type { Language } from "../words/language.ts";

export const ROLES = ["owner", "supervisor", "agent", "viewer"] as const;
export type Role = (typeof ROLES)[number];
export type Scope = "campaign" | "queue" | "agent" | "report" | "admin";

export type Session = {
  user: { id: number | string; name: string; login: string; role: Role; agentId: number | null; teamIds: (number | string)[]; language: Language | null };
  tenant: { id: number; name: string };
  scopes: string[];
  csrfToken: string;
  expiresAt: string;
};

export type Options = { firstRun: boolean; openid: null | { name: string }; version: string };

type Loose = (path: string, init?: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>;
const loose = api as unknown as Record<"GET" | "POST" | "PUT" | "PATCH" | "DELETE", Loose>;

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async (): Promise<Session | null> => {
    try {
      return accepted((await call(loose.GET("/v1/session"))) as Session);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return accepted(null);
      throw error;
    }
  },
  staleTime: 60_000,
});

export const optionsQuery = queryOptions({
  queryKey: ["session", "options"],
  queryFn: async () => (await call(loose.GET("/v1/session/options"))) as Options,
  staleTime: 60_000,
});

function accepted(session: Session | null): Session | null {
  setCsrfToken(session?.csrfToken ?? null);
  return session;
}

export async function signIn(client: QueryClient, login: string, password: string): Promise<Session> {
  return begin(client, await call(loose.POST("/v1/session", { body: { login, password } })));
}

export async function firstRun(client: QueryClient, body: { token: string; tenantName?: string; name: string; login: string; password: string }): Promise<Session> {
  return begin(client, await call(loose.POST("/v1/session/first-run", { body })));
}

export async function resetPassword(token: string, password: string): Promise<void> {
  await call(loose.POST("/v1/session/reset", { body: { token, password } }));
}

export async function changePassword(current: string, next: string): Promise<void> {
  await call(loose.PUT("/v1/session/password", { body: { current, new: next } }));
}

export async function keepLanguage(language: Language): Promise<void> {
  await call(loose.PATCH("/v1/session", { body: { language } }));
}

export async function signOut(client: QueryClient): Promise<void> {
  await call(loose.DELETE("/v1/session"));
  tabs?.postMessage("ended");
  end(client);
}

/** A browser has one session: what one tab does to it, the others hear of. */
const CHANNEL = "tongdai.session";
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(CHANNEL);

/** Call back when somebody signs in or out in another tab of this browser. */
export function onOtherTab(listener: () => void): void {
  tabs?.addEventListener("message", () => listener());
}

function begin(client: QueryClient, answer: unknown): Session {
  const session = answer as Session;
  tabs?.postMessage("begun");
  accepted(session);
  client.clear();
  client.setQueryData(sessionQuery.queryKey, session);
  return session;
}

/** Forget everything of whoever was signed in. */
export function end(client: QueryClient): void {
  accepted(null);
  client.clear();
  client.setQueryData(sessionQuery.queryKey, null);
}

/** The session of a page that is shown only to people who are signed in. */
export function useSession(): Session {
  const { data } = useQuery(sessionQuery);
  if (!data) throw new Error("nobody is signed in");
  return data;
}

export function useMay(scope: Scope): boolean {
  return useSession().scopes.includes(scope);
}
