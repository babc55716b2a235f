// Every source through the suite that all of them share: test/connectors/conformance.ts.

import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import * as arrow from "apache-arrow";
import type { Schema } from "avsc";
import { parquetWriteBuffer } from "hyparquet-writer";
import { batchFromColumns } from "../../src/arrow/builder.js";
import { BatchTable } from "../../src/arrow/table.js";
import { parseSchema } from "../../src/arrow/types.js";
import { http } from "../../src/connectors/fetch.js";
import { file } from "../../src/connectors/file.js";
import { generator } from "../../src/connectors/generator.js";
import { memory } from "../../src/connectors/memory.js";
import { nexmark } from "../../src/connectors/nexmark.js";
import { loadNexmark } from "../../src/connectors/nexmark-kernels.js";
import { rows } from "../../src/connectors/rows.js";
import { stream } from "../../src/connectors/stream.js";
import { nodePlatform } from "../../src/platform/node.js";
import type { Platform } from "../../src/platform/platform.js";
import { SimPlatform } from "../../src/platform/sim.js";
import type { Connector } from "../../src/runtime/connector.js";
import { writeAvsc } from "../formats/avro-support.js";
import { describeSource, type Subject } from "./conformance.js";
import { recordBatches } from "./range-support.js";
import { zstdFrame } from "./support.js";

const SCHEMA = { n: "BIGINT", key: "STRING" } as const;
const ROWS = Array.from({ length: 11 }, (_, n) => ({ n, key: n % 3 === 0 ? null : `ключ ${n}` }));
const TEXT = ROWS.map((row) => `${JSON.stringify(row)}\n`).join("");
const BYTES = new TextEncoder().encode(TEXT);
/** Good, no JSON, of the wrong type, good. */
const BAD_BYTES = new TextEncoder().encode('{"n":0,"key":"a"}\nnonsense\n{"n":"x"}\n{"n":3,"key":"b"}\n');
const BAD_ROWS = [
  { n: 0, key: "a" },
  { n: 3, key: "b" },
];
const FLOOD = Array.from({ length: 100_000 }, (_, n) => ({ n, key: "k" }));

function table(connector: Connector, platform: Platform, live: unknown, options: Record<string, unknown> = {}) {
  return { ref: { id: "t", connector: connector.name, name: "subject", options }, live, platform };
}

/** A subject on a simulator of its own. */
function simulated(make: (sim: SimPlatform) => Omit<Subject, "wait">): Subject {
  const sim = new SimPlatform(1, { hostTurn: () => new Promise((resolve) => setTimeout(resolve, 1)) });
  return { ...make(sim), wait: (promise) => sim.drive(promise) };
}

function fileOf(files: Readonly<Record<string, Uint8Array>>, path: string, format = "ndjson"): Subject {
  return simulated((sim) => {
    for (const [name, bytes] of Object.entries(files)) sim.files.write(name, bytes);
    const ref = { id: "t", connector: "file", name: path, options: { format } };
    return { connector: file, table: { ref, live: null, platform: sim }, openCount: () => sim.files.openCount };
  });
}

const half = TEXT.indexOf("\n", TEXT.length / 2) + 1;
const encode = (text: string) => new TextEncoder().encode(text);

describeSource("one file", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => fileOf({ "/a.ndjson": BYTES }, "/a.ndjson"),
  bad: {
    open: () => fileOf({ "/a.ndjson": BAD_BYTES }, "/a.ndjson"),
    rows: BAD_ROWS,
    places: [
      { code: "JSON", at: { source: "/a.ndjson", line: 2, byte: 18, column: 1 } },
      { code: "TYPE", at: { source: "/a.ndjson", line: 3, byte: 27, field: "n" } },
    ],
  },
  replayable: true,
});

describeSource("a directory of files", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => fileOf({ "/d/1.ndjson": encode(TEXT.slice(0, half)), "/d/2.ndjson": encode(TEXT.slice(half)) }, "/d"),
  replayable: true,
});

const CSV = `n,key\n${ROWS.map(({ n, key }) => `${n},${key ?? ""}\n`).join("")}`;
const PARQUET = parquetWriteBuffer({
  columnData: [
    { name: "n", data: ROWS.map(({ n }) => BigInt(n)), type: "INT64" },
    { name: "key", data: ROWS.map(({ key }) => key), type: "STRING" },
  ],
  rowGroupSize: 4,
});

