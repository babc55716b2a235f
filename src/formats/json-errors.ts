// Messages of refused JSON records: what the kernel found, in words, with the value at fault.
import { type Field, typeName } from "../arrow/types.js";
import type { ErrorCode } from "../errors.js";
import { Reason } from "./json-layout.js";

/** Characters of a value that a message shows. */
const SHOWN = 40;

/** A refused record in words. `at` is the text from the byte at fault on, `field` the column whose value it is, if known. */
export function describeRefusal(
  reason: number,
  text: string,
  field: Field | undefined,
  limits: { recordBytes: number },
): { code: ErrorCode; message: string } {
  const column = field === undefined ? "the value" : `column "${field.name}" is ${typeName(field.type)}`;
  const found = shorten(text);
  const time = timeText(text);
  switch (reason) {
    case Reason.TOO_LARGE:
      return { code: "RECORD_TOO_LARGE", message: `the record is longer than ${limits.recordBytes} bytes` };
    case Reason.DEPTH:
      return { code: "JSON_DEPTH", message: "objects and arrays are nested more than 128 deep" };
    case Reason.NOT_OBJECT:
      return { code: "JSON_SHAPE", message: `the record is ${kindOf(text)}, expected an object` };
    case Reason.ARRAY:
      return { code: "JSON_SHAPE", message: "the record is an array; write one object a line, as `jq -c '.[]'` does" };
    case Reason.EXPECTED_KEY:
      return { code: "JSON", message: `expected a key in double quotes, found ${found}` };
    case Reason.EXPECTED_COLON:
      return { code: "JSON", message: `expected ":" behind a key, found ${found}` };
    case Reason.EXPECTED_VALUE:
      return { code: "JSON", message: `expected a value, found ${found}` };
    case Reason.EXPECTED_COMMA:
      return { code: "JSON", message: `expected "," or the closing bracket, found ${found}` };
    case Reason.TRAILING:
      return { code: "JSON", message: `expected the line's end behind the record, found ${found}` };
    case Reason.NUMBER:
      return { code: "JSON", message: `a number is not written as JSON wants it, at ${found}` };
    case Reason.ESCAPE:
      return { code: "JSON", message: `unknown escape ${found} in a string` };
    case Reason.CONTROL:
      return {
        code: "JSON",
        message: `control character U+${hex(text.charCodeAt(0))} in a string, write it as an escape`,
      };
    case Reason.OPEN_STRING:
      return { code: "JSON", message: "a string is not closed before the line's end" };
    case Reason.UTF8:
      return { code: "UTF8", message: "a string holds bytes that are not UTF-8" };
    case Reason.SURROGATE:
      return { code: "UTF8", message: `${found} is half of a surrogate pair, which is no character` };
    case Reason.WRONG_TYPE:
      return { code: "TYPE", message: `${column}, found ${kindOf(text)}: ${found}` };
    case Reason.NULL:
      return { code: "TYPE", message: `${column} NOT NULL, found null` };
    case Reason.MISSING:
      return { code: "TYPE", message: `${column} NOT NULL, but the record has no such key` };
    case Reason.NOT_INTEGER:
      return { code: "TYPE", message: `${column}, found a fraction: ${found}` };
    case Reason.RANGE:
      return { code: "OVERFLOW", message: `${column}, ${found} is out of its range` };
    case Reason.DIGITS:
      return { code: "TYPE", message: `${column}, ${found} has more digits behind the point` };
    case Reason.TIME_FORMAT:
      return { code: "TYPE", message: `${column}, found ${time}` };
    case Reason.TIME_RANGE:
      return { code: "TIME_RANGE", message: `${column}, there is no such time or it is out of range: ${time}` };
    case Reason.TIME_DIGITS:
      return { code: "TYPE", message: `${column}, ${time} has more digits of seconds` };
    case Reason.TIME_ZONE:
      return {
        code: "TYPE",
        message: `${column}, which has no zone, found an offset: ${time}; declare TIMESTAMP_LTZ`,
      };
    case Reason.BASE64:
      return { code: "TYPE", message: `${column}, found ${found}, which is not base64` };
    default:
      return { code: "INTERNAL", message: `the JSON kernel gave reason ${reason}` };
  }
}

/** A time's text up to its closing quote: the kernel points behind the opening one, and blanks and colons belong to it. */
function timeText(text: string): string {
  const inside = /^[^"\n]+/.exec(text)?.[0];
  return inside === undefined ? shorten(text) : cut(inside);
}

/** The token that a text begins with, at most 40 characters of it. */
function shorten(text: string): string {
  const line = text.split("\n", 1)[0] as string;
  if (line === "") return "the line's end";
  const token = /^(?:"(?:[^"\\]|\\.)*"?|[-+.\w]+|\\u[\da-fA-F]{4}|\\.|.)/s.exec(line)?.[0] ?? line;
  return cut(token);
}

function cut(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

/** What kind of value a JSON text begins with. */
function kindOf(text: string): string {
  const first = text[0] ?? "";
  if (first === '"') return "a string";
  if (first === "{") return "an object";
  if (first === "[") return "an array";
  if (first === "t" || first === "f") return "a boolean";
  if (first === "n") return "null";
  return "a number";
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, "0");
}
