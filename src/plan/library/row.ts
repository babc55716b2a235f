// Rows of functions that are loaded late: as those of functions.ts, with what they give on one row beside them.
import type { DataType } from "../../arrow/types.js";
import { type FunctionRow, fn, type NullRule } from "../functions.js";
import type { CellFunction, ScalarFunction } from "../scalar/value.js";
import type { Argument, Form, Resolved } from "../signatures.js";

interface More {
  /** Family of kernels in operators/library; `late`, which goes row by row, unless given. */
  readonly kernel?: string;
  readonly volatile?: boolean;
  /** Whether some arguments have no value and fail their row. */
  readonly raises?: boolean;
}

/** One row, by its name in Flink. A form alone is strict. */
export function late(
  flink: string,
  form: Form | NullRule,
  signature: string,
  scalar: CellFunction,
  { kernel = "late", volatile = false, raises = false }: More = {},
): FunctionRow {
  const row = fn(flink.toLowerCase(), flink, kernel, form, signature);
  return Object.freeze({ ...row, scalar: scalar as ScalarFunction, volatile, total: !volatile && !raises });
}

/** The form, whose result may be NULL though no argument is. */
export function maybe(form: Form): Form {
  return (args) => {
    const resolved = form(args);
    return resolved === null ? null : { ...resolved, nullable: true };
  };
}

/** The first form that takes the arguments. */
export function oneOf(...forms: readonly Form[]): Form {
  return (args) => {
    for (const form of forms) {
      const resolved = form(args);
      if (resolved !== null) return resolved;
    }
    return null;
  };
}

/** Arguments that each rule takes, in order: a rule gives the type that an argument is cast to, or null. */
export function takes(
  rules: readonly Rule[],
  type: DataType | ((types: readonly DataType[]) => DataType),
  optional = 0,
): Form {
  return (args): Resolved | null => {
    if (args.length > rules.length || args.length < rules.length - optional) return null;
    const types: DataType[] = [];
    for (const [place, arg] of args.entries()) {
      const to = (rules[place] as Rule)(arg);
      if (to === null) return null;
      types.push(to);
    }
    return { args: types, type: typeof type === "function" ? type(types) : type };
  };
}

export type Rule = (arg: Argument) => DataType | null;

/** The text of a literal; undefined when it is none. */
export function literalText(arg: Argument | undefined): string | undefined {
  return typeof arg?.value === "string" ? arg.value : undefined;
}
