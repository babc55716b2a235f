// Arithmetic on vectors: + − × / %, −x, |x|, and rounding of doubles. Integers and decimals are computed and checked by 64-bit
// kernels; what does not fit fails for the rows that count and for no other. Decimals that need more bits go row by row.
import { type DataType, INT64, layoutOf } from "../../arrow/types.js";
import { formatBound } from "../../plan/format-expr.js";
import { DOUBLE_FUNCTIONS, REAL_FUNCTIONS } from "../../plan/scalar/number.js";
import { choose } from "./choice.js";
import { equalBits, lessBits } from "./compare.js";
import { constantVector } from "./constants.js";
import { type BoundCall, type Compute, type Evaluation, Vector } from "./evaluation.js";
import { callRows, rowByRow } from "./rows.js";

const OPERATIONS = { add: 0, sub: 1, mul: 2, div: 3, mod: 4 } as const;
export type Operation = keyof typeof OPERATIONS;

/** How rows without result are told: the text of the expression; with `attempt` they are NULL instead. */
export interface Report {
  readonly text: () => string;
  readonly attempt?: boolean;
}

type IntegerLayout = "i32" | "i64";
const SUFFIX = { i32: "I32", i64: "I64", f64: "F64" } as const;

export function arithmetic(call: BoundCall, args: readonly Compute[]): Compute {
  const { type } = call;
  if (type.kind === "decimal") return decimalArithmetic(call, args);
  const report = { text: () => formatBound(call) };
  if (call.fn === "neg" || call.fn === "abs") return ofOne(call, args[0] as Compute, report);
  if (type.kind === "float64" && call.fn === "mod") return doubles(call, args);
  const [left, right] = args as [Compute, Compute];
  const operation = call.fn as Operation;
  return (run, rows) => binary(run, rows, operation, left(run, rows), right(run, rows), type, report);
}

/** Operands of the result's layout: f64, or i32 or i64 checked. */
export function binary(
  run: Evaluation,
  rows: number,
  operation: Operation,
  a: Vector,
  b: Vector,
  type: DataType,
  report: Report,
): Vector {
  const { kernels, n } = run;
  const out = run.room(type);
  const result = new Vector(type, out, run.and(a.validity, b.validity));
  if (a.layout === "f64" && operation !== "mod") {
    kernels[`${operation}F64`](a.values, a.step, b.values, b.step, n, out);
    return result;
  }
  const layout = a.layout as IntegerLayout;
  const suspect = kernels[`${operation}${SUFFIX[layout]}`](a.values, a.step, b.values, b.step, n, out);
  return suspect === 0 ? result : failing(run, rows, operation, a, b, result, report);
}

/** The rows that count among those that gave no result, by their reasons. */
function failing(
  run: Evaluation,
  rows: number,
  operation: Operation,
  a: Vector,
  b: Vector,
  result: Vector,
  { text, attempt = false }: Report,
): Vector {
  let checked = result;
  if (operation === "div" || operation === "mod") {
    const zero = equalBits(run, b, constantVector(run, b.layout === "i64" ? 0n : 0, b.type), false);
    checked = run.fail(checked, attempt ? null : "DIVISION_BY_ZERO", zero, rows, text());
    if (operation === "mod") return checked;
  }
  const counted = run.and(rows, checked.validity) || run.ones;
  const failed = run.bitmap();
  const kernel = a.layout === "i32" ? run.kernels.overflowedI32 : run.kernels.overflowedI64;
  const count = kernel(OPERATIONS[operation], a.values, a.step, b.values, b.step, run.n, counted, failed);
  return count === 0 ? checked : run.fail(checked, attempt ? null : "OVERFLOW", failed, rows, text());
}

/** −x and |x| of numbers and intervals. */
function ofOne(call: BoundCall, arg: Compute, report: Report): Compute {
  const { type, fn } = call;
  return (run, rows) => {
    const vector = arg(run, rows);
    if (vector.layout === "f64") {
      if (fn === "neg") return binary(run, rows, "mul", vector, constantVector(run, -1, type), type, report);
      return mapDoubles(run, Maps.abs, vector);
    }
    const zero = constantVector(run, vector.layout === "i64" ? 0n : 0, type);
    const negated = binary(run, rows, "sub", zero, vector, type, report);
    if (fn === "neg") return negated;
    return choose(run, lessBits(run, vector, zero, false), negated, vector);
  };
}

