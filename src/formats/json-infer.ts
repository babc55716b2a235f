// The schema of NDJSON from its first lines. Types are told from the text of the values, not from their JavaScript values,
// which have no 64-bit integers:
//
//     BIGINT         whole numbers of 64 bits       DOUBLE   other numbers, or both, or NaN and infinities as text among them
//     BOOLEAN        true, false
//     TIMESTAMP(3)   ISO or SQL timestamps throughout, with Z or without zone; (6) when there are more digits;
//                    TIMESTAMP_LTZ when all have a zone and one is an offset
//     ARRAY          arrays, of what holds every element; of STRING when there is none
//     ROW            objects, of all keys seen; with more than 200 of one type between them MAP<STRING, …>
//     STRING         other text, nothing but null, and mixtures
//
// An array or object stays JSON text in a STRING where it has no key, is nested too deep, stands among text, or holds a mixture
// with numbers or truth values: a column of text inside would refuse those.
import {
  arrayOf,
  BOOLEAN,
  type DataType,
  FLOAT64,
  field,
  INT64,
  mapOf,
  rowOf,
  type Schema,
  STRING,
  schemaOf,
  TYPE_DEPTH_MAX,
  timestamp,
  timestampLtz,
} from "../arrow/types.js";
import { parseTimestamp } from "../arrow/values.js";
import { DataError, SchemaError } from "../errors.js";
import { byteOrderMark } from "./byte-order-mark.js";
import type { Sample } from "./format.js";
import { elements, members } from "./json-text.js";

/** Lines that are looked at. */
const LINES_MAX = 10_000;
/** Different keys that a schema is made of at most, those inside of others too. */
const COLUMNS_MAX = 10_000;
/** An object with more different keys holds data in them rather than names: DuckDB's map_inference_threshold. */
const ROW_FIELDS_MAX = 200;
const NEWLINE = 0x0a;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Which kinds of values a column has shown. */
interface Kinds {
  integer: boolean;
  float: boolean;
  boolean: boolean;
  text: boolean;
  /** NaN and the infinities as the encoder writes them: numbers among numbers, text by themselves. */
  special: boolean;
  /** Objects and arrays; too deep ones are `deep` alone. */
  object: boolean;
  array: boolean;
  deep: boolean;
  /** Timestamps by their zone. */
  local: boolean;
  utc: boolean;
  offset: boolean;
  /** Most digits of a second's fraction. */
  digits: number;
}

/** What a column has shown, and what the elements and fields of its arrays and objects have. */
interface Guess {
  readonly kinds: Kinds;
  element: Guess | null;
  readonly fields: Map<string, Guess>;
}

/**
 * The schema of the sample's records, columns in the order in which their keys first appear, all nullable. Lines that are no
 * JSON are left to the decoder and its row policy, as long as there are others.
 * @throws SCHEMA_EMPTY when there is no record, or the first is longer than the sample; ENCODING, TOO_MANY_COLUMNS; JSON or
 * JSON_SHAPE when no line is a JSON object
 */
export function inferJsonSchema(sample: Sample, linesMax = LINES_MAX): Schema {
  const { bytes, source } = sample;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const columns = new Columns();
  let refusal: DataError | undefined;
  let records = 0;
  let start = byteOrderMark(bytes, source);
  for (let line = 1; line <= linesMax && start < bytes.length; line++) {
    const newline = bytes.indexOf(NEWLINE, start);
    const isCut = newline < 0 && !sample.complete;
    if (isCut && records > 0) break;
    const end = newline < 0 ? bytes.length : newline;
    const record = readRecord(decoder, bytes.slice(start, end), { source, line, byte: start });
    if (record instanceof DataError) {
      refusal ??= isCut && record.code !== "JSON_SHAPE" ? cutRecord(source, bytes.length) : record;
      // An array over several lines may hold lines that are objects: it is no NDJSON all the same.
      if (records === 0 && record.code === "JSON_SHAPE") throw record;
    } else if (record !== null) {
      records++;
      for (const [name, value] of members(record)) columns.add(name, value);
      if (columns.count > COLUMNS_MAX) throw tooManyColumns(source, line);
    }
    start = end + 1;
  }
  if (records === 0 && refusal !== undefined) throw refusal;
  if (columns.count === 0) {
    throw new SchemaError("SCHEMA_EMPTY", `${source} has no record to take a schema from`, {
      hint: 'give the schema: { schema: { time: "TIMESTAMP(3)", value: "DOUBLE" } }',
      at: { source },
    });
  }
  return columns.schema();
}

