// Arithmetic and numeric functions on one row. Integers and decimals are exact and checked; DOUBLE follows IEEE 754, so
// x / 0 is ±Infinity or NaN, while the square root or logarithm of a negative number, which no number is, is an error.
import type { DataType } from "../../arrow/types.js";
import { isFloat, isInteger } from "../coerce.js";
import type { BoundValue } from "../expr.js";
import { castValue } from "./cast.js";
import {
  DIVISION_BY_ZERO,
  divideHalfUp,
  fitInteger,
  floorDiv,
  type Outcome,
  OVERFLOW,
  rescale,
  type ScalarFunction,
} from "./value.js";

/** The same operation on DOUBLEs, and on exact numbers as whole numbers of one scale. */
interface Arithmetic {
  readonly double: (a: number, b: number) => number;
  readonly exact: (a: bigint, b: bigint) => bigint;
}

const scaleOf = (type: DataType): number => (type.kind === "decimal" ? type.scale : 0);

/** add, sub: operands brought to one scale. */
function additive({ double, exact }: Arithmetic): ScalarFunction {
  return ([a, b], { args, type }) => {
    if (isFloat(type)) return double(a as number, b as number);
    const [left, right] = args as [DataType, DataType];
    const scale = Math.max(scaleOf(left), scaleOf(right));
    const x = rescale(BigInt(a as bigint), scaleOf(left), scale);
    const y = rescale(BigInt(b as bigint), scaleOf(right), scale);
    return fitInteger(rescale(exact(x, y), scale, scaleOf(type)), type);
  };
}

const multiply: ScalarFunction = ([a, b], { args, type }) => {
  if (isFloat(type)) return (a as number) * (b as number);
  const scale = scaleOf(args[0] as DataType) + scaleOf(args[1] as DataType);
  return fitInteger(rescale(BigInt(a as bigint) * BigInt(b as bigint), scale, scaleOf(type)), type);
};

/** Integers truncate toward zero, decimals round HALF_UP at the result's scale. */
const divide: ScalarFunction = ([a, b], { args, type }) => {
  if (isFloat(type)) return (a as number) / (b as number);
  const divisor = BigInt(b as bigint);
  if (divisor === 0n) return DIVISION_BY_ZERO;
  if (type.kind !== "decimal") return fitInteger(BigInt(a as bigint) / divisor, type);
  const shift = type.scale + scaleOf(args[1] as DataType) - scaleOf(args[0] as DataType);
  const dividend = BigInt(a as bigint);
  const [top, bottom] =
    shift >= 0 ? [dividend * 10n ** BigInt(shift), divisor] : [dividend, divisor * 10n ** BigInt(-shift)];
  return fitInteger(divideHalfUp(top, bottom), type);
};

/** The remainder has the sign of the dividend. */
const modulo: ScalarFunction = ([a, b], { args, type }) => {
  if (isFloat(type)) return (a as number) % (b as number);
  if (BigInt(b as bigint) === 0n) return DIVISION_BY_ZERO;
  const [left, right] = args as [DataType, DataType];
  const scale = Math.max(scaleOf(left), scaleOf(right));
  const rest = rescale(BigInt(a as bigint), scaleOf(left), scale) % rescale(BigInt(b as bigint), scaleOf(right), scale);
  return fitInteger(rescale(rest, scale, scaleOf(type)), type);
};

/** Of one argument, in its own type. */
function unary(double: (a: number) => number, exact: (a: bigint) => bigint): ScalarFunction {
  return ([a], { type }) => (isFloat(type) ? double(a as number) : fitInteger(exact(BigInt(a as bigint)), type));
}

/** To a whole number; `exact` gets the unscaled value and 10^scale. */
function toWhole(double: (a: number) => number, exact: (unscaled: bigint, one: bigint) => bigint): ScalarFunction {
  return ([a], { args, type }) => {
    if (isFloat(type)) return double(a as number);
    if (isInteger(type)) return a as BoundValue;
    return fitInteger(exact(a as bigint, 10n ** BigInt(scaleOf(args[0] as DataType))), type);
  };
}

/** HALF_UP at so many digits after the point; negative digits round before it. A DOUBLE is rounded as it prints. */
const round: ScalarFunction = ([a, count], { args, type }) => {
  const digits = Number(count ?? 0);
  if (isFloat(type)) return roundDouble(a as number, digits, type);
  const scale = scaleOf(args[0] as DataType);
  if (digits >= scale) return fitInteger(rescale(BigInt(a as bigint), scale, scaleOf(type)), type);
  const step = 10n ** BigInt(Math.min(scale - digits, 77));
  const rounded = divideHalfUp(BigInt(a as bigint), step) * step;
  return fitInteger(rescale(rounded, scale, scaleOf(type)), type);
};

function roundDouble(value: number, digits: number, type: DataType): Outcome {
  if (!Number.isFinite(value) || digits > 17) return value;
  const scale = Math.max(digits, 0);
  const exact = castValue(value, type, { kind: "decimal", precision: 1000, scale: scale + 20 });
  if (typeof exact !== "bigint") return exact;
  const step = 10n ** BigInt(scale + 20 - digits);
  const whole = divideHalfUp(exact, step) * 10n ** BigInt(scale - digits);
  return castValue(whole, { kind: "decimal", precision: 1000, scale }, type);
}

const absolute = (a: bigint): bigint => (a < 0n ? -a : a);
const signOf = (a: bigint): bigint => (a > 0n ? 1n : a < 0n ? -1n : 0n);

/** NaN where the argument was none has no result. */
function real(fn: (...args: number[]) => number): ScalarFunction {
  return (args) => {
    const result = fn(...(args as number[]));
    return Number.isNaN(result) && !args.some((value) => Number.isNaN(value as number)) ? OVERFLOW : result;
  };
}

export const NUMBER_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
  add: additive({ double: (a, b) => a + b, exact: (a, b) => a + b }),
  sub: additive({ double: (a, b) => a - b, exact: (a, b) => a - b }),
  mul: multiply,
  div: divide,
  mod: modulo,
  neg: unary(
    (a) => -a,
    (a) => -a,
  ),
  abs: unary(Math.abs, absolute),
  sign: ([a], { type }) => {
    if (isFloat(type)) return Math.sign(a as number) + 0;
    return fitInteger(signOf(BigInt(a as bigint)) * 10n ** BigInt(scaleOf(type)), type);
  },
  ceil: toWhole(Math.ceil, (a, one) => -floorDiv(-a, one)),
  floor: toWhole(Math.floor, floorDiv),
  round,
  sqrt: real(Math.sqrt),
  ln: real(Math.log),
  log10: real(Math.log10),
  exp: real(Math.exp),
  power: real((base, exponent) => base ** exponent),
};