type Decimal = Extract<DataType, { kind: "decimal" }>;

/** Decimals in 64 bits as far as their values fit there, else exactly row by row. */
function decimalArithmetic(call: BoundCall, args: readonly Compute[]): Compute {
  const fast = fastDecimals(call);
  if (fast === null) return rowByRow(call, args);
  return (run, rows) => {
    const vectors = args.map((arg) => arg(run, rows));
    const [a, b = a] = vectors.map((vector) => narrowed(run, vector)) as [Vector | null, (Vector | null)?];
    const result = a === null || b === null ? null : fast(run, rows, a, b);
    return result ?? callRows(run, rows, call, vectors);
  };
}

/** Unscaled values in 64 bits → the result, or null when it does not fit. */
type FastDecimals = (run: Evaluation, rows: number, a: Vector, b: Vector) => Vector | null;

/** How a call is computed on unscaled values; null when their scales are not the result's. */
function fastDecimals({ fn, type, args }: BoundCall): FastDecimals | null {
  const [left, right = left] = args.map((arg) => arg.type as Decimal) as [Decimal, Decimal?];
  const { scale } = type as Decimal;
  switch (fn) {
    case "neg":
    case "abs":
      return (run, _, a) => {
        const zero = constantVector(run, 0n, INT64);
        const negated = exactly(run, "sub", zero, a);
        if (negated === null || fn === "neg") return carried(run, negated, type);
        return carried(run, choose(run, lessBits(run, a, zero, false), negated, a), type);
      };
    case "add":
    case "sub":
    case "mod":
      if (left.scale !== scale || right.scale !== scale) return null;
      return (run, _, a, b) => carried(run, exactly(run, fn, a, b), type);
    case "mul":
      if (left.scale + right.scale !== scale) return null;
      // Two numbers of 64 bits make one of at most 126, and that has no more than 38 digits.
      return (run, _, a, b) => {
        if (layoutOf(type) === "i64") return carried(run, exactly(run, "mul", a, b), type);
        const out = run.room(type);
        run.kernels.multiplyWideI64(a.values, a.step, b.values, b.step, run.n, out);
        return new Vector(type, out, run.and(a.validity, b.validity));
      };
    default:
      return null;
  }
}

/** The operation on BIGINTs, or null when a row that is not NULL may have no result. */
function exactly(run: Evaluation, operation: "add" | "sub" | "mul" | "mod", a: Vector, b: Vector): Vector | null {
  const out = run.room(INT64);
  const validity = run.and(a.validity, b.validity);
  const suspect = run.kernels[`${operation}I64`](a.values, a.step, b.values, b.step, run.n, out);
  if (suspect === 0) return new Vector(INT64, out, validity);
  if (operation === "mod") return null;
  const failed = run.bitmap();
  const { values, step } = a;
  const counted = validity || run.ones;
  const count = run.kernels.overflowedI64(
    OPERATIONS[operation],
    values,
    step,
    b.values,
    b.step,
    run.n,
    counted,
    failed,
  );
  return count === 0 ? new Vector(INT64, out, validity) : null;
}

/** BIGINTs as the decimal that they are the unscaled values of. */
function carried(run: Evaluation, vector: Vector | null, type: DataType): Vector | null {
  if (vector === null) return null;
  return layoutOf(type) === "i64" ? vector.as(type) : widened(run, vector, type);
}

/** The unscaled values as BIGINTs, or null when one needs more than 64 bits. */
export function narrowed(run: Evaluation, vector: Vector): Vector | null {
  if (vector.layout === "i64") return vector.as(INT64);
  const n = vector.constant ? 1 : run.n;
  const out = run.arena.allocate(Math.max(n, 2) * 8);
  if (run.kernels.narrowI128(vector.values, n, out) !== 0) return null;
  if (vector.constant) run.memory.u8.copyWithin(out + 8, out, out + 8);
  return new Vector(INT64, out, vector.validity, 0, vector.constant);
}

