// Parquet files that lie: each kind of lie has its code, nothing is allocated beyond the declared limits, and whatever bytes
// are changed or missing, reading ends with rows or an error of ours, inside its memory.
import { readFileSync } from "node:fs";
import { parquetWriteBuffer } from "hyparquet-writer";
import { beforeAll, describe, expect, test } from "vitest";
import { readRows } from "../../src/arrow/rows.js";
import { EngineError } from "../../src/errors.js";
import { MemoryAccount } from "../../src/wasm/memory.js";
import { seeded } from "../kernels/harness.js";
import { account, columnCells, drain, MemoryFile, memory, open, readAll, workspace } from "../support/parquet.js";

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`data/parquet/${name}.parquet`, import.meta.url)));

const errorOf = async (run: () => Promise<unknown>): Promise<EngineError> => {
  try {
    await run();
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error("no error was raised");
};

/** Compact Thrift, by hand: just enough to write footers and page headers that lie. */
type Value = number | bigint | boolean | string | Uint8Array | Value[] | { readonly [id: number]: Value };

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80n; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  return [...bytes, Number(value)];
}
const zigzag = (value: bigint): bigint => BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));

/** Type and bytes: numbers are i32, bigints i64, strings and bytes binary. */
function encode(value: Value): [type: number, bytes: number[]] {
  if (typeof value === "boolean") return [value ? 1 : 2, []];
  if (typeof value === "number") return [5, varint(zigzag(BigInt(value)))];
  if (typeof value === "bigint") return [6, varint(zigzag(value))];
  if (typeof value === "string") return encode(new TextEncoder().encode(value));
  if (value instanceof Uint8Array) return [8, [...varint(BigInt(value.length)), ...value]];
  if (Array.isArray(value)) {
    const items = value.map(encode);
    const type = items[0]?.[0] ?? 12;
    const head = items.length < 15 ? [(items.length << 4) | type] : [0xf0 | type, ...varint(BigInt(items.length))];
    return [9, [...head, ...items.flatMap(([, bytes]) => bytes)]];
  }
  const bytes: number[] = [];
  let last = 0;
  for (const [key, field] of Object.entries(value)) {
    const id = Number(key);
    const [type, content] = encode(field);
    bytes.push(((id - last) << 4) | type, ...content);
    last = id;
  }
  return [12, [...bytes, 0]];
}
const thrift = (value: Value): Uint8Array => new Uint8Array(encode(value)[1]);

const MAGIC = [0x50, 0x41, 0x52, 0x31];
/** A file of data and footer. `length` is what the tail says of the footer. */
function frame(data: Uint8Array, footer: Uint8Array, length = footer.length): Uint8Array {
  const tail = [length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff, (length >> 24) & 0xff];
  return new Uint8Array([...MAGIC, ...data, ...footer, ...tail, ...MAGIC]);
}

/** Metadata of a file with one required INT32 column of `rows` rows in one page; parts may be replaced. */
interface Parts {
  readonly rows?: bigint;
  readonly schema?: Value[];
  readonly chunk?: Readonly<Record<number, Value>>;
  readonly meta?: Readonly<Record<number, Value>>;
  readonly group?: Readonly<Record<number, Value>>;
  readonly file?: Readonly<Record<number, Value>>;
  readonly header?: Readonly<Record<number, Value>>;
  readonly v1?: Readonly<Record<number, Value>>;
  readonly page?: Uint8Array;
}
const INT32_COLUMN = { 1: 1, 3: 0, 4: "n" };
/** Fields in the order of their numbers, those that are undefined left out. */
const struct = (fields: Readonly<Record<number, Value | undefined>>): Value =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Value;

function makeFile(parts: Parts = {}): Uint8Array {
  const page = parts.page ?? new Uint8Array(new Int32Array([1, 2, 3]).buffer);
  const rows = parts.rows ?? 3n;
  const v1 = struct({ 1: Number(rows), 2: 0, 3: 3, 4: 3, ...parts.v1 });
  const header = thrift(struct({ 1: 0, 2: page.length, 3: page.length, 5: v1, ...parts.header }));
  const data = new Uint8Array([...header, ...page]);
  const meta = struct({
    1: 1,
    2: [0],
    3: ["n"],
    4: 0,
    5: rows,
    6: BigInt(data.length),
    7: BigInt(data.length),
    9: 4n,
    ...parts.meta,
  });
  const group = struct({
    1: [struct({ 2: 4n, 3: meta, ...parts.chunk })],
    2: BigInt(data.length),
    3: rows,
    ...parts.group,
  });
  const schema = parts.schema ?? [{ 4: "root", 5: 1 }, INT32_COLUMN];
  return frame(data, thrift(struct({ 1: 1, 2: schema, 3: rows, 4: [group], ...parts.file })));
}

