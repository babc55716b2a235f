// Functions of times that are loaded late: texts by a pattern, seconds since 1970, units added and counted. An instant is read in UTC.
import {
  type DataType,
  FLOAT64,
  INT32,
  INT64,
  isTimestamp,
  STRING,
  TIMESTAMP,
  timestamp,
  timestampLtz,
  unitsPerMs,
} from "../../arrow/types.js";
import { civilFromDays, daysFromCivil, MS_PER_DAY, TIMESTAMP_MAX_MS, TIMESTAMP_MIN_MS } from "../../arrow/values.js";
import { hintNames, PlanError } from "../../errors.js";
import { isInteger, isNumeric, isTemporal } from "../coerce.js";
import type { BoundValue } from "../expr.js";
import type { FunctionRow } from "../functions.js";
import { castValue } from "../scalar/cast.js";
import { TIME_FUNCTIONS } from "../scalar/time.js";
import { type CellFunction, Failure, floorDiv, OUT_OF_TIME, type Outcome } from "../scalar/value.js";
import { type Argument, dateFloor, type Form, timePart } from "../signatures.js";
import { late, literalText, maybe, oneOf, type Rule, takes } from "./row.js";
import { TimeFormat, timeFormat } from "./time-format.js";

const STANDARD = "yyyy-MM-dd HH:mm:ss";

/** A pattern of times; a literal one is checked with the plan. */
const format: Rule = (arg) => {
  const pattern = literalText(arg);
  if (pattern === undefined) return arg.type.kind === "string" || arg.type.kind === "null" ? STRING : null;
  const made = timeFormat(pattern);
  if (made instanceof TimeFormat) return STRING;
  throw new PlanError("TYPE", `the pattern '${pattern}': ${made}`, {
    hint: "for example 'yyyy-MM-dd HH:mm:ss.SSS'; other text stands between quotes: 'yyyy-MM-dd''T''HH:mm'",
  });
};
const string: Rule = ({ type }) => (type.kind === "string" || type.kind === "null" ? STRING : null);
const integer: Rule = ({ type }) => (isInteger(type) || type.kind === "null" ? INT64 : null);
const number: Rule = ({ type }) => (isNumeric(type) ? FLOAT64 : null);
const moment: Rule = ({ type }) => {
  if (isTimestamp(type)) return type;
  return type.kind === "date" || type.kind === "null" || type.kind === "string" ? TIMESTAMP : null;
};
const temporal: Rule = ({ type }) => (isTemporal(type) && type.kind !== "time" ? type : null);

/** Milliseconds of a timestamp, and the microseconds behind them. */
function splitTime(value: BoundValue, type: DataType): readonly [ms: number, micros: number] {
  if (type.kind === "date") return [(value as number) * MS_PER_DAY, 0];
  const units = BigInt(unitsPerMs(type));
  const ms = floorDiv(value as bigint, units);
  return [Number(ms), Number((value as bigint) - ms * units)];
}

function formatted(pattern: string, ms: number, micros: number): string | null {
  const made = timeFormat(pattern);
  return made instanceof TimeFormat ? made.format(ms, micros) : null;
}

/** A time in the units of its type; NULL when the text is none of the pattern. */
function parsed(text: string, pattern: string, type: DataType): bigint | null {
  const made = timeFormat(pattern);
  const found = made instanceof TimeFormat ? made.parse(text) : null;
  if (found === null) return null;
  return unitsPerMs(type) === 1 ? BigInt(found.ms) : BigInt(found.ms) * 1000n + BigInt(found.micros);
}

const dateFormat: CellFunction = ([time, pattern], { args }) => {
  const [ms, micros] = splitTime(time as BoundValue, args[0] as DataType);
  return formatted(pattern as string, ms, micros);
};

const parseTimestamp: CellFunction = ([text, pattern], { type }) => parsed(text as string, pattern as string, type);

/** A number of seconds, milliseconds or microseconds as an instant, or a text by a pattern. */
const toTimestampLtz: CellFunction = ([value, precision = null], { args, type }) => {
  if (typeof value === "string") return parsed(value, (precision as string | null) ?? STANDARD, type);
  const scale = Number(precision ?? 3);
  if (scale !== 0 && scale !== 3 && scale !== 6) return null;
  const isWhole = args[0]?.kind === "int64";
  const units = isWhole
    ? (value as bigint) * (scale === 0 ? 1000n : 1n)
    : Math.trunc((value as number) * (scale === 0 ? 1000 : 1));
  if (typeof units === "number" && !Number.isFinite(units)) return OUT_OF_TIME;
  const whole = BigInt(units);
  const ms = Number(scale === 6 ? floorDiv(whole, 1000n) : whole);
  return ms >= TIMESTAMP_MIN_MS && ms <= TIMESTAMP_MAX_MS ? whole : OUT_OF_TIME;
};

