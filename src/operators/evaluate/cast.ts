// Casts of vectors. Between numbers and times kernels do it, checked by comparing the input with the target's range when a
// kernel saw something outside; to and from text, and what is rare, goes row by row.
import { type DataType, FLOAT64, INT32, INT64, isTimestamp, sameType, unitsPerMs } from "../../arrow/types.js";
import { MS_PER_DAY } from "../../arrow/values.js";
import { asDecimal } from "../../plan/coerce.js";
import type { BoundExpr, BoundValue } from "../../plan/expr.js";
import { formatBound } from "../../plan/format-expr.js";
import { timestampStep } from "../../plan/scalar/cast.js";
import { binary, narrowed, widened } from "./arithmetic.js";
import { equalBits, lessBits } from "./compare.js";
import { constantVector } from "./constants.js";
import { type Compute, type Evaluation, Vector } from "./evaluation.js";
import { castRows } from "./rows.js";

type BoundCast = Extract<BoundExpr, { kind: "cast" }>;

/** What a cast works with besides the vector. */
interface Cast {
  readonly run: Evaluation;
  readonly rows: number;
  readonly to: DataType;
  /** TRY_CAST: what cannot be cast is NULL. */
  readonly attempt: boolean;
  readonly text: () => string;
}

export function cast(expr: BoundCast, input: Compute): Compute {
  const text = () => formatBound(expr);
  return (run, rows) => castVector(input(run, rows), { run, rows, to: expr.type, attempt: expr.try, text });
}

/** The vector as another type. Constants go row by row: binding has folded all but those that fail. */
function castVector(vector: Vector, cast: Cast): Vector {
  const { run, rows, to, attempt, text } = cast;
  const from = vector.type;
  if (sameType(from, to)) return vector;
  const fast = byKernel(vector, cast);
  return fast ?? castRows(run, rows, vector, to, attempt, text);
}

function byKernel(vector: Vector, cast: Cast): Vector | null {
  const { to } = cast;
  const from = vector.type;
  if (vector.constant || vector.layout === "none") return null;
  switch (from.kind) {
    case "int8":
    case "int16":
      return castVector(widenSmall(cast.run, vector), cast);
    case "int32":
    case "int64":
      return fromInteger(vector, cast);
    case "float32":
      // Decimals and texts are made of the fewest digits that give the FLOAT, which its double does not know.
      return to.kind === "decimal" || to.kind === "string" ? null : castVector(toDouble(cast.run, vector), cast);
    case "float64":
      return fromDouble(vector, cast);
    case "decimal":
      return fromDecimal(vector, cast);
    case "date":
      return isTimestamp(to) ? fromDate(vector, cast) : null;
    case "timestamp":
    case "timestamp_ltz":
      return fromTimestamp(vector, cast);
    default:
      return null;
  }
}

/** Fails the rows where `failing` is set. */
function refuse({ run, rows, attempt, text }: Cast, vector: Vector, failing: number): Vector {
  return run.fail(vector, attempt ? null : "OVERFLOW", failing, rows, text());
}

/** Rows outside low … high, both included. */
function outside(run: Evaluation, vector: Vector, low: BoundValue, high: BoundValue): number {
  const below = lessBits(run, vector, constantVector(run, low, vector.type), false);
  return run.or(below, lessBits(run, constantVector(run, high, vector.type), vector, false));
}

/** Rows outside low … high, neither included. */
function beyond(run: Evaluation, vector: Vector, low: number, high: number): number {
  const below = lessBits(run, constantVector(run, low, vector.type), vector, true);
  return run.or(below, lessBits(run, vector, constantVector(run, high, vector.type), true));
}

function widenSmall(run: Evaluation, vector: Vector): Vector {
  const out = run.arena.allocate(run.n * 4);
  const { memory, n } = run;
  const source =
    vector.layout === "i8"
      ? memory.i8.subarray(vector.values, vector.values + n)
      : memory.i16.subarray(vector.values >>> 1, (vector.values >>> 1) + n);
  memory.i32.set(source, out >>> 2);
  return new Vector(INT32, out, vector.validity);
}

function toDouble(run: Evaluation, vector: Vector): Vector {
  const out = run.arena.allocate(run.n * 8);
  const { memory, n } = run;
  memory.f64.set(memory.f32.subarray(vector.values >>> 2, (vector.values >>> 2) + n), out >>> 3);
  return new Vector(FLOAT64, out, vector.validity);
}

/** 32-bit integers as 64-bit ones. */
export function toLong(run: Evaluation, vector: Vector): Vector {
  if (vector.layout === "i64") return vector;
  const n = vector.constant ? 2 : run.n;
  const out = run.arena.allocate(n * 8);
  run.kernels.widenI32(vector.values, n, 1, out);
  return new Vector(INT64, out, vector.validity, 0, vector.constant);
}

