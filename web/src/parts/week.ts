/** Hours of a week by the day, as people change them, and as windows, as the API has them. Pure. */

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];
export type Span = { from: string; to: string };
export type Window = Span & { days: Day[] };
export type Week = Record<Day, Span[]>;

export function weekOf(windows: readonly Window[]): Week {
  const spans = (day: Day) => windows.filter(({ days }) => days.includes(day)).map(({ from, to }) => ({ from, to })).sort((one, other) => one.from.localeCompare(other.from));
  return Object.fromEntries(DAYS.map((day) => [day, spans(day)])) as Week;
}

/** The windows of a week; days with the same span share one. */
export function windowsOf(week: Week): Window[] {
  const found = new Map<string, Window>();
  for (const day of DAYS)
    for (const { from, to } of week[day]) {
      const window = found.get(`${from}-${to}`) ?? { days: [], from, to };
      if (!window.days.includes(day)) window.days.push(day);
      found.set(`${from}-${to}`, window);
    }
  return [...found.values()];
}

export const TIME = "([01][0-9]|2[0-3]):[0-5][0-9]";
const SPAN = `${TIME} *(?:\u2013|-) *(${TIME}|24:00)`;
/** What `spansOf` reads, for the `pattern` of a field. */
export const SPANS = ` *(${SPAN}( *, *${SPAN})*)? *`;

/** The spans of a day as people write them: `08:00–12:00, 13:00–17:00`. */
export function writeSpans(spans: readonly Span[]): string {
  return spans.map(({ from, to }) => `${from}–${to}`).join(", ");
}

export function spansOf(text: string): Span[] {
  return [...text.matchAll(new RegExp(SPAN, "g"))].map(([whole]) => {
    const [from = "", to = ""] = whole.split(/ *(?:\u2013|-) */);
    return { from, to };
  });
}