test("the control: the file made by hand reads as it was made", async () => {
  expect(await readAll(makeFile())).toEqual({ n: [1, 2, 3] });
});

describe("RELIABILITY 15: bad Parquet, a code each", () => {
  const good = makeFile();
  test.each<[string, Uint8Array, string, RegExp]>([
    ["an empty file", new Uint8Array(0), "PARQUET_MAGIC", /0 bytes/],
    ["a short file", good.slice(0, 11), "PARQUET_MAGIC", /11 bytes/],
    ["another format", new TextEncoder().encode('{"a":1}\n'.repeat(9)), "PARQUET_MAGIC", /end with PAR1/],
    ["a file cut at its end", good.slice(0, -3), "PARQUET_MAGIC", /end with PAR1/],
    ["a file cut at its start", good.slice(2), "PARQUET_MAGIC", /begin with PAR1/],
    ["a footer longer than the file", frame(new Uint8Array(9), new Uint8Array(4), 5000), "PARQUET_FOOTER", /5000/],
    ["a negative footer length", frame(new Uint8Array(9), new Uint8Array(4), -1), "PARQUET_FOOTER", /4294967295/],
    ["an empty footer", frame(new Uint8Array(9), new Uint8Array(0)), "PARQUET_FOOTER", /0 bytes/],
    ["a footer of noise", frame(new Uint8Array(0), new Uint8Array(64).fill(0xb5)), "PARQUET_FOOTER", /struct/],
    [
      "a footer that lacks its end",
      frame(new Uint8Array(0), thrift({ 1: 1, 2: [] }).slice(0, -1)),
      "PARQUET_FOOTER",
      /struct/,
    ],
    ["no schema", makeFile({ schema: [] }), "PARQUET_FOOTER", /more columns than it holds/],
    [
      "a schema that claims itself: a group of more children than elements",
      makeFile({ schema: [{ 4: "root", 5: 1 << 30 }, INT32_COLUMN] }),
      "PARQUET_FOOTER",
      /more columns/,
    ],
    [
      "a negative number of children",
      makeFile({ schema: [{ 4: "root", 5: -1 }, INT32_COLUMN] }),
      "PARQUET_FOOTER",
      /children is -1/,
    ],
    [
      "a schema of groups in groups without end",
      makeFile({ schema: Array.from({ length: 1000 }, () => ({ 3: 0, 4: "g", 5: 1 })) }),
      "PARQUET_FOOTER",
      /levels deep/,
    ],
    ["a root that is a leaf", makeFile({ schema: [INT32_COLUMN] }), "PARQUET_FOOTER", /root is no group/],
    [
      "elements that belong to no group",
      makeFile({ schema: [{ 4: "root", 5: 1 }, INT32_COLUMN, INT32_COLUMN] }),
      "PARQUET_FOOTER",
      /belong to no group/,
    ],
    [
      "two columns of one name",
      makeFile({ schema: [{ 4: "root", 5: 2 }, INT32_COLUMN, INT32_COLUMN] }),
      "PARQUET_FOOTER",
      /column chunks/,
    ],
    [
      "a column without a name",
      makeFile({
        schema: [
          { 4: "root", 5: 1 },
          { 1: 1, 3: 0 },
        ],
      }),
      "PARQUET_FOOTER",
      /column name/,
    ],
    ["a negative number of rows", makeFile({ file: { 3: -3n } }), "PARQUET_FOOTER", /number of rows is -3/],
    [
      "a number of rows beyond all numbers",
      makeFile({ file: { 3: 1n << 60n } }),
      "PARQUET_FOOTER",
      /number of rows is/,
    ],
    ["rows that its row groups do not have", makeFile({ file: { 3: 4n } }), "PARQUET_FOOTER", /4 rows, but 3/],
    ["a row group of negative rows", makeFile({ group: { 3: -1n } }), "PARQUET_FOOTER", /number of rows is -1/],
    ["a row group without chunks", makeFile({ group: { 1: [] } }), "PARQUET_FOOTER", /0 column chunks/],
    ["a number where a list belongs", makeFile({ file: { 4: 7 } }), "PARQUET_FOOTER", /no list of row groups/],
    ["numbers where structs belong", makeFile({ file: { 4: [7] } }), "PARQUET_FOOTER", /is no struct/],
    ["a chunk without metadata", makeFile({ chunk: { 3: undefined as never } }), "PARQUET_FOOTER", /no metadata/],
    ["a chunk in another file", makeFile({ chunk: { 1: "elsewhere.parquet" } }), "PARQUET_FOOTER", /another file/],
    ["a chunk before the data", makeFile({ meta: { 9: 0n } }), "PARQUET_FOOTER", /outside the data/],
    ["a chunk behind the data", makeFile({ meta: { 9: 4000n } }), "PARQUET_FOOTER", /outside the data/],
    ["a chunk of a negative size", makeFile({ meta: { 7: -1n } }), "PARQUET_FOOTER", /compressed size is -1/],
    ["a chunk of more bytes than the file", makeFile({ meta: { 7: 1n << 50n } }), "PARQUET_FOOTER", /outside the data/],
    ["an unknown codec", makeFile({ meta: { 4: 99 } }), "PARQUET_CODEC", /codec 99/],
    ["LZO", makeFile({ meta: { 4: 3 } }), "PARQUET_CODEC", /LZO/],
    [
      "an unknown physical type",
      makeFile({
        schema: [
          { 4: "root", 5: 1 },
          { 1: 44, 3: 0, 4: "n" },
        ],
      }),
      "UNSUPPORTED",
      /physical type/,
    ],
    ["an encrypted footer", new Uint8Array(fixture("encrypted")), "PARQUET_ENCRYPTED", /as a whole/],
    ["an encrypted column", new Uint8Array(fixture("encrypted-column")), "PARQUET_ENCRYPTED", /"secret"/],
    ["a page header of noise", makeFile({ header: { 1: "no number", 2: "x", 3: "y" } }), "PARQUET_CORRUPT", /bytes/],
    ["a page of negative size", makeFile({ header: { 3: -12 } }), "PARQUET_CORRUPT", /-12 bytes/],
    ["a page of more bytes than its chunk", makeFile({ header: { 3: 1 << 20 } }), "PARQUET_CORRUPT", /1048576/],
    ["a page of another uncompressed size", makeFile({ header: { 2: 13 } }), "PARQUET_CORRUPT", /uncompress to 13/],
    ["a page larger than the limit", makeFile({ header: { 2: 0x7fffffff } }), "PARQUET_PAGE_SIZE", /2147483647/],
    ["a page of more values than bytes", makeFile({ page: new Uint8Array(8) }), "PARQUET_CORRUPT", /too few/],
    ["a page of more rows than its row group", makeFile({ v1: { 1: 4 } }), "PARQUET_CORRUPT", /4 rows where 3/],
    ["a page of negative rows", makeFile({ v1: { 1: -1 } }), "PARQUET_CORRUPT", /-1 values/],
    ["pages that end before their rows", makeFile({ v1: { 1: 2 } }), "PARQUET_CORRUPT", /1 rows too early/],
    ["an unknown encoding", makeFile({ v1: { 2: 77 } }), "PARQUET_ENCODING", /unknown/],
    ["an encoding that the type cannot have", makeFile({ v1: { 2: 6 } }), "PARQUET_ENCODING", /DELTA_LENGTH/],
    ["indexes without a dictionary", makeFile({ v1: { 2: 8 } }), "PARQUET_CORRUPT", /before any dictionary/],
    ["a data page without its header", makeFile({ header: { 5: undefined as never } }), "PARQUET_CORRUPT", /too early/],
    [
      "levels in an encoding of 2013",
      makeFile({
        schema: [
          { 4: "root", 5: 1 },
          { 1: 1, 3: 1, 4: "n" },
        ],
        v1: { 3: 4 },
      }),
      "PARQUET_ENCODING",
      /BIT_PACKED/,
    ],
    [
      "levels longer than their page",
      makeFile({
        schema: [
          { 4: "root", 5: 1 },
          { 1: 1, 3: 1, 4: "n" },
        ],
        page: new Uint8Array([9, 0, 0, 0, 1]),
      }),
      "PARQUET_CORRUPT",
      /levels of 9/,
    ],
    [
      "levels that do not cover their page",
      makeFile({
        schema: [
          { 4: "root", 5: 1 },
          { 1: 1, 3: 1, 4: "n" },
        ],
        page: new Uint8Array([2, 0, 0, 0, 4, 1]),
      }),
      "PARQUET_CORRUPT",
      /do not cover/,
    ],
  ])("%s", async (_, bytes, code, message) => {
    const error = await errorOf(() => readAll(bytes));
    expect(`${error.code}: ${error.message}`).toMatch(new RegExp(`^${code}: .*${message.source}`));
    expect(error.hint).toBeTruthy();
  });

  test("the columns that are not encrypted can be read", async () => {
    const file = await open(new MemoryFile(fixture("encrypted-column")));
    const schema = { fields: file.schema.fields.slice(0, 1) };
    expect(await readAll(fixture("encrypted-column"), { schema })).toEqual({ open: [1n, 2n, 3n] });
  });
});

