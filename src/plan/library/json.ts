// Functions of JSON, on one row. A path without a mode is strict, as in Flink: what is not there is an error, which `ON ERROR` deals
// with; with `lax` before it, it is empty, for `ON EMPTY`. Numbers keep all their digits.
import { BOOLEAN, type DataType, INT32, STRING } from "../../arrow/types.js";
import { parseHex } from "../../arrow/values.js";
import { PlanError } from "../../errors.js";
import { isDecimal, isFloat, isInteger } from "../coerce.js";
import type { BoundValue } from "../expr.js";
import { type FunctionRow, never, own } from "../functions.js";
import { castValue } from "../scalar/cast.js";
import { type Cell, type CellFunction, NOT_CASTABLE, type Outcome } from "../scalar/value.js";
import { type Form, text } from "../signatures.js";
import { toBase64 } from "./base64.js";
import {
  isJsonArray,
  isScalar,
  type Json,
  JsonNumber,
  type JsonPath,
  parseJson,
  parsePath,
  printJson,
  valueAt,
} from "./json-value.js";
import { late, literalText, maybe } from "./row.js";

const FAULT = Symbol("error");
type Found = { readonly value: Json | undefined; readonly strict: boolean } | typeof FAULT;

const paths = new Map<string, JsonPath | null>();
const PATHS_MAX = 64;

function pathOf(source: string): JsonPath | null {
  const known = paths.get(source);
  if (known !== undefined) return known;
  if (paths.size >= PATHS_MAX) paths.clear();
  const path = parsePath(source);
  paths.set(source, path);
  return path;
}

/** A form whose argument in this place is a path; a literal one that is none is refused with the plan. */
function withPath(form: Form, place: number): Form {
  return (args) => {
    const source = literalText(args[place]);
    if (source === undefined || pathOf(source) !== null) return form(args);
    throw new PlanError("TYPE", `'${source}' is no path into JSON`, {
      hint: "for example '$.user.name', 'lax $.items[0]', '$[''a key'']', '$.items[*]'",
    });
  };
}

function find(source: string, path: string): Found {
  const parsed = pathOf(path);
  const root = parsed === null ? undefined : parseJson(source);
  if (parsed === null || root === undefined) return FAULT;
  const value = valueAt(root, parsed);
  return value === undefined && parsed.strict ? FAULT : { value, strict: parsed.strict };
}

/** What stands for an error or for nothing: NULL, a failed row, or a text. */
function instead(behaviour: unknown, other: unknown): Outcome {
  switch (behaviour) {
    case "ERROR":
      return NOT_CASTABLE;
    case "DEFAULT":
      return (other as string | null | undefined) ?? null;
    case "EMPTY ARRAY":
      return "[]";
    case "EMPTY OBJECT":
      return "{}";
    default:
      return null;
  }
}

const scalarText = (value: Json): string => (value instanceof JsonNumber ? value.text : String(value));

/** json, path, what to do when it is empty and with which text, and the same for an error. */
const jsonValue: CellFunction = ([source, path, onEmpty, empty, onError, other]) => {
  if (source === null || path === null) return null;
  const found = find(source as string, path as string);
  if (found === FAULT) return instead(onError, other);
  const { value, strict } = found;
  if (value === undefined || value === null || (!strict && !isScalar(value))) return instead(onEmpty, empty);
  return isScalar(value) ? scalarText(value) : instead(onError, other);
};

/** json, path, wrapper, what to do when it is empty, and for an error. */
const jsonQuery: CellFunction = ([source, path, wrapper = "WITHOUT", onEmpty, onError]) => {
  if (source === null || path === null) return null;
  const found = find(source as string, path as string);
  if (found === FAULT) return instead(onError, null);
  const { value, strict } = found;
  if (value === undefined || value === null) return instead(onEmpty, null);
  if (wrapper === "UNCONDITIONAL" || (wrapper === "CONDITIONAL" && isScalar(value))) return `[${printJson(value)}]`;
  if (isScalar(value)) return strict ? instead(onError, null) : instead(onEmpty, null);
  return printJson(value);
};

const jsonExists: CellFunction = ([source, path, onError = "FALSE"]) => {
  if (source === null || path === null) return null;
  const found = find(source as string, path as string);
  if (found !== FAULT) return found.value !== undefined && found.value !== null;
  return onError === "ERROR" ? NOT_CASTABLE : onError === "UNKNOWN" ? null : onError === "TRUE";
};

const KINDS: Readonly<Record<string, (value: Json) => boolean>> = {
  VALUE: () => true,
  SCALAR: isScalar,
  ARRAY: isJsonArray,
  OBJECT: (value) => value instanceof Map,
};

const isJson: CellFunction = ([source, kind = "VALUE"]) => {
  const value = source === null ? undefined : parseJson(source as string);
  return value !== undefined && (KINDS[kind as string]?.(value) ?? false);
};

const jsonLength: CellFunction = ([source, path = "$"]) => {
  const found = find(source as string, path as string);
  if (found === FAULT || found.value === undefined) return null;
  const { value } = found;
  return isJsonArray(value) ? value.length : value instanceof Map ? value.size : 1;
};

