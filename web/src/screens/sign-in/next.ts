/** Where to go after the sign-in: a path of this console, and nothing else, whatever a link says. */
export function localPath(next: unknown): string {
  if (typeof next !== "string" || !/^\/(?![/\\])/.test(next)) return "/";
  const url = new URL(next, "http://local.invalid");
  return url.host === "local.invalid" && url.pathname !== "/sign-in" ? url.pathname + url.search + url.hash : "/";
}

/** Why a sign-in at the OpenID provider failed, as the server says with `/?openid=<reason>`. */
const OPENID_FAILURES = ["unavailable", "failed", "unverified", "unknown_user"] as const;
export type OpenidFailure = (typeof OPENID_FAILURES)[number];

/** The failure that a link tells; one that is not known is told as `failed`. */
export function openidFailure(reason: unknown): OpenidFailure | null {
  if (reason === undefined) return null;
  return OPENID_FAILURES.find((one) => one === reason) ?? "failed";
}
