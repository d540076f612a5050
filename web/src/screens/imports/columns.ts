/** What the columns of a file are read as: as detected, or as a person has picked. */

import type { components } from "../../api/schema.d.ts";

export const USES = ["phoneNumber", "name", "externalId", "timeZone", "country", "attribute", "ignored"] as const;
export type Use = (typeof USES)[number];
export type Picks = Readonly<Record<string, Use>>;
/** A heading of the file; `key` is how headings are compared. */
export type Heading = { key: string; column: string; use: Use; samples: string[] };
type Tables = components["schemas"]["LookedTable"][];

/** Uses that several columns may have, whose order matters: it is the server's, unless a person has changed one of them. */
const ORDERED: readonly Use[] = ["phoneNumber", "name"];

/** Each heading once: the sheets of a workbook share what is picked for a heading. */
export function headings(tables: Tables): Heading[] {
  const found = new Map<string, Heading>();
  for (const { columns } of tables) {
    for (const { column, use, samples } of columns) {
      const key = column.toLowerCase();
      if (!found.has(key)) found.set(key, { key, column, use: use as Use, samples });
    }
  }
  return [...found.values()];
}

export function useOf(heading: Heading, picks: Picks): Use {
  return picks[heading.key] ?? heading.use;
}

/** With another pick; what is as detected is no pick. */
export function picked(picks: Picks, heading: Heading, use: Use): Picks {
  const { [heading.key]: _, ...rest } = picks;
  return use === heading.use ? rest : { ...rest, [heading.key]: use };
}

/**
 * The uses to ask the server for, so that it reads the file as it is shown; null: as it detects them.
 *
 * The server detects no column for a use that another one has by hand, so that those go along; and what was detected for a use that
 * a pick has taken away must not fall to a column that is shown as an attribute.
 */
export function asked(all: readonly Heading[], picks: Picks): Record<string, Use> | null {
  const changed = all.filter(({ key }) => picks[key]);
  if (!changed.length) return null;
  const given = new Set<Use>(changed.map(({ key }) => picks[key]!));
  const free = changed.some(({ use }) => use !== "attribute" && use !== "ignored");
  const along = (heading: Heading) => {
    const use = useOf(heading, picks);
    return use === "attribute" ? free : use !== "ignored" && given.has(use);
  };
  const sent = all.filter((heading) => !picks[heading.key] && along(heading)); // a column that was detected comes before one that was added
  return Object.fromEntries([...sent, ...changed].map((heading) => [heading.column, useOf(heading, picks)]));
}

/** Uses that more than one heading has, though one alone may. */
export function doubled(all: readonly Heading[], picks: Picks): Use[] {
  const uses = all.map((heading) => useOf(heading, picks));
  return USES.filter((use) => !ORDERED.includes(use) && use !== "attribute" && use !== "ignored" && uses.filter((one) => one === use).length > 1);
}

const KEPT = 50;
type Remembered = { headings: string; picks: Picks }[];

function place(tenant: number): string {
  return `tongdai.columns.${tenant}`;
}

function named(all: readonly Heading[]): string {
  return JSON.stringify(all.map(({ key }) => key).sort());
}

function remembered(tenant: number): Remembered {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(place(tenant)) ?? "[]");
    return Array.isArray(kept) ? (kept as Remembered) : [];
  } catch {
    return []; // what is kept is a convenience
  }
}

/** What was picked for the last file with these headings, on this browser. */
export function recall(tenant: number, all: readonly Heading[]): Picks {
  const found = remembered(tenant).find((one) => one.headings === named(all))?.picks ?? {};
  return Object.fromEntries(Object.entries(found).filter(([key, use]) => USES.includes(use) && all.some((one) => one.key === key && one.use !== use)));
}

export function remember(tenant: number, all: readonly Heading[], picks: Picks): void {
  const others = remembered(tenant).filter((one) => one.headings !== named(all));
  const kept = Object.keys(picks).length ? [{ headings: named(all), picks }, ...others] : others;
  try {
    localStorage.setItem(place(tenant), JSON.stringify(kept.slice(0, KEPT)));
  } catch {
    // A browser without room for it, or that may keep nothing, imports all the same.
  }
}