/** 64-bit unscaled values in the layout of 128. */
export function widened(run: Evaluation, vector: Vector, type: DataType): Vector {
  const n = vector.constant ? 1 : run.n;
  const out = run.arena.allocate(n * 16);
  run.kernels.widenI64(vector.values, n, out);
  return new Vector(type, out, vector.validity, 0, vector.constant);
}

/** Operations of the kernel mapF64. */
const Maps = { ceil: 0, floor: 1, sqrt: 2, abs: 3 } as const;

function mapDoubles(run: Evaluation, map: number, vector: Vector): Vector {
  const n = vector.constant ? 2 : run.n;
  const out = run.arena.allocate(n * 8);
  run.kernels.mapF64(map, vector.values, n, out);
  return new Vector(vector.type, out, vector.validity, 0, vector.constant);
}

/** ceil, floor, sqrt: integers are whole already, decimals go row by row. */
export function rounding(call: BoundCall, args: readonly Compute[]): Compute {
  const [arg] = args as [Compute];
  const text = () => formatBound(call);
  return (run, rows) => {
    const vector = arg(run, rows);
    if (vector.type.kind === "decimal") return callRows(run, rows, call, [vector]);
    if (vector.layout !== "f64") return vector;
    const result = mapDoubles(run, Maps[call.fn as keyof typeof Maps], vector);
    if (call.fn !== "sqrt") return result;
    return run.fail(
      result,
      "OVERFLOW",
      lessBits(run, vector, constantVector(run, 0, vector.type), false),
      rows,
      text(),
    );
  };
}

/** Functions of doubles that no kernel has (logarithms, powers, ROUND …): one loop in TypeScript; other types row by row. */
export function doubles(call: BoundCall, args: readonly Compute[]): Compute {
  const fn = DOUBLE_FUNCTIONS[call.fn] as (a: number, b: number) => number;
  if (call.type.kind !== "float64") return rowByRow(call, args);
  const isReal = REAL_FUNCTIONS.has(call.fn);
  const text = () => formatBound(call);
  return (run, rows) => {
    const vectors = args.map((arg) => arg(run, rows));
    // Reserved before the views are made: memory that grows leaves older views behind.
    const out = run.room(call.type);
    const [a, b = NONE] = vectors.map((vector) => doublesOf(run, vector)) as [Operand, Operand?];
    const { f64 } = run.memory;
    for (let row = 0; row < run.n; row++) {
      f64[(out >>> 3) + row] = fn(a.values[row * a.step] as number, b.values[row * b.step] as number);
    }
    const result = new Vector(
      call.type,
      out,
      vectors.reduce((validity, vector) => run.and(validity, vector.validity), 0),
    );
    return isReal ? run.fail(result, "OVERFLOW", newNaNs(run, result, vectors), rows, text()) : result;
  };
}

/** Numbers to read in a loop; step 0 for a constant. */
interface Operand {
  readonly values: ArrayLike<number>;
  readonly step: 0 | 1;
}

/** The missing second argument: no digits for ROUND, and nothing for the rest. */
const NONE: Operand = { values: [0], step: 0 };

/** A view of doubles, or of the INTs that count digits. */
function doublesOf({ memory, n }: Evaluation, { layout, values, constant }: Vector): Operand {
  const count = constant ? 1 : n;
  const view =
    layout === "i32"
      ? memory.i32.subarray(values >>> 2, (values >>> 2) + count)
      : memory.f64.subarray(values >>> 3, (values >>> 3) + count);
  return { values: view, step: constant ? 0 : 1 };
}

/** Rows that are NaN though no argument is. */
function newNaNs(run: Evaluation, result: Vector, args: readonly Vector[]): number {
  const nan = constantVector(run, Number.NaN, result.type);
  return args.reduce(
    (rows, arg) => run.andNot(rows, equalBits(run, arg, nan, false)),
    equalBits(run, result, nan, false),
  );
}
