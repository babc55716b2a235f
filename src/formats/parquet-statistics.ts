// Whether a row group can hold a row for which a predicate is TRUE, by the bounds and null counts of its chunks. Only what
// follows with certainty skips: a conjunct that is TRUE for no value between the bounds. Everything else may match.
import { type DataType, sameType } from "../arrow/types.js";
import type { BoundExpr, BoundValue } from "../plan/expr.js";
import type { RowGroup } from "./parquet-footer.js";
import type { ColumnNode } from "./parquet-tree.js";
import type { ColumnPlan } from "./parquet-types.js";

/** Comparable with itself: numbers and bigints by value, bytes as unsigned (S63). Booleans are 0 and 1. */
type Bound = number | bigint | Uint8Array;

/** What is known of an expression's values in a row group. */
interface Range {
  readonly type: DataType;
  /** No value is below `min` or above `max`; undefined: nothing known. NaN, the greatest of all, is above any `max`. */
  readonly min: Bound | undefined;
  readonly max: Bound | undefined;
  readonly mayBeNaN: boolean;
  readonly mayBeNull: boolean;
  readonly mayBeValue: boolean;
}

type Columns = readonly ColumnNode[];

/** False only if the predicate is TRUE for no row of the group. Columns are found by name. */
export function canMatch(predicate: BoundExpr, columns: Columns, group: RowGroup): boolean {
  if (predicate.kind === "literal") return predicate.value === true;
  if (predicate.kind !== "call") return true;
  const { fn, args } = predicate;
  const rangeAt = (index: number): Range | undefined => rangeOf(args[index], columns, group);
  switch (fn) {
    case "and":
      return args.every((arg) => canMatch(arg, columns, group));
    case "or":
      return args.some((arg) => canMatch(arg, columns, group));
    case "is_true":
      return canMatch(args[0] as BoundExpr, columns, group);
    case "is_null":
      return rangeAt(0)?.mayBeNull ?? true;
    case "is_not_null":
      return rangeAt(0)?.mayBeValue ?? true;
    case "in": {
      const range = rangeAt(0);
      return range === undefined || args.slice(1).some((value) => compares("eq", range, value));
    }
    case "between": {
      const range = rangeAt(0);
      const [, low, high] = args;
      if (range === undefined) return true;
      // NaN is above every low, but not below a high that is a number: so it counts for neither.
      const numbers = isNumber(high) ? { ...range, mayBeNaN: false } : range;
      return compares("ge", numbers, low) && compares("le", range, high);
    }
    default:
      return isComparison(fn) ? canCompare(fn, args, columns, group) : true;
  }
}

type Comparison = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

/** The comparison with its sides exchanged. */
const FLIPPED: Readonly<Record<Comparison, Comparison>> = {
  eq: "eq",
  ne: "ne",
  lt: "gt",
  le: "ge",
  gt: "lt",
  ge: "le",
};

function isComparison(fn: string): fn is Comparison {
  return Object.hasOwn(FLIPPED, fn);
}

function canCompare(fn: Comparison, [left, right]: readonly BoundExpr[], columns: Columns, group: RowGroup): boolean {
  const range = rangeOf(left, columns, group);
  if (range !== undefined) return compares(fn, range, right);
  const flipped = rangeOf(right, columns, group);
  return flipped === undefined || compares(FLIPPED[fn], flipped, left);
}

/** False only if `value fn literal` is TRUE for no value of the range. */
function compares(fn: Comparison, range: Range, literal: BoundExpr | undefined): boolean {
  if (literal?.kind !== "literal") return true;
  // NULL makes every comparison NULL.
  if (literal.value === null || !range.mayBeValue) return false;
  if (!comparable(range.type, literal.type)) return true;
  const bound = boundOf(literal.value, literal.type);
  if (bound === undefined) return true;
  const fromMin = range.min === undefined ? undefined : compare(range.min, bound);
  const fromMax = range.max === undefined || range.mayBeNaN ? undefined : compare(range.max, bound);
  switch (fn) {
    case "lt":
      return fromMin === undefined || fromMin < 0;
    case "le":
      return fromMin === undefined || fromMin <= 0;
    case "gt":
      return fromMax === undefined || fromMax > 0;
    case "ge":
      return fromMax === undefined || fromMax >= 0;
    case "eq": {
      // NaN equals no literal that reaches this line, so that `max` counts whether or not there is any.
      const above = range.max === undefined ? undefined : compare(range.max, bound);
      return (fromMin === undefined || fromMin <= 0) && (above === undefined || above >= 0);
    }
    case "ne":
      return !(fromMin === 0 && fromMax === 0);
  }
}