const ltzForm: Form = oneOf(
  (args) => {
    const resolved = takes([oneOfTypes(integer, number), literalInteger], timestampLtz(3), 1)(args);
    return resolved === null || args[1]?.value !== 6 ? resolved : { ...resolved, type: timestampLtz(6) };
  },
  maybe(takes([string, format], timestampLtz(3), 1)),
);

function oneOfTypes(...rules: readonly Rule[]): Rule {
  return (arg) => rules.map((rule) => rule(arg)).find((type) => type !== null) ?? null;
}

/** 0: seconds, 3: milliseconds, 6: microseconds; it decides the type. */
function literalInteger(arg: Argument): DataType | null {
  if (arg.value === 0 || arg.value === 3 || arg.value === 6) return INT32;
  if (!isInteger(arg.type)) return null;
  throw new PlanError("TYPE", "the precision of TO_TIMESTAMP_LTZ is a literal", {
    hint: "0 for seconds, 3 for milliseconds, 6 for microseconds",
  });
}

const fromUnixtime: CellFunction = ([seconds, pattern = STANDARD]) => {
  const ms = Number(seconds) * 1000;
  return ms >= TIMESTAMP_MIN_MS && ms <= TIMESTAMP_MAX_MS ? formatted(pattern as string, ms, 0) : OUT_OF_TIME;
};

/** Flink gives −1 for what cannot be read, which is a time as well: NULL here. */
const unixTimestamp: CellFunction = ([text, pattern = STANDARD]) => {
  const ms = parsed(text as string, pattern as string, TIMESTAMP);
  return ms === null ? null : floorDiv(ms, 1000n);
};

/** Without arguments it asks the clock. */
const clockSeconds: Form = (args) => {
  return args.length === 0 ? { fn: "current_unix_timestamp", args: [], type: INT64, nullable: false } : null;
};

/** Units that are added and counted, in milliseconds or months. */
const UNITS: Readonly<Record<string, { readonly ms?: number; readonly months?: number }>> = {
  second: { ms: 1000 },
  minute: { ms: 60_000 },
  hour: { ms: 3_600_000 },
  day: { ms: MS_PER_DAY },
  week: { ms: 7 * MS_PER_DAY },
  month: { months: 1 },
  quarter: { months: 3 },
  year: { months: 12 },
};

const unit: Rule = (arg) => {
  if (typeof arg.value === "string" && arg.value in UNITS) return STRING;
  const given = String(arg.value ?? "");
  throw new PlanError("TYPE", `"${given}" is no unit of time`, { hint: hintNames(given, Object.keys(UNITS), "units") });
};

/** The same day of the month so many months later, or its last day. */
function addMonths(ms: number, months: number): number {
  const days = Math.floor(ms / MS_PER_DAY);
  const { year, month, day } = civilFromDays(days);
  const count = year * 12 + (month - 1) + months;
  const [toYear, toMonth] = [Math.floor(count / 12), (((count % 12) + 12) % 12) + 1];
  const next = toMonth === 12 ? daysFromCivil(toYear + 1, 1, 1) : daysFromCivil(toYear, toMonth + 1, 1);
  const last = next - daysFromCivil(toYear, toMonth, 1);
  return daysFromCivil(toYear, toMonth, Math.min(day, last)) * MS_PER_DAY + (ms - days * MS_PER_DAY);
}

function added(name: string, count: number, ms: number): number {
  const { ms: size, months } = UNITS[name] as { ms?: number; months?: number };
  return months === undefined ? ms + count * (size as number) : addMonths(ms, count * months);
}

/** A time of these milliseconds and microseconds in its type's units. */
function timeOf(ms: number, micros: number, type: DataType): Outcome {
  if (!(ms >= TIMESTAMP_MIN_MS && ms <= TIMESTAMP_MAX_MS)) return OUT_OF_TIME;
  if (type.kind === "date") return Math.floor(ms / MS_PER_DAY);
  return BigInt(ms) * BigInt(unitsPerMs(type)) + BigInt(micros);
}

const timestampAdd: CellFunction = ([name, count, time], { args, type }) => {
  const from = args[2] as DataType;
  const [ms, micros] = splitTime(time as BoundValue, from);
  return timeOf(added(name as string, Number(count), ms), micros, type);
};

/** A DATE stays one while whole days are added. */
const addForm: Form = (args) => {
  const given = args[2]?.type.kind === "date" && !["second", "minute", "hour"].includes(String(args[0]?.value));
  const resolved = takes([unit, integer, given ? temporal : moment], (types) => types[2] as DataType)(args);
  return resolved === null || args[2]?.type.kind !== "string" ? resolved : null;
};