describe("nothing is allocated that was not declared", () => {
  /** Linear memory and the largest read while `run` fails. */
  async function spent(bytes: Uint8Array, options = {}): Promise<{ error: EngineError; grownBytes: number }> {
    const before = memory.sizeBytes;
    const error = await errorOf(() => readAll(bytes, options));
    account.arena.reset();
    return { error, grownBytes: memory.sizeBytes - before };
  }
  beforeAll(async () => {
    await readAll(makeFile());
  });

  test("lists and texts of a footer that claim to be long", async () => {
    // A list of 2^31 − 1 structs, nested lists of as many, a text of as many bytes: a few bytes each.
    const long = varint(0x7fffffffn);
    const claims = [
      [0x29, 0xfc, ...long],
      [0x29, ...new Array(20).fill([0xf9, ...long]).flat()],
      [0x28, ...long],
      [0x28, ...varint(1n << 40n)],
      [0x29, 0x19, ...new Array(4000).fill(0x19)],
      [0x16, ...new Array(4000).fill(0xff)],
    ];
    for (const claim of claims) {
      const { error } = await spent(frame(new Uint8Array(0), new Uint8Array([...claim, 0, 0, 0, 0])));
      expect(error.code).toBe("PARQUET_FOOTER");
    }
  });

  test("a footer of more than 16 MiB", async () => {
    const bytes = frame(new Uint8Array(0), new Uint8Array(0));
    const claimed = 17 << 20;
    const file = {
      path: "large.parquet",
      lengthBytes: 32 << 20,
      read: (_offset: number, length: number, done: (error: null, bytes: Uint8Array) => void) => {
        expect(length).toBeLessThanOrEqual(1 << 16);
        const tail = new Uint8Array(length);
        tail.set(bytes.slice(-8), length - 8);
        new DataView(tail.buffer).setUint32(length - 8, claimed, true);
        done(null, tail);
      },
      close: () => undefined,
    };
    expect((await errorOf(() => open(file))).message).toContain(`${claimed} bytes, more than`);
  });

  test("pages, their rows and their strings, by pageBytesMax", async () => {
    const limit = { pageBytesMax: 4096 };
    const bomb = makeFile({ header: { 2: 5000 } });
    expect((await spent(bomb, limit)).error.code).toBe("PARQUET_PAGE_SIZE");
    // A run of a million nulls takes a few bytes, and its validity is what must not be made.
    const nulls = makeFile({
      rows: 1_000_000n,
      schema: [
        { 4: "root", 5: 1 },
        { 1: 1, 3: 1, 4: "n" },
      ],
      page: new Uint8Array([4, 0, 0, 0, ...varint(2_000_000n), 0]),
    });
    const { error, grownBytes } = await spent(nulls, limit);
    expect(error.code).toBe("PARQUET_PAGE_SIZE");
    expect(grownBytes).toBe(0);
    expect((await readAll(nulls))["n"]?.length).toBe(1_000_000);
    // Every string repeats the one before and adds a letter: 300 values of up to 300 bytes from 300 letters.
    const growing = new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          {
            name: "s",
            type: "STRING",
            encoding: "DELTA_BYTE_ARRAY",
            data: Array.from({ length: 300 }, (_, i) => "x".repeat(i)),
          },
        ],
      }),
    );
    expect((await readAll(growing))["s"]?.[299]).toHaveLength(299);
    expect((await spent(growing, limit)).error.code).toBe("PARQUET_PAGE_SIZE");
  });

  test("limits themselves are checked", async () => {
    const unknown = await errorOf(() => open(new MemoryFile(makeFile()), { truncateTime: true } as object));
    expect(unknown).toMatchObject({ code: "OPTION", hint: expect.stringContaining('"truncateTimes"') });
    for (const pageBytesMax of [0, -1, 1.5, Number.NaN, 2 ** 40]) {
      expect((await errorOf(() => readAll(makeFile(), { pageBytesMax }))).code).toBe("OPTION");
    }
  });
});

