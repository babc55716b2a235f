// Typing of calls, one small function a form: the arguments as they come → the types they are cast to and the result's,
// or null when the form does not take them. The rows of functions.ts are made of these.
import {
  BOOLEAN,
  type DataType,
  decimal,
  FLOAT64,
  INT32,
  INT64,
  INTERVAL,
  isNested,
  isTimestamp,
  STRING,
  TIMESTAMP,
  timestampLtz,
  typeName,
} from "../arrow/types.js";
import { hintNames, PlanError } from "../errors.js";
import {
  asDecimal,
  commonType,
  type DecimalOperation,
  decimalResult,
  decimalRounded,
  isDecimal,
  isFloat,
  isInteger,
  isNumeric,
  isTemporal,
} from "./coerce.js";
import type { BoundValue } from "./expr.js";
import { parseLike } from "./scalar/text.js";
import { EVEN_UNITS, MONTH_UNITS, PARTS } from "./scalar/time.js";

/** An argument as bound so far. `value` is set when it is a literal. */
export interface Argument {
  readonly type: DataType;
  readonly nullable: boolean;
  readonly value?: BoundValue;
}

/** How a call is computed: arguments cast to `args`, the function of result `type`, that cast to `castTo`. */
export interface Resolved {
  readonly args: readonly DataType[];
  readonly type: DataType;
  /** Another row than the one that was called, for operators with several meanings. */
  readonly fn?: string;
  readonly castTo?: DataType;
  /** Set where the null rule says too little. */
  readonly nullable?: boolean;
}

export type Form = (args: readonly Argument[]) => Resolved | null;

/** Digits that fit the 64-bit layout of decimals, which kernels compute in. */
const FAST_DIGITS = 18;

/** Integers are computed in 32 or 64 bits, floats in 64. */
function computed(type: DataType): DataType {
  if (isInteger(type)) return type.kind === "int64" ? INT64 : INT32;
  return isFloat(type) ? FLOAT64 : type;
}

/** `type` computed in a wider one and cast back. */
function narrowed(args: readonly DataType[], wide: DataType, type: DataType): Resolved {
  return wide.kind === type.kind ? { args, type } : { args, type: wide, castTo: type };
}

/** A NULL literal takes the type of its neighbour. */
function typed(args: readonly Argument[]): DataType[] {
  const known = args.find((arg) => arg.type.kind !== "null")?.type ?? INT32;
  return args.map((arg) => (arg.type.kind === "null" ? known : arg.type));
}

export function arithmetic(operation: DecimalOperation): Form {
  return (args) => {
    if (args.length !== 2) return null;
    const [left, right] = typed(args) as [DataType, DataType];
    if (!isNumeric(left) || !isNumeric(right)) return timeArithmetic(operation, left, right);
    const common = commonType([left, right]) as DataType;
    if (isDecimal(common)) return decimalArithmetic(operation, left, right);
    const wide = computed(common);
    return narrowed([wide, wide], wide, operation === "mod" && isInteger(common) ? right : common);
  };
}

function decimalArithmetic(operation: DecimalOperation, left: DataType, right: DataType): Resolved {
  const type = decimalResult(operation, left, right) as DataType & { kind: "decimal" };
  const [a, b] = [asDecimal(left), asDecimal(right)];
  const scale = Math.max(a.scale, b.scale);
  if (operation !== "mul" && operation !== "div" && type.scale === scale) {
    // Of one scale, so that the sum of the scaled integers is the scaled sum.
    const digits = Math.max(a.precision - a.scale, b.precision - b.scale) + scale;
    if (digits <= FAST_DIGITS) return { args: [decimal(digits, scale), decimal(digits, scale)], type };
  }
  return { args: [a, b], type };
}