/** Whole units from the first time to the second, toward zero. */
const timestampDiff: CellFunction = ([name, from, to], { args }) => {
  const [startMs, startMicros] = splitTime(from as BoundValue, args[1] as DataType);
  const [endMs, endMicros] = splitTime(to as BoundValue, args[2] as DataType);
  const { ms: size, months } = UNITS[name as string] as { ms?: number; months?: number };
  if (months === undefined) {
    const micros = BigInt(endMs - startMs) * 1000n + BigInt(endMicros - startMicros);
    return micros / (BigInt(size as number) * 1000n);
  }
  const [a, b] = [civilFromDays(Math.floor(startMs / MS_PER_DAY)), civilFromDays(Math.floor(endMs / MS_PER_DAY))];
  let count = (b.year - a.year) * 12 + b.month - a.month;
  const end = endMs + endMicros / 1000;
  const start = startMicros / 1000;
  if (count > 0 && addMonths(startMs, count) + start > end) count--;
  if (count < 0 && addMonths(startMs, count) + start < end) count++;
  return BigInt(Math.trunc(count / months));
};

const floorOf = TIME_FUNCTIONS["date_floor"] as CellFunction;

/** The first instant of a unit that is not earlier. */
const dateCeil: CellFunction = ([time, name], signature) => {
  const type = signature.args[0] as DataType;
  const floor = floorOf([time as BoundValue, name as BoundValue], signature);
  if (floor === time || floor instanceof Failure) return floor;
  const [ms, micros] = splitTime(floor as BoundValue, type);
  return timeOf(name === "millisecond" ? ms + 1 : added(name as string, 1, ms), micros, type);
};

const part =
  (name: string): CellFunction =>
  ([value], { args }) =>
    (TIME_FUNCTIONS["extract"] as CellFunction)([name, value as BoundValue], {
      args: [STRING, args[0] as DataType],
      type: INT64,
    });

const zones = new Map<string, Intl.DateTimeFormat | null>();

/** What the clocks of a zone show at an instant, as if it were UTC. Null when there is no such zone. */
function wallTime(zone: string, ms: number): number | null {
  let formatter = zones.get(zone);
  if (formatter === undefined) {
    formatter = zoneFormatter(zone);
    zones.set(zone, formatter);
  }
  if (formatter === null) return null;
  const parts = Object.fromEntries(formatter.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return daysFromCivil(year, month, day) * MS_PER_DAY + ((hour * 60 + minute) * 60 + second) * 1000;
}

function zoneFormatter(zone: string): Intl.DateTimeFormat | null {
  const offset = /^GMT([+-]\d{1,2}:?\d{0,2})$/.exec(zone)?.[1] ?? zone;
  const numeric = "numeric";
  try {
    return new Intl.DateTimeFormat("en-US", {
      ...{ timeZone: offset, hourCycle: "h23", year: numeric, month: numeric, day: numeric },
      ...{ hour: numeric, minute: numeric, second: numeric },
    });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** A time of one zone's clocks in another's, as text. */
const convertTz: CellFunction = ([text, from, to]) => {
  const wall = castValue(text as string, STRING, timestamp(0));
  if (wall instanceof Failure || wall === null) return null;
  const wallMs = Number(wall as bigint);
  // An instant guessed, and put right by what the clocks show then; twice, for an hour that is missing or comes again.
  let instant = wallMs;
  for (let turn = 0; turn < 2; turn++) {
    const shown = wallTime(from as string, instant);
    if (shown === null) return null;
    instant += wallMs - shown;
  }
  const result = wallTime(to as string, instant);
  return result === null ? null : formatted(STANDARD, result, 0);
};

export const TIME_ROWS: readonly FunctionRow[] = [
  late("DATE_FORMAT", maybe(takes([moment, format], STRING)), "(TIMESTAMP | STRING, format)", dateFormat, {
    kernel: "date_format",
  }),
  late("PARSE_TIMESTAMP", maybe(takes([string, format], TIMESTAMP)), "(STRING, format)", parseTimestamp),
  late("TO_TIMESTAMP_LTZ", ltzForm, "(number [, precision]), (STRING [, format])", toTimestampLtz, { raises: true }),
  late("FROM_UNIXTIME", takes([integer, format], STRING, 1), "(seconds [, format])", fromUnixtime, { raises: true }),
  late(
    "UNIX_TIMESTAMP",
    oneOf(clockSeconds, maybe(takes([string, format], INT64, 1))),
    "(), (STRING [, format])",
    unixTimestamp,
  ),
  late("TIMESTAMPADD", addForm, "(unit, integer, DATE | TIMESTAMP)", timestampAdd, { raises: true }),
  late("TIMESTAMPDIFF", takes([unit, moment, moment], INT64), "(unit, from, to)", timestampDiff),
  late("DATE_CEIL", dateFloor, "(DATE | TIMESTAMP, unit)", dateCeil, { raises: true }),
  late("DAYOFYEAR", timePart, "(DATE | TIMESTAMP)", part("doy")),
  late("DAYOFWEEK", timePart, "(DATE | TIMESTAMP)", part("dow")),
  late("CONVERT_TZ", maybe(takes([string, string, string], STRING)), "(STRING, from, to)", convertTz),
];
