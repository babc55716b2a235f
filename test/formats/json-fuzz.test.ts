// Random damage to JSON lines: the decoder never crashes, never writes outside its blocks, and accepts a line exactly when
// JSON.parse does, its documented limits aside. `npm run fuzz -- json --execs N --seed S` runs more of it.
import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import type { Workspace } from "../../src/arrow/batch.js";
import type { Value } from "../../src/arrow/rows.js";
import type { BadRecord } from "../../src/operators/bad-records.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { seeded } from "../kernels/harness.js";
import { damage } from "./json-damage.js";
import { bytesOf, decode, GuardedAccount } from "./json-support.js";

const EXECS = Number(process.env.FUZZ_EXECS ?? 1500);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
const NEWLINE = 0x0a;

const SCHEMA = {
  a: "DOUBLE",
  s: "STRING",
  b: "BOOLEAN",
  i: "BIGINT",
  d: "DECIMAL(12, 3)",
  t: "TIMESTAMP(3)",
  x: "BYTES",
};

const folder = new URL("../fixtures/json-test-suite/", import.meta.url);
const corpus: Uint8Array[] = [
  ...[
    '{"a":1.5,"s":"plain","b":true,"i":9007199254740993,"d":12.345,"t":"2020-02-29T23:59:59.123Z","x":"aGk="}',
    '{"t":"2020-02-29 23:59:59.123","a":-0.0001e-10,"i":-5,"s":"\\u00e9\\ud83d\\ude00 \\"x\\" é€😀","other":[1,{"k":"]"}]}',
    '{ "s" : null , "x" : "" , "b" : false , "d" : -1e3 , "a" : 123456789012345678901234567890 }',
    '{"s":{"nested":["a\\nb",null,true,1.0e+5]},"unknown key":"with text that is longer than a vector","i":1.0}',
    '{"a":"NaN","s":["raw"],"i":9223372036854775807,"a":2}',
  ].map(bytesOf),
  ...readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => new Uint8Array(readFileSync(new URL(encodeURIComponent(name), folder))))
    .filter((bytes) => bytes.length < 2000)
    .map((bytes) => Uint8Array.of(...bytesOf('{"s":'), ...bytes, ...bytesOf("}"))),
];

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

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

function linesOf(text: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start <= text.length; ) {
    const end = text.indexOf(NEWLINE, start);
    lines.push(text.subarray(start, end < 0 ? text.length : end));
    start = end < 0 ? text.length + 1 : end + 1;
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

let workspace: Workspace;
let account: GuardedAccount;
beforeAll(async () => {
  const { memory, kernels } = await openTestWorkspace();
  account = new GuardedAccount(memory);
  workspace = { account, kernels };
});

/** Decodes with all columns passed over: a line is accepted exactly when JSON.parse makes an object of it. */
function checkSyntax(text: Uint8Array): void {
  const { rows, bad } = decode(workspace, { "no such key": "INT" }, text);
  const lines = linesOf(text).filter((line) => !isBlank(line));
  expect(rows.length + bad.length).toBe(lines.length);
  const refused = new Map(bad.map((record) => [record.at.byte as number, record.code]));
  for (const line of lines) {
    const code = refused.get(line.byteOffset - text.byteOffset);
    const accepted = parse(line) !== undefined;
    if (code === undefined ? accepted : !accepted || mayRefuse(code, line)) continue;
    throw new Error(`${code ?? "accepted"}: ${new TextDecoder().decode(line)}`);
  }
}

/** A line that is an object is refused only for a value that its column does not take. */
function checkRefusal({ code, at }: BadRecord, line: Uint8Array): void {
  const value = parse(line);
  if (value === undefined || mayRefuse(code, line)) return;
  expect(["TYPE", "OVERFLOW", "TIME_RANGE"]).toContain(code);
  const name = at.field as string;
  expect(Object.keys(SCHEMA)).toContain(name);
  // Every value of a key that comes more than once is checked, JSON.parse shows the last one.
  const text = new TextDecoder().decode(line);
  if (text.includes("\\u") || text.split(`"${name}"`).length > 2 || !["a", "b", "s"].includes(name)) return;
  expect(expectedCell(name, value[name])).toBeUndefined();
}

/** Decodes into columns, in one chunk and in several: the same, and what JSON.parse has. */
function checkValues(text: Uint8Array, random: () => number): void {
  const whole = decode(workspace, SCHEMA, text);
  const chunks = Array.from({ length: 5 }, () => 1 + Math.floor(random() * 60));
  const parts = decode(workspace, SCHEMA, text, { chunks, batchRowsMax: 1 + Math.floor(random() * 4) });
  expect(parts.rows).toEqual(whole.rows);
  expect(parts.bad).toEqual(whole.bad);
  const refused = new Map(whole.bad.map((record) => [record.at.byte as number, record]));
  let next = 0;
  for (const line of linesOf(text)) {
    if (isBlank(line)) continue;
    const record = refused.get(line.byteOffset - text.byteOffset);
    if (record !== undefined) {
      checkRefusal(record, line);
      continue;
    }
    const row = whole.rows[next++] as Record<string, Value>;
    const value = parse(line) as Record<string, unknown>;
    for (const name of ["a", "b", "s"]) {
      const expected = expectedCell(name, Object.hasOwn(value, name) ? value[name] : undefined);
      // Raw JSON text is kept as it was written: compared as what it says.
      const raw = name === "s" && typeof value.s === "object" && value.s !== null;
      const cell = raw ? JSON.stringify(JSON.parse(row[name] as string)) : row[name];
      expect({ cell }).toEqual(expected);
    }
  }
}

test(`${EXECS} damaged texts, seed ${SEED}`, { timeout: 60_000 + EXECS * 20 }, () => {
  const random = seeded(SEED);
  for (let exec = 0; exec < EXECS; exec++) {
    const parts: number[] = [];
    for (let lines = 1 + Math.floor(random() * 4); lines > 0; lines--) {
      const pick = corpus[Math.floor(random() * (random() < 0.5 ? 5 : corpus.length))] as Uint8Array;
      parts.push(...damage(pick, random), NEWLINE);
    }
    // A first byte pair with one NUL is another encoding, which is told apart before any line is read.
    const text = Uint8Array.of(...bytesOf("{}\n"), ...parts);
    try {
      checkSyntax(text);
      checkValues(text, random);
    } catch (cause) {
      throw new Error(`exec ${exec} of seed ${SEED}: ${JSON.stringify(new TextDecoder().decode(text))}`, { cause });
    }
  }
  account.arena.reset();
  expect(account.usedBytes).toBe(0);
});
