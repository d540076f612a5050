/** Places of the console, and which of them a text finds. */

import { matches, plain } from "../format/format.ts";

export type Kind = "screen" | "campaign" | "queue" | "agent" | "calls";
export type Place = { kind: Kind; name: string; to: string; params?: Record<string, string>; search?: Record<string, string> };

const MOST = 12;
const CALL_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const PHONE = /^\+?\d{8,15}$/;

/** Those whose names have all words of a text, without accents; first those whose names begin with it. At most 12. */
export function placesOf(places: readonly Place[], sought: string): Place[] {
  const begins = ({ name }: Place) => plain(name).startsWith(plain(sought.trim()));
  const found = places.filter(({ name }) => matches(name, sought));
  return [...callsOf(sought.trim()), ...found.filter(begins), ...found.filter((one) => !begins(one))].slice(0, MOST);
}

/** The calls of a whole telephone number, or the call of an id. */
function callsOf(sought: string): Place[] {
  if (CALL_ID.test(sought)) return [{ kind: "calls", name: sought, to: "/calls/$callId", params: { callId: sought.toLowerCase() } }];
  const number = sought.replace(/[\s.()-]/g, "");
  return PHONE.test(number) ? [{ kind: "calls", name: sought, to: "/calls", search: { phone: number } }] : [];
}
