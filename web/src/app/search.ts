/** Filters of a screen in its URL, so that a link to it shows the same. */

import { useNavigate, useSearch } from "@tanstack/react-router";

type Filters = Record<string, string | number | boolean | undefined>;

/** The filters of the URL as `read` understands them, and a function that changes some; undefined removes one. */
export function useFilters<T extends Filters>(read: (search: Record<string, unknown>) => T): [T, (change: Partial<T>) => void] {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const change = (some: Partial<T>) => {
    const next = Object.fromEntries(Object.entries({ ...search, ...some }).filter(([, value]) => value !== undefined && value !== ""));
    void navigate({ to: ".", search: next as never, replace: true });
  };
  return [read(search), change];
}

export function text(search: Record<string, unknown>, name: string): string | undefined {
  const value = search[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

export function oneOf<T extends string>(search: Record<string, unknown>, name: string, values: readonly T[]): T | undefined {
  return values.find((value) => value === search[name]);
}
