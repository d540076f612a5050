const KEPT = "tongdai.joined";

/** A call that the supervisor follows by a phone, perhaps one in this browser. */
export type Joined = { callId: string; name: string };

/** Keep which call is followed in this tab; null: none. */
export function keepJoined(joined: Joined | null): void {
  if (joined) sessionStorage.setItem(KEPT, JSON.stringify(joined));
  else sessionStorage.removeItem(KEPT);
}

export function joined(): Joined | null {
  const kept = sessionStorage.getItem(KEPT);
  return kept ? (JSON.parse(kept) as Joined) : null;
}

let before = joined();

/** The call that was followed when this page was loaded again, which cuts a phone in the browser off: once. */
export function joinedBefore(): Joined | null {
  const found = before;
  before = null;
  if (found) keepJoined(null);
  return found;
}
