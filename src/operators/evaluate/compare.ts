// Comparisons of vectors → bits: NaN = NaN and greatest of all, −0 = 0, strings by their bytes, FALSE < TRUE.
import { BOOLEAN } from "../../arrow/types.js";
import { constantVector } from "./constants.js";
import { type BoundCall, type Compute, type Evaluation, Vector } from "./evaluation.js";
import { either } from "./logic.js";
import { callRows } from "./rows.js";

/** Bits where a = b; all of them turned when `invert`. NULLs are not looked at. */
export function equalBits(run: Evaluation, a: Vector, b: Vector, invert: boolean): number {
  return compareBits(run, a, b, false, invert);
}

/** Bits where a < b; all of them turned when `invert`. */
export function lessBits(run: Evaluation, a: Vector, b: Vector, invert: boolean): number {
  return compareBits(run, a, b, true, invert);
}

function compareBits(run: Evaluation, a: Vector, b: Vector, less: boolean, invert: boolean): number {
  const { kernels, n } = run;
  const flip = invert ? 255 : 0;
  if (a.layout === "bool") return compareFlags(run, a.values, b.values, less, invert);
  const out = run.bitmap();
  switch (a.layout) {
    case "i32":
      (less ? kernels.lessI32 : kernels.equalI32)(a.values, a.step, b.values, b.step, n, flip, out);
      break;
    case "i64":
      (less ? kernels.lessI64 : kernels.equalI64)(a.values, a.step, b.values, b.step, n, flip, out);
      break;
    case "f64":
      (less ? kernels.lessF64 : kernels.equalF64)(a.values, a.step, b.values, b.step, n, flip, out);
      break;
    case "i128":
      kernels.compareI128(a.values, a.step, b.values, b.step, n, Number(less), flip, out);
      break;
    case "utf8":
      kernels.compareUtf8(a.offsets, a.values, a.step, b.offsets, b.values, b.step, n, Number(less), flip, out);
      break;
    default:
      return run.zeros;
  }
  return out;
}

function compareFlags(run: Evaluation, a: number, b: number, less: boolean, invert: boolean): number {
  if (less) return invert ? run.or(run.not(b), a) : run.andNot(b, a);
  const out = run.bitmap();
  run.kernels.xorBitmaps(a, b, run.n, out);
  return invert ? out : run.not(out);
}

type Bits = (run: Evaluation, a: Vector, b: Vector) => number;

const COMPARISONS: Readonly<Record<string, Bits>> = {
  eq: (run, a, b) => equalBits(run, a, b, false),
  ne: (run, a, b) => equalBits(run, a, b, true),
  lt: (run, a, b) => lessBits(run, a, b, false),
  ge: (run, a, b) => lessBits(run, a, b, true),
  gt: (run, a, b) => lessBits(run, b, a, false),
  le: (run, a, b) => lessBits(run, b, a, true),
};

/** Decimals whose scales differ, which happens where a common one would round, are compared row by row. */
function differInScale(call: BoundCall): boolean {
  const scales = call.args.map(({ type }) => (type.kind === "decimal" ? type.scale : 0));
  return scales.some((scale) => scale !== scales[0]);
}

/** = <> < <= > >=: NULL when either is. */
export function compare(call: BoundCall, args: readonly Compute[]): Compute {
  const [left, right] = args as [Compute, Compute];
  const bits = COMPARISONS[call.fn] as Bits;
  const slow = differInScale(call);
  return (run, rows) => {
    const [a, b] = [left(run, rows), right(run, rows)];
    if (slow) return callRows(run, rows, call, [a, b]);
    return new Vector(BOOLEAN, bits(run, a, b), run.and(a.validity, b.validity));
  };
}

/** IS [NOT] DISTINCT FROM: NULL equals NULL. */
export function distinct(call: BoundCall, args: readonly Compute[]): Compute {
  const [left, right] = args as [Compute, Compute];
  const invert = call.fn === "is_distinct_from";
  const slow = differInScale(call);
  return (run, rows) => {
    const [a, b] = [left(run, rows), right(run, rows)];
    if (slow) return callRows(run, rows, call, [a, b]);
    const equal = run.and(equalBits(run, a, b, false), run.and(a.validity, b.validity));
    const noneIsNull = run.or(a.validity || run.ones, b.validity || run.ones);
    // Equal, or both NULL.
    const same = run.or(equal, run.not(noneIsNull));
    return new Vector(BOOLEAN, invert ? run.not(same) : same);
  };
}

/** x IN (list): equal to one; NULL when none is and x or an item is NULL. */
export function isIn(call: BoundCall, args: readonly Compute[]): Compute {
  const [value, ...items] = args as [Compute, ...Compute[]];
  const slow = differInScale(call);
  return (run, rows) => {
    const x = value(run, rows);
    const list = items.map((item) => item(run, rows));
    if (slow) return callRows(run, rows, call, [x, ...list]);
    return list.reduce(
      (found, item) =>
        either(run, found, new Vector(BOOLEAN, equalBits(run, x, item, false), run.and(x.validity, item.validity))),
      constantVector(run, false, BOOLEAN),
    );
  };
}
