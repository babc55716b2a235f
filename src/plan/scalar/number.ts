// Arithmetic and numeric functions on one row. Integers and decimals are exact and checked; DOUBLE follows IEEE 754, so
// x / 0 is ±Infinity or NaN, while the square root or logarithm of a negative number, which no number is, is an error.
import { type DataType, FLOAT64 } from "../../arrow/types.js";
import { formatDecimal } from "../../arrow/values.js";
import { isFloat, isInteger } from "../coerce.js";
import type { BoundValue } from "../expr.js";
import { castValue } from "./cast.js";
import {
  DIVISION_BY_ZERO,
  divideHalfUp,
  fitInteger,
  floorDiv,
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
  if (isFloat(type)) return roundDouble(a as number, digits);
  const scale = scaleOf(args[0] as DataType);
  if (digits >= scale) return fitInteger(rescale(BigInt(a as bigint), scale, scaleOf(type)), type);
  const step = 10n ** BigInt(Math.min(scale - digits, 77));
  const rounded = divideHalfUp(BigInt(a as bigint), step) * step;
  return fitInteger(rescale(rounded, scale, scaleOf(type)), type);
};

/** Sizes whose last bit is worth much less than TIE_MARGIN, so that what is no tie here is none in decimal digits either. */
const TIE_SIZE_MAX = 2 ** 36;
const TIE_MARGIN = 1e-4;
/** Powers of ten up to here are exact doubles, and so is the quotient of a whole number by one as near as it can be. */
const EXACT_POWER = 22;
/** Places beyond every digit of a DOUBLE. */
const FAR_RIGHT = 345;
const FAR_LEFT = -309;

/** Half away from zero, ties decided on the decimal digits that the DOUBLE prints: 1.005 to two digits is 1.01. */
function roundDouble(value: number, digits = 0): number {
  if (!Number.isFinite(value) || digits > FAR_RIGHT) return value;
  if (digits < FAR_LEFT) return 0;
  if (Math.abs(digits) > EXACT_POWER) return roundDigits(value, digits);
  const power = 10 ** Math.abs(digits);
  const size = digits >= 0 ? Math.abs(value) * power : Math.abs(value) / power;
  const rest = size - Math.floor(size);
  if (!(size < TIE_SIZE_MAX) || Math.abs(rest - 0.5) < TIE_MARGIN) return roundDigits(value, digits);
  const whole = Math.floor(size) + (rest > 0.5 ? 1 : 0);
  return (digits >= 0 ? whole / power : whole * power) * Math.sign(value);
}

/** The same by the digits themselves. */
function roundDigits(value: number, digits: number): number {
  const scale = Math.max(digits, 0) + 20;
  const exact = castValue(value, FLOAT64, { kind: "decimal", precision: 1000, scale }) as bigint;
  const step = 10n ** BigInt(scale - digits);
  return Number(formatDecimal(divideHalfUp(exact, step) * step, scale));
}

const absolute = (a: bigint): bigint => (a < 0n ? -a : a);
const signOf = (a: bigint): bigint => (a > 0n ? 1n : a < 0n ? -1n : 0n);

/** Functions of one or two DOUBLEs. */
export const DOUBLE_FUNCTIONS: Readonly<Record<string, (a: number, b: number) => number>> = {
  mod: (a, b) => a % b,
  sign: Math.sign,
  round: roundDouble,
  sqrt: Math.sqrt,
  ln: Math.log,
  log10: Math.log10,
  exp: Math.exp,
  power: (base, exponent) => base ** exponent,
};

/** Of these NaN is no result, unless an argument was NaN: no real number is the square root of −1. */
export const REAL_FUNCTIONS: ReadonlySet<string> = new Set(["sqrt", "ln", "log10", "exp", "power"]);

function real(name: string): ScalarFunction {
  const fn = DOUBLE_FUNCTIONS[name] as (a: number, b: number) => number;
  return (args) => {
    const result = fn(args[0] as number, args[1] as number);
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
    if (isFloat(type)) return Math.sign(a as number);
    return fitInteger(signOf(BigInt(a as bigint)) * 10n ** BigInt(scaleOf(type)), type);
  },
  ceil: toWhole(Math.ceil, (a, one) => -floorDiv(-a, one)),
  floor: toWhole(Math.floor, floorDiv),
  round,
  sqrt: real("sqrt"),
  ln: real("ln"),
  log10: real("log10"),
  exp: real("exp"),
  power: real("power"),
};
