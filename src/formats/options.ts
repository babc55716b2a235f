// Options of a format, as a table keeps them under the format's name, checked against the schema that the format owns.
import * as v from "valibot";
import { hintNames, PlanError } from "../errors.js";

/** A strict object: what it does not name is refused. */
export type OptionsSchema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/**
 * The options, with the schema's defaults.
 * @param format - the format's name, as messages write it before each option
 * @param where - the table, for messages
 * @throws OPTION for an unknown name, with the nearest, and for a value that is not legal
 */
export function checkFormatOptions<S extends OptionsSchema>(
  schema: S,
  options: unknown,
  format: string,
  where: string,
): v.InferOutput<S> {
  const names = Object.keys(schema.entries);
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new PlanError("OPTION", `${where}: ${format} takes an object of options`, {
      hint: names.length === 0 ? `${format} has no options` : `options: ${names.join(", ")}`,
    });
  }
  const parsed = v.safeParse(schema, options);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = (issue.path ?? []).map(({ key }) => String(key)).join(".");
  if (issue.type === "strict_object") {
    throw new PlanError("OPTION", `${where}: ${format} has no option "${path}"`, {
      hint: names.length === 0 ? `${format} has no options` : hintNames(path, names, "options"),
    });
  }
  throw new PlanError("OPTION", `${where}: ${format}.${path} is ${issue.received}`, {
    hint: issue.expected === null ? issue.message : `legal: ${issue.expected}`,
  });
}