/** By avsc, four records or so a block. */
function avroFile(): Promise<Uint8Array> {
  const fields = [
    { name: "n", type: "long" },
    { name: "key", type: ["null", "string"] },
  ];
  const records = ROWS.map((row) => ({ ...row, n: BigInt(row.n) }));
  return writeAvsc({ type: "record", name: "row", fields } as Schema, records, { blockSize: 40 });
}

const FILES: readonly (readonly [format: string, path: string, bytes: Uint8Array])[] = [
  ["csv", "/a.csv", encode(CSV)],
  ["json", "/a.json", encode(JSON.stringify(ROWS))],
  ["arrow", "/a.arrow", arrow.tableToIPC(recordBatches(ROWS, 4), "file")],
  ["arrow", "/a.arrows", arrow.tableToIPC(recordBatches(ROWS, 4, true), "stream")],
  ["parquet", "/a.parquet", new Uint8Array(PARQUET)],
  ["avro", "/a.avro", await avroFile()],
  ["ndjson", "/a.ndjson.gz", new Uint8Array(gzipSync(TEXT))],
  ["csv", "/a.csv.zst", new Uint8Array(zstdFrame(encode(CSV)))],
];

for (const [format, path, bytes] of FILES) {
  describeSource(`the file ${path}`, {
    schema: SCHEMA,
    rows: ROWS,
    open: () => fileOf({ [path]: bytes }, path, format),
    replayable: true,
  });
}

/** A WHATWG stream of chunks that counts what is open, and what was taken of it. */
function streamOf(chunks: Iterable<Uint8Array>): { live: ReadableStream<Uint8Array>; open(): number; taken(): number } {
  const iterator = chunks[Symbol.iterator]();
  let open = 1;
  let taken = 0;
  const live = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { done, value } = iterator.next();
        if (done) {
          open = 0;
          controller.close();
          return;
        }
        taken++;
        controller.enqueue(value);
      },
      cancel() {
        open = 0;
      },
    },
    { highWaterMark: 0 },
  );
  return { live, open: () => open, taken: () => taken };
}

function streamSubject(chunks: Iterable<Uint8Array>, rowsOfChunk = 0): Subject {
  return simulated((sim) => {
    const { live, open, taken } = streamOf(chunks);
    return {
      connector: stream,
      table: table(stream, sim, live),
      openCount: open,
      takenRows: () => taken() * rowsOfChunk,
    };
  });
}

function* floodChunks(): Generator<Uint8Array> {
  for (;;) yield encode('{"n":1,"key":"k"}\n'.repeat(10_000));
}

describeSource("a ReadableStream", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => streamSubject([BYTES]),
  cuts: {
    byteCount: BYTES.length,
    open: (_kit, cut) => streamSubject([BYTES.subarray(0, cut), BYTES.subarray(cut)]),
  },
  // Four chunks of a mebibyte, and the one that is being decoded.
  flood: { open: () => streamSubject(floodChunks(), 10_000), aheadRowsMax: 5 * 64_000 },
  bad: {
    open: () => streamSubject([BAD_BYTES]),
    rows: BAD_ROWS,
    places: [
      { code: "JSON", at: { source: "subject", line: 2, byte: 18 } },
      { code: "TYPE", at: { source: "subject", line: 3, byte: 27, field: "n" } },
    ],
  },
  replayable: false,
});

function nodeSubject(chunks: Iterable<Uint8Array>): Subject {
  const live = Readable.from(chunks, { objectMode: false });
  return {
    connector: stream,
    table: table(stream, nodePlatform(), live),
    openCount: () => (live.destroyed ? 0 : 1),
  };
}

describeSource("a stream of Node", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => nodeSubject([BYTES]),
  cuts: {
    byteCount: BYTES.length,
    open: (_kit, cut) => nodeSubject([BYTES.subarray(0, cut), BYTES.subarray(cut)]),
  },
  bad: {
    open: () => nodeSubject([BAD_BYTES]),
    rows: BAD_ROWS,
    places: [
      { code: "JSON", at: { line: 2, byte: 18 } },
      { code: "TYPE", at: { line: 3, field: "n" } },
    ],
  },
  replayable: false,
});

