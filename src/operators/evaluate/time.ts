// Date and time functions on vectors, in 64-bit milliseconds; microseconds and days are brought there and back.
import { type DataType, INT64, INTERVAL, unitsPerMs } from "../../arrow/types.js";
import { DATE_MAX, DATE_MIN, MS_PER_DAY } from "../../arrow/values.js";
import { formatBound } from "../../plan/format-expr.js";
import { EVEN_UNITS, MONTH_UNITS } from "../../plan/scalar/time.js";
import { binary } from "./arithmetic.js";
import { divideTimes, toLong, toMillis } from "./cast.js";
import { lessBits } from "./compare.js";
import { constantVector } from "./constants.js";
import { type BoundCall, type Compute, type Evaluation, Vector } from "./evaluation.js";
import { rowByRow } from "./rows.js";

const HOUR_MS = 3_600_000;

/** Parts that repeat evenly: (time + offset) mod cycle, in units, counted from base. */
const CYCLES: Readonly<Record<string, readonly [offset: number, cycle: number, unit: number, base: number]>> = {
  hour: [0, MS_PER_DAY, HOUR_MS, 0],
  minute: [0, HOUR_MS, 60_000, 0],
  second: [0, 60_000, 1000, 0],
  millisecond: [0, 1000, 1, 0],
  // 1970-01-01 was a Thursday.
  isodow: [3 * MS_PER_DAY, 7 * MS_PER_DAY, MS_PER_DAY, 1],
  dow: [4 * MS_PER_DAY, 7 * MS_PER_DAY, MS_PER_DAY, 1],
};
/** Parts of the calendar, by their number in the kernel civilI64. */
const CIVIL: Readonly<Record<string, number>> = { year: 0, month: 1, day: 2, quarter: 3 };
const CIVIL_START = 4;

/** extract(unit, t), year(t) …; weeks and days of the year row by row. */
export function timePart(call: BoundCall, args: readonly Compute[]): Compute {
  const [first] = call.args;
  const named = call.fn !== "extract";
  const part = named ? call.fn : first?.kind === "literal" ? String(first.value) : "";
  const value = args[named ? 0 : 1] as Compute;
  const cycle = CYCLES[part];
  const civil = CIVIL[part];
  if (cycle === undefined && civil === undefined && part !== "epoch") return rowByRow(call, args);
  return (run, rows) => {
    const millis = millisOf(run, value(run, rows));
    if (part === "epoch") return divideTimes(run, millis, 1000);
    if (cycle === undefined) return civilOf(run, millis, civil as number, 1);
    const [offset, size, unit, base] = cycle;
    return through(run, millis, (from, n, out) => {
      run.kernels.cycleI64(from, n, BigInt(offset), BigInt(size), BigInt(unit), BigInt(base), out);
    });
  };
}

/** BIGINTs → BIGINTs by a kernel. */
function through(run: Evaluation, vector: Vector, kernel: (from: number, n: number, out: number) => void): Vector {
  const n = vector.constant ? 2 : run.n;
  const out = run.arena.allocate(n * 8);
  kernel(vector.values, n, out);
  return new Vector(INT64, out, vector.validity, 0, vector.constant);
}

function civilOf(run: Evaluation, millis: Vector, part: number, months: number): Vector {
  return through(run, millis, (from, n, out) => run.kernels.civilI64(from, n, part, BigInt(months), out));
}

/** Milliseconds of a DATE, TIME or TIMESTAMP. */
function millisOf(run: Evaluation, vector: Vector): Vector {
  if (vector.type.kind === "date") return times(run, toLong(run, vector), MS_PER_DAY);
  return vector.type.kind === "time" ? toLong(run, vector) : toMillis(run, vector);
}

/** Exact where it stays a time; whatever overflows is caught by who checks the range. */
function times(run: Evaluation, vector: Vector, factor: number): Vector {
  if (factor === 1) return vector;
  const by = constantVector(run, BigInt(factor), INT64);
  return through(run, vector, (from, n, out) => {
    run.kernels.mulI64(from, 8, by.values, 0, n, out);
  });
}