function timeArithmetic(operation: DecimalOperation, left: DataType, right: DataType): Resolved | null {
  const [a, b] = [left.kind, right.kind];
  const additive = operation === "add" || operation === "sub";
  if (a === "interval" && b === "interval" && additive) return { args: [INTERVAL, INTERVAL], type: INTERVAL };
  if (operation === "mul" && a === "interval" && isInteger(right)) return { args: [INTERVAL, INT64], type: INTERVAL };
  if (operation === "mul" && isInteger(left) && b === "interval") return { args: [INT64, INTERVAL], type: INTERVAL };
  if (operation === "div" && a === "interval" && isInteger(right)) return { args: [INTERVAL, INT64], type: INTERVAL };
  const moment = (type: DataType): DataType | null =>
    type.kind === "date" ? TIMESTAMP : isTimestamp(type) ? type : null;
  const [from, to] = [moment(left), moment(right)];
  if (from !== null && b === "interval" && additive) {
    return { fn: operation === "add" ? "time_add" : "time_sub", args: [from, INTERVAL], type: from };
  }
  if (a === "interval" && to !== null && operation === "add") return { fn: "time_add", args: [INTERVAL, to], type: to };
  if (from !== null && to !== null && operation === "sub") return { fn: "time_diff", args: [from, to], type: INTERVAL };
  return null;
}

export function sameNumber({ interval = false }: { interval?: boolean }): Form {
  return (args) => {
    const [type] = typed(args);
    if (args.length !== 1 || type === undefined) return null;
    if (type.kind === "interval") return interval ? { args: [type], type } : null;
    if (!isNumeric(type)) return null;
    const wide = computed(type);
    return narrowed([wide], wide, type);
  };
}

/** ceil, floor: a DECIMAL loses its scale and keeps its precision, which has room for a carry. */
export const wholeNumber: Form = (args) => {
  const [type] = typed(args);
  if (args.length !== 1 || type === undefined || !isNumeric(type)) return null;
  if (isDecimal(type)) return { args: [type], type: decimal(type.precision, 0) };
  const wide = computed(type);
  return narrowed([wide], wide, type);
};

export const rounded: Form = (args) => {
  const [type] = typed(args);
  const digits = args[1];
  if (args.length < 1 || args.length > 2 || type === undefined || !isNumeric(type)) return null;
  if (digits !== undefined && !isInteger(digits.type)) return null;
  const more = digits === undefined ? [] : [INT32];
  if (!isDecimal(type)) {
    const wide = computed(type);
    return narrowed([wide, ...more], wide, type);
  }
  if (digits !== undefined && digits.value === undefined) {
    throw new PlanError("TYPE", "round() of a DECIMAL needs a literal number of digits", {
      hint: "the digits decide the type of the result; cast the number to DOUBLE to round by a column",
    });
  }
  return { args: [type, ...more], type: decimalRounded(type, Number(digits?.value ?? 0)) };
};

export function doubles(count: number): Form {
  return (args) => {
    if (args.length !== count || !typed(args).every(isNumeric)) return null;
    return { args: args.map(() => FLOAT64), type: FLOAT64 };
  };
}

/** Types that values are compared in, or null when they cannot be. */
export function comparable(args: readonly Argument[]): DataType[] | null {
  const known = args.filter((arg) => arg.type.kind !== "null" && !isReadable(arg));
  const common = commonType((known.length > 0 ? known : args).map((arg) => arg.type));
  if (common === null || isNested(common)) return null;
  // A string literal is read as whatever it is compared with, when that is a time or a DECIMAL.
  if (known.length < args.length && args.some(isReadable) && !isReadableAs(common)) return null;
  if (isDecimal(common) && cutsDecimals(common, args))
    return args.map((arg) => (isNumeric(arg.type) ? asDecimal(arg.type) : common));
  return args.map(() => computed(common));
}

const isReadable = (arg: Argument): boolean => arg.type.kind === "string" && typeof arg.value === "string";
const isReadableAs = (type: DataType): boolean => type.kind === "string" || isTemporal(type) || isDecimal(type);

/** With more than 38 digits in all the common type rounds: then the values are compared in their own types. */
function cutsDecimals(common: DataType & { kind: "decimal" }, args: readonly Argument[]): boolean {
  return args.some((arg) => isNumeric(arg.type) && asDecimal(arg.type).scale > common.scale);
}

export function compared(least: number, most: number): Form {
  return (args) => {
    const types = args.length >= least && args.length <= most ? comparable(args) : null;
    return types === null ? null : { args: types, type: BOOLEAN };
  };
}

