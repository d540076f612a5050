/** What a caller meets in a menu and in those below it. Pure. */

import type { Destination, Menu } from "../queues/data.ts";

/** In the order of a keypad. */
export const KEYS: readonly string[] = [..."1234567890*#"];
/** As many menus as a caller passes at most. */
export const LEVELS = 3;

/** `key` null: for those who press none. `to` null: the call ends. */
export type Branch = { key: string | null; to: Destination | null; below: Heard | null };
export type Heard = { menu: Menu; branches: Branch[] };

/** The menu with what is below it; null: it is none of them, or too deep. */
export function heard(menus: readonly Menu[], menuId: number | null | undefined, levels = LEVELS): Heard | null {
  const menu = menus.find((one) => one.menuId === menuId);
  if (!menu || levels < 1) return null;
  const branch = (key: string | null, to: Destination | null): Branch => ({ key, to, below: to?.kind === "menu" ? heard(menus, to.menuId, levels - 1) : null });
  const pressed = KEYS.filter((key) => menu.options[key]).map((key) => branch(key, menu.options[key]!));
  return { menu, branches: [...pressed, branch(null, menu.otherwise)] };
}
