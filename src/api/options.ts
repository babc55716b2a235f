// Option objects are checked once, where the user hands them in: a name that is not known is refused with its nearest
// neighbour, so that a typing error never means "the default".
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
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new PlanError("OPTION", `${where} takes an object of options, got ${describeValue(options)}`, {
      hint: `options: ${names.join(", ")}`,
    });
  }
  for (const name of Object.keys(options)) {
    if (!names.includes(name as keyof T & string)) {
      throw new PlanError("OPTION", `${where} has no option "${name}"`, { hint: hintNames(name, names, "options") });
    }
  }
  return options;
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
