/** Where callers are sent: the fields of a form for it, `NAME.kind` and one for what it names. Pure. */

import type { Destination } from "./data.ts";

export const KINDS = ["queue", "menu", "number", "message", "callback", "hang_up"] as const;
export type Kind = (typeof KINDS)[number];

/** The destination that a form has under a name; null: none was chosen. */
export function readDestination(form: FormData, name: string): Destination | null {
  const of = (field: string) => String(form.get(`${name}.${field}`) ?? "").trim();
  const kind = of("kind") as Kind | "";
  if (!kind) return null;
  if (kind === "queue") return { kind, queueId: of("queueId") ? Number(of("queueId")) : null };
  if (kind === "menu") return { kind, menuId: of("menuId") ? Number(of("menuId")) : null };
  if (kind === "number") return { kind, number: of("number") || null };
  if (kind === "message") return { kind, sound: of("sound") || null };
  return { kind };
}

/** Whether two of them are the same; fields that are null say nothing. */
export function same(one: Destination | null, other: Destination | null): boolean {
  const told = (of: Destination | null) => of && [of.kind, of.queueId ?? null, of.menuId ?? null, of.number ?? null, of.sound ?? null];
  return JSON.stringify(told(one)) === JSON.stringify(told(other));
}