const unquote: CellFunction = ([source]) => {
  const value = parseJson(source as string);
  return typeof value === "string" ? value : (source as string);
};

/** A value of a type as JSON: numbers with all their digits, times as SQL text, bytes as base64. */
function jsonOf(cell: Cell, type: DataType): string {
  if (cell === null) return "null";
  if (type.kind === "array")
    return `[${(cell as readonly Cell[]).map((item) => jsonOf(item, type.element.type)).join(",")}]`;
  if (type.kind === "row") {
    return `{${type.fields.map((field, i) => `${JSON.stringify(field.name)}:${jsonOf((cell as readonly Cell[])[i] ?? null, field.type)}`).join(",")}}`;
  }
  if (type.kind === "map") {
    const entries = cell as readonly (readonly [Cell, Cell])[];
    return `{${entries.map(([key, value]) => `${JSON.stringify(plainText(key as BoundValue, type.key.type))}:${jsonOf(value, type.value.type)}`).join(",")}}`;
  }
  const value = cell as Exclude<BoundValue, null>;
  if (typeof value === "boolean") return String(value);
  if (isFloat(type)) return Number.isFinite(value) ? String(value) : `"${value}"`;
  if (type.kind === "binary") return `"${toBase64(parseHex(value as string) as Uint8Array)}"`;
  const shown = plainText(value, type);
  return isInteger(type) || isDecimal(type) ? shown : JSON.stringify(shown);
}

const plainText = (value: BoundValue, type: DataType): string => String(castValue(value, type, STRING));

/** What the value in this place is as JSON; `raw` ones are JSON already. */
function part(cells: readonly Cell[], types: readonly DataType[], place: number, raw: string): string {
  return raw[place] === "r" ? (cells[place] as string) : jsonOf(cells[place] as Cell, types[place] as DataType);
}

/** What to do with NULLs, which values are JSON already (a letter each: v, or r for those), keys and values. */
const jsonObject: CellFunction = ([onNull, raw, ...cells], { args }) => {
  const types = args.slice(2);
  const members: string[] = [];
  for (let at = 0; at < cells.length; at += 2) {
    const [key, value] = [cells[at] as Cell, cells[at + 1] as Cell];
    if (key === null) return NOT_CASTABLE;
    if (value !== null) members.push(`${JSON.stringify(key)}:${part(cells, types, at + 1, raw as string)}`);
    else if (onNull !== "ABSENT") members.push(`${JSON.stringify(key)}:null`);
  }
  return `{${members.join(",")}}`;
};

/** The same of values alone. */
const jsonArray: CellFunction = ([onNull, raw, ...cells], { args }) => {
  const types = args.slice(2);
  const items = cells.flatMap((cell, at) => {
    if (cell === null) return onNull === "NULL" ? ["null"] : [];
    return [part(cells, types, at, raw as string)];
  });
  return `[${items.join(",")}]`;
};

/** Two literal texts, then values of any type; of an object every other one is a key. */
function construction(isObject: boolean): Form {
  return (args) => {
    const [onNull, raw, ...values] = args;
    if (typeof onNull?.value !== "string" || typeof raw?.value !== "string" || (isObject && values.length % 2 === 1))
      return null;
    const keys = values.filter((_, at) => isObject && at % 2 === 0);
    if (keys.some(({ type }) => type.kind !== "string")) return null;
    return { args: args.map(({ type }) => type), type: STRING, nullable: false };
  };
}

const anything: Form = (args) => (args.length === 1 ? { args: args.map(({ type }) => type), type: STRING } : null);
const texts = (count: number, type: DataType, optional: number): Form =>
  maybe(
    text(
      Array.from({ length: count }, () => STRING),
      type,
      optional,
    ),
  );

export const JSON_ROWS: readonly FunctionRow[] = [
  late("JSON_VALUE", own(withPath(texts(6, STRING, 4), 1)), "(json, path)", jsonValue, { raises: true }),
  late("JSON_QUERY", own(withPath(texts(5, STRING, 3), 1)), "(json, path [, wrapper])", jsonQuery, { raises: true }),
  late("JSON_EXISTS", own(withPath(texts(3, BOOLEAN, 1), 1)), "(json, path)", jsonExists, { raises: true }),
  late("IS_JSON", never(text([STRING, STRING], BOOLEAN, 1)), "(STRING [, kind])", isJson),
  late("JSON_LENGTH", withPath(texts(2, INT32, 1), 1), "(json [, path])", jsonLength),
  late("JSON_QUOTE", text([STRING], STRING), "(STRING)", ([value]) => JSON.stringify(value)),
  late("JSON_UNQUOTE", text([STRING], STRING), "(STRING)", unquote),
  late("JSON_STRING", anything, "(x)", ([value], { args }) => jsonOf(value as Cell, args[0] as DataType)),
  late("JSON_OBJECT", own(construction(true)), "(on null, raw, key, value, …)", jsonObject, { raises: true }),
  late("JSON_ARRAY", own(construction(false)), "(on null, raw, x, …)", jsonArray),
];
