// Patterns of times as Java's DateTimeFormatter and so Flink write them, `yyyy-MM-dd HH:mm:ss.SSS`: → text, and text → time. Names of
// months and days are English; a letter that is not known here is refused.
import { civilFromDays, daysFromCivil, MS_PER_DAY } from "../../arrow/values.js";

/** A time taken apart. */
interface Parts {
  readonly days: number;
  readonly msOfDay: number;
  /** Microseconds behind the millisecond. */
  readonly micros: number;
}

interface Field {
  /** Milliseconds in which it stays the same. */
  readonly unitMs: number;
  readonly write: (parts: Parts) => string;
  /** Reads at a place: the end, or −1. */
  readonly read?: (text: string, at: number, found: Found) => number;
}

interface Found {
  year: number;
  month: number;
  day: number;
  /** 0 unless it was read. */
  yearDay: number;
  hour: number;
  minute: number;
  second: number;
  micros: number;
  /** 0: before noon, 1: after; −1 unless it was read. */
  half: number;
}

const MONTHS = "January February March April May June July August September October November December".split(" ");
const DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(" ");
const HOUR_MS = 3_600_000;

const pad = (value: number, width: number): string =>
  (value < 0 ? "-" : "") + String(Math.abs(value)).padStart(width, "0");
const weekdayOf = (days: number): number => (((days + 3) % 7) + 7) % 7;
const dayOfYear = (days: number): number => days - daysFromCivil(civilFromDays(days).year, 1, 1) + 1;

