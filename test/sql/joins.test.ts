// Joins in SQL, end to end, against nested loops over the same rows: every type, NULL keys, residual conditions, rows that are
// taken back; at batches of 1, 7 and 8,192. What the changes leave is what holds in the end.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataStream, Millrace } from "../../src/node.js";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

type Row = Readonly<Record<string, unknown>>;

async function streamOf(sql: string): Promise<DataStream> {
  let last: unknown;
  for await (const result of mill.script(sql)) last = result;
  expect(last).toBeInstanceOf(DataStream);
  return last as DataStream;
}

const textOf = (row: Row): string => Object.values(row).join(" ");

/** Rows as sorted text: what holds in the end, and what the changes leave. */
async function rowsOf(sql: string): Promise<string[]> {
  const stream = await streamOf(sql);
  const all: string[][] = [];
  for (const batchRows of [1, 7, 8192]) {
    all.push(((await stream.toArray({ batchRows })) as Row[]).map(textOf).sort());
    const bag = new Map<string, number>();
    for (const { op, ...row } of (await stream.changelog().toArray({ batchRows })) as Row[]) {
      const count = (bag.get(textOf(row)) ?? 0) + (op === "+I" || op === "+U" ? 1 : -1);
      expect(count).toBeGreaterThanOrEqual(0);
      bag.set(textOf(row), count);
    }
    all.push([...bag].flatMap(([text, count]) => Array.from({ length: count }, () => text)).sort());
  }
  for (const rows of all) expect(rows).toEqual(all[0]);
  return all[0] as string[];
}

type Left = readonly [k: number | null, a: number];
type Right = readonly [k: number | null, b: number];

const lefts: readonly Left[] = Array.from({ length: 40 }, (_, i) => [i % 9 === 0 ? null : (i * 7) % 11, i]);
const rights: readonly Right[] = Array.from({ length: 30 }, (_, i) => [i % 8 === 0 ? null : (i * 5) % 13, 100 + i]);

const values = (rows: readonly (Left | Right)[]) =>
  rows.map(([k, v]) => `(${k === null ? "CAST(NULL AS INT)" : k}, ${v})`).join(", ");
/** Two relations from one table, so that neither can be read before the other; and from two. */
const sources: Readonly<Record<string, string>> = {
  "of one source": `WITH rows_of AS (SELECT * FROM (VALUES ${lefts
    .map(([k, v]) => `(1, ${k ?? "CAST(NULL AS INT)"}, ${v})`)
    .concat(rights.map(([k, v]) => `(2, ${k ?? "CAST(NULL AS INT)"}, ${v})`))
    .join(", ")}) AS t (side, k, v)),
    l AS (SELECT k, v AS a FROM rows_of WHERE side = 1), r AS (SELECT k, v AS b FROM rows_of WHERE side = 2)`,
  "of two sources": `WITH l AS (SELECT * FROM (VALUES ${values(lefts)}) AS t (k, a)),
    r AS (SELECT * FROM (VALUES ${values(rights)}) AS t (k, b))`,
};

function nested(type: string, isPair: (left: Left, right: Right) => boolean): string[] {
  const partners = lefts.map((left) => rights.filter((right) => isPair(left, right)));
  const met = new Set(partners.flat());
  const rows = lefts.flatMap((left, i) => (partners[i] ?? []).map((right) => [...left, ...right]));
  if (type === "LEFT" || type === "FULL") {
    rows.push(...lefts.filter((_, i) => partners[i]?.length === 0).map((left) => [...left, null, null]));
  }
  if (type === "RIGHT" || type === "FULL") {
    rows.push(...rights.filter((right) => !met.has(right)).map((right) => [null, null, ...right]));
  }
  return rows.map((row) => row.join(" ")).sort();
}