function fromInteger(vector: Vector, cast: Cast): Vector | null {
  const { run, to } = cast;
  const { kernels, n } = run;
  const long = vector.layout === "i64";
  switch (to.kind) {
    case "boolean":
      return new Vector(
        to,
        equalBits(run, vector, constantVector(run, long ? 0n : 0, vector.type), true),
        vector.validity,
      );
    case "int8":
    case "int16":
      return narrowSmall(long ? toInt(vector, cast) : vector, cast);
    case "int32":
      return toInt(vector, cast);
    case "int64":
      return toLong(run, vector);
    case "float32":
    case "float64": {
      const out = run.arena.allocate(n * 8);
      if (long) kernels.castI64F64(vector.values, n, out);
      else kernels.castI32F64(vector.values, n, out);
      const double = new Vector(FLOAT64, out, vector.validity);
      return to.kind === "float64" ? double : narrowDouble(run, double, to);
    }
    case "decimal":
      return rescaled(toLong(run, vector), asDecimal(vector.type), cast, to);
    case "string":
      return formatted(run, toLong(run, vector), 0, to);
    default:
      return null;
  }
}

/** i64 → i32, checked. */
function toInt(vector: Vector, cast: Cast): Vector {
  const { run } = cast;
  if (vector.layout === "i32") return vector;
  const out = run.arena.allocate(run.n * 4);
  const suspect = run.kernels.castI64I32(vector.values, run.n, out);
  const result = new Vector(INT32, out, vector.validity);
  return suspect === 0 ? result : refuse(cast, result, outside(run, vector, -(2n ** 31n), 2n ** 31n - 1n));
}

/** i32 → i16 or i8, checked. */
function narrowSmall(vector: Vector, cast: Cast): Vector {
  const { run, to } = cast;
  const { memory, n } = run;
  const half = to.kind === "int8" ? 128 : 32768;
  const out = run.room(to);
  const source = memory.i32.subarray(vector.values >>> 2, (vector.values >>> 2) + n);
  if (to.kind === "int8") memory.i8.set(source, out);
  else memory.i16.set(source, out >>> 1);
  return refuse(cast, new Vector(to, out, vector.validity), outside(run, vector, -half, half - 1));
}

function fromDouble(vector: Vector, cast: Cast): Vector | null {
  const { run, to } = cast;
  const { kernels, n } = run;
  switch (to.kind) {
    case "boolean":
      return new Vector(to, equalBits(run, vector, constantVector(run, 0, vector.type), true), vector.validity);
    case "float32":
      return narrowDouble(run, vector, to);
    case "int8":
    case "int16":
    case "int32": {
      const out = run.arena.allocate(n * 4);
      const suspect = kernels.castF64I32(vector.values, n, out);
      let result = new Vector(INT32, out, vector.validity);
      // The fraction is cut first: −2147483648.9 is still an INT.
      if (suspect !== 0) result = refuse(cast, result, beyond(run, vector, -2147483649, 2147483648));
      return to.kind === "int32" ? result : narrowSmall(result, cast);
    }
    case "int64": {
      const out = run.arena.allocate(n * 8);
      const suspect = kernels.castF64I64(vector.values, n, out);
      const result = new Vector(INT64, out, vector.validity);
      // The number before −2^63 is 2,048 less.
      return suspect === 0 ? result : refuse(cast, result, beyond(run, vector, -(2 ** 63) - 2048, 2 ** 63));
    }
    default:
      return null;
  }
}

function narrowDouble({ arena, memory, n }: Evaluation, vector: Vector, to: DataType): Vector {
  const out = arena.allocate(n * 4);
  memory.f32.set(memory.f64.subarray(vector.values >>> 3, (vector.values >>> 3) + n), out >>> 2);
  return new Vector(to, out, vector.validity);
}

type Decimal = Extract<DataType, { kind: "decimal" }>;

/** Largest scale, and number of digits, that 64 bits hold with certainty. */
const FAST_DIGITS = 18;

function fromDecimal(vector: Vector, cast: Cast): Vector | null {
  const { run, to } = cast;
  const from = vector.type as Decimal;
  const unscaled = from.scale <= FAST_DIGITS ? narrowed(run, vector) : null;
  if (unscaled === null) return null;
  switch (to.kind) {
    case "decimal":
      return rescaled(unscaled, from, cast, to);
    case "string":
      return formatted(run, unscaled, from.scale, to);
    case "int8":
    case "int16":
    case "int32":
    case "int64": {
      const power = constantVector(run, 10n ** BigInt(from.scale), INT64);
      const whole = from.scale === 0 ? unscaled : binary(run, cast.rows, "div", unscaled, power, INT64, cast);
      return fromInteger(whole, cast) as Vector;
    }
    default:
      return null;
  }
}

