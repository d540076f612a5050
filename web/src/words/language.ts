import { useSyncExternalStore } from "react";

export const LANGUAGES = ["vi", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

/** The words of an area: a text, or a function of what it names. */
export type Word = string | ((...values: never[]) => string);
export type Catalogue = { [key: string]: Word | Catalogue };

/** What a translation of `T` has: the same keys, and functions of the same values. */
export type Translated<T> = {
  [K in keyof T]: T[K] extends string ? string : T[K] extends (...values: infer V) => string ? (...values: V) => string : Translated<T[K]>;
};

const KEPT = "tongdai.language";
const listeners = new Set<() => void>();
let current: Language = first();

/** The language that was chosen on this browser, or else the first that the browser asks for and we have. */
function first(): Language {
  const kept = globalThis.localStorage?.getItem(KEPT);
  return choose([...(kept ? [kept] : []), ...(globalThis.navigator?.languages ?? [])]);
}

export function choose(asked: readonly string[]): Language {
  for (const one of asked) {
    const found = LANGUAGES.find((language) => one.toLowerCase().split("-")[0] === language);
    if (found) return found;
  }
  return "vi";
}

export function language(): Language {
  return current;
}

/** Show everything in a language from now on; the caller stores it with the session, if there is one. */
export function setLanguage(next: Language): void {
  globalThis.localStorage?.setItem(KEPT, next);
  showLanguage(next);
}

/** Show everything in a language from now on, and keep it nowhere. */
export function showLanguage(next: Language): void {
  current = next;
  document.documentElement.lang = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, language);
}

/** The words of an area in the language that is shown. */
export function useWords<T extends object>(both: { en: T; vi: Translated<T> }): Translated<T> {
  return both[useLanguage()] as Translated<T>;
}
