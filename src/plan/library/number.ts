// Numeric functions that are loaded late, on one row: of DOUBLEs as IEEE 754 and JavaScript's Math have them.
import { FLOAT64, INT32, STRING, typeName } from "../../arrow/types.js";
import { isDecimal, isFloat, isInteger } from "../coerce.js";
import { type FunctionRow, fn, none, own, written } from "../functions.js";
import { type CellFunction, OVERFLOW } from "../scalar/value.js";
import { doubles, type Form, rounded } from "../signatures.js";
import { late, oneOf } from "./row.js";

/** NaN is no result, unless an argument was NaN: no real number is the logarithm of −1. */
function real(compute: (...args: number[]) => number): CellFunction {
  return (args) => {
    const result = compute(...(args as number[]));
    return Number.isNaN(result) && !args.some((value) => Number.isNaN(value as number)) ? OVERFLOW : result;
  };
}

function ofDouble(name: string, compute: (x: number) => number, raises = false): FunctionRow {
  return late(name, doubles(1), "(number)", real(compute), { raises });
}

const DEGREES = 180 / Math.PI;
const absolute = (a: bigint): bigint => (a < 0n ? -a : a);

/** Cut toward zero at so many digits behind the point, before it where they are negative. */
const truncate: CellFunction = ([value, count = 0], { args, type }) => {
  const digits = Number(count);
  if (isFloat(type)) return truncateDouble(value as number, digits);
  const [from] = args;
  const scale = from?.kind === "decimal" ? from.scale : 0;
  const to = type.kind === "decimal" ? type.scale : 0;
  const exact = BigInt(value as bigint);
  const step = 10n ** BigInt(Math.min(Math.max(scale - digits, 0), 77));
  const cut = (absolute(exact) / step) * step * (exact < 0n ? -1n : 1n);
  const result = to >= scale ? cut * 10n ** BigInt(to - scale) : cut / 10n ** BigInt(scale - to);
  return typeof value === "number" ? Number(result) : result;
};

/** By the digits that the DOUBLE prints, so that 0.29 to two digits stays 0.29. */
function truncateDouble(value: number, digits: number): number {
  if (!Number.isFinite(value)) return value;
  const [mantissa, exponent] = value.toExponential().split("e") as [string, string];
  const kept = Number(exponent) + digits;
  if (kept < 0) return 0;
  const sign = mantissa.startsWith("-") ? 1 : 0;
  const shown = mantissa.replace("-", "");
  return Number(`${sign ? "-" : ""}${kept === 0 ? shown[0] : shown.slice(0, kept + 2)}e${exponent}`);
}

/** As ROUND, without the digit that rounding up may need. */
const truncated: Form = (args) => {
  const resolved = rounded(args);
  const type = args[0]?.type;
  return resolved === null || type === undefined || !isDecimal(type)
    ? resolved
    : { ...resolved, args: [type, INT32].slice(0, args.length) };
};

const anyOne: Form = (args) =>
  args.length === 1 ? { args: args.map(({ type }) => type), type: STRING, nullable: false } : null;

const constant =
  (value: number): CellFunction =>
  () =>
    value;

const volatile = { kernel: "random", volatile: true };
const never: CellFunction = () => null;
const bounded: Form = (args) => {
  const [bound] = args;
  return args.length === 1 && bound !== undefined && isInteger(bound.type) ? { args: [INT32], type: INT32 } : null;
};

export const NUMBER_ROWS: readonly FunctionRow[] = [
  late(
    "LOG",
    oneOf(doubles(1), doubles(2)),
    "([base,] number)",
    real((a, b) => (b === undefined ? Math.log(a) : Math.log(b) / Math.log(a))),
    {
      raises: true,
    },
  ),
  ofDouble("LOG2", Math.log2, true),
  ofDouble("SIN", Math.sin, true),
  ofDouble("COS", Math.cos, true),
  ofDouble("TAN", Math.tan, true),
  ofDouble("COT", (x) => 1 / Math.tan(x), true),
  ofDouble("ASIN", Math.asin, true),
  ofDouble("ACOS", Math.acos, true),
  ofDouble("ATAN", Math.atan),
  ofDouble("SINH", Math.sinh),
  ofDouble("COSH", Math.cosh),
  ofDouble("TANH", Math.tanh),
  ofDouble("DEGREES", (x) => x * DEGREES),
  ofDouble("RADIANS", (x) => x / DEGREES),
  late("ATAN2", doubles(2), "(y, x)", real(Math.atan2)),
  late("TRUNCATE", truncated, "(number [, digits])", truncate),
  late("PI", doubles(0), "()", constant(Math.PI)),
  late("E", doubles(0), "()", constant(Math.E)),
  late("RAND", doubles(0), "()", never, volatile),
  late("RAND_INTEGER", bounded, "(bound)", never, { ...volatile }),
  late("UUID", (args) => (args.length === 0 ? { args: [], type: STRING } : null), "()", never, volatile),
  late("TYPEOF", own(anyOne), "(x)", (_, { args }) => typeName(args[0] ?? FLOAT64)),
  written(fn("if", "IF", null, none, "(condition, x, y)"), (condition, then, otherwise) => ({
    kind: "case",
    branches: [{ when: condition, then }],
    otherwise,
  })),
];