/** An account that sees writes beyond a block and its slack. */
class GuardedAccount extends MemoryAccount {
  overruns = 0;

  override allocate(bytes: number): number {
    const ptr = super.allocate(bytes + GUARD);
    this.memory.u8.fill(0xa5, ptr + bytes + 16, ptr + bytes + GUARD);
    return ptr;
  }

  override free(ptr: number, bytes: number): void {
    const guard = this.memory.u8.subarray(ptr + bytes + 16, ptr + bytes + GUARD);
    if (guard.some((byte) => byte !== 0xa5)) this.overruns++;
    super.free(ptr, bytes + GUARD);
  }
}
const GUARD = 80;

test("the control: a guarded account sees a byte behind the slack", () => {
  const guarded = new GuardedAccount(memory);
  for (const [at, overruns] of [
    [115, 0],
    [116, 1],
  ] as const) {
    const ptr = guarded.allocate(100);
    memory.u8[ptr + at] = 1;
    guarded.free(ptr, 100);
    expect(guarded.overruns).toBe(overruns);
  }
  guarded.dispose();
});

describe("mutations", () => {
  const written = (pageSize: number): Uint8Array => {
    const rows = 120;
    return new Uint8Array(
      parquetWriteBuffer({
        pageSize,
        rowGroupSize: 50,
        columnData: [
          {
            name: "i",
            type: "INT32",
            data: Array.from({ length: rows }, (_, i) => i * i),
            encoding: "DELTA_BINARY_PACKED",
          },
          { name: "l", type: "INT64", data: Array.from({ length: rows }, (_, i) => (i % 7 ? BigInt(i) << 20n : null)) },
          { name: "b", type: "BOOLEAN", data: Array.from({ length: rows }, (_, i) => i % 3 === 0), encoding: "RLE" },
          {
            name: "d",
            type: "DOUBLE",
            data: Array.from({ length: rows }, (_, i) => i / 3),
            encoding: "BYTE_STREAM_SPLIT",
          },
          { name: "s", type: "STRING", data: Array.from({ length: rows }, (_, i) => (i % 5 ? `word ${i % 9}` : null)) },
          {
            name: "p",
            type: "STRING",
            data: Array.from({ length: rows }, (_, i) => `prefix ${i}`),
            encoding: "DELTA_BYTE_ARRAY",
          },
        ],
      }),
    );
  };
  const small = ["int96", "all-null", "types-decimal-integers", "types-brotli", "types-lz4", "nanoseconds"];
  const files: [string, Uint8Array, number][] = [
    ["hyparquet-writer, one page", written(1 << 20), 500],
    ["hyparquet-writer, many pages", written(150), 500],
    ["encodings-v1", fixture("encodings-v1"), 150],
    ["encodings-v2", fixture("encodings-v2"), 150],
    ["nested-v1", fixture("nested-v1"), 80],
    ["nested-v2", fixture("nested-v2"), 80],
    ["types-gzip", fixture("types-gzip"), 100],
    ["types-zstd", fixture("types-zstd"), 150],
    ...small.map((name): [string, Uint8Array, number] => [name, fixture(name), 100]),
  ];

  test.each(files)("%s: rows or an error of ours, and the memory given back", async (name, bytes, rounds) => {
    const isNested = name.startsWith("nested");
    const random = seeded(bytes.length);
    const codes = new Set<string>();
    const guarded = new GuardedAccount(memory);
    const guardedWorkspace = { ...workspace, account: guarded };
    // The arena keeps its first chunk from step to step.
    guarded.arena.allocate(1);
    const { usedBytes } = guarded;
    for (let round = 0; round < rounds; round++) {
      let changed = bytes.slice();
      const kind = random();
      if (kind < 0.15) {
        const end = Math.floor(random() * changed.length);
        changed = new Uint8Array([...changed.slice(0, end), ...changed.slice(-8)]);
      }
      const flips = 1 + Math.floor(random() * 4);
      // The footer is small beside the pages: half of the flips go there.
      const footerBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 8, true) + 8;
      for (let i = 0; i < flips; i++) {
        const inFooter = random() < 0.5;
        const from = inFooter ? Math.max(0, changed.length - footerBytes) : 0;
        const at = from + Math.floor(random() * (changed.length - from));
        changed[at] = random() < 0.5 ? (changed[at] as number) ^ (1 << (random() * 8)) : random() * 256;
      }
      try {
        const file = await open(new MemoryFile(changed), { pageBytesMax: 1 << 20 });
        await drain(file, { workspace: guardedWorkspace, batchRowsMax: 64 }, (batch) => {
          if (isNested) readRows(batch, { bigint: true });
          else batch.schema.fields.forEach((_, index) => void columnCells(batch.column(index)));
        });
        codes.add("rows");
      } catch (error) {
        if (!(error instanceof EngineError) || error.code === "INTERNAL") throw error;
        codes.add(error.code);
      }
      expect(guarded.usedBytes).toBe(usedBytes);
      expect(guarded.overruns).toBe(0);
    }
    guarded.dispose();
    expect(codes.size).toBeGreaterThan(2);
  });
});
