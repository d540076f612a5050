/** Numbers, times and phone numbers as people in Vietnam write them; in English the same, with its own separators. */

import { language, type Language } from "../words/language.ts";

const LOCALES: Record<Language, string> = { vi: "vi-VN", en: "en-GB" };
const NONE = "–";

export function number(value: number | null | undefined, digits = 0): string {
  if (value == null) return NONE;
  return new Intl.NumberFormat(LOCALES[language()], { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** A share that is in percent already. */
export function percent(value: number | null | undefined, digits = 0): string {
  return value == null ? NONE : `${number(value, digits)}%`;
}

function parts(at: Date, zone: string | undefined): Record<string, string> {
  const format = new Intl.DateTimeFormat("en-GB", {
    ...(zone ? { timeZone: zone } : {}),
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}

/** dd/MM/yyyy HH:mm of an instant, in the zone or else the browser's. */
export function dateTime(at: string | Date | null | undefined, zone?: string): string {
  if (at == null) return NONE;
  const { day, month, year, hour, minute } = parts(new Date(at), zone);
  return `${day}/${month}/${year} ${hour}:${minute}`;
}

export function date(at: string | Date | null | undefined, zone?: string): string {
  return dateTime(at, zone).split(" ")[0]!;
}

/** HH:mm:ss of an instant. */
export function clock(at: string | Date | null | undefined, zone?: string): string {
  if (at == null) return NONE;
  const { hour, minute, second } = parts(new Date(at), zone);
  return `${hour}:${minute}:${second}`;
}

/** A duration in seconds as m:ss or h:mm:ss; one before zero, by a clock that is not exact, as zero. */
export function duration(seconds: number | null | undefined): string {
  if (seconds == null || Number.isNaN(seconds)) return NONE;
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Mobiles and short landlines; landlines of Hanoi and Ho Chi Minh City; those of other provinces. */
const GROUPS = [/^(0\d{3})(\d{3})(\d{3})$/, /^(02[48])(\d{4})(\d{4})$/, /^(0\d{3})(\d{4})(\d{3})$/];

/** A Vietnamese number as 0xxx xxx xxx, 02x xxxx xxxx or 0xxx xxxx xxx; others as they are. */
export function phone(value: string | null | undefined): string {
  if (!value) return NONE;
  const digits = value.replace(/[\s.()-]/g, "").replace(/^(\+|00)84/, "0");
  const found = GROUPS.map((groups) => groups.exec(digits)).find((one) => one !== null);
  if (found) return found.slice(1).join(" ");
  return /^0\d+$/.test(digits) ? digits : value;
}

/** The text without case and accents, in which people search: "dao" finds "Đào". */
export function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{Diacritic}/gu, "").replace(/đ/gi, "d").toLowerCase();
}

export function matches(text: string, sought: string): boolean {
  const words = plain(sought).split(/\s+/).filter(Boolean);
  const within = plain(text);
  return words.every((word) => within.includes(word));
}