function fetchSubject(body: Uint8Array): Subject {
  return simulated((sim) => {
    const url = "https://host/rows.ndjson";
    sim.serve(url, body);
    return { connector: http, table: table(http, sim, url), openCount: () => 0 };
  });
}

describeSource("a fetch", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => fetchSubject(BYTES),
  bad: {
    open: () => fetchSubject(BAD_BYTES),
    rows: BAD_ROWS,
    places: [
      { code: "JSON", at: { line: 2, byte: 18 } },
      { code: "TYPE", at: { line: 3, byte: 27, field: "n" } },
    ],
  },
  replayable: false,
});

const BAD_VALUES = [{ n: 0, key: "a" }, { n: "x" }, 17, { n: 3, key: "b" }];
const BAD_PLACES = [
  { code: "TYPE", at: { source: "subject", row: 1, field: "n" } },
  { code: "TYPE", at: { source: "subject", row: 2 } },
];

function rowsSubject(live: unknown, counts: { open(): number; taken?(): number } = { open: () => 0 }): Subject {
  return simulated((sim) => ({
    connector: rows,
    table: table(rows, sim, live),
    openCount: counts.open,
    takenRows: counts.taken,
  }));
}

describeSource("an array", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => rowsSubject(ROWS),
  bad: { open: () => rowsSubject(BAD_VALUES), rows: BAD_ROWS, places: BAD_PLACES },
  replayable: true,
});

/** Iterables that begin anew, and count the iterators that are open and the rows taken. */
function counted(values: readonly unknown[]) {
  let open = 0;
  let taken = 0;
  function* each() {
    open++;
    try {
      for (const value of values) {
        taken++;
        yield value;
      }
    } finally {
      open--;
    }
  }
  async function* later() {
    for (const value of each()) {
      await undefined;
      yield value;
    }
  }
  return {
    sync: { [Symbol.iterator]: each },
    async: { [Symbol.asyncIterator]: later },
    counts: { open: () => open, taken: () => taken },
  };
}

for (const kind of ["sync", "async"] as const) {
  const subject = (values: readonly unknown[]) => {
    const made = counted(values);
    return rowsSubject(made[kind], made.counts);
  };
  describeSource(kind === "sync" ? "an iterable" : "an async iterable", {
    schema: SCHEMA,
    rows: ROWS,
    open: () => subject(ROWS),
    flood: { open: () => subject(FLOOD), aheadRowsMax: kind === "sync" ? 100 : 8193 },
    bad: { open: () => subject(BAD_VALUES), rows: BAD_ROWS, places: BAD_PLACES },
    replayable: true,
  });
}

describeSource("columns in memory", {
  schema: SCHEMA,
  rows: ROWS,
  open: (kit) =>
    simulated((sim) => {
      const live = new BatchTable(kit.workspace);
      const columns = { n: ROWS.map(({ n }) => n), key: ROWS.map(({ key }) => key) };
      const schema = parseSchema(SCHEMA);
      live.add(schema, [batchFromColumns(kit.workspace, schema, columns, { lifetime: "region" })]);
      return { connector: memory, table: table(memory, sim, live), openCount: () => 0 };
    }),
  replayable: true,
});

const GENERATED = { rows: 20, seed: 1, startMs: 0, rowsPerSecond: 1, disorderMs: 0, distinct: 1, nulls: 0 };

describeSource("a generator", {
  // With one distinct value every row is known.
  schema: { at: "TIMESTAMP(3)", n: "INT", key: "STRING" },
  rows: Array.from({ length: 20 }, (_, i) => ({ at: new Date(i * 1000), n: 0, key: "key-0" })),
  open: () =>
    simulated((sim) => ({
      connector: generator,
      table: table(generator, sim, null, GENERATED),
      openCount: () => 0,
    })),
  replayable: true,
});

describeSource("events of Nexmark", {
  // Of fifty events one is a person, three are auctions, the others bids.
  schema: { event_type: "INT" },
  rows: Array.from({ length: 120 }, (_, i) => ({ event_type: i % 50 === 0 ? 0 : i % 50 < 4 ? 1 : 2 })),
  open: async () => {
    // The workspace of the suite is of plain memory.
    await loadNexmark({ ...nodePlatform(), sharedMemory: false });
    return simulated((sim) => ({
      connector: nexmark,
      table: table(nexmark, sim, null, { events: 120, seed: 1 }),
      openCount: () => 0,
    }));
  },
  replayable: true,
});
