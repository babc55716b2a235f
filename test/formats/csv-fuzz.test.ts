// Random damage to CSV: the decoder never crashes, never writes outside its blocks, gives the same rows however its input is
// cut, and the fields that a plain automaton finds. `npm run fuzz -- csv --execs N --seed S` runs more of it.
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import type { Workspace } from "../../src/arrow/batch.js";
import { openCsv } from "../../src/formats/csv.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { seeded } from "../kernels/harness.js";
import { decodeCsv, referenceRecords, texts } from "./csv-support.js";
import { bytesOf, GuardedAccount } from "./json-support.js";

const EXECS = Number(process.env.FUZZ_EXECS ?? 1500);
const SEED = Number(process.env.FUZZ_SEED ?? 1);

const cases = JSON.parse(readFileSync(new URL("../fixtures/csv/cases.json", import.meta.url), "utf8")) as {
  text: string;
  csv?: object;
}[];
const corpus = [
  ...cases.map(({ text }) => text),
  `a,b,c\n${'1,2.5,"x ""y"" z"\n'.repeat(40)}`,
  `"${"long text, ".repeat(30)}",1,2020-02-29T23:59:59.123Z\r\n`,
];
const PIECES = [
  ",",
  ";",
  '"',
  '""',
  "'",
  "\\",
  "\n",
  "\r",
  "\r\n",
  "\t",
  " ",
  "#",
  "0",
  "9",
  "-",
  "+",
  ".",
  "e5",
  "1e400",
  "NaN",
].concat([
  "true",
  "2020-02-29",
  "23:59",
  "é",
  "\ufeff",
  "\0",
  "x".repeat(100),
  ",".repeat(70),
  '"\n'.repeat(20),
  "9".repeat(40),
]);

/** Every type, read from fields in turn. */
const TYPES = [
  "DOUBLE",
  "BIGINT",
  "BOOLEAN",
  "TIMESTAMP(3)",
  "DECIMAL(12, 3)",
  "DATE",
  "TIME",
  "BYTES",
  "INT",
  "DECIMAL(38, 4)",
];
const DIALECTS: readonly object[] = [
  {},
  { delimiter: "," },
  { delimiter: ",", header: false },
  { delimiter: ";", header: false, trim: true, pad: true },
  { delimiter: ",", quote: "'", escape: "\\", comment: "#", header: false },
  { delimiter: ",", quote: "", header: false, decimal: ",", thousands: "." },
  { duplicateNames: "suffix", skipRows: 1, nulls: ["NaN", ""] },
];

let workspace: Workspace;
let account: GuardedAccount;
beforeAll(async () => {
  const { memory, kernels } = await openTestWorkspace();
  account = new GuardedAccount(memory);
  workspace = { account, kernels };
});

function damage(text: string, random: () => number): Uint8Array {
  const below = (n: number) => Math.floor(random() * n);
  let bytes = [...bytesOf(text)];
  for (let count = below(6); count > 0; count--) {
    const at = below(bytes.length + 1);
    const piece = bytesOf(PIECES[below(PIECES.length)] as string);
    if (below(4) === 0) bytes[at] = below(256);
    else if (below(3) === 0) bytes.splice(at, 1 + below(4));
    else if (below(8) === 0) bytes = bytes.slice(0, at);
    else bytes.splice(at, 0, ...piece);
  }
  return Uint8Array.from(bytes);
}

/** What a call gives, or the code of what it throws; anything without a code is a crash. */
function attempt<T>(call: () => T): T | string {
  try {
    return call();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined || code === "INTERNAL") throw error;
    return code;
  }
}

function check(bytes: Uint8Array, random: () => number): void {
  const below = (n: number) => Math.floor(random() * n);
  const csv = DIALECTS[below(DIALECTS.length)] as object;
  attempt(() => openCsv(csv, "x.csv").inferSchema({ bytes, complete: below(2) === 0, source: "x.csv" }));
  const count = 1 + below(4);
  const schema = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`c${i}`, i === 0 ? "STRING" : (TYPES[below(10)] as string)]),
  );
  const maxRecordBytes = below(4) === 0 ? 40 : undefined;
  const options = { csv, columns: Object.keys(schema), maxRecordBytes };
  const whole = attempt(() => decodeCsv(workspace, schema, bytes, options));
  const chunks = Array.from({ length: 4 }, () => 1 + below(90));
  const cut = attempt(() => decodeCsv(workspace, schema, bytes, { ...options, chunks, batchRowsMax: 1 + below(5) }));
  if (typeof whole === "string" || typeof cut === "string") expect(cut).toEqual(whole);
  else {
    expect(cut.rows).toEqual(whole.rows);
    expect(cut.bad).toEqual(whole.bad);
  }
  // As the automaton has it, where the text is one and no quote is left open.
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  if (text.includes("\ufffd") || text.startsWith("\ufeff")) return;
  const read = attempt(() => decodeCsv(workspace, texts(count), bytes, { csv: { delimiter: ",", header: false } }));
  if (typeof read === "string" || read.bad.some(({ message }) => /never closed|UTF-8/.test(message))) return;
  const expected = referenceRecords(text, count);
  const refused = (record: readonly (string | null)[]) => record.length === 1 && record[0] === "refused";
  if (count > 1)
    expect(read.rows.map((row) => Object.values(row))).toEqual(expected.filter((record) => !refused(record)));
}

test(`${EXECS} damaged texts, seed ${SEED}`, { timeout: 60_000 + EXECS * 20 }, () => {
  const random = seeded(SEED);
  for (let exec = 0; exec < EXECS; exec++) {
    const bytes = damage(corpus[Math.floor(random() * corpus.length)] as string, random);
    try {
      check(bytes, random);
    } catch (cause) {
      throw new Error(`exec ${exec} of seed ${SEED}: ${JSON.stringify(new TextDecoder().decode(bytes))}`, { cause });
    }
  }
  account.arena.reset();
  expect(account.usedBytes).toBe(0);
});
