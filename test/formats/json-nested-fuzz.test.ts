// Random damage to lines with nested values: the decoder never crashes and leaves no memory behind, refuses a line whole or
// reads it whole, and what it reads is what JSON.parse has. `npm run fuzz -- json-nested --execs N --seed S` runs more of it.
import { isDeepStrictEqual } from "node:util";
import type { Value } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import type { ErrorCode } from "../../src/errors.js";
import { joined } from "../../src/formats/joined.js";
import { json } from "../../src/formats/json.js";
import type { Chance } from "../fuzz/damage.js";
import { type Cutting, cutting, expectSame, type Outcome, openFuzzKit, outcomeOf } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";
import { JSON_PIECES } from "../fuzz/json-pieces.js";
import { bytesOf } from "./json-support.js";

const CODES: readonly ErrorCode[] = ["JSON", "JSON_DEPTH", "JSON_SHAPE", "UTF8", "TYPE", "OVERFLOW"];

const SCHEMA = parseSchema({
  a: "ARRAY<DOUBLE>",
  s: "ARRAY<ARRAY<STRING NOT NULL>>",
  i: "ROW<a BOOLEAN, s ROW<a STRING>>",
  m: "MAP<STRING, ARRAY<INT>>",
  n: "MAP<INT, DOUBLE>",
});

const seeds = [
  '{"a":[1.5,null,-2e3],"s":[["x","\\u00e9\\"]"],[],null],"i":{"a":true,"s":{"a":"b"}},"m":{"k":[1,2],"":[]},"n":{"7":1}}',
  '{ "n" : { "-1" : 0.5 , "2":null} , "m":{ "a\\"b" : null , "a\\"b":[ 3 ] }, "i" : { "s" : { } , "x" : [ { } ] } , "a" : [ ] }',
  '{"a":null,"s":[[]],"i":{},"m":{},"n":{}}',
];

const kit = await openFuzzKit();
/** A whole line first: the text shall not look like UTF-16. */
const FIRST = bytesOf("{}\n");

/** A value as JSON, maps as objects: what JSON.parse of the line has to hold. */
function plain(value: Value): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(entries.map(([key, inner]) => [String(key), plain(inner as Value)]));
}

/** Whether what was read says the same as the parsed line: missing and other keys of rows aside. */
function agrees(read: unknown, parsed: unknown): boolean {
  if (read === null) return parsed === null || parsed === undefined;
  if (typeof read === "number") return typeof parsed === "number" ? read === parsed + 0 : String(read) === parsed;
  // A STRING keeps objects and arrays as the text that they are.
  if (typeof read === "string" && typeof parsed === "object") return isDeepStrictEqual(JSON.parse(read), parsed);
  if (typeof read !== "object") return read === parsed;
  if (typeof parsed !== "object" || parsed === null) return false;
  if (Array.isArray(read)) {
    return Array.isArray(parsed) && read.length === parsed.length && read.every((one, i) => agrees(one, parsed[i]));
  }
  const others = Object.entries(parsed);
  return Object.entries(read).every(([key, one]) => {
    // Keys that stand for a number may be written in several ways: -0, 1.0.
    const same = others.filter(([name]) => name === key || (name !== "" && Number(name) === Number(key)));
    return same.length === 0 ? one === null : same.some(([, other]) => agrees(one, other));
  });
}

function decode(text: Uint8Array, cut?: Cutting): Outcome {
  return outcomeOf(kit, (options) => json.createDecoder({ ...options, schema: SCHEMA }), text, CODES, cut);
}

function run(damaged: Uint8Array, chance: Chance): void {
  const text = joined([FIRST, damaged], FIRST.length + damaged.length);
  const outcome = decode(text);
  if (chance.below(4) === 0) expectSame(decode(text, cutting(chance)), outcome, "cut into chunks");
  const { rows, bad } = outcome;
  const refused = new Set(bad.map(({ at }) => (at.line as number) - 1));
  const accepted = new TextDecoder()
    .decode(text)
    .split("\n")
    .filter((line, index) => !refused.has(index) && line.replace(/^[ \t\r]+$/, "") !== "");
  expectSame(rows.length, accepted.length, "rows");
  rows.forEach((row, index) => {
    const parsed: unknown = JSON.parse((accepted[index] as string).replace(/^\ufeff/, ""));
    if (!agrees(plain(row), parsed)) throw new Error(`read as ${JSON.stringify(plain(row))}`);
  });
}

fuzz({ name: "json-nested", seeds, pieces: JSON_PIECES, run, end: kit.check });
