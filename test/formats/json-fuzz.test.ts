// Random damage to JSON lines: the decoder never crashes, never writes outside its blocks, and accepts a line exactly when
// JSON.parse does, its documented limits aside. `npm run fuzz -- json --execs N --seed S` runs more of it.
import { readdirSync, readFileSync } from "node:fs";
import type { Value } from "../../src/arrow/rows.js";
import { parseSchema, type Schema } from "../../src/arrow/types.js";
import type { ErrorCode } from "../../src/errors.js";
import { joined } from "../../src/formats/joined.js";
import { json } from "../../src/formats/json.js";
import type { BadRecord } from "../../src/operators/bad-records.js";
import type { Chance } from "../fuzz/damage.js";
import { attempt, type Cutting, cutting, expectSame, type Outcome, openFuzzKit, outcomeOf } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";
import { JSON_PIECES } from "../fuzz/json-pieces.js";
import { bytesOf } from "./json-support.js";

const NEWLINE = 0x0a;
const SYNTAX_CODES: readonly ErrorCode[] = ["JSON", "JSON_DEPTH", "JSON_SHAPE", "UTF8"];
const VALUE_CODES: readonly ErrorCode[] = ["TYPE", "OVERFLOW", "TIME_RANGE"];
const CODES = [...SYNTAX_CODES, ...VALUE_CODES];

const SCHEMA = parseSchema({
  a: "DOUBLE",
  s: "STRING",
  b: "BOOLEAN",
  i: "BIGINT",
  d: "DECIMAL(12, 3)",
  t: "TIMESTAMP(3)",
  x: "BYTES",
});
const NAMES = SCHEMA.fields.map(({ name }) => name);
/** All keys are passed over. */
const NOTHING = parseSchema({ "no such key": "INT" });

const folder = new URL("../fixtures/json-test-suite/", import.meta.url);
const seeds: Uint8Array[] = [
  ...[
    '{"a":1.5,"s":"plain","b":true,"i":9007199254740993,"d":12.345,"t":"2020-02-29T23:59:59.123Z","x":"aGk="}',
    '{"t":"2020-02-29 23:59:59.123","a":-0.0001e-10,"i":-5,"s":"\\u00e9\\ud83d\\ude00 \\"x\\" é€😀","other":[1,{"k":"]"}]}',
    '{ "s" : null , "x" : "" , "b" : false , "d" : -1e3 , "a" : 123456789012345678901234567890 }',
    '{"s":{"nested":["a\\nb",null,true,1.0e+5]},"unknown key":"with text that is longer than a vector","i":1.0}',
    '{"a":"NaN","s":["raw"],"i":9223372036854775807,"a":2}',
    '{"a":1}\n\n{"s":"two lines"}\r\n{"b":true}\n',
  ].map(bytesOf),
  ...readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => new Uint8Array(readFileSync(new URL(encodeURIComponent(name), folder))))
    .filter((bytes) => bytes.length < 300)
    .map((bytes) => Uint8Array.of(...bytesOf('{"s":'), ...bytes, ...bytesOf("}"))),
];

const kit = await openFuzzKit();
/** A first byte pair with one NUL is another encoding, which is told apart before any line is read. */
const FIRST = bytesOf("{}\n");
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder();

/** The line's value as JSON.parse has it; undefined when it is none or no object. */
function parse(line: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(strict.decode(line));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const isBlank = (line: Uint8Array) => line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);

/** The lines that are not blank, and where each begins. */
function linesOf(text: Uint8Array): { line: Uint8Array; start: number }[] {
  const lines: { line: Uint8Array; start: number }[] = [];
  for (let start = 0; start <= text.length; ) {
    const found = text.indexOf(NEWLINE, start);
    const end = found < 0 ? text.length : found;
    const line = text.subarray(start, end);
    if (!isBlank(line)) lines.push({ line, start });
    start = end + 1;
  }
  return lines;
}

