// Spans of time as people write them: "250ms", "5s", "1h 30m", "1 day", "2 weeks", or a number of milliseconds. A text
// without unit is refused, never guessed.
import { hintNames, PlanError } from "../errors.js";
import { wrongArgument } from "./options.js";

/** Text with units, or milliseconds. */
export type Duration = string | number;

const MS_BY_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  millisecond: 1,
  milliseconds: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  seconds: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
  weeks: 604_800_000,
};

const CALENDAR_UNIT = /^(mo|months?|quarters?|y|years?)$/;

/** The hint of TIME_UNIT: one example a unit. */
const EXAMPLES = 'write "250ms", "5s", "10m", "1h", "1 day", "1 week", or a number of milliseconds';

/**
 * Whole milliseconds of a duration. Parts add up ("1h 30m"), a sign holds for all of them ("-8h").
 * @param what - what the duration is for, as messages name it
 * @param minMs - the shortest that is legal; unless given also a negative one is
 * @throws TIME_UNIT for a text without unit or of an unknown one, or when it is no whole number of milliseconds;
 * UNSUPPORTED for months, quarters and years, whose lengths differ; OPTION for what is neither text nor number, or too short
 */
export function parseDurationMs(duration: Duration, what = "duration", minMs = Number.NEGATIVE_INFINITY): number {
  const ms = wholeMs(duration, what);
  if (ms >= minMs) return ms;
  throw new PlanError("OPTION", `${what} is ${ms} ms`, { hint: `give ${minMs} ms or more` });
}

function wholeMs(duration: Duration, what: string): number {
  if (typeof duration === "number") {
    if (Number.isSafeInteger(duration)) return duration;
    throw new PlanError("TIME_UNIT", `${what} ${duration} is no whole number of milliseconds`, { hint: EXAMPLES });
  }
  if (typeof duration !== "string") throw wrongArgument(what, "a duration", duration, EXAMPLES);
  let ms = 0;
  for (const { amount, unit } of durationParts(duration, what)) ms += amount * unitMs(unit, duration, what);
  const rounded = Math.round(ms);
  if (!Number.isSafeInteger(rounded) || Math.abs(ms - rounded) > 1e-6) {
    throw new PlanError("TIME_UNIT", `${what} "${duration}" is no whole number of milliseconds`, { hint: EXAMPLES });
  }
  return rounded;
}

/** True when a duration counts weeks and nothing else: such windows begin on Mondays. */
export function isWeeks(duration: Duration): boolean {
  return typeof duration === "string" && /^\s*\d+\s*w(eeks?)?\s*$/i.test(duration);
}

function durationParts(text: string, what: string): { amount: number; unit: string }[] {
  const trimmed = text.trim();
  const sign = trimmed.startsWith("-") ? -1 : 1;
  const part = /\s*(\d+(?:\.\d+)?)\s*([a-z]*)/iy;
  part.lastIndex = /^[+-]/.test(trimmed) ? 1 : 0;
  const parts: { amount: number; unit: string }[] = [];
  while (part.lastIndex < trimmed.length || parts.length === 0) {
    const match = part.exec(trimmed);
    if (match === null) throw new PlanError("TIME_UNIT", `${what} "${text}" is no duration`, { hint: EXAMPLES });
    parts.push({ amount: sign * Number(match[1]), unit: (match[2] as string).toLowerCase() });
  }
  return parts;
}

function unitMs(unit: string, text: string, what: string): number {
  const ms = MS_BY_UNIT[unit];
  if (ms !== undefined) return ms;
  if (unit === "") throw new PlanError("TIME_UNIT", `${what} "${text}" has no unit`, { hint: EXAMPLES });
  if (CALENDAR_UNIT.test(unit)) {
    throw new PlanError("UNSUPPORTED", `${what} "${text}" counts ${unit}, whose lengths differ`, {
      hint: 'calendar steps are not done yet: count days ("30 days") or weeks',
    });
  }
  throw new PlanError("TIME_UNIT", `${what} "${text}" has the unknown unit "${unit}"`, {
    hint: hintNames(unit, Object.keys(MS_BY_UNIT), "units"),
  });
}
