// Arrow over HTTP: the suite of all sources on a simulated server that answers ranges, then real servers on loopback whose bytes
// are counted, that have no ranges, change the file, or send damaged ones.
import * as arrow from "apache-arrow";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { col, count, sum } from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { describeSource } from "./conformance.js";
import { ROWS, ranged, recordBatches, SCHEMA, serving, simulatedRanges } from "./range-support.js";

const FILE = arrow.tableToIPC(recordBatches(ROWS, 4), "file");

describeSource("Arrow by ranges", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => simulatedRanges(FILE, true),
  replayable: true,
});

describeSource("Arrow by ranges, texts by dictionary", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => simulatedRanges(arrow.tableToIPC(recordBatches(ROWS, 4, true), "file"), true),
  replayable: true,
});

describeSource("Arrow of a server without ranges", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => simulatedRanges(FILE, false),
  replayable: true,
});

let mill: Millrace;
beforeEach(async () => {
  mill = await Millrace.open();
});
afterEach(async () => await mill.close());

/** Two columns of eight bytes a value, in five record batches of 320 kB. */
const COUNT = 100_000;
const numbers = (scale: number) => Float64Array.from({ length: COUNT }, (_, i) => i * scale);
const whole = arrow.tableFromArrays({
  a: numbers(1),
  b: numbers(0.5),
  label: Array.from({ length: COUNT }, (_, i) => `row ${i}`),
});
const LARGE = arrow.tableToIPC(
  new arrow.Table([0, 1, 2, 3, 4].flatMap((part) => whole.slice(part * 20_000, (part + 1) * 20_000).batches)),
  "file",
);
const SUM_A = (COUNT * (COUNT - 1)) / 2;

describe("an Arrow file on a server with ranges", () => {
  const ranging = async (bytes = LARGE) => {
    const server = await serving(
      (asked, response) => server.send(response, ranged(bytes, asked.headers.range)),
      "x.arrow",
    );
    return server;
  };

  test("is read by the buffers of the columns that are wanted", async () => {
    const { url, sent } = await ranging();
    const table = mill.fetch(url);
    expect(Object.keys((await table.schema()) as object)).toEqual(["a", "b", "label"]);
    const bytesOfSchema = sent.bytes;
    expect(bytesOfSchema).toBeLessThan(150_000);
    expect(await table.aggregate({ a: sum(col("a")) }).toArray()).toEqual([{ a: SUM_A }]);
    const bytesOfOne = sent.bytes - bytesOfSchema;
    // The column's 800 kB, the first and the last 64 kB, and what says where the buffers are.
    expect(bytesOfOne).toBeGreaterThan(COUNT * 8);
    expect(bytesOfOne).toBeLessThan(COUNT * 8 + 300_000);
    const all = await table.aggregate({ a: sum(col("a")), b: sum(col("b")), n: count(col("label")) }).toArray();
    expect(all).toEqual([{ a: SUM_A, b: SUM_A / 2, n: COUNT }]);
    expect(sent.bytes - bytesOfOne).toBeGreaterThan(LARGE.length);
  });

  test("gives the rows that apache-arrow reads, whatever it holds", async () => {
    const words = ["red", "green", null, "blue"];
    const odd = new arrow.Table({
      none: arrow.vectorFromArray(
        Array.from({ length: 5000 }, () => null),
        new arrow.Null(),
      ),
      list: arrow.vectorFromArray(
        Array.from({ length: 5000 }, (_, i) => (i % 5 === 0 ? null : [`${i}`, null])),
        new arrow.List(new arrow.Field("item", new arrow.Utf8(), true)),
      ),
      word: arrow.vectorFromArray(
        Array.from({ length: 5000 }, (_, i) => words[i % 4] as string | null),
        new arrow.Dictionary(new arrow.Utf8(), new arrow.Int16()),
      ),
      text: arrow.vectorFromArray(Array.from({ length: 5000 }, (_, i) => "x".repeat(i % 300))),
      last: arrow.vectorFromArray(
        Array.from({ length: 5000 }, (_, i) => i),
        new arrow.Int32(),
      ),
    });
    const bytes = arrow.tableToIPC(odd, "file");
    const { url } = await ranging(bytes);
    const want = Array.from({ length: 5000 }, (_, i) => ({ word: words[i % 4], last: i }));
    expect(await mill.fetch(url).select("word", "last").toArray()).toEqual(want);
    const lists = await mill.fetch(url).select("list").toArray();
    expect(lists[7]).toEqual({ list: ["7", null] });
  });

  test("that fails for a while is asked again", async () => {
    const { url, sent, send } = await serving((asked, response, asking) => {
      if (asking % 2 === 0) response.writeHead(503, { "retry-after": "0" }).end();
      else send(response, ranged(FILE, asked.headers.range));
    }, "x.arrow");
    expect(await mill.fetch(url, { schema: SCHEMA }).toArray()).toEqual(ROWS);
    expect(sent.requests).toBeGreaterThan(1);
  });

  test("that changes meanwhile ends the job", async () => {
    const { url, send } = await serving((asked, response, asking) => {
      send(response, ranged(LARGE, asked.headers.range, asking < 3 ? '"1"' : '"2"'));
    }, "x.arrow");
    await expect(mill.fetch(url).toArray()).rejects.toMatchObject({ code: "FETCH" });
  });

  test("of a column that is not there says which are", async () => {
    const { url } = await ranging();
    const table = mill.fetch(url, { schema: { lable: "STRING" } });
    await expect(table.toArray()).rejects.toMatchObject({ code: "UNKNOWN_COLUMN" });
    await expect(mill.fetch(url, { schema: { a: "STRING" } }).toArray()).rejects.toMatchObject({ code: "TYPE" });
  });
});

describe("what cannot be read by ranges is read as a stream", () => {
  test.each(["a server without ranges", "a stream of messages"])("%s", async (what) => {
    const isStream = what === "a stream of messages";
    const bytes = isStream ? arrow.tableToIPC(recordBatches(ROWS, 4), "stream") : FILE;
    const { url, send } = await serving((asked, response) => {
      send(response, ranged(bytes, isStream ? asked.headers.range : undefined));
    }, "x.arrow");
    expect(await mill.fetch(url).toArray()).toEqual(ROWS);
    expect(await mill.fetch(url, { schema: { key: "STRING" } }).toArray()).toEqual(ROWS.map(({ key }) => ({ key })));
  });
});
