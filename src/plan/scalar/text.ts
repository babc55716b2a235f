// String functions on one row. Positions and lengths count code points, comparisons go by UTF-8 bytes, nothing is
// normalised; upper and lower case are Unicode's, without a locale.
import type { BoundValue } from "../expr.js";
import { type Outcome, OVERFLOW, type ScalarFunction } from "./value.js";

type Text = (...args: string[]) => BoundValue;

const text =
  (fn: Text): ScalarFunction =>
  (args) =>
    fn(...(args as string[]));

const points = (value: string): string[] => Array.from(value);

/** Removes from the ends every code point that occurs in `set`. */
function trimmed(value: string, set: string, left: boolean, right: boolean): string {
  const removed = new Set(set);
  const all = points(value);
  let start = 0;
  let end = all.length;
  while (left && start < end && removed.has(all[start] as string)) start++;
  while (right && end > start && removed.has(all[end - 1] as string)) end--;
  return all.slice(start, end).join("");
}

/** From the 1-based `start` (negative counts from the end, 0 is 1), at most `length` code points; NULL when length < 0. */
function substring(value: string, start: number, length: number): BoundValue {
  if (length < 0) return null;
  const all = points(value);
  if (start < 0 && all.length + start < 0) return "";
  const from = start > 0 ? start - 1 : start < 0 ? all.length + start : 0;
  return all.slice(from, from + length).join("");
}

/** Code points that a padded string has at most: as many bytes as a record may have. */
const PADDED_MAX = 2 ** 24;

/** Pads to `length` code points with `fill`, or cuts; NULL when that is impossible, OVERFLOW when it is absurdly long. */
function padded(value: string, length: number, fill: string, left: boolean): Outcome {
  if (length < 0 || fill === "") return null;
  const all = points(value);
  if (all.length >= length) return all.slice(0, length).join("");
  if (length > PADDED_MAX) return OVERFLOW;
  const missing = length - all.length;
  const pad = points(fill.repeat(Math.ceil(missing / points(fill).length)))
    .slice(0, missing)
    .join("");
  return left ? pad + value : value + pad;
}

function replaced(value: string, search: string, replacement: string): string {
  if (search !== "") return value.split(search).join(replacement);
  return (
    replacement +
    points(value)
      .map((point) => point + replacement)
      .join("")
  );
}

/** 1-based position of the first occurrence in code points, 0 when there is none. */
function position(search: string, value: string): number {
  const at = value.indexOf(search);
  return at < 0 ? 0 : points(value.slice(0, at)).length + 1;
}

/** One unit of a LIKE pattern: a code point, any one code point (`_`), or any text (`%`). */
export type LikeUnit = string | typeof ANY_ONE | typeof ANY_TEXT;
export const ANY_ONE = Symbol("_");
export const ANY_TEXT = Symbol("%");

/** Parses a LIKE pattern. Returns null when the escape character `mark` stands before anything but `%`, `_` or itself. */
export function parseLike(pattern: string, mark: string | null): LikeUnit[] | null {
  const units: LikeUnit[] = [];
  const all = points(pattern);
  for (let i = 0; i < all.length; i++) {
    const point = all[i] as string;
    if (point === mark) {
      const next = all[++i];
      if (next !== "%" && next !== "_" && next !== mark) return null;
      units.push(next);
    } else if (point === "%") {
      if (units.at(-1) !== ANY_TEXT) units.push(ANY_TEXT);
    } else units.push(point === "_" ? ANY_ONE : point);
  }
  return units;
}

/** Whether the whole text matches: one state a unit, all advanced together, so time is text × pattern and never more. */
function matchesLike(value: string, units: readonly LikeUnit[]): boolean {
  let active = new Uint8Array(units.length + 1);
  const reach = (states: Uint8Array, at: number): void => {
    states[at] = 1;
    if (units[at] === ANY_TEXT) states[at + 1] = 1;
  };
  reach(active, 0);
  for (const point of points(value)) {
    const next = new Uint8Array(units.length + 1);
    for (let at = 0; at < units.length; at++) {
      if (active[at] === 0) continue;
      if (units[at] === ANY_TEXT) reach(next, at);
      else if (units[at] === ANY_ONE || units[at] === point) reach(next, at + 1);
    }
    active = next;
  }
  return active[units.length] === 1;
}

const like: ScalarFunction = ([value, pattern, mark]) => {
  const units = parseLike(pattern as string, (mark as string | undefined) ?? null);
  return units === null ? null : matchesLike(value as string, units);
};

export const TEXT_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
  char_length: text((value) => points(value).length),
  upper: text((value) => value.toUpperCase()),
  lower: text((value) => value.toLowerCase()),
  trim: text((value, set = " ") => trimmed(value, set, true, true)),
  ltrim: text((value, set = " ") => trimmed(value, set, true, false)),
  rtrim: text((value, set = " ") => trimmed(value, set, false, true)),
  substring: ([value, start, length]) =>
    substring(value as string, Number(start), length === undefined ? Number.POSITIVE_INFINITY : Number(length)),
  concat: text((...parts) => parts.join("")),
  position: text(position),
  starts_with: text((value, prefix) => value.startsWith(prefix as string)),
  ends_with: text((value, suffix) => value.endsWith(suffix as string)),
  contains: text((value, part) => value.includes(part as string)),
  like,
  replace: text((value, search, replacement) => replaced(value, search as string, replacement as string)),
  reverse: text((value) => points(value).reverse().join("")),
  lpad: ([value, length, fill]) => padded(value as string, Number(length), (fill as string | undefined) ?? " ", true),
  rpad: ([value, length, fill]) => padded(value as string, Number(length), (fill as string | undefined) ?? " ", false),
};
