// Arguments and option objects are checked once, where the user hands them in: a name that is not known is refused with
// its nearest neighbour, so that a typing error never means "the default", and null never means "not given".
import type { ReadOptions } from "../arrow/rows.js";
import { parseSchema, type Schema } from "../arrow/types.js";
import { hintNames, PlanError } from "../errors.js";

/**
 * The options, `{}` for none.
 * @param names - all legal names
 * @param where - what takes the options, as the message names it
 * @throws OPTION
 */
export function checkOptions<T extends object>(
  options: T | undefined,
  names: readonly (keyof T & string)[],
  where: string,
): Partial<T> {
  if (options === undefined) return {};
  checkRecord(options, where, "an object of options", `options: ${names.join(", ")}`);
  for (const name of Object.keys(options)) {
    if (!names.includes(name as keyof T & string)) {
      throw new PlanError("OPTION", `${where} has no option "${name}"`, { hint: hintNames(name, names, "options") });
    }
  }
  return options;
}

/** What an argument of the wrong kind is refused with: `where` takes something else. */
export function wrongArgument(where: string, takes: string, value: unknown, hint: string): PlanError {
  return new PlanError("OPTION", `${where} takes ${takes}, got ${describeValue(value)}`, { hint });
}

/** The value when it is an object of names with something each: no array, not null. @throws OPTION */
export function checkRecord<T extends object>(value: T, where: string, takes: string, hint: string): T {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw wrongArgument(where, takes, value, hint);
}

/** @throws OPTION for what is no function */
export function checkFunction(value: unknown, where: string, hint: string): void {
  if (typeof value !== "function") throw wrongArgument(where, "a function", value, hint);
}

/**
 * The value when it is text, of one character at least unless `lengthMin` says otherwise.
 * @param what - what the text is, with its article: "a path"
 * @throws OPTION
 */
export function checkText(value: string, where: string, what: string, lengthMin = 1): string {
  if (typeof value === "string" && value.length >= lengthMin) return value;
  throw wrongArgument(where, what, value, `${what} as text`);
}

/** The value when it is true or false. @throws OPTION */
export function checkFlag(value: boolean, what: string): boolean {
  if (typeof value === "boolean") return value;
  throw wrongArgument(what, "true or false", value, `{ ${what}: true }`);
}

/** How rows are to be read. @throws OPTION */
export function checkReadOptions(options: ReadOptions | undefined, where: string): ReadOptions {
  const checked = checkOptions(options, ["bigint"], where);
  if (checked.bigint !== undefined) checkFlag(checked.bigint, "bigint");
  return checked;
}

/** The schema of its literal. @throws OPTION, TYPE */
export function checkSchema(literal: Readonly<Record<string, string>>): Schema {
  return parseSchema(checkRecord(literal, "schema", "an object of columns", '{ ts: "TIMESTAMP(3)", price: "DOUBLE" }'));
}

/** The value when it is one of `legal`. @throws OPTION */
export function checkChoice<T extends string>(value: T, legal: readonly T[], what: string): T {
  if (legal.includes(value)) return value;
  throw new PlanError("OPTION", `${what} is ${describeValue(value)}`, {
    hint: hintNames(String(value), legal, "legal"),
  });
}

/** The value when it is a whole number from `min` to `max`. @throws OPTION */
export function checkInteger(value: number, min: number, what: string, max = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  const end = max === Number.MAX_SAFE_INTEGER ? "on" : `to ${max}`;
  throw new PlanError("OPTION", `${what} is ${describeValue(value)}`, { hint: `a whole number from ${min} ${end}` });
}

/** The value when it is a number from `min` to `max`. @throws OPTION */
export function checkNumber(value: number, min: number, max: number, what: string): number {
  if (typeof value === "number" && value >= min && value <= max) return value;
  throw new PlanError("OPTION", `${what} is ${describeValue(value)}`, { hint: `a number from ${min} to ${max}` });
}

/** The milliseconds of a date. @throws OPTION */
export function checkDate(value: Date, what: string): number {
  const ms = value instanceof Date ? value.getTime() : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new PlanError("OPTION", `${what} is ${describeValue(value)}`, { hint: "a Date" });
}

/** A value in a message: text in quotes, objects by their kind. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}
