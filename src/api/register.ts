// Functions of the program itself in expressions and in SQL, by name and version, with declared types.
import { parseType } from "../arrow/types.js";
import type { Catalog } from "../plan/catalog.js";
import { addUserFunction, type UserScalar } from "../plan/user-functions.js";
import { type ColumnsIn, call, type Expression, type Operand } from "./expression.js";
import { checkFunction, checkOptions, checkText, wrongArgument } from "./options.js";
import type { TypeName, ValueOf } from "./types.js";

/** Types of a function's arguments and of its result, and its version: a checkpoint restores into the same one. */
export interface FunctionTypes<A extends readonly TypeName[], R extends TypeName> {
  readonly args: A;
  readonly returns: R;
  /** "1" unless given. */
  readonly version?: string;
}

/** What a function gets: the values that rows have, and null for NULL. */
export type ArgumentsOf<A extends readonly TypeName[]> = { [K in keyof A]: ValueOf<A[K]> | null };

/** A registered function as the API calls it. */
export type Registered<A extends readonly TypeName[], R extends TypeName> = <
  const O extends { readonly [K in keyof A]: Operand },
>(
  ...operands: O
) => Expression<ColumnsIn<O[number]>, ValueOf<R> | null>;

/** @throws OPTION, TYPE */
export function registerFunction<const A extends readonly TypeName[], R extends TypeName>(
  catalog: Catalog,
  name: string,
  types: FunctionTypes<A, R>,
  fn: (...args: ArgumentsOf<A>) => ValueOf<R> | null,
): Registered<A, R> {
  checkText(name, "registerFunction()", "a name");
  const { args, returns, version = "1" } = checkOptions(types, ["args", "returns", "version"], "registerFunction()");
  if (!Array.isArray(args))
    throw wrongArgument("registerFunction()", "types of arguments", args, '{ args: ["STRING"] }');
  const result = checkText(returns ?? "", "registerFunction()", "a type of the result");
  checkText(version, "registerFunction()", "a version");
  checkFunction(fn, "registerFunction()", "a synchronous function of values");
  const id = addUserFunction({
    ...{ name, version, returns: parseType(result).type, fn: fn as UserScalar },
    args: args.map((type: string) => parseType(type).type),
  });
  catalog.functions.set(name.toUpperCase(), id);
  return (...operands) => call(id, ...operands);
}
