// The schema of NDJSON from its first lines. Types are told from the text of the values, not from their JavaScript values,
// which have no 64-bit integers:
//
//     BIGINT         whole numbers of 64 bits       DOUBLE   other numbers, or both, or NaN and infinities as text among them
//     BOOLEAN        true, false
//     TIMESTAMP(3)   ISO or SQL timestamps throughout, with Z or without zone; (6) when there are more digits;
//                    TIMESTAMP_LTZ when all have a zone and one is an offset
//     STRING         other text, objects and arrays (as JSON text), nothing but null, and mixtures
import {
  BOOLEAN,
  type DataType,
  FLOAT64,
  field,
  INT64,
  type Schema,
  STRING,
  schemaOf,
  timestamp,
  timestampLtz,
} from "../arrow/types.js";
import { parseTimestamp } from "../arrow/values.js";
import { DataError, SchemaError } from "../errors.js";
import { byteOrderMark } from "./byte-order-mark.js";
import type { Sample } from "./format.js";

/** Lines that are looked at. */
const LINES_MAX = 10_000;
/** Different keys that a schema is made of at most. */
const COLUMNS_MAX = 10_000;
const NEWLINE = 0x0a;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Which kinds of values a column has shown. */
interface Guess {
  integer: boolean;
  float: boolean;
  boolean: boolean;
  text: boolean;
  /** NaN and the infinities as the encoder writes them: numbers among numbers, text by themselves. */
  special: boolean;
  nested: boolean;
  /** Timestamps by their zone. */
  local: boolean;
  utc: boolean;
  offset: boolean;
  /** Most digits of a second's fraction. */
  digits: number;
}

/**
 * The schema of the sample's records, columns in the order in which their keys first appear, all nullable. Lines that are no
 * JSON are left to the decoder and its row policy, as long as there are others.
 * @throws SCHEMA_EMPTY, ENCODING, TOO_MANY_COLUMNS; JSON or JSON_SHAPE when no line is a JSON object
 */
export function inferJsonSchema(sample: Sample, linesMax = LINES_MAX): Schema {
  const { bytes, source } = sample;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const guesses = new Map<string, Guess>();
  let refusal: DataError | undefined;
  let records = 0;
  let start = byteOrderMark(bytes, source);
  for (let line = 1; line <= linesMax && start < bytes.length; line++) {
    let end = bytes.indexOf(NEWLINE, start);
    if (end < 0) {
      if (!sample.complete && records > 0) break;
      end = bytes.length;
    }
    const record = readRecord(decoder, bytes.slice(start, end), { source, line, byte: start });
    if (record instanceof DataError) {
      refusal ??= record;
      // An array over several lines may hold lines that are objects: it is no NDJSON all the same.
      if (records === 0 && record.code === "JSON_SHAPE") throw record;
    } else if (record !== null) {
      records++;
      for (const [name, value] of members(record)) guess(guesses, name, value);
      if (guesses.size > COLUMNS_MAX) throw tooManyColumns(source, line);
    }
    start = end + 1;
  }
  if (records === 0 && refusal !== undefined) throw refusal;
  if (guesses.size === 0) {
    throw new SchemaError("SCHEMA_EMPTY", `${source} has no record to take a schema from`, {
      hint: 'give the schema: { schema: { time: "TIMESTAMP(3)", value: "DOUBLE" } }',
      at: { source },
    });
  }
  return schemaOf([...guesses].map(([name, seen]) => field(name, typeOf(seen))));
}

/** The text of a line that is a JSON object, null for a blank line, or why it is none. */
function readRecord(
  decoder: TextDecoder,
  bytes: Uint8Array,
  at: { source: string; line: number; byte: number },
): string | null | DataError {
  try {
    const text = decoder.decode(bytes).trim();
    if (text === "") return null;
    const value: unknown = text.startsWith("[") ? [] : JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return text;
    return new DataError(
      "JSON_SHAPE",
      `${Array.isArray(value) ? "the record is an array" : "the record is no object"}`,
      {
        hint: "write one object a line, as `jq -c '.[]'` does with an array",
        at,
      },
    );
  } catch (cause) {
    return new DataError("JSON", `no record of the sample is JSON: ${(cause as Error).message}`, {
      hint: "NDJSON is one JSON object a line",
      at,
      cause,
    });
  }
}