/** Codes that a line may be refused with although JSON.parse takes it. */
function mayRefuse(code: string, line: Uint8Array): boolean {
  const text = strict.decode(line);
  if (code === "JSON_DEPTH") return (text.match(/[[{]/g) ?? []).length > 128;
  return code === "UTF8" && /\\u[dD][89a-fA-F]/.test(text);
}

/** The columns that can be told from the value that JSON.parse gives; undefined where the column refuses it. */
function expectedCell(name: string, value: unknown): { cell: Value } | undefined {
  if (value === undefined || value === null) return { cell: null };
  if (name === "a") {
    if (value === "NaN" || value === "Infinity" || value === "-Infinity") return { cell: Number(value) };
    return typeof value === "number" && Number.isFinite(value) ? { cell: value } : undefined;
  }
  if (name === "b") return typeof value === "boolean" ? { cell: value } : undefined;
  if (typeof value === "string") return { cell: value };
  return typeof value === "object" ? { cell: JSON.stringify(value) } : undefined;
}

function decode(text: Uint8Array, schema: Schema, cut?: Cutting): Outcome {
  return outcomeOf(kit, (options) => json.createDecoder({ ...options, schema }), text, CODES, cut);
}

const byByte = (bad: readonly BadRecord[]) => new Map(bad.map((record) => [record.at.byte as number, record]));

/** Decodes with all columns passed over: a line is accepted exactly when JSON.parse makes an object of it. */
function checkSyntax(text: Uint8Array): void {
  const { rows, bad } = decode(text, NOTHING);
  const lines = linesOf(text);
  expectSame(rows.length + bad.length, lines.length, "lines");
  const refused = byByte(bad);
  for (const { line, start } of lines) {
    const code = refused.get(start)?.code;
    const accepted = parse(line) !== undefined;
    if (code === undefined ? accepted : !accepted || mayRefuse(code, line)) continue;
    throw new Error(`${code ?? "accepted"}: ${lenient.decode(line)}`);
  }
}

/** A line that is an object is refused only for a value that its column does not take. */
function checkRefusal({ code, at }: BadRecord, line: Uint8Array): void {
  const value = parse(line);
  if (value === undefined || mayRefuse(code, line)) return;
  const name = at.field as string;
  if (!VALUE_CODES.includes(code) || !NAMES.includes(name)) throw new Error(`${code} of ${name}`);
  // Every value of a key that comes more than once is checked, JSON.parse shows the last one.
  const text = lenient.decode(line);
  if (text.includes("\\u") || text.split(`"${name}"`).length > 2 || !["a", "b", "s"].includes(name)) return;
  expectSame(expectedCell(name, value[name]), undefined, `${name} is refused`);
}

/** Decodes into columns: what JSON.parse has. */
function checkValues(text: Uint8Array): void {
  const { rows, bad } = decode(text, SCHEMA);
  const refused = byByte(bad);
  let next = 0;
  for (const { line, start } of linesOf(text)) {
    const record = refused.get(start);
    if (record !== undefined) {
      checkRefusal(record, line);
      continue;
    }
    const row = rows[next++] as Record<string, Value>;
    const value = parse(line) as Record<string, unknown>;
    for (const name of ["a", "b", "s"]) {
      const expected = expectedCell(name, Object.hasOwn(value, name) ? value[name] : undefined);
      // Raw JSON text is kept as it was written: compared as what it says.
      const raw = name === "s" && typeof value["s"] === "object" && value["s"] !== null;
      const cell = raw ? JSON.stringify(JSON.parse(row[name] as string)) : row[name];
      expectSame({ cell }, expected, name);
    }
  }
}

/** The schema that a text seems to have reads it without refusing a value for its type. */
function checkInferred(bytes: Uint8Array): void {
  const sample = { bytes, complete: true, source: "fuzz" };
  attempt([...CODES, "SCHEMA_EMPTY", "TOO_MANY_COLUMNS"], () => json.inferSchema(sample));
}

function run(damaged: Uint8Array, chance: Chance): void {
  const text = joined([FIRST, damaged], FIRST.length + damaged.length);
  switch (chance.below(4)) {
    case 0:
      checkSyntax(text);
      break;
    case 1:
      checkValues(text);
      break;
    case 2:
      checkInferred(text);
      break;
    default:
      expectSame(decode(text, SCHEMA, cutting(chance)), decode(text, SCHEMA), "cut into chunks");
  }
}

fuzz({ name: "json", seeds, pieces: JSON_PIECES, run, end: kit.check });
