// GROUPING SETS, ROLLUP, CUBE, INTERSECT and EXCEPT, end to end; results worked out by hand, at batches of 1, 7 and 8,192.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataStream, Millrace } from "../../src/node.js";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

const SALES = `CREATE TEMPORARY VIEW sales AS SELECT * FROM (VALUES
  ('north', 'tea', 1), ('north', 'coffee', 2), ('south', 'tea', 4), (CAST(NULL AS STRING), 'tea', 8)) AS t (region, item, n);`;

async function streamOf(sql: string): Promise<DataStream> {
  let last: unknown;
  for await (const result of mill.script(sql)) last = result;
  expect(last).toBeInstanceOf(DataStream);
  return last as DataStream;
}

/** Rows as sorted text, the same at every batch size; and what the changes leave is the same again. */
async function rowsOf(sql: string): Promise<string[]> {
  const stream = await streamOf(sql);
  const all: string[][] = [];
  for (const batchRows of [1, 7, 8192]) {
    const rows = await stream.toArray({ batchRows });
    all.push(rows.map((row) => Object.values(row).join(" ")).sort());
    const bag = new Map<string, number>();
    for (const { op, ...row } of (await stream.changelog().toArray({ batchRows })) as Record<string, unknown>[]) {
      const text = Object.values(row).join(" ");
      bag.set(text, (bag.get(text) ?? 0) + (op === "+I" || op === "+U" ? 1 : -1));
    }
    expect([...bag.values()].every((count) => count >= 0)).toBe(true);
    all.push([...bag].flatMap(([text, count]) => Array.from({ length: count }, () => text)).sort());
  }
  for (const rows of all) expect(rows).toEqual(all[0]);
  return all[0] as string[];
}

describe("groupings", () => {
  const view = SALES.replace("CREATE TEMPORARY VIEW", "CREATE VIEW IF NOT EXISTS");
  test.each<[string, string[]]>([
    [
      "SELECT region, item, SUM(n) AS total FROM sales GROUP BY GROUPING SETS ((region, item), (item), ())",
      [" coffee 2", " tea 13", " tea 8", "  15", "north coffee 2", "north tea 1", "south tea 4"],
    ],
    [
      "SELECT item, region, SUM(n) AS total FROM sales GROUP BY ROLLUP (item, region)",
      ["coffee north 2", "coffee  2", "tea north 1", "tea south 4", "tea  8", "tea  13", "  15"],
    ],
    [
      "SELECT region, item, GROUPING(region) AS r, GROUPING_ID(region, item) AS id, COUNT(*) AS n FROM sales WHERE region IS NOT NULL GROUP BY CUBE (region, item)",
      [
        "north tea 0 0 1",
        "north coffee 0 0 1",
        "south tea 0 0 1",
        "north  0 1 2",
        "south  0 1 1",
        " tea 1 2 2",
        " coffee 1 2 1",
        "  1 3 3",
      ],
    ],
    [
      "SELECT item, UPPER(region) AS big, COUNT(*) AS n FROM sales GROUP BY item, ROLLUP (UPPER(region)) HAVING COUNT(*) > 1",
      ["tea  3"],
    ],
    ["SELECT item, COUNT(*) AS n FROM sales GROUP BY 1", ["coffee 1", "tea 3"]],
  ])("%s", async (sql, rows) => {
    const shown = await rowsOf(`${view} ${sql}`);
    expect(shown).toEqual(rows.toSorted());
  });

  test.each([
    ["GROUP BY 3", "GROUP BY 3 of 2 columns"],
    ["GROUP BY ROLLUP (region, COUNT(*))", "an aggregate may not stand here|a key of groups is no aggregate"],
    ["GROUP BY CUBE (1,1,1,1,1,1,1,1,1)", "more than 256 groupings"],
    ["GROUP BY region HAVING GROUPING(item) = 1", "GROUPING of what is no key"],
  ])("%s is refused", async (clause, message) => {
    const sql = `${view} SELECT region, COUNT(*) AS n FROM sales ${clause}`;
    await expect(streamOf(sql)).rejects.toThrow(new RegExp(message));
  });
});

describe("sets", () => {
  const a = "SELECT x FROM (VALUES (1), (2), (2), (NULL), (3)) AS a (x)";
  const b = "SELECT y FROM (VALUES (2), (NULL), (NULL), (4)) AS b (y)";
  test.each<[string, string[]]>([
    [`${a} INTERSECT ${b}`, ["", "2"]],
    [`${a} EXCEPT ${b}`, ["1", "3"]],
    [`${b} EXCEPT ${a}`, ["4"]],
    [`${a} UNION ${b}`, ["", "1", "2", "3", "4"]],
    [`${a} UNION ALL ${b} EXCEPT SELECT 1`, ["", "2", "3", "4"]],
  ])("%s", async (sql, rows) => {
    expect(await rowsOf(sql)).toEqual(rows);
  });

  test("other counts of columns, and ALL, are refused at their place", async () => {
    await expect(streamOf(`${a} INTERSECT SELECT 1, 2`)).rejects.toThrow("a query of INTERSECT has 2 columns");
    await expect(streamOf(`${a} EXCEPT ALL ${b}`)).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });
});
