/**
 * The screens of the console. Each has a folder in `screens/` with a `screen.ts` that is found here by itself, so that
 * two screens that are built at the same time change no file of each other. See README.md for the recipe.
 */

import type { ComponentType } from "react";
import type { Role } from "../data/session.ts";
import type { Language } from "../words/language.ts";

export type Group = "work" | "watch" | "dial" | "report" | "settings";
export const GROUPS: readonly Group[] = ["work", "watch", "dial", "report", "settings"];

export type Screen = {
  /** The path with its parameters, such as `/campaigns/$campaignId`. */
  path: string;
  title: Record<Language, string>;
  /** Who sees it; `everyone`: also those who are not signed in, without the layout. */
  roles: readonly Role[] | "everyone";
  /** Where it is in the navigation; without it, it is reached from another screen. */
  navigation?: { group: Group; order: number };
  /** Its code, a chunk of its own, which is loaded when it is first shown. */
  load: () => Promise<{ default: ComponentType }>;
};

export function screen(declared: Screen): Screen {
  return declared;
}

const found = import.meta.glob<{ default: Screen }>("../screens/*/screen.ts", { eager: true });
const several = import.meta.glob<{ default: Screen }>("../screens/*/*.screen.ts", { eager: true });
export const SCREENS: readonly Screen[] = [...Object.values(found), ...Object.values(several)].map((module) => module.default);

export function screensOf(role: Role): Screen[] {
  return SCREENS.filter(({ roles }) => roles !== "everyone" && roles.includes(role));
}

/** The first screen that a role sees after sign-in. */
export function homeOf(role: Role): string {
  const inMenu = screensOf(role).filter(({ navigation }) => navigation);
  const rank = ({ navigation }: Screen) => GROUPS.indexOf(navigation!.group) * 1000 + navigation!.order;
  return inMenu.sort((one, other) => rank(one) - rank(other))[0]?.path ?? "/account";
}