/** Whether a literal is known not to be NaN, and so not above all others. */
function isNumber(expr: BoundExpr | undefined): boolean {
  return expr?.kind === "literal" && expr.value !== null && boundOf(expr.value, expr.type) !== undefined;
}

/** What is known of a column, or of a column under casts that keep the order; undefined: nothing. */
function rangeOf(expr: BoundExpr | undefined, columns: Columns, group: RowGroup): Range | undefined {
  if (expr?.kind === "cast") {
    const range = rangeOf(expr.input, columns, group);
    return range === undefined ? undefined : castRange(range, expr.type);
  }
  if (expr?.kind !== "column") return undefined;
  const node = columns.find((candidate) => candidate.field.name === expr.name);
  if (node?.kind !== "leaf") return undefined;
  const { plan } = node;
  const { statistics } = group.columns[plan.leaf] as RowGroup["columns"][number];
  const { nullCount } = statistics;
  const mayBeNaN = plan.physical === "FLOAT" || plan.physical === "DOUBLE";
  const min = statistics.min && decodeBound(plan, statistics.min);
  const max = statistics.max && decodeBound(plan, statistics.max);
  // Bounds that contradict each other, or of which one cannot be read, say nothing.
  const usable = min !== undefined && max !== undefined && compare(min, max) <= 0;
  return {
    type: expr.type,
    min: usable ? min : undefined,
    max: usable ? max : undefined,
    mayBeNaN,
    mayBeNull: node.field.nullable && nullCount !== 0,
    mayBeValue: !node.field.nullable || nullCount === undefined || nullCount < group.rowCount,
  };
}

const INTEGERS: readonly DataType["kind"][] = ["int8", "int16", "int32", "int64"];

/** The range behind a cast from integers to integers or DOUBLE: both keep the order, DOUBLE rounds as the cast does. */
function castRange(range: Range, type: DataType): Range | undefined {
  if (!INTEGERS.includes(range.type.kind)) return undefined;
  if (INTEGERS.includes(type.kind)) return { ...range, type };
  if (type.kind !== "float64") return undefined;
  return { ...range, type, min: toDouble(range.min), max: toDouble(range.max) };
}

function toDouble(bound: Bound | undefined): number | undefined {
  return bound === undefined ? undefined : Number(bound);
}

/** Whether values of both types are in the same unit. */
function comparable(a: DataType, b: DataType): boolean {
  return sameType(a, b) || (INTEGERS.includes(a.kind) && INTEGERS.includes(b.kind));
}

const encoder = new TextEncoder();

/** A literal as a bound; undefined for NaN and for types without an order that bounds have. */
function boundOf(value: Exclude<BoundValue, null>, type: DataType): Bound | undefined {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string") return type.kind === "string" ? encoder.encode(value) : undefined;
  return Number.isNaN(value) ? undefined : value;
}

/** A chunk's bound in the unit of the column's values; undefined when it is no value of the type, or NaN. */
function decodeBound({ physical, conversion, width }: ColumnPlan, bytes: Uint8Array): Bound | undefined {
  if (conversion.kind === "bytes") return bytes;
  if (conversion.kind === "decimal") return bytes.length === 0 ? undefined : bigEndian(bytes);
  // INT96 has no order in statistics.
  if (physical === "INT96" || bytes.length !== (physical === "BOOLEAN" ? 1 : width)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (physical) {
    case "BOOLEAN":
      return view.getUint8(0);
    case "INT32":
      return conversion.kind === "widen" && !conversion.signed ? view.getUint32(0, true) : view.getInt32(0, true);
    case "FLOAT":
    case "DOUBLE": {
      const value = width === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
      return Number.isNaN(value) ? undefined : value;
    }
    default: {
      if (conversion.kind === "widen64") return view.getBigUint64(0, true);
      const value = view.getBigInt64(0, true);
      return conversion.kind === "divide" ? floorDivide(value, BigInt(conversion.divisor)) : value;
    }
  }
}

function bigEndian(bytes: Uint8Array): bigint {
  let value = (bytes[0] as number) >= 0x80 ? -1n : 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}

/** Negative, zero or positive. Both are bytes or neither is. */
function compare(a: Bound, b: Bound): number {
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    const length = Math.min(a.length, b.length);
    for (let i = 0; i < length; i++) {
      if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
    }
    return a.length - b.length;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}
