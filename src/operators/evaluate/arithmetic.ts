// Arithmetic on vectors: + − × / %, −x, |x|, and rounding of doubles. Integers and decimals of up to 18 digits are computed
// and checked by kernels; what does not fit fails for the rows that count and for no other. Wider decimals go row by row.
import { type DataType, layoutOf } from "../../arrow/types.js";
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

/** Largest number of digits in the 64-bit layout of decimals. */
const FAST_DIGITS = 18;

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

/** Decimals in 64 bits where the digits are known to fit, else exactly row by row. */
function decimalArithmetic(call: BoundCall, args: readonly Compute[]): Compute {
  const { fn, type } = call;
  const inputs = call.args.map((arg) => arg.type);
  if (type.kind !== "decimal" || !inputs.every(isFastDecimal)) return rowByRow(call, args);
  const [left, right] = inputs as [Decimal, Decimal | undefined];
  const report = { text: () => formatBound(call) };
  const wide = type.precision > FAST_DIGITS;
  switch (fn) {
    case "neg":
    case "abs":
      return ofOne(call, args[0] as Compute, report);
    case "add":
    case "sub":
    case "mod":
      // Two numbers of 18 digits make one of 19, which 64 bits hold.
      if (left.scale !== right?.scale || left.scale !== type.scale) return rowByRow(call, args);
      return narrow(args as [Compute, Compute], fn, wide ? left : type, type, report);
    case "mul":
      if (left.scale + (right as Decimal).scale !== type.scale) return rowByRow(call, args);
      return wide
        ? multiplyWide(args as [Compute, Compute], type)
        : narrow(args as [Compute, Compute], fn, type, type, report);
    default:
      return rowByRow(call, args);
  }
}

type Decimal = Extract<DataType, { kind: "decimal" }>;

function isFastDecimal(type: DataType): type is Decimal {
  return type.kind === "decimal" && type.precision <= FAST_DIGITS;
}

/** Computed as `computed` in 64 bits, which may then have to be carried in 128. */
function narrow(
  [left, right]: [Compute, Compute],
  operation: Operation,
  computed: DataType,
  type: DataType,
  report: Report,
): Compute {
  return (run, rows) => {
    const result = binary(run, rows, operation, left(run, rows), right(run, rows), computed, report);
    return layoutOf(type) === result.layout ? result.as(type) : widened(run, result, type);
  };
}

/** A decimal of 64 bits in the layout of 128. */
export function widened(run: Evaluation, vector: Vector, type: DataType): Vector {
  const out = run.arena.allocate(run.n * 16);
  if (vector.constant) {
    // One value: read its two halves once, for every row the same.
    run.kernels.widenI64(vector.values, 1, out);
    return new Vector(type, out, vector.validity, 0, true);
  }
  run.kernels.widenI64(vector.values, run.n, out);
  return new Vector(type, out, vector.validity);
}

function multiplyWide([left, right]: [Compute, Compute], type: DataType): Compute {
  return (run, rows) => {
    const [a, b] = [left(run, rows), right(run, rows)];
    const out = run.room(type);
    run.kernels.multiplyWideI64(a.values, a.step, b.values, b.step, run.n, out);
    return new Vector(type, out, run.and(a.validity, b.validity));
  };
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