/** 64-bit integers that are a decimal `from`, as another decimal, HALF_UP. Null where 64 bits do not reach. */
function rescaled(vector: Vector, from: Decimal, cast: Cast, to: Decimal): Vector | null {
  const { run, rows } = cast;
  const shift = to.scale - from.scale;
  // Rounding may carry into one digit more before the point.
  const wholeDigits = from.precision - from.scale + (shift < 0 ? 1 : 0);
  const checked = wholeDigits > to.precision - to.scale;
  if (to.precision > FAST_DIGITS) {
    if (shift < 0 || shift > FAST_DIGITS || checked) return null;
    if (shift === 0) return widened(run, vector, to);
    const out = run.room(to);
    const power = constantVector(run, 10n ** BigInt(shift), INT64);
    run.kernels.multiplyWideI64(vector.values, vector.step, power.values, 0, run.n, out);
    return new Vector(to, out, vector.validity);
  }
  if (shift < 0) {
    const out = run.room(to);
    run.kernels.rescaleI64(vector.values, run.n, 10n ** BigInt(-shift), out);
    const result = new Vector(to, out, vector.validity);
    return checked ? refuse(cast, result, tooLong(run, result, to.precision)) : result;
  }
  // What has too many digits is refused before it is scaled up, so that scaling cannot overflow.
  const fitting = checked ? refuse(cast, vector, tooLong(run, vector, to.precision - shift)) : vector;
  if (shift === 0) return fitting.as(to);
  const power = constantVector(run, 10n ** BigInt(shift), INT64);
  return binary(run, rows, "mul", fitting, power, to, cast);
}

/** Rows with more than so many digits. */
function tooLong(run: Evaluation, vector: Vector, digits: number): number {
  const limit = 10n ** BigInt(digits) - 1n;
  return outside(run, vector, -limit, limit);
}

/** Text of i64 × 10^−scale. */
function formatted({ arena, kernels, n }: Evaluation, vector: Vector, scale: number, to: DataType): Vector {
  const offsets = arena.allocate((n + 1) * 4);
  const values = arena.allocate(n * 24);
  kernels.formatI64(vector.values, n, scale, offsets, values);
  return new Vector(to, values, vector.validity, offsets);
}

function fromDate(vector: Vector, cast: Cast): Vector {
  const { run, rows, to } = cast;
  const day = constantVector(run, BigInt(MS_PER_DAY * unitsPerMs(to)), INT64);
  return binary(run, rows, "mul", toLong(run, vector), day, INT64, cast).as(to);
}

function fromTimestamp(vector: Vector, cast: Cast): Vector | null {
  const { run, rows, to } = cast;
  if (to.kind === "date") return toInt(divideTimes(run, toMillis(run, vector), MS_PER_DAY), cast).as(to);
  if (to.kind === "time") {
    const out = run.arena.allocate(run.n * 8);
    run.kernels.cycleI64(toMillis(run, vector).values, run.n, 0n, BigInt(MS_PER_DAY), 1n, 0n, out);
    return toInt(new Vector(INT64, out, vector.validity), cast).as(to);
  }
  if (!isTimestamp(to)) return null;
  const [units, wanted] = [unitsPerMs(vector.type), unitsPerMs(to)];
  let result = vector.as(INT64);
  if (units < wanted) result = binary(run, rows, "mul", result, constantVector(run, 1000n, INT64), INT64, cast);
  else if (units > wanted) result = toMillis(run, vector);
  const step = timestampStep(to.precision);
  return (step === 1n ? result : floorTo(run, result, step)).as(to);
}

/** Milliseconds of timestamps, toward the past. */
export function toMillis(run: Evaluation, vector: Vector): Vector {
  return unitsPerMs(vector.type) === 1 ? vector.as(INT64) : divideTimes(run, vector, 1000);
}

/** BIGINTs divided toward the past. */
export function divideTimes(run: Evaluation, vector: Vector, divisor: number): Vector {
  const n = vector.constant ? 2 : run.n;
  const out = run.arena.allocate(n * 8);
  run.kernels.divideTimes(vector.values, n, divisor, 0, 0, out);
  return new Vector(INT64, out, vector.validity, 0, vector.constant);
}

/** The multiple of `size` at or before each value. */
function floorTo(run: Evaluation, vector: Vector, size: bigint): Vector {
  const out = run.arena.allocate(run.n * 8);
  run.kernels.floorToI64(vector.values, run.n, size, 0n, out);
  return new Vector(INT64, out, vector.validity);
}