/** A number of so many digits; one letter reads as many as there are. */
function number(
  unitMs: number,
  width: number,
  of: (parts: Parts) => number,
  set?: (found: Found, value: number) => void,
): Field {
  const write = (parts: Parts): string => pad(of(parts), width);
  if (set === undefined) return { unitMs, write };
  return {
    unitMs,
    write,
    read: (text, at, found) => {
      let end = at;
      const most = width === 1 ? at + 9 : at + width;
      while (end < most && text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++;
      if (end === at || (width > 1 && end !== most)) return -1;
      set(found, Number(text.slice(at, end)));
      return end;
    },
  };
}

function names(
  unitMs: number,
  list: readonly string[],
  of: (parts: Parts) => number,
  set: (found: Found, value: number) => void,
): Field {
  return {
    unitMs,
    write: (parts) => list[of(parts)] as string,
    read: (text, at, found) => {
      const index = list.findIndex((name) => text.startsWith(name, at));
      if (index < 0) return -1;
      set(found, index);
      return at + (list[index] as string).length;
    },
  };
}

const short = (list: readonly string[]): string[] => list.map((name) => name.slice(0, 3));
const nothing = (): void => undefined;

function year(width: number): Field {
  const of = ({ days }: Parts): number => civilFromDays(days).year;
  if (width !== 2) {
    return number(MS_PER_DAY, width, of, (found, value) => {
      found.year = value;
    });
  }
  // Two digits are of this century, as in Java.
  return number(
    MS_PER_DAY,
    2,
    (parts) => ((of(parts) % 100) + 100) % 100,
    (found, value) => {
      found.year = 2000 + value;
    },
  );
}

/** Digits of the second's fraction. */
function fraction(width: number): Field {
  return {
    unitMs: 0,
    write: ({ msOfDay, micros }) =>
      pad((msOfDay % 1000) * 1000 + micros, 6)
        .padEnd(9, "0")
        .slice(0, width),
    read: (text, at, found) => {
      const digits = text.slice(at, at + width);
      if (!/^\d+$/.test(digits) || digits.length !== width) return -1;
      found.micros = Number(digits.padEnd(6, "0").slice(0, 6));
      return at + width;
    },
  };
}

/** The field of a run of equal letters; null when there is none. */
function fieldOf(letter: string, width: number): Field | null {
  const hourOf = ({ msOfDay }: Parts): number => Math.floor(msOfDay / HOUR_MS);
  const setHour = (found: Found, value: number): void => {
    found.hour = value;
  };
  const setMonth = (found: Found, value: number): void => {
    found.month = value + 1;
  };
  switch (letter) {
    case "y":
    case "u":
      return year(width);
    case "M":
    case "L": {
      const of = ({ days }: Parts): number => civilFromDays(days).month - 1;
      if (width === 3) return names(MS_PER_DAY, short(MONTHS), of, setMonth);
      if (width === 4) return names(MS_PER_DAY, MONTHS, of, setMonth);
      return width > 4
        ? null
        : number(
            MS_PER_DAY,
            width,
            (parts) => of(parts) + 1,
            (found, value) => setMonth(found, value - 1),
          );
    }
    case "d":
      return number(
        MS_PER_DAY,
        width,
        ({ days }) => civilFromDays(days).day,
        (found, value) => {
          found.day = value;
        },
      );
    case "D":
      return number(
        MS_PER_DAY,
        width,
        ({ days }) => dayOfYear(days),
        (found, value) => {
          found.yearDay = value;
        },
      );
    case "E":
      return names(MS_PER_DAY, width === 4 ? DAYS : short(DAYS), ({ days }) => weekdayOf(days), nothing);
    case "e":
    case "c":
      return number(MS_PER_DAY, width, ({ days }) => weekdayOf(days) + 1);
    case "Q":
    case "q":
      return width > 2 ? null : number(MS_PER_DAY, width, ({ days }) => Math.ceil(civilFromDays(days).month / 3));
    case "a":
      return names(
        HOUR_MS,
        ["AM", "PM"],
        (parts) => (hourOf(parts) < 12 ? 0 : 1),
        (found, value) => {
          found.half = value;
        },
      );
    case "H":
      return number(HOUR_MS, width, hourOf, setHour);
    case "k":
      return number(
        HOUR_MS,
        width,
        (parts) => hourOf(parts) || 24,
        (found, value) => setHour(found, value % 24),
      );
    case "h":
      return number(
        HOUR_MS,
        width,
        (parts) => hourOf(parts) % 12 || 12,
        (found, value) => setHour(found, value % 12),
      );
    case "K":
      return number(HOUR_MS, width, (parts) => hourOf(parts) % 12, setHour);
    case "m":
      return number(
        60_000,
        width,
        ({ msOfDay }) => Math.floor(msOfDay / 60_000) % 60,
        (found, value) => {
          found.minute = value;
        },
      );
    case "s":
      return number(
        1000,
        width,
        ({ msOfDay }) => Math.floor(msOfDay / 1000) % 60,
        (found, value) => {
          found.second = value;
        },
      );
    case "S":
      return width > 9 ? null : fraction(width);
    default:
      return null;
  }
}

function literal(text: string): Field {
  return {
    unitMs: Number.POSITIVE_INFINITY,
    write: () => text,
    read: (value, at) => (value.startsWith(text, at) ? at + text.length : -1),
  };
}

/** Characters of a pattern at most. */
const PATTERN_MAX = 200;

export class TimeFormat {
  /** Milliseconds in which the text stays the same; 0 when even microseconds show. */
  readonly unitMs: number;
  readonly #fields: readonly Field[];

  private constructor(fields: readonly Field[]) {
    this.#fields = fields;
    this.unitMs = Math.min(MS_PER_DAY, ...fields.map(({ unitMs }) => unitMs));
  }

  /** The format of a pattern, or what is wrong with it. */
  static of(pattern: string): TimeFormat | string {
    if (pattern.length > PATTERN_MAX) return `it has more than ${PATTERN_MAX} characters`;
    const fields: Field[] = [];
    for (const match of pattern.matchAll(/(([A-Za-z])\2*)|'((?:[^']|'')*)'|[^A-Za-z]/gs)) {
      const [part, letters, , quoted] = match;
      if (letters === undefined) {
        if (quoted === undefined && part === "'") return "a quote without its end";
        fields.push(literal(quoted === undefined ? part : quoted === "" ? "'" : quoted.replaceAll("''", "'")));
        continue;
      }
      const field = fieldOf(letters[0] as string, letters.length);
      if (field === null) return `"${letters}" is no part of a time here; the letters are y M d D E Q a H h K k m s S`;
      fields.push(field);
    }
    return new TimeFormat(fields);
  }

  /** @param micros - behind the millisecond, 0 to 999 */
  format(ms: number, micros = 0): string {
    const days = Math.floor(ms / MS_PER_DAY);
    const parts = { days, msOfDay: ms - days * MS_PER_DAY, micros };
    let text = "";
    for (const field of this.#fields) text += field.write(parts);
    return text;
  }

  /** The time that a text says: milliseconds and the microseconds behind them; null when it is not of this pattern. */
  parse(text: string): { readonly ms: number; readonly micros: number } | null {
    const found: Found = {
      year: 1970,
      month: 1,
      day: 1,
      yearDay: 0,
      hour: 0,
      minute: 0,
      second: 0,
      micros: 0,
      half: -1,
    };
    let at = 0;
    for (const { read } of this.#fields) {
      at = read === undefined ? -1 : read(text, at, found);
      if (at < 0) return null;
    }
    if (at !== text.length) return null;
    const { year, month, day, yearDay, minute, second, micros } = found;
    const hour = found.half < 0 ? found.hour : (found.hour % 12) + found.half * 12;
    const isDate = month >= 1 && month <= 12 && day >= 1 && year <= 9999;
    if (!isDate || hour > 23 || minute > 59 || second > 59) return null;
    const days = yearDay > 0 ? daysFromCivil(year, 1, yearDay) : daysFromCivil(year, month, day);
    // The 31st of February is no day, and only some years have a 366th.
    const civil = civilFromDays(days);
    if (civil.year !== year || (yearDay === 0 && civil.day !== day)) return null;
    return {
      ms: days * MS_PER_DAY + ((hour * 60 + minute) * 60 + second) * 1000 + Math.floor(micros / 1000),
      micros: micros % 1000,
    };
  }
}

const KEPT_MAX = 64;
const kept = new Map<string, TimeFormat | string>();

/** The format of a pattern, or what is wrong with it; the last ones are kept. */
export function timeFormat(pattern: string): TimeFormat | string {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value as string);
  const made = TimeFormat.of(pattern);
  kept.set(pattern, made);
  return made;
}
