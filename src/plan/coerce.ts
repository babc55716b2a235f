// Type rules of expressions: the common type of several values, DECIMAL scales, which casts exist. These are Flink's
// rules (LogicalTypeMerging, LogicalTypeCasts), so that a plan rendered for Flink has the same types there.
import { type DataType, decimal, FLOAT32, FLOAT64, isNested, isTimestamp, typeName } from "../arrow/types.js";
import { PlanError } from "../errors.js";

type Decimal = Extract<DataType, { kind: "decimal" }>;

/** Digits that an integer type may have, its precision when it meets a DECIMAL. */
const INTEGER_DIGITS: Partial<Record<DataType["kind"], number>> = { int8: 3, int16: 5, int32: 10, int64: 19 };
const PRECISION_MAX = 38;
/** Fraction digits that a result keeps at least when its precision had to be cut to 38. */
const SCALE_KEPT = 6;

export function isInteger(type: DataType): boolean {
  return type.kind in INTEGER_DIGITS;
}

export function isFloat(type: DataType): boolean {
  return type.kind === "float32" || type.kind === "float64";
}

export function isDecimal(type: DataType): type is Decimal {
  return type.kind === "decimal";
}

export function isNumeric(type: DataType): boolean {
  return isInteger(type) || isFloat(type) || isDecimal(type);
}

/** Dates and times, without intervals. */
export function isTemporal(type: DataType): boolean {
  return type.kind === "date" || type.kind === "time" || isTimestamp(type);
}

/** An exact number's type as DECIMAL: the smallest that holds all its values. */
export function asDecimal(type: DataType): Decimal {
  if (isDecimal(type)) return type;
  return decimal(INTEGER_DIGITS[type.kind] as number, 0) as Decimal;
}

/** The type that all values can be cast to without loss of meaning, or null. NULL literals follow the others. */
export function commonType(types: readonly DataType[]): DataType | null {
  let common: DataType | null = null;
  for (const type of types) {
    if (type.kind === "null") continue;
    common = common === null ? type : commonOfTwo(common, type);
    if (common === null) return null;
  }
  return common ?? { kind: "null" };
}

function commonOfTwo(a: DataType, b: DataType): DataType | null {
  if (typeName(a) === typeName(b)) return a;
  if (isNumeric(a) && isNumeric(b)) return commonNumber(a, b);
  if (isTimestamp(a) && isTimestamp(b)) {
    // Of a wall-clock time and an instant the instant wins.
    const kind = a.kind === "timestamp_ltz" ? a.kind : b.kind;
    return Object.freeze({ kind, precision: Math.max(a.precision, b.precision) });
  }
  if (a.kind === "date" && isTimestamp(b)) return b;
  if (b.kind === "date" && isTimestamp(a)) return a;
  return null;
}

function commonNumber(a: DataType, b: DataType): DataType {
  if (isFloat(a) || isFloat(b)) {
    // FLOAT meets an integer as FLOAT; DECIMAL and DOUBLE make it DOUBLE.
    const double = [a, b].some((type) => type.kind === "float64" || isDecimal(type));
    return double ? FLOAT64 : FLOAT32;
  }
  if (isInteger(a) && isInteger(b)) {
    return (INTEGER_DIGITS[a.kind] as number) >= (INTEGER_DIGITS[b.kind] as number) ? a : b;
  }
  const [left, right] = [asDecimal(a), asDecimal(b)];
  const whole = Math.min(Math.max(left.precision - left.scale, right.precision - right.scale), PRECISION_MAX);
  const scale = Math.min(Math.max(left.scale, right.scale), PRECISION_MAX - whole);
  return decimal(whole + scale, scale);
}

/** Cuts a precision beyond 38 at the cost of the scale, so that the digits before the point stay. */
function fitted(precision: number, scale: number): DataType {
  if (precision <= PRECISION_MAX) return decimal(precision, scale);
  const kept = Math.max(PRECISION_MAX - (precision - scale), Math.min(scale, SCALE_KEPT));
  return decimal(PRECISION_MAX, kept);
}

export type DecimalOperation = "add" | "sub" | "mul" | "div" | "mod";

/** The type of `a op b` where at least one is a DECIMAL and none a float. */
export function decimalResult(operation: DecimalOperation, a: DataType, b: DataType): DataType {
  const { precision: p1, scale: s1 } = asDecimal(a);
  const { precision: p2, scale: s2 } = asDecimal(b);
  const scale = Math.max(s1, s2);
  switch (operation) {
    case "add":
    case "sub":
      return fitted(Math.max(p1 - s1, p2 - s2) + scale + 1, scale);
    case "mul":
      return fitted(p1 + p2 + 1, s1 + s2);
    case "div": {
      const quotientScale = Math.max(SCALE_KEPT, s1 + p2 + 1);
      return fitted(p1 - s1 + s2 + quotientScale, quotientScale);
    }
    case "mod":
      return fitted(Math.min(p1 - s1, p2 - s2) + scale, scale);
  }
}

/** The type of `ROUND(value, digits)` of a DECIMAL; one digit more before the point, as 9.9 becomes 10. */
export function decimalRounded({ precision, scale }: Decimal, digits: number): DataType {
  if (digits >= scale) return decimal(precision, scale);
  const whole = precision - scale + 1;
  return decimal(Math.min(PRECISION_MAX, whole + Math.max(digits, 0)), Math.max(digits, 0));
}

/** Whether `CAST(x AS target)` exists; single values may still fail. */
function canCast(from: DataType, to: DataType): boolean {
  if (from.kind === "null" || typeName(from) === typeName(to)) return true;
  if (isNested(from) || isNested(to)) return false;
  if (to.kind === "string") return true;
  if (from.kind === "string") return isNumeric(to) || isTemporal(to) || to.kind === "boolean" || to.kind === "binary";
  if (isNumeric(from)) return isNumeric(to) || to.kind === "boolean";
  if (from.kind === "boolean") return isNumeric(to);
  if (from.kind === "date") return isTimestamp(to);
  if (isTimestamp(from)) return isTimestamp(to) || to.kind === "date" || to.kind === "time";
  return false;
}

/** @throws TYPE naming both types unless the cast exists. */
export function checkCast(from: DataType, to: DataType, text: string): void {
  if (canCast(from, to)) return;
  throw new PlanError("TYPE", `${typeName(from)} cannot be cast to ${typeName(to)}: ${text}`, {
    hint: castHint(from, to),
  });
}

function castHint(from: DataType, to: DataType): string {
  if (isInteger(from) && isTimestamp(to)) return "from_epoch_ms(x) makes a TIMESTAMP_LTZ of milliseconds";
  if (isTimestamp(from) && isInteger(to)) return "to_epoch_ms(x) gives the milliseconds since 1970-01-01";
  return "STRING takes and gives values of every scalar type";
}
