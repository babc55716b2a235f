// The options of CSV, as a table keeps them under `csv`, and what they come to when some are left to be found out.
import * as v from "valibot";
import { PlanError } from "../errors.js";
import { checkFormatOptions } from "./options.js";

/** Longest text for NULL, in bytes. */
const NULL_BYTES_MAX = 255;

const character = v.pipe(
  v.string(),
  v.regex(/^[ -~\t]$/, "one ASCII character"),
  v.regex(/^[^a-zA-Z0-9]$/, "no letter, no digit"),
);
const maybeCharacter = v.union([character, v.literal("")]);
const text = v.pipe(v.string(), v.maxBytes(NULL_BYTES_MAX, `at most ${NULL_BYTES_MAX} bytes`));

export const CSV_OPTIONS = v.strictObject({
  delimiter: v.optional(character),
  quote: v.optional(maybeCharacter),
  escape: v.optional(character),
  comment: v.optional(maybeCharacter),
  header: v.optional(v.union([v.boolean(), v.pipe(v.array(v.string()), v.minLength(1))])),
  nulls: v.optional(v.union([text, v.array(text)]), ""),
  trim: v.optional(v.boolean(), false),
  skipRows: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  pad: v.optional(v.boolean(), false),
  decimal: v.optional(v.picklist([".", ","]), "."),
  thousands: v.optional(maybeCharacter, ""),
  duplicateNames: v.optional(v.picklist(["fail", "suffix"]), "fail"),
  newline: v.optional(v.picklist(["\n", "\r\n"]), "\n"),
  escapeFormulas: v.optional(v.boolean(), false),
});

/** The options with their defaults; what is undefined is found out from the first bytes. */
export type CheckedCsvOptions = v.InferOutput<typeof CSV_OPTIONS>;

/** @throws OPTION for unknown names, values that are not legal, and characters with two meanings */
export function checkCsvOptions(options: unknown, where: string): CheckedCsvOptions {
  const checked = checkFormatOptions(CSV_OPTIONS, options, "csv", where);
  const { delimiter, quote, escape: escaping, comment, decimal, thousands } = checked;
  const taken = new Map<string, string>();
  for (const [name, character] of Object.entries({ delimiter, quote, comment, decimal, thousands })) {
    if (character === undefined || character === "") continue;
    const other = taken.get(character);
    // A decimal comma stands in quotes where the comma delimits.
    const quoted = name === "decimal" || (name === "thousands" && other === "delimiter");
    if (other !== undefined && !quoted) throw twoMeanings(where, character, other, name);
    taken.set(character, name);
  }
  if (escaping !== undefined && (escaping === delimiter || escaping === comment)) {
    throw twoMeanings(where, escaping, escaping === delimiter ? "delimiter" : "comment", "escape");
  }
  return checked;
}

function twoMeanings(where: string, character: string, first: string, second: string): PlanError {
  return new PlanError("OPTION", `${where}: csv.${first} and csv.${second} are both ${JSON.stringify(character)}`, {
    hint: "give each a character of its own",
  });
}
