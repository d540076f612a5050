/** Where to go after the sign-in: a path of this console, and nothing else, whatever a link says. */
export function localPath(next: unknown): string {
  if (typeof next !== "string" || !/^\/(?![/\\])/.test(next)) return "/";
  const url = new URL(next, "http://local.invalid");
  return url.host === "local.invalid" && url.pathname !== "/sign-in" ? url.pathname + url.search + url.hash : "/";
}
