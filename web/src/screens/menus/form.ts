/** A menu as its form has it. Pure. */

import type { Menu } from "../queues/data.ts";
import { readDestination } from "../queues/destination.ts";

export type Written = Pick<Menu, "name" | "greeting" | "timeoutSec" | "repeats" | "options" | "otherwise">;

/** The name of the fields of a key, as the server names it. */
export const optionName = (key: string) => `options.${key}`;

/** The menu that was written, with these keys. */
export function readMenu(form: FormData, keys: readonly string[]): Written {
  const of = (name: string) => String(form.get(name) ?? "").trim();
  const options = keys.flatMap((key) => {
    const to = readDestination(form, optionName(key));
    return to ? [[key, to] as const] : [];
  });
  return {
    name: of("name"), greeting: of("greeting") || null, timeoutSec: Number(of("timeoutSec")), repeats: Number(of("repeats")),
    options: Object.fromEntries(options), otherwise: readDestination(form, "otherwise"),
  };
}