export function bool(least: number, most: number): Form {
  return (args) => {
    const fits = args.length >= least && args.length <= most;
    if (!fits || args.some(({ type }) => type.kind !== "boolean" && type.kind !== "null")) return null;
    return { args: args.map(() => BOOLEAN), type: BOOLEAN };
  };
}

export const anything: Form = (args) =>
  args.length === 1 ? { args: args.map((arg) => arg.type), type: BOOLEAN } : null;

export const chosen: Form = (args) => {
  const common = args.length > 0 ? commonType(args.map((arg) => arg.type)) : null;
  return common === null || isNested(common)
    ? null
    : { args: args.map(() => common), type: common, nullable: args.every((arg) => arg.nullable) };
};

export const extreme: Form = (args) => {
  const common = args.length > 0 ? commonType(args.map((arg) => arg.type)) : null;
  if (common === null || common.kind === "boolean" || comparable(args) === null) return null;
  const wide = computed(common);
  return narrowed(
    args.map(() => wide),
    wide,
    common,
  );
};

/** Strings and integers in fixed places; the last `optional` may be missing. */
export function text(types: readonly DataType[], type: DataType, optional = 0): Form {
  return (args) => {
    if (args.length > types.length || args.length < types.length - optional) return null;
    const fits = args.every((arg, i) => {
      return (
        arg.type.kind === "null" ||
        (types[i]?.kind === "int32"
          ? isInteger(arg.type) && arg.type.kind !== "int64"
          : arg.type.kind === types[i]?.kind)
      );
    });
    return fits ? { args: types.slice(0, args.length), type } : null;
  };
}

/** A negative length has no result: NULL. */
const maybeNegative =
  (form: Form, place: number): Form =>
  (args) => {
    const resolved = form(args);
    if (resolved === null) return null;
    const length = args[place];
    const certain = length === undefined || (typeof length.value === "number" && length.value >= 0);
    return { ...resolved, nullable: !certain || args.some((arg) => arg.nullable) };
  };

export const substring = maybeNegative(text([STRING, INT32, INT32], STRING, 1), 2);
export const padded: Form = (args) => {
  const resolved = text([STRING, INT32, STRING], STRING, 1)(args);
  return resolved === null ? null : { ...resolved, nullable: true };
};

export const joined: Form = (args) =>
  text(
    args.map(() => STRING),
    STRING,
  )(args);

export const like: Form = (args) => {
  const resolved = text([STRING, STRING, STRING], BOOLEAN, 1)(args);
  const [, pattern, mark] = args;
  if (resolved === null) return null;
  if (mark !== undefined && (typeof mark.value !== "string" || Array.from(mark.value).length !== 1)) {
    throw new PlanError("TYPE", "the escape of LIKE is one literal character", {
      hint: "for example LIKE '50!%' ESCAPE '!'",
    });
  }
  if (typeof pattern?.value === "string" && parseLike(pattern.value, (mark?.value as string) ?? null) === null) {
    throw new PlanError("TYPE", `LIKE '${pattern.value}' escapes a character that needs none`, {
      hint: "the escape character may stand before %, _ and itself",
    });
  }
  return resolved;
};

/** The literal name of a unit. @throws TYPE naming the nearest. */
function unitName(arg: Argument | undefined, known: Iterable<string>, where: string): void {
  const names = [...known];
  if (typeof arg?.value === "string" && names.includes(arg.value)) return;
  throw new PlanError(
    "TYPE",
    `${where} needs a unit of time as a literal${arg?.value === undefined ? "" : `, not ${String(arg.value)}`}`,
    {
      hint: hintNames(String(arg?.value ?? ""), names, "units"),
    },
  );
}

export const extract: Form = (args) => {
  const [unit, value] = args;
  if (args.length !== 2 || value === undefined || !isTemporal(value.type)) return null;
  unitName(unit, Object.keys(PARTS), "extract()");
  return { args: [STRING, value.type], type: INT64 };
};

export const timePart: Form = (args) => {
  const [value] = args;
  return args.length === 1 && value !== undefined && isTemporal(value.type)
    ? { args: [value.type], type: INT64 }
    : null;
};