describe.each(Object.keys(sources))("%s", (name) => {
  const from = sources[name] as string;

  describe.each(["INNER", "LEFT", "RIGHT", "FULL"])("%s JOIN", (type) => {
    test("S47 by equal keys: NULL equals nothing", async () => {
      expect(await rowsOf(`${from} SELECT l.k, a, r.k AS rk, b FROM l ${type} JOIN r ON l.k = r.k`)).toEqual(
        nested(type, ([k], [rk]) => k !== null && k === rk),
      );
    });

    test("S47 IS NOT DISTINCT FROM: NULL equals NULL", async () => {
      const sql = `${from} SELECT l.k, a, r.k AS rk, b FROM l ${type} JOIN r ON l.k IS NOT DISTINCT FROM r.k`;
      expect(await rowsOf(sql)).toEqual(nested(type, ([k], [rk]) => k === rk));
    });

    test("S67 with a condition of one side, and of both, that is no equality", async () => {
      const sql = `${from} SELECT l.k, a, r.k AS rk, b FROM l ${type} JOIN r ON l.k = r.k AND a > 12 AND b < 120 AND a + b > 130`;
      expect(await rowsOf(sql)).toEqual(
        nested(type, ([k, a], [rk, b]) => k !== null && k === rk && a > 12 && b < 120 && a + b > 130),
      );
    });

    test("without equality every row meets every other", async () => {
      const sql = `${from} SELECT l.k, a, r.k AS rk, b FROM l ${type} JOIN r ON a + 90 < b AND l.k < r.k`;
      expect(await rowsOf(sql)).toEqual(
        nested(type, ([k, a], [rk, b]) => k !== null && rk !== null && a + 90 < b && k < rk),
      );
    });

    test("S66 S72 of groups that are updated", async () => {
      const sql = `${from} SELECT l.n, l.s, r.n AS rn, r.s AS rs
        FROM (SELECT k, COUNT(*) AS n, SUM(a) AS s FROM l GROUP BY k) AS l
        ${type} JOIN (SELECT k, COUNT(*) AS n, SUM(b) AS s FROM r GROUP BY k) AS r ON l.n = r.n AND l.s < r.s`;
      const groups = (rows: readonly (Left | Right)[]) => {
        const sums = new Map<number | null, [number, number]>();
        for (const [k, v] of rows) sums.set(k, [(sums.get(k)?.[0] ?? 0) + 1, (sums.get(k)?.[1] ?? 0) + v]);
        return [...sums.values()];
      };
      const [ls, rs] = [groups(lefts), groups(rights)];
      const isPair = (l: readonly number[], r: readonly number[]) =>
        l[0] === r[0] && (l[1] as number) < (r[1] as number);
      const wanted = ls.flatMap((l) => rs.filter((r) => isPair(l, r)).map((r) => [...l, ...r].join(" ")));
      if (type === "LEFT" || type === "FULL") {
        wanted.push(...ls.filter((l) => !rs.some((r) => isPair(l, r))).map((l) => `${l.join(" ")}  `));
      }
      if (type === "RIGHT" || type === "FULL") {
        wanted.push(...rs.filter((r) => !ls.some((l) => isPair(l, r))).map((r) => `  ${r.join(" ")}`));
      }
      expect(await rowsOf(sql)).toEqual(wanted.sort());
    });
  });

  test("tables behind commas are joined by WHERE", async () => {
    expect(await rowsOf(`${from} SELECT l.k, a, r.k AS rk, b FROM l, r WHERE l.k = r.k AND a < 30`)).toEqual(
      nested("INNER", ([k, a], [rk]) => k !== null && k === rk && a < 30),
    );
  });

  test("WHERE over an outer join drops rows without partner", async () => {
    expect(
      await rowsOf(`${from} SELECT l.k, a, r.k AS rk, b FROM l LEFT JOIN r ON l.k = r.k WHERE b IS NULL AND a > 3`),
    ).toEqual(
      nested("LEFT", ([k], [rk]) => k !== null && k === rk).filter(
        (row) => row.endsWith("  ") && Number(row.split(" ")[1]) > 3,
      ),
    );
  });

  test.each(["INNER", "LEFT", "RIGHT", "FULL"])("USING has the columns once: %s", async (type) => {
    const rows = nested(type, ([k], [rk]) => k !== null && k === rk).map((row) => {
      const [k, a, rk, b] = row.split(" ");
      return [k === "" ? rk : k, a, b].join(" ");
    });
    expect(await rowsOf(`${from} SELECT * FROM l ${type} JOIN r USING (k)`)).toEqual(rows.sort());
    expect(await rowsOf(`${from} SELECT k, a, b FROM l NATURAL ${type} JOIN r`)).toEqual(rows.sort());
  });

  test("three tables, one of them twice", async () => {
    const sql = `${from} SELECT x.a, r.b, y.a AS a2 FROM l AS x JOIN r ON x.k = r.k JOIN l AS y ON r.k = y.k AND x.a < y.a`;
    const wanted = lefts.flatMap(([k, a]) =>
      rights.flatMap(([rk, b]) =>
        lefts.flatMap(([yk, y]) => (k !== null && k === rk && rk === yk && a < y ? [`${a} ${b} ${y}`] : [])),
      ),
    );
    expect(await rowsOf(sql)).toEqual(wanted.sort());
  });
});
