// Bad input through whole jobs, the same for every format that can meet it: a code and a place, or the rows that are right, in bounded
// memory. The table of all cases, and where each is tested, is docs/reference/bad-input.md.
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, describe, expect, test } from "vitest";
import { openSim, type SimEngine } from "./support.js";

const MEMORY_BYTES = 32 << 20;
const SCHEMA = { a: "BIGINT", s: "STRING" } as const;

const openAll: SimEngine[] = [];
async function open(): Promise<SimEngine> {
  const engine = await openSim(1, MEMORY_BYTES);
  openAll.push(engine);
  return engine;
}
afterAll(() => Promise.all(openAll.map(({ mill, wait }) => wait(mill.close()))));

type Options = NonNullable<Parameters<SimEngine["mill"]["file"]>[1]>;

/** All rows of one file. */
async function read(path: string, bytes: string | Uint8Array, options: Options = {}) {
  const { sim, mill, wait } = await open();
  sim.files.write(path, bytes);
  const rows = await wait(mill.file(path, options).toArray());
  expect(sim.files.openCount).toBe(0);
  return rows as Record<string, unknown>[];
}

/** The code of each dead letter, and how many rows were read. */
async function readWithLetters(path: string, bytes: string | Uint8Array, options: Options = {}) {
  const { sim, mill, wait } = await open();
  sim.files.write(path, bytes);
  const table = mill.file(path, { ...options, rowPolicy: "deadLetter" });
  const [good, bad] = [mill.memory(), mill.memory()];
  await wait(table.to(good).and(table.deadLetters().to(bad)).run());
  return { rows: good.toRows(), letters: bad.toRows() };
}

const code = (name: string) => expect.objectContaining({ code: name, hint: expect.any(String) });
const utf16 = (text: string) => Uint8Array.from([...text].flatMap((char) => [char.charCodeAt(0), 0]));
const TEXTS = ["/x.csv", "/x.tsv", "/x.ndjson", "/x.json", "/x.ndjson.gz"];
const packed = (path: string, text: string | Uint8Array) =>
  path.endsWith(".gz") ? new Uint8Array(gzipSync(text)) : text;

describe("R1 an empty file", () => {
  test.each(TEXTS)("%s has no rows under a schema, and no schema of its own", async (path) => {
    expect(await read(path, packed(path, ""), { schema: SCHEMA })).toEqual([]);
    await expect(read(path, packed(path, ""))).rejects.toEqual(code("SCHEMA_EMPTY"));
  });

  test("of lines or bytes has no rows", async () => {
    for (const format of ["lines", "bytes"] as const) expect(await read("/x.log", "", { format })).toEqual([]);
  });

  test.each([
    ["/x.parquet", "PARQUET_MAGIC"],
    ["/x.avro", "SCHEMA_EMPTY"],
  ])("%s is none: %s", async (path, expected) => {
    await expect(read(path, "")).rejects.toEqual(code(expected));
  });
});

describe("R2 byte order marks and UTF-16", () => {
  const records: Readonly<Record<string, string>> = {
    "/x.csv": "a,s\n1,x\n",
    "/x.ndjson": '{"a":1,"s":"x"}\n',
    "/x.json": '[{"a":1,"s":"x"}]',
    "/x.ndjson.gz": '{"a":1,"s":"x"}\n',
  };

  test.each(Object.entries(records))("%s is read behind its mark", async (path, text) => {
    expect(await read(path, packed(path, `\ufeff${text}`))).toEqual([{ a: 1, s: "x" }]);
  });

  test.each(Object.entries(records))("%s of UTF-16 is ENCODING", async (path, text) => {
    for (const bytes of [utf16(text), Uint8Array.of(0xff, 0xfe, ...utf16(text))]) {
      await expect(read(path, packed(path, bytes))).rejects.toEqual(code("ENCODING"));
      await expect(read(path, packed(path, bytes), { schema: SCHEMA })).rejects.toEqual(code("ENCODING"));
    }
  });
});

test("R3 text that is not UTF-8 is a bad record of every text format, and the others are read", async () => {
  const bad = (before: string, behind: string) =>
    Buffer.concat([Buffer.from(before), Buffer.of(0xff), Buffer.from(behind)]);
  const csv = await readWithLetters("/x.csv", bad("a,s\n1,x\n2,", "\n3,z\n"), { schema: SCHEMA });
  expect([csv.rows.length, csv.letters]).toEqual([2, [expect.objectContaining({ code: "UTF8", line: 3 })]]);
  const json = await readWithLetters("/x.ndjson", bad('{"a":1}\n{"s":"', '"}\n{"a":3}\n'), { schema: SCHEMA });
  expect([json.rows.length, json.letters]).toEqual([2, [expect.objectContaining({ code: "UTF8", line: 2 })]]);
  const lines = await readWithLetters("/x.log", bad("one\n", "\nthree\n"), { format: "lines" });
  expect([lines.rows.length, lines.letters]).toEqual([2, [expect.objectContaining({ code: "UTF8", line: 2 })]]);
});

test("R5 a quote that is not closed within maxRecordBytes costs its line and bounded memory", async () => {
  const row = "1,plain text\n";
  const text = `a,s\n${row.repeat(3)}2,"open\n${row.repeat(4_000_000)}`;
  expect(text.length).toBeGreaterThan(1.5 * MEMORY_BYTES);
  const { sim, mill, wait } = await open();
  sim.files.write("/x.csv", text);
  // Told, or it would be guessed from the first 64 KiB that no quotes are meant.
  const csv = { delimiter: ",", quote: '"' };
  const table = mill.file("/x.csv", { csv, schema: SCHEMA, maxRecordBytes: 1 << 20, rowPolicy: "deadLetter" });
  const bad = mill.memory();
  let rows = 0;
  const counting = mill.callback((batch) => {
    rows += batch.length;
  });
  await wait(table.to(counting).and(table.deadLetters().to(bad)).run());
  expect(bad.toRows()).toEqual([expect.objectContaining({ code: "RECORD_TOO_LARGE", line: 5 })]);
  expect(rows).toBe(4_000_003);
}, 120_000);