export const dateFloor: Form = (args) => {
  const [value, unit] = args;
  if (args.length !== 2 || value === undefined || !(value.type.kind === "date" || isTimestamp(value.type))) return null;
  unitName(unit, [...Object.keys(EVEN_UNITS), ...Object.keys(MONTH_UNITS)], "date_floor()");
  return { args: [value.type, STRING], type: value.type };
};

export const toEpoch: Form = (args) => {
  const [value] = args;
  return args.length === 1 && value !== undefined && isTimestamp(value.type)
    ? { args: [value.type], type: INT64 }
    : null;
};

export const fromEpoch: Form = (args) => {
  return args.length === 1 && typed(args).every(isInteger) ? { args: [INT64], type: timestampLtz(3) } : null;
};

// Nested values: what is taken out of an ARRAY, a MAP or a ROW

/** ROW, literal name. @throws UNKNOWN_COLUMN naming the nearest fields. */
export const fieldOf: Form = (args) => {
  const [row, name] = args;
  if (args.length !== 2 || row === undefined || row.type.kind !== "row" || typeof name?.value !== "string") return null;
  const found = row.type.fields.find((candidate) => candidate.name === name.value);
  if (found !== undefined) {
    return { args: [row.type, STRING], type: found.type, nullable: row.nullable || found.nullable };
  }
  throw new PlanError("UNKNOWN_COLUMN", `no field "${name.value}" in ${typeName(row.type)}`, {
    hint: hintNames(
      name.value,
      row.type.fields.map((candidate) => candidate.name),
      "fields",
    ),
  });
};

/** ARRAY, integer from 1. @throws TYPE for a literal below 1, which no element has */
export const elementAt: Form = (args) => {
  const [list, index] = args;
  if (args.length !== 2 || list?.type.kind !== "array" || index === undefined || !isInteger(index.type)) return null;
  if (index.value !== undefined && index.value !== null && Number(index.value) < 1) {
    throw new PlanError("TYPE", `no array has an element ${String(index.value)}`, {
      hint: "elements are counted from 1, as in SQL",
    });
  }
  return { args: [list.type, INT64], type: list.type.element.type, nullable: true };
};

/** MAP, key. */
export const valueOfKey: Form = (args) => {
  const [map, key] = args;
  if (args.length !== 2 || map?.type.kind !== "map" || key === undefined) return null;
  const types = comparable([{ type: map.type.key.type, nullable: false }, key]);
  return types === null ? null : { args: [map.type, types[1] as DataType], type: map.type.value.type, nullable: true };
};

export const elementCount: Form = (args) => {
  const [list] = args;
  return args.length === 1 && (list?.type.kind === "array" || list?.type.kind === "map")
    ? { args: [list.type], type: INT32 }
    : null;
};

/** ARRAY, element: NULL only where the array is. */
export const arrayWith: Form = (args) => {
  const [list, element] = args;
  if (args.length !== 2 || list?.type.kind !== "array" || element === undefined) return null;
  const types = comparable([list.type.element, element]);
  return types === null ? null : { args: [list.type, types[1] as DataType], type: BOOLEAN, nullable: list.nullable };
};

// Aggregates: type of the argument, or null for COUNT(*) → type of the result, or null when it does not take it.

export const countRows = (argument: DataType | null): DataType | null => (argument === null ? INT64 : null);
export const countValues = (argument: DataType | null): DataType | null => (argument === null ? null : INT64);

export function sum(argument: DataType | null): DataType | null {
  if (argument === null || !isNumeric(argument)) return null;
  return isInteger(argument) ? INT64 : isDecimal(argument) ? decimal(38, argument.scale) : argument;
}

export function extremeValue(argument: DataType | null): DataType | null {
  if (argument === null) return null;
  const isText = argument.kind === "string" || argument.kind === "binary";
  return isText || isNumeric(argument) || isTemporal(argument) ? argument : null;
}

export function average(argument: DataType | null): DataType | null {
  if (argument === null || !isNumeric(argument)) return null;
  return isDecimal(argument) ? decimal(38, Math.max(6, argument.scale)) : FLOAT64;
}
