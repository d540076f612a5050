/** What the audit names in words: `campaign.start` is a kind and what was done. Pure. */

type Words = { kinds: Record<string, string>; deeds: Record<string, string> };

/** An action in words; one that this version does not know, as the server names it. */
export function inWords(action: string, { kinds, deeds }: Words): string {
  const [kind = "", deed = ""] = action.split(".");
  return kinds[kind] && deeds[deed] ? `${kinds[kind]} – ${deeds[deed]}` : action;
}

/** More of a change, as `name: value`; texts as they are, all else as JSON. */
export function told(detail: Record<string, unknown> | null): string {
  return Object.entries(detail ?? {}).map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join(", ");
}

/** When a day, as a field for days has it, begins by the clock of the browser; `later` days after it. */
export function beginOf(day: string, later = 0): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}