function tooManyColumns(source: string, line: number): SchemaError {
  return new SchemaError("TOO_MANY_COLUMNS", `${source} has more than ${COLUMNS_MAX} different keys`, {
    hint: "give a schema with the columns that are wanted",
    at: { source, line },
  });
}

/** Keys and the text of their values, of a text that is known to be a JSON object. */
function* members(text: string): Generator<[string, string]> {
  let at = skipBlanks(text, 1);
  while (text[at] === '"') {
    const keyEnd = stringEnd(text, at);
    const name = JSON.parse(text.slice(at, keyEnd)) as string;
    // One `:` and blanks around it.
    const start = skipBlanks(text, skipBlanks(text, keyEnd) + 1);
    const end = valueEnd(text, start);
    yield [name, text.slice(start, end)];
    at = skipBlanks(text, end);
    if (text[at] !== ",") return;
    at = skipBlanks(text, at + 1);
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t" || text[at] === "\r") at++;
  return at;
}

/** Position behind the string that begins at `start`. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** Position behind the value that begins at `start`. */
function valueEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const c = text[at] as string;
    if (c === '"') at = stringEnd(text, at);
    else {
      if (c === "{" || c === "[") depth++;
      if (c === "}" || c === "]") depth--;
      at++;
      // A number or a word goes on to the next mark.
      if (depth === 0 && c !== "}" && c !== "]") while (/[^,}\] \t\r]/.test(text[at] ?? ",")) at++;
    }
  } while (depth > 0);
  return at;
}

function guess(guesses: Map<string, Guess>, name: string, value: string): void {
  let seen = guesses.get(name);
  if (seen === undefined) {
    seen = {
      integer: false,
      float: false,
      boolean: false,
      text: false,
      special: false,
      nested: false,
      local: false,
      utc: false,
      offset: false,
      digits: 0,
    };
    guesses.set(name, seen);
  }
  const first = value[0];
  if (first === "n") return;
  if (first === '"') guessText(seen, JSON.parse(value) as string);
  else if (first === "{" || first === "[") seen.nested = true;
  else if (first === "t" || first === "f") seen.boolean = true;
  else if (isInt64(value)) seen.integer = true;
  else seen.float = true;
}

function isInt64(text: string): boolean {
  if (!/^-?\d+$/.test(text)) return false;
  if (text.length < 19) return true;
  if (text.length > 20) return false;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX;
}

function guessText(seen: Guess, text: string): void {
  if (/^(NaN|-?Infinity)$/.test(text)) {
    seen.special = true;
    return;
  }
  const match = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.(\d{1,6}))?)?(Z|[+-]\d\d:?\d\d)?$/.exec(text);
  if (match === null || parseTimestamp(text, 6, true) === undefined) {
    seen.text = true;
    return;
  }
  seen.digits = Math.max(seen.digits, (match[1] ?? "").length);
  if (match[2] === undefined) seen.local = true;
  else if (match[2] === "Z") seen.utc = true;
  else seen.offset = true;
}

function typeOf(seen: Guess): DataType {
  const time = seen.local || seen.utc || seen.offset;
  const number = seen.integer || seen.float;
  const text = seen.text || seen.nested || (seen.special && !number);
  const kinds = [number, seen.boolean, text, time].filter(Boolean).length;
  if (kinds !== 1) return STRING;
  if (number) return seen.float || seen.special ? FLOAT64 : INT64;
  if (seen.boolean) return BOOLEAN;
  if (!time) return STRING;
  const precision = seen.digits > 3 ? 6 : 3;
  if (!seen.offset) return timestamp(precision);
  // An offset can be applied to an instant only, and a text without zone is none.
  return seen.local ? STRING : timestampLtz(precision);
}
