// OVER against plain loops: by event time, as the watermark passes the rows, and in any other order at the end of the input.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DataStream, Millrace, type Table } from "../../src/node.js";
import { script, sec } from "../semantics/support.js";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

interface Input {
  readonly ts: Date;
  readonly k: string;
  readonly x: number | null;
  readonly d: number;
  readonly s: string;
  readonly id: number;
}
const SCHEMA = { ts: "TIMESTAMP(3)", k: "STRING", x: "INT", d: "DOUBLE", s: "STRING", id: "INT" } as const;
/** Rows that are never late: the watermark waits for all of them. */
const timed = (rows: readonly Input[], outOfOrder: "1 day" | "2s" = "1 day") =>
  mill.from(rows, { schema: SCHEMA, time: "ts", outOfOrder });
const untimed = (rows: readonly Input[]) => mill.from(rows, { schema: SCHEMA });

/** Rows of a query over a stream, which it calls `rows`. */
async function rowsOf(sql: string, rows: Table<Input>, batchRows: number): Promise<Record<string, unknown>[]> {
  const own = `rows${++count}`;
  mill.table(own, rows);
  let stream: unknown;
  for await (const each of mill.script(sql.replace("FROM rows", `FROM ${own}`))) stream = each;
  return (await (stream as DataStream).toArray({ batchRows })) as Record<string, unknown>[];
}
let count = 0;

type Frame = { unit: "ROWS" | "RANGE"; preceding: number | null };
const COLUMNS = `id, COUNT(*) OVER w AS n, COUNT(x) OVER w AS nx, SUM(x) OVER w AS total, AVG(x) OVER w AS mean, MIN(x) OVER w AS least,
  MAX(id) OVER w AS most, SUM(d) OVER w AS floats, FIRST_VALUE(s) OVER w AS head, LAST_VALUE(id) OVER w AS tail,
  ROW_NUMBER() OVER w AS place, RANK() OVER w AS ranked, DENSE_RANK() OVER w AS dense,
  LAG(x) OVER w AS back, LAG(id, 2, -1) OVER w AS back2`;

function expected(rows: readonly Input[], { unit, preceding }: Frame): Map<number, unknown[]> {
  const results = new Map<number, unknown[]>();
  for (const key of new Set(rows.map(({ k }) => k))) {
    const own = rows.filter(({ k }) => k === key).toSorted((a, b) => a.ts.getTime() - b.ts.getTime());
    own.forEach((row, at) => {
      const time = row.ts.getTime();
      const frame = own.filter((other, i) => {
        if (unit === "ROWS") return i <= at && (preceding === null || i >= at - preceding);
        const far = time - other.ts.getTime();
        return far >= 0 && (preceding === null || far <= preceding * 1000);
      });
      const values = frame.flatMap(({ x }) => (x === null ? [] : [x]));
      const sum = values.reduce((a, b) => a + b, 0);
      const before = own.filter((other) => other.ts.getTime() < time);
      results.set(row.id, [
        frame.length,
        values.length,
        values.length === 0 ? null : sum,
        values.length === 0 ? null : sum / values.length,
        values.length === 0 ? null : Math.min(...values),
        Math.max(...frame.map(({ id }) => id)),
        frame.reduce((a, b) => a + b.d, 0),
        frame[0]?.s,
        frame.at(-1)?.id,
        at + 1,
        before.length + 1,
        new Set(before.map(({ ts }) => ts.getTime())).size + 1,
        own[at - 1]?.x ?? null,
        own[at - 2]?.id ?? -1,
      ]);
    });
  }
  return results;
}

const given = fc.array(
  fc.record({
    second: fc.integer({ min: 0, max: 20 }),
    k: fc.constantFrom("a", "b"),
    x: fc.option(fc.integer({ min: -9, max: 9 })),
    d: fc.integer({ min: -8, max: 8 }),
    s: fc.string({ maxLength: 3 }),
  }),
  { maxLength: 40 },
);
const frames = fc.record({
  unit: fc.constantFrom("ROWS" as const, "RANGE" as const),
  preceding: fc.option(fc.integer({ min: 0, max: 6 })),
});
const written = ({ unit, preceding }: Frame) => {
  if (preceding === null) return `${unit} BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW`;
  if (preceding === 0) return `${unit} BETWEEN CURRENT ROW AND CURRENT ROW`;
  const by = unit === "ROWS" ? preceding : `INTERVAL '${preceding}' SECOND`;
  return `${unit} BETWEEN ${by} PRECEDING AND CURRENT ROW`;
};