/** The first record is not there as a whole: what is wrong with it is not its own fault. */
function cutRecord(source: string, sampleBytes: number): DataError {
  const what = `${source} has a first record that does not end within ${sampleBytes} bytes`;
  return new DataError("SCHEMA_EMPTY", `${what}, where columns are looked for`, {
    hint: 'give the schema: { schema: { time: "TIMESTAMP(3)", value: "DOUBLE" } }',
    at: { source },
  });
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

/** The columns seen so far. */
class Columns {
  readonly #guesses = new Map<string, Guess>();
  /** Different keys, at all depths. */
  count = 0;

  add(name: string, value: string): void {
    this.#look(this.#of(this.#guesses, name), value, 0);
  }

  schema(): Schema {
    return schemaOf([...this.#guesses].map(([name, seen]) => field(name, typeOf(seen) ?? STRING)));
  }

  #of(guesses: Map<string, Guess>, name: string): Guess {
    let seen = guesses.get(name);
    if (seen === undefined) {
      seen = newGuess();
      guesses.set(name, seen);
      this.count++;
    }
    return seen;
  }

  #look(seen: Guess, value: string, depth: number): void {
    const { kinds } = seen;
    const first = value[0];
    if (first === "n") return;
    if (first === '"') guessText(kinds, JSON.parse(value) as string);
    else if (first === "t" || first === "f") kinds.boolean = true;
    else if (first !== "{" && first !== "[") kinds[isInt64(value) ? "integer" : "float"] = true;
    else if (depth === TYPE_DEPTH_MAX) kinds.deep = true;
    else if (first === "{") {
      kinds.object = true;
      for (const [name, inner] of members(value)) this.#look(this.#of(seen.fields, name), inner, depth + 1);
    } else {
      kinds.array = true;
      seen.element ??= newGuess();
      for (const element of elements(value)) this.#look(seen.element, element, depth + 1);
    }
  }
}

function newGuess(): Guess {
  const kinds = {
    integer: false,
    float: false,
    boolean: false,
    text: false,
    special: false,
    object: false,
    array: false,
    deep: false,
    local: false,
    utc: false,
    offset: false,
    digits: 0,
  };
  return { kinds, element: null, fields: new Map() };
}

/** What holds the values of all. */
function merged(guesses: readonly Guess[]): Guess {
  const all = newGuess();
  const elementGuesses: Guess[] = [];
  const fields = new Map<string, Guess[]>();
  for (const { kinds, element, fields: own } of guesses) {
    for (const kind of Object.keys(kinds) as (keyof Kinds)[]) {
      if (kind === "digits") all.kinds.digits = Math.max(all.kinds.digits, kinds.digits);
      else all.kinds[kind] ||= kinds[kind];
    }
    if (element !== null) elementGuesses.push(element);
    for (const [name, seen] of own) fields.set(name, [...(fields.get(name) ?? []), seen]);
  }
  for (const [name, seen] of fields) all.fields.set(name, merged(seen));
  all.element = elementGuesses.length === 0 ? null : merged(elementGuesses);
  return all;
}

function isInt64(text: string): boolean {
  if (!/^-?\d+$/.test(text)) return false;
  if (text.length < 19) return true;
  if (text.length > 20) return false;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX;
}

function guessText(seen: Kinds, text: string): void {
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

/** Whether the values are of more than one kind, which no type but text holds. */
function isMixed({ kinds }: Guess): boolean {
  const { integer, float, special, text, boolean, local, utc, offset, object, array, deep } = kinds;
  const number = integer || float;
  const word = text || deep || (special && !number);
  // An offset can be applied to an instant only, and a text without zone is none.
  const zones = offset && local;
  return zones || [number, boolean, word, local || utc || offset, object, array].filter(Boolean).length > 1;
}

/** Null for a mixture with numbers or truth values, which a column of text would refuse. */
function typeOf(seen: Guess): DataType | null {
  const { integer, float, special, boolean, local, utc, offset, object, array, digits } = seen.kinds;
  if (isMixed(seen)) return integer || float || boolean ? null : STRING;
  if (object) return typeOfObject([...seen.fields]);
  if (array) {
    const element = typeOf(seen.element as Guess);
    return element === null ? STRING : arrayOf(element);
  }
  if (integer || float) return float || special ? FLOAT64 : INT64;
  if (boolean) return BOOLEAN;
  if (!(local || utc || offset)) return STRING;
  const precision = digits > 3 ? 6 : 3;
  return offset ? timestampLtz(precision) : timestamp(precision);
}

function typeOfObject(fields: readonly (readonly [string, Guess])[]): DataType {
  if (fields.length > ROW_FIELDS_MAX) {
    const values = merged(fields.map(([, seen]) => seen));
    const type = isMixed(values) ? null : typeOf(values);
    if (type !== null) return mapOf(STRING, type);
  }
  const columns = fields.flatMap(([name, seen]) => {
    const type = typeOf(seen);
    return type === null ? [] : [field(name, type)];
  });
  return columns.length === fields.length && columns.length > 0 ? rowOf(columns) : STRING;
}
