// Parquet over HTTP: the suite of all sources on a simulated server that answers ranges, then real servers on loopback that
// have ranges, have none, fail for a while, change the file, or lie.
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { http } from "../../src/connectors/fetch.js";
import { col, sum } from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { SimPlatform } from "../../src/platform/sim.js";
import { describeSource } from "./conformance.js";
import { ranged, serving } from "./range-support.js";

const ROWS = Array.from({ length: 11 }, (_, n) => ({ n: BigInt(n), key: `k${n}` }));
const SMALL = new Uint8Array(
  parquetWriteBuffer({
    columnData: [
      { name: "n", data: ROWS.map(({ n }) => n), type: "INT64" },
      { name: "key", data: ROWS.map(({ key }) => key), type: "STRING" },
    ],
    rowGroupSize: 4,
  }),
);

describeSource("Parquet by ranges", {
  schema: { n: "BIGINT", key: "STRING" },
  rows: ROWS.map(({ n, key }) => ({ n: Number(n), key })),
  open: () => {
    const sim = new SimPlatform(1, { hostTurn: () => new Promise((resolve) => setTimeout(resolve, 1)) });
    const url = "https://host/x.parquet";
    sim.net.respond(url, ({ headers }) => {
      const { status, headers: answered, body } = ranged(SMALL, headers["range"]);
      return { status, headers: answered, chunks: [body] };
    });
    const ref = { id: "t", connector: "fetch", name: url, options: {} };
    const table = { ref, live: url, platform: sim };
    return { connector: http, table, openCount: () => sim.net.openCount, wait: (promise) => sim.drive(promise) };
  },
  replayable: true,
});

/** Two columns of eight bytes a value, in ten row groups: far more than the first request asks for. */
const COUNT = 200_000;
const LARGE = new Uint8Array(
  parquetWriteBuffer({
    columnData: [
      { name: "a", data: Array.from({ length: COUNT }, (_, i) => i + 0.5), type: "DOUBLE" },
      { name: "b", data: Array.from({ length: COUNT }, (_, i) => i * 1.25), type: "DOUBLE" },
    ],
    rowGroupSize: COUNT / 10,
    codec: "UNCOMPRESSED",
  }),
);
const SUM_A = (COUNT * COUNT) / 2;

let mill: Millrace;
beforeEach(async () => {
  mill = await Millrace.open();
});
afterEach(async () => await mill.close());

describe("a server with ranges", () => {
  test("is asked for the columns that are wanted alone", async () => {
    const { url, sent, send } = await serving((asked, response) => send(response, ranged(LARGE, asked.headers.range)));
    const both = await mill
      .fetch(url)
      .aggregate({ a: sum(col("a")), b: sum(col("b")) })
      .toArray();
    expect(both).toEqual([{ a: SUM_A, b: (1.25 * COUNT * (COUNT - 1)) / 2 }]);
    const bytesOfBoth = sent.bytes;
    expect(
      await mill
        .fetch(url)
        .aggregate({ a: sum(col("a")) })
        .toArray(),
    ).toEqual([{ a: SUM_A }]);
    expect(bytesOfBoth).toBeGreaterThan(LARGE.length);
    expect(sent.bytes - bytesOfBoth).toBeLessThan(LARGE.length * 0.7);
  });

  test("is not asked for row groups that cannot match", async () => {
    const { url, sent, send } = await serving((asked, response) => send(response, ranged(LARGE, asked.headers.range)));
    const rows = await mill.fetch(url).where(col("a").lt(1.5)).toArray();
    expect(rows).toEqual([{ a: 0.5, b: 0 }]);
    expect(sent.bytes).toBeLessThan(LARGE.length * 0.5);
  });

  test("that fails for a while is asked again; headers go with every request", async () => {
    const seen = new Set<string | undefined>();
    const { url, sent, send } = await serving((asked, response, count) => {
      seen.add(asked.headers.authorization);
      if (count % 2 === 0) response.writeHead(503, { "retry-after": "0" }).end();
      else if (count === 3) response.destroy();
      else send(response, ranged(SMALL, asked.headers.range));
    });
    const table = mill.fetch(url, { headers: { authorization: "Bearer t" }, schema: { n: "BIGINT" } });
    expect(await table.toArray()).toEqual(ROWS.map(({ n }) => ({ n: Number(n) })));
    expect(sent.requests).toBeGreaterThan(1);
    expect([...seen]).toEqual(["Bearer t"]);
  });

  test("that breaks off in the middle of a range is asked for it again", async () => {
    const { url, send } = await serving((asked, response, count) => {
      const answer = ranged(LARGE, asked.headers.range);
      if (count !== 4) send(response, answer);
      else {
        response.writeHead(206, { ...answer.headers, "content-length": String(answer.body.length) });
        response.write(answer.body.subarray(0, 100), () => response.destroy());
      }
    });
    expect(
      await mill
        .fetch(url)
        .aggregate({ a: sum(col("a")) })
        .toArray(),
    ).toEqual([{ a: SUM_A }]);
  });

  test.each([
    ["a file that changes", (count: number) => ({ version: count < 3 ? '"1"' : '"2"' }), "was changed while"],
    ["ranges that it does not name", () => ({ drop: "content-range" }), "Content-Range"],
  ])("with %s fails at once", async (_, how, message) => {
    const { url, send } = await serving((asked, response, count) => {
      const { version, drop } = how(count) as { version?: string; drop?: string };
      const answer = ranged(LARGE, asked.headers.range, version);
      const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => name !== drop));
      send(response, { ...answer, headers });
    });
    const failed = mill
      .fetch(url)
      .aggregate({ a: sum(col("a")) })
      .toArray();
    await expect(failed).rejects.toMatchObject({ code: "FETCH", message: expect.stringContaining(message) as string });
    await expect(failed).rejects.not.toThrow(/secret/);
  });

  test("without the file is not asked again", async () => {
    const { url, sent } = await serving((_, response) => response.writeHead(404).end());
    await expect(mill.fetch(url).toArray()).rejects.toMatchObject({ code: "FETCH" });
    expect(sent.requests).toBe(1);
  });
});

describe("a server without ranges", () => {
  test("sends a small file whole", async () => {
    const { url, send } = await serving((_, response) => send(response, ranged(LARGE, undefined)));
    expect(
      await mill
        .fetch(url)
        .aggregate({ a: sum(col("a")) })
        .toArray(),
    ).toEqual([{ a: SUM_A }]);
  });

  test.each([
    ["says", true],
    ["does not say", false],
  ])("and a file that is too long, which it %s, is refused with what to do", async (_, says) => {
    const chunk = new Uint8Array(1 << 20);
    const { url, sent } = await serving((_asked, response) => {
      response.writeHead(200, says ? { "content-length": String(65 << 20) } : {});
      const more = (left: number): void => {
        if (left > 0 && !response.destroyed) response.write(chunk, () => more(left - 1));
      };
      more(65);
    });
    await expect(mill.fetch(url, { schema: { a: "DOUBLE" } }).toArray()).rejects.toMatchObject({
      code: "FETCH",
      hint: expect.stringContaining("Range requests") as string,
    });
    expect(sent.requests).toBe(1);
  });
});
