// The types of CSV columns from the text of their values. Every value of a column must be of its type's notation, texts for
// NULL aside:
//
//     BOOLEAN        true, false in any case          BIGINT   whole numbers of 64 bits without leading zeros
//     DOUBLE         other numbers, or both           DATE, TIME, TIMESTAMP(3), (6), TIMESTAMP_LTZ   in ISO or SQL notation
//     STRING         everything else: codes with leading zeros, mixtures, nothing but NULL
import { BOOLEAN, DATE, type DataType, FLOAT64, INT64, STRING, TIME, timestamp, timestampLtz } from "../arrow/types.js";
import { parseTimestamp } from "../arrow/values.js";
import { withoutBlanks } from "./csv-records.js";

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** How a value is written. */
export type Kind = "boolean" | "integer" | "float" | "date" | "time" | "local" | "utc" | "offset" | "text";

/** How numbers are written. */
export interface NumberMarks {
  readonly decimal: string;
  readonly thousands: string;
}

const BOOLEAN_TEXT = /^(?:true|false)$/i;
const INTEGER_TEXT = /^[-+]?(?:0|[1-9]\d*)$/;
const FLOAT_TEXT = /^[-+]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;
const SPECIAL_TEXT = /^(?:nan|[-+]?inf(?:inity)?)$/i;
const DATE_TEXT = /^\d{4}-\d\d-\d\d$/;
const TIME_TEXT = /^([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?$/;
const TIMESTAMP_TEXT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.(\d{1,6}))?)?(Z|[+-]\d\d:?\d\d)?$/;

/** How a text, blanks around it aside, is written. */
export function kindOf(raw: string, marks: NumberMarks): Kind {
  const text = withoutBlanks(raw);
  if (BOOLEAN_TEXT.test(text)) return "boolean";
  const number = plainNumber(text, marks);
  if (INTEGER_TEXT.test(number)) return isInt64(number) ? "integer" : "float";
  if (FLOAT_TEXT.test(number) || SPECIAL_TEXT.test(text)) return "float";
  if (DATE_TEXT.test(text)) return parseTimestamp(text, 3, false) === undefined ? "text" : "date";
  if (TIME_TEXT.test(text)) return "time";
  const match = TIMESTAMP_TEXT.exec(text);
  if (match === null || parseTimestamp(text, 6, true) === undefined) return "text";
  return match[2] === undefined ? "local" : match[2] === "Z" ? "utc" : "offset";
}

function plainNumber(text: string, { decimal, thousands }: NumberMarks): string {
  const whole = thousands === "" ? text : text.replaceAll(thousands, "");
  return decimal === "." ? whole : whole.replace(decimal, ".");
}

function isInt64(text: string): boolean {
  if (text.length < 19) return true;
  const value = BigInt(text.replace("+", ""));
  return value >= INT64_MIN && value <= INT64_MAX;
}

/** The kinds that a column has shown, and the most digits of a second's fraction. */
export class TypeGuess {
  readonly #kinds = new Set<Kind>();
  #digits = 0;

  /** A value that is text whatever it says. */
  addText(): void {
    this.#kinds.add("text");
  }

  add(text: string, marks: NumberMarks): void {
    const kind = kindOf(text, marks);
    this.#kinds.add(kind);
    if (kind !== "local" && kind !== "utc" && kind !== "offset") return;
    this.#digits = Math.max(this.#digits, /\.(\d+)/.exec(text)?.[1]?.length ?? 0);
  }

  get type(): DataType {
    const kinds = this.#kinds;
    const only = (...of: Kind[]) => kinds.size > 0 && [...kinds].every((kind) => of.includes(kind));
    if (only("boolean")) return BOOLEAN;
    if (only("integer")) return INT64;
    if (only("integer", "float")) return FLOAT64;
    if (only("date")) return DATE;
    if (only("time")) return TIME;
    const precision = this.#digits > 3 ? 6 : 3;
    if (only("date", "local", "utc")) return timestamp(precision);
    // An offset can be applied to an instant only, and a text without zone is none.
    return only("utc", "offset") ? timestampLtz(precision) : STRING;
  }
}
