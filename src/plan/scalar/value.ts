// One value at a time in plain TypeScript: what the scalar functions of this folder share. They give expressions a meaning
// without WASM: for constant folding, for functions without a kernel, and as the text that kernels are compared with.
import type { DataType } from "../../arrow/types.js";
import type { ErrorCode } from "../../errors.js";
import type { BoundValue } from "../expr.js";

/** A row that cannot be computed. It is data, not an exception: rows that fail are common where input is dirty. */
export class Failure {
  readonly code: ErrorCode;

  constructor(code: ErrorCode) {
    this.code = code;
  }
}

export const OVERFLOW = new Failure("OVERFLOW");
export const DIVISION_BY_ZERO = new Failure("DIVISION_BY_ZERO");
export const NOT_CASTABLE = new Failure("CAST");
export const OUT_OF_TIME = new Failure("TIME_RANGE");

export type Outcome = BoundValue | Failure;

/** Types of the arguments and of the result, as bound. */
interface Signature {
  readonly args: readonly DataType[];
  readonly type: DataType;
}

/** One function on one row. NULL arguments reach only functions whose null rule is their own. */
export type ScalarFunction = (args: readonly BoundValue[], signature: Signature) => Outcome;

/** What nested values are to functions: an ARRAY its elements, a MAP its entries (a key and a value each), a ROW its fields. */
export type Cell = BoundValue | NestedCell;
interface NestedCell extends ReadonlyArray<Cell> {}

/** One function on one row whose arguments or result may be nested. No literal is: of those it is never asked beforehand. */
export type CellFunction = (args: readonly Cell[], signature: Signature) => Cell | Failure;

const RANGES: Partial<Record<DataType["kind"], readonly [bigint, bigint]>> = {
  int8: [-(2n ** 7n), 2n ** 7n - 1n],
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  date: [-(2n ** 31n), 2n ** 31n - 1n],
  time: [0n, 86_399_999n],
};
const INT64: readonly [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];

/** An exact integer in the unit of its type, or OVERFLOW. For decimals the unscaled value is checked against the precision. */
export function fitInteger(value: bigint, type: DataType): Outcome {
  if (type.kind === "decimal")
    return value < 10n ** BigInt(type.precision) && -value < 10n ** BigInt(type.precision) ? value : OVERFLOW;
  const small = RANGES[type.kind];
  const [low, high] = small ?? INT64;
  if (value < low || value > high) return OVERFLOW;
  return small === undefined ? value : Number(value);
}

/** a / b toward minus infinity. b > 0. */
export function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

/** a / b to the nearest integer, halves away from zero. */
export function divideHalfUp(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  const rest = a % b;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice < (b < 0n ? -b : b)) return quotient;
  return a < 0n === b < 0n ? quotient + 1n : quotient - 1n;
}

/** `unscaled` × 10^-from as an unscaled value of scale `to`, HALF_UP. */
export function rescale(unscaled: bigint, from: number, to: number): bigint {
  return to >= from ? unscaled * 10n ** BigInt(to - from) : divideHalfUp(unscaled, 10n ** BigInt(from - to));
}

/** The order of all values of one type: numbers with NaN equal to itself and greatest, strings by their UTF-8 bytes. */
export function compareValues(a: BoundValue, b: BoundValue, type: DataType): number {
  if (typeof a === "string" && typeof b === "string") return type.kind === "binary" ? order(a, b) : compareText(a, b);
  if (typeof a === "number" && typeof b === "number") {
    if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
    if (Number.isNaN(b)) return -1;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  return order(a as bigint | boolean, b as bigint | boolean);
}

function order<T extends bigint | boolean | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** UTF-8 order is code point order; UTF-16 order differs where surrogates meet U+E000…U+FFFF. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    const fixLeft = left >= 0xd800 && left < 0xe000 ? left + 0x10000 : left;
    const fixRight = right >= 0xd800 && right < 0xe000 ? right + 0x10000 : right;
    return fixLeft - fixRight;
  }
  return a.length - b.length;
}
