// Random damage to lines with nested values: the decoder never crashes and leaves no memory behind, refuses a line whole or
// reads it whole, and what it reads is what JSON.parse has. `npm run fuzz -- json-nested --execs N --seed S` runs more of it.
import { beforeAll, expect, test } from "vitest";
import type { Workspace } from "../../src/arrow/batch.js";
import type { Value } from "../../src/arrow/rows.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { seeded } from "../kernels/harness.js";
import { damage } from "./json-damage.js";
import { bytesOf, decode, GuardedAccount } from "./json-support.js";

const EXECS = Number(process.env.FUZZ_EXECS ?? 1500);
const SEED = Number(process.env.FUZZ_SEED ?? 1);

const SCHEMA = {
  a: "ARRAY<DOUBLE>",
  s: "ARRAY<ARRAY<STRING NOT NULL>>",
  i: "ROW<a BOOLEAN, s ROW<a STRING>>",
  m: "MAP<STRING, ARRAY<INT>>",
  n: "MAP<INT, DOUBLE>",
};

const corpus = [
  '{"a":[1.5,null,-2e3],"s":[["x","\\u00e9\\"]"],[],null],"i":{"a":true,"s":{"a":"b"}},"m":{"k":[1,2],"":[]},"n":{"7":1}}',
  '{ "n" : { "-1" : 0.5 , "2":null} , "m":{ "a\\"b" : null , "a\\"b":[ 3 ] }, "i" : { "s" : { } , "x" : [ { } ] } , "a" : [ ] }',
  '{"a":null,"s":[[]],"i":{},"m":{},"n":{}}',
].map(bytesOf);

let workspace: Workspace;
let account: GuardedAccount;
beforeAll(async () => {
  const { memory, kernels } = await openTestWorkspace();
  account = new GuardedAccount(memory);
  workspace = { account, kernels };
});

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

test(`${EXECS} damaged texts, seed ${SEED}`, () => {
  const random = seeded(SEED);
  for (let run = 0; run < EXECS; run++) {
    const line = damage(corpus[Math.floor(random() * corpus.length)] as Uint8Array, random);
    // A whole line first: the text shall not look like UTF-16.
    const text = Uint8Array.of(...bytesOf("{}\n"), ...line);
    const lines = new TextDecoder().decode(text).split("\n");
    try {
      const { rows, bad } = decode(workspace, SCHEMA, text);
      const refused = new Set(bad.map(({ at }) => (at.line as number) - 1));
      const accepted = lines.filter((line, index) => !refused.has(index) && line.replace(/^[ \t\r]+$/, "") !== "");
      expect(rows.length).toBe(accepted.length);
      rows.forEach((row, index) => {
        const parsed: unknown = JSON.parse((accepted[index] as string).replace(/^\ufeff/, ""));
        if (!agrees(plain(row), parsed)) throw new Error(`read as ${JSON.stringify(plain(row))}`);
      });
    } catch (error) {
      throw new Error(`${new TextDecoder().decode(text)}\n${(error as Error).message}`);
    }
    account.arena.reset();
  }
  expect(account.usedBytes).toBe(0);
});