test.each([1, 7, 8192])("as plain loops have it, in batches of %i", async (batchRows) => {
  await fc.assert(
    fc.asyncProperty(given, frames, fc.boolean(), async (picked, frame, inOrder) => {
      const rows = picked
        .map(({ second, ...row }) => ({ ...row, ts: sec(second) }))
        .toSorted((a, b) => (inOrder ? a.ts.getTime() - b.ts.getTime() : 0))
        .map((row, id) => ({ ...row, id }));
      const wanted = expected(rows, frame);
      const spec = `PARTITION BY k ORDER BY ts ${written(frame)}`;
      // In the order of time the watermark lets rows go on the way, so that frames reach over what is kept.
      for (const stream of [untimed(rows), timed(rows, inOrder ? "2s" : "1 day")]) {
        const found = await rowsOf(`SELECT ${COLUMNS} FROM rows WINDOW w AS (${spec})`, stream, batchRows);
        expect(new Map(found.map(({ id, ...row }) => [id as number, Object.values(row)]))).toEqual(wanted);
      }
    }),
    { numRuns: 40 },
  );
});

const at = (second: number, x: number, id: number): Input => ({ ts: sec(second), k: "a", x, d: 0, s: "", id });

test.each([1, 7, 8192])("S45 a row at the watermark is late; it is in no frame (batches of %i)", async (batchRows) => {
  const rows = [at(1, 1, 0), at(5, 2, 1), at(3, 4, 2), at(4, 8, 3), at(9, 16, 4)];
  const sql = "SELECT id, SUM(x) OVER (ORDER BY ts) AS total FROM rows";
  const found = await rowsOf(sql, timed(rows, "2s"), batchRows);
  expect(found.map(({ id, total }) => [id, total])).toEqual([
    [0, 1],
    [3, 9],
    [1, 11],
    [4, 27],
  ]);
});

test("ranks, aggregates over groups, and rows ahead at the end of the input", async () => {
  const rows = [at(1, 1, 0), at(2, 3, 1), at(3, 3, 2)];
  const ranked = "SELECT id, RANK() OVER (ORDER BY x DESC) AS place, LEAD(id) OVER (ORDER BY id) AS next FROM rows";
  const found = await rowsOf(ranked, untimed(rows), 7);
  expect(found.toSorted((a, b) => (a["id"] as number) - (b["id"] as number))).toEqual([
    { id: 0, place: 3, next: 1 },
    { id: 1, place: 1, next: 2 },
    { id: 2, place: 1, next: null },
  ]);
  const shares = "SELECT x, SUM(x) AS own, SUM(SUM(x)) OVER () AS total FROM rows GROUP BY x ORDER BY x";
  expect(await rowsOf(shares, untimed(rows), 7)).toEqual([
    { x: 1, own: 1, total: 7 },
    { x: 3, own: 6, total: 7 },
  ]);
});

test("what cannot be is refused with what can", async () => {
  const endless = mill.from(script(at(1, 1, 0)), { schema: SCHEMA, time: "ts", outOfOrder: "2s", bounded: false });
  const refused = (sql: string) => rowsOf(sql, endless as Table<Input>, 7);
  await expect(refused("SELECT SUM(x) OVER (ORDER BY x) AS a FROM rows")).rejects.toMatchObject({
    code: "UNSUPPORTED",
    hint: /ORDER BY ts/,
  });
  await expect(refused("SELECT LEAD(x) OVER (ORDER BY ts) AS a FROM rows")).rejects.toMatchObject({ hint: /LAG/ });
  const ahead = "SELECT SUM(x) OVER (ORDER BY ts ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS a FROM rows";
  await expect(refused(ahead)).rejects.toMatchObject({ code: "UNSUPPORTED" });
});