test("R5 a quote that is open at the end is CSV_QUOTE at its line, which alone is lost", async () => {
  const text = 'a,s\n1,x\n2,"open\n3,y\n';
  const csv = { delimiter: ",", quote: '"' };
  const { rows, letters } = await readWithLetters("/x.csv", text, { csv, schema: SCHEMA });
  expect(rows.map(({ a }) => a)).toEqual([1, 3]);
  expect(letters).toEqual([expect.objectContaining({ code: "CSV_QUOTE", line: 3 })]);
});

test("R8 names of every object's properties are plain data, and change no object", async () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
  const values = names.map((_, index) => index);
  const json = `{${names.map((name, index) => `"${name}":${index}`).join(",")}}`;
  const parquet = parquetWriteBuffer({
    columnData: names.map((name, index) => ({ name, data: [index], type: "INT32" as const })),
  });
  const files: readonly (readonly [string, string | Uint8Array])[] = [
    ["/x.csv", `${names.join(",")}\n${values.join(",")}\n`],
    ["/x.ndjson", `${json}\n`],
    ["/x.json", `[${json}]`],
    ["/x.parquet", new Uint8Array(parquet)],
  ];
  for (const [path, bytes] of files) {
    const rows = await read(path, bytes);
    expect(rows.map((row) => names.map((name) => Object.getOwnPropertyDescriptor(row, name)?.value))).toEqual([values]);
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(typeof {}.toString).toBe("function");
});

test("R10 fifty thousand columns are TOO_MANY_COLUMNS", async () => {
  const names = Array.from({ length: 50_000 }, (_, index) => `c${index}`);
  const json = `{${names.map((name) => `"${name}":1`).join(",")}}`;
  await expect(read("/x.csv", `${names.join(",")}\n`)).rejects.toEqual(code("TOO_MANY_COLUMNS"));
  await expect(read("/x.csv", `${names.join(",")}\n`, { csv: { header: false } })).rejects.toEqual(
    code("TOO_MANY_COLUMNS"),
  );
  await expect(read("/x.ndjson", `${json}\n`)).rejects.toEqual(code("TOO_MANY_COLUMNS"));
  await expect(read("/x.json", `[${json}]`)).rejects.toEqual(code("TOO_MANY_COLUMNS"));
  // A schema names those that are wanted.
  expect(await read("/x.ndjson", `${json}\n`, { schema: { c49999: "INT" } })).toEqual([{ c49999: 1 }]);
  // A first record that is longer than what is looked at says so.
  const long = `{"s":"${"x".repeat(2 << 20)}"}\n`;
  await expect(read("/x.ndjson", long)).rejects.toEqual(code("SCHEMA_EMPTY"));
});

test("R14 a Zstandard frame that asks for a window of gigabytes is refused before it is made", async () => {
  // Window descriptor 0xa8: 2^31 bytes; then one byte, raw.
  const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x09, 0x00, 0x00, 0x0a);
  await expect(read("/x.ndjson.zst", frame, { schema: SCHEMA })).rejects.toEqual(code("DECOMPRESS_LIMIT"));
  // Behind a frame that is whole: its rows were read.
  const whole = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x00, 0x41, 0, 0, ...Buffer.from('{"a":1}\n'));
  const { rows, letters } = await readWithLetters("/x.ndjson.zst", Buffer.concat([whole, frame]), { schema: SCHEMA });
  expect(rows).toHaveLength(1);
  expect(letters).toEqual([expect.objectContaining({ code: "DECOMPRESS_LIMIT" })]);
});

describe("R17 a value that its column does not take", () => {
  const schema = { a: "BIGINT NOT NULL", s: "STRING" } as const;
  test.each([
    ["/x.csv", "a,s\n1,x\n,y\nz,w\n"],
    ["/x.ndjson", '{"a":1,"s":"x"}\n{"a":null,"s":"y"}\n{"a":"z"}\n'],
    ["/x.json", '[{"a":1,"s":"x"},\n{"s":"y"},\n{"a":"z"}]'],
  ])("%s is TYPE, with the column", async (path, text) => {
    const { rows, letters } = await readWithLetters(path, text, { schema });
    expect(rows).toEqual([{ a: 1, s: "x" }]);
    expect(letters.map((letter) => [letter["code"], letter["field"]])).toEqual([
      ["TYPE", "a"],
      ["TYPE", "a"],
    ]);
  });
});

describe("R18 columns that come and go within NDJSON", () => {
  const text = '{"a":1,"s":"x"}\n{"a":2,"s":"y","new":true}\n{"s":"z"}\n{"a":"four","s":"w"}\n';

  test("a new one is passed over, a missing one is NULL, another type is refused with its place", async () => {
    const { rows, letters } = await readWithLetters("/x.ndjson", text, { schema: SCHEMA });
    expect(rows).toEqual([
      { a: 1, s: "x" },
      { a: 2, s: "y" },
      { a: null, s: "z" },
    ]);
    expect(letters).toEqual([expect.objectContaining({ code: "TYPE", line: 4, field: "a", byte: 53 })]);
  });

  test("and ends the job unless the policy says otherwise", async () => {
    await expect(read("/x.ndjson", text, { schema: SCHEMA })).rejects.toMatchObject({ code: "TYPE", at: { line: 4 } });
  });
});