export function dateFloor(call: BoundCall, args: readonly Compute[]): Compute {
  const [value] = args as [Compute];
  const [, unitArg] = call.args;
  const unit = unitArg?.kind === "literal" ? String(unitArg.value) : "";
  const even = EVEN_UNITS[unit];
  const { type } = call;
  return (run, rows) => {
    const vector = value(run, rows);
    if (even !== undefined && type.kind !== "date") {
      const units = unitsPerMs(type);
      const [size, offset] = [BigInt(even.sizeMs * units), BigInt(even.offsetMs * units)];
      return through(run, vector, (from, n, out) => run.kernels.floorToI64(from, n, size, offset, out)).as(type);
    }
    const millis = millisOf(run, vector);
    const floored =
      even === undefined
        ? civilOf(run, millis, CIVIL_START, MONTH_UNITS[unit] as number)
        : through(run, millis, (from, n, out) => {
            run.kernels.floorToI64(from, n, BigInt(even.sizeMs), BigInt(even.offsetMs), out);
          });
    if (type.kind !== "date") return times(run, floored, unitsPerMs(type)).as(type);
    const days = divideTimes(run, floored, MS_PER_DAY);
    const count = days.constant ? 2 : run.n;
    const out = run.arena.allocate(count * 4);
    run.kernels.castI64I32(days.values, count, out);
    return new Vector(type, out, days.validity, 0, days.constant);
  };
}

/** Time ± INTERVAL; TIME_RANGE outside the years -9999 to 9999. */
export function timeMove(call: BoundCall, args: readonly Compute[]): Compute {
  const [first, second] = args as [Compute, Compute];
  const spanFirst = call.args[0]?.type.kind === "interval";
  const { type } = call;
  const text = () => formatBound(call);
  const operation = call.fn === "time_add" ? "addI64" : "subI64";
  return (run, rows) => {
    const [a, b] = [first(run, rows), second(run, rows)];
    const [time, span] = spanFirst ? [b, a] : [a, b];
    const moved = times(run, span, unitsPerMs(type));
    const out = run.room(type);
    run.kernels[operation](time.values, time.step, moved.values, moved.step, run.n, out);
    const result = new Vector(type, out, run.and(time.validity, span.validity));
    // A span of more than the whole calendar leads out of it from anywhere, even where the sum has wrapped.
    const failing = run.or(outsideCalendar(run, result), longerThanCalendar(run, span));
    return run.fail(result, "TIME_RANGE", failing, rows, text());
  };
}

const FIRST_MS = BigInt(DATE_MIN) * BigInt(MS_PER_DAY);
const END_MS = BigInt(DATE_MAX + 1) * BigInt(MS_PER_DAY);

/** Rows whose time lies outside the years that have a text. */
function outsideCalendar(run: Evaluation, vector: Vector): number {
  const units = BigInt(unitsPerMs(vector.type));
  return outside(run, vector, FIRST_MS * units, END_MS * units, vector.type);
}

function longerThanCalendar(run: Evaluation, span: Vector): number {
  return outside(run, span, FIRST_MS - END_MS, END_MS - FIRST_MS, INTERVAL);
}

/** Rows below `low`, or `end` and above. */
function outside(run: Evaluation, vector: Vector, low: bigint, end: bigint, type: DataType): number {
  const below = lessBits(run, vector, constantVector(run, low, type), false);
  return run.or(below, lessBits(run, vector, constantVector(run, end, type), true));
}

export function timeDiff(call: BoundCall, args: readonly Compute[]): Compute {
  const [left, right] = args as [Compute, Compute];
  const report = { text: () => formatBound(call) };
  return (run, rows) => {
    const [a, b] = [toMillis(run, left(run, rows)), toMillis(run, right(run, rows))];
    return binary(run, rows, "sub", a, b, INT64, report).as(call.type);
  };
}

/** to_epoch_ms, from_epoch_ms. */
export function epoch(call: BoundCall, args: readonly Compute[]): Compute {
  const [arg] = args as [Compute];
  if (call.fn === "to_epoch_ms") return (run, rows) => toMillis(run, arg(run, rows));
  return (run, rows) => {
    const time = arg(run, rows).as(call.type);
    return run.fail(time, "TIME_RANGE", outsideCalendar(run, time), rows, formatBound(call));
  };
}
