/** The client of the public API, with types of its OpenAPI document: `await call(api.GET("/v1/agents"))`. */

import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "../api/schema.d.ts";
import { hearServer } from "./clock.ts";

const READING = new Set(["GET", "HEAD"]);
let csrfToken: string | null = null;
const lost = new Set<() => void>();

export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Call back when the server says that nobody is signed in. */
export function onSignedOut(listener: () => void): () => void {
  lost.add(listener);
  return () => lost.delete(listener);
}

/** An answer other than 2xx, with the server's own message; `status` 0: there was no answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null = null,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

const session: Middleware = {
  onRequest({ request }) {
    if (csrfToken && !READING.has(request.method)) request.headers.set("X-CSRF-Token", csrfToken);
    return request;
  },
  onResponse({ request, response }) {
    hearServer(response.headers.get("Date")); // in whole seconds: the events of the stream tell it better
    if (response.status === 401 && !new URL(request.url).pathname.startsWith("/v1/session")) {
      for (const listener of lost) listener();
    }
  },
};

const options = { baseUrl: globalThis.location?.origin ?? "http://localhost", credentials: "same-origin" as const };
export const api = createClient<paths>(options);
api.use(session);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The body of an answer; ApiError for an answer other than 2xx, and for none. */
export async function call<T>(answering: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await answering;
  } catch {
    throw new ApiError(0, "UNREACHABLE", "The server cannot be reached");
  }
  if (!answer.response.ok) throw refused(answer.response, answer.error);
  return answer.data as T;
}

/** Send a file as the body of a request, and tell how much of it is sent, 0 to 1: fetch cannot tell. */
export function sendFile<T>(method: "POST" | "PUT", path: string, file: Blob, type: string, onSent: (share: number) => void): Promise<T> {
  const request = new XMLHttpRequest();
  request.open(method, path);
  request.setRequestHeader("Content-Type", type);
  if (csrfToken) request.setRequestHeader("X-CSRF-Token", csrfToken);
  return call(new Promise<Answer<T>>((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => onSent(total ? loaded / total : 0);
    request.onerror = reject;
    request.onload = () => {
      const { status, statusText } = request;
      const response = new Response(null, { status, statusText, headers: { "X-Request-Id": request.getResponseHeader("X-Request-Id") ?? "" } });
      const body = JSON.parse(request.responseText || "{}") as T;
      resolve(response.ok ? { data: body, response } : { error: body, response });
    };
    request.send(file);
  }));
}

function refused(response: Response, body: unknown): ApiError {
  const failure = body as { error_code?: string; error_message?: string } | undefined;
  const wait = Number(response.headers.get("Retry-After"));
  return new ApiError(
    response.status,
    failure?.error_code ?? String(response.status),
    failure?.error_message ?? response.statusText,
    response.headers.get("X-Request-Id"),
    wait > 0 ? wait : null,
  );
}
