// SQL and the API make the same plans; what SQL names wrongly, or what is not computed yet, is told at its place.
import { expect, test } from "vitest";
import { parseSchema } from "../../src/arrow/types.js";
import { Catalog } from "../../src/plan/catalog.js";
import type { Expr } from "../../src/plan/expr.js";
import * as plan from "../../src/plan/logical.js";
import { SqlSession } from "../../src/sql/session.js";
import { SqlError } from "../../src/sql/sql-error.js";
import { call, col, lit, named, watermark } from "../plan/support.js";
import { readText } from "../support/repository.js";

const TRADES = `CREATE TABLE trades (
  ts TIMESTAMP(3), symbol STRING, price DECIMAL(10, 2), size BIGINT NOT NULL, tags ARRAY<STRING>, place ROW<city STRING>,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'trades.ndjson');
CREATE TABLE big (symbol STRING, size BIGINT) WITH ('connector' = 'filesystem', 'path' = 'big.csv', 'csv.delimiter' = ';');`;

/** The plan of the last statement. Tables have numbers in the order that they are made in. */
function planOf(sql: string): plan.LogicalPlan {
  const last = [...new SqlSession(new Catalog()).script(`${TRADES}\n${sql}`)].at(-1);
  if (last?.kind === "query") return last.plan;
  if (last?.kind === "run") return last.plans[0] as plan.LogicalPlan;
  throw new Error("the last statement has no plan");
}

function errorOf(sql: string): SqlError {
  try {
    planOf(sql);
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error(`no error: ${sql}`);
}

const catalog = new Catalog();
const scan = plan.unresolvedScan(
  catalog.addTable("file", "trades.ndjson", {}),
  parseSchema({
    ts: "TIMESTAMP(3)",
    symbol: "STRING",
    price: "DECIMAL(10, 2)",
    size: "BIGINT NOT NULL",
    tags: "ARRAY<STRING>",
    place: "ROW<city STRING>",
  }),
);
const trades = watermark(scan, "ts", { delayMs: 5000 });
const big = catalog.addTable("file", "big.csv", { csv: { delimiter: ";" } });
const where = (predicate: Expr) => plan.filter(trades, predicate);
const WINDOW_COLUMNS = { start: "window_start", end: "window_end", time: "window_time" };
const bounds = { window_start: col("window_start"), window_end: col("window_end") };
const windows = (window: plan.Window, aggregates: plan.AggregateCall[], keys: plan.NamedExpr[] = []) =>
  plan.windowAggregate(trades, { window, latenessMs: 0, windowColumns: WINDOW_COLUMNS, keys, aggregates });
const decimal = (value: string, precision: number, scale: number): Expr => ({
  kind: "literal",
  value,
  type: { kind: "decimal", precision, scale },
});

const COUNT: plan.AggregateCall = { name: "n", fn: "count_star", args: [] };

test.each<[string, plan.LogicalPlan]>([
  ["SELECT * FROM trades", trades],
  ["TABLE trades", trades],
  [
    "SELECT symbol, size * 2 AS twice FROM trades",
    plan.project(trades, named({ symbol: col("symbol"), twice: call("mul", col("size"), lit(2)) })),
  ],
  [
    "SELECT t.symbol FROM trades AS t WHERE t.size > 10",
    plan.project(where(call("gt", col("size"), lit(10))), named({ symbol: col("symbol") })),
  ],
  [
    "SELECT * FROM trades WHERE symbol LIKE 'A%' AND price IS NOT NULL",
    where(call("and", call("like", col("symbol"), lit("A%")), call("is_not_null", col("price")))),
  ],
  [
    "SELECT * FROM trades WHERE size NOT BETWEEN 1 AND 3",
    where(call("not", call("between", col("size"), lit(1), lit(3)))),
  ],
  ["SELECT * FROM trades WHERE symbol IN ('A', 'B')", where(call("in", col("symbol"), lit("A"), lit("B")))],
  [
    "SELECT * FROM trades WHERE place.city = 'Rome'",
    where(call("eq", call("field", col("place"), lit("city")), lit("Rome"))),
  ],
  [
    "SELECT * FROM (SELECT * FROM trades) AS x WHERE MOD(x.size, 2) = -1",
    where(call("eq", call("mod", col("size"), lit(2)), lit(-1))),
  ],
  ["WITH a AS (SELECT * FROM trades WHERE size = 1) SELECT * FROM a", where(call("eq", col("size"), lit(1)))],
  ["CREATE VIEW v AS SELECT * FROM trades WHERE size = 1; SELECT * FROM v", where(call("eq", col("size"), lit(1)))],
  [
    "SELECT 0.908 * price AS euros FROM trades",
    plan.project(trades, named({ euros: call("mul", decimal("0.908", 3, 3), col("price")) })),
  ],
  [
    "SELECT CASE symbol WHEN 'A' THEN 1 ELSE 2 END AS c, TRY_CAST(symbol AS INT) AS i FROM trades",
    plan.project(
      trades,
      named({
        c: { kind: "case", branches: [{ when: call("eq", col("symbol"), lit("A")), then: lit(1) }], otherwise: lit(2) },
        i: { kind: "cast", input: col("symbol"), type: { kind: "int32" }, try: true },
      }),
    ),
  ],
  [
    "SELECT symbol, COUNT(*) AS n FROM trades GROUP BY symbol",
    plan.aggregate(trades, named({ symbol: col("symbol") }), [COUNT]),
  ],
  [
    "SELECT COUNT(*) AS n FROM trades GROUP BY symbol HAVING COUNT(*) > 1 AND SUM(size) > 5",
    plan.project(
      plan.filter(
        plan.aggregate(trades, named({ symbol: col("symbol") }), [
          COUNT,
          { name: "sum", fn: "sum", args: [col("size")] },
        ]),
        call("and", call("gt", col("n"), lit(1)), call("gt", col("sum"), lit(5))),
      ),
      named({ n: col("n") }),
    ),
  ],
  [
    "SELECT window_start, window_end, window_time, symbol, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, window_time, symbol",
    windows({ kind: "tumble", sizeMs: 10_000, offsetMs: 0 }, [COUNT], named({ symbol: col("symbol") })),
  ],
  [
    "SELECT window_start, window_end, symbol, COUNT(*) AS n FROM TABLE(SESSION(TABLE trades PARTITION BY symbol, DESCRIPTOR(ts), INTERVAL '5' MINUTE)) GROUP BY window_start, window_end, symbol",
    plan.project(
      windows({ kind: "session", gapMs: 300_000, maxMs: null }, [COUNT], named({ symbol: col("symbol") })),
      named({ ...bounds, symbol: col("symbol"), n: col("n") }),
    ),
  ],
  [
    "SELECT window_start, window_end, COUNT(*) AS n FROM SESSION(TIMECOL => DESCRIPTOR(ts), DATA => TABLE trades, GAP => INTERVAL '5' MINUTE) GROUP BY window_start, window_end",
    plan.project(windows({ kind: "session", gapMs: 300_000, maxMs: null }, [COUNT]), named({ ...bounds, n: col("n") })),
  ],
  [
    "SELECT window_start, window_end, COUNT(*) AS n FROM HOP(DATA => TABLE trades, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '10' SECOND, SLIDE => INTERVAL '2' SECOND) GROUP BY window_end, window_start",
    plan.project(
      windows({ kind: "hop", sizeMs: 10_000, slideMs: 2000, offsetMs: 0 }, [COUNT]),
      named({ ...bounds, n: col("n") }),
    ),
  ],
  [
    "SELECT window_start, window_end, AVG(price) + 1 AS x FROM CUMULATE(TABLE trades, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '0 01' DAY TO HOUR, INTERVAL '1' SECOND) GROUP BY window_start, window_end",
    plan.project(
      windows({ kind: "cumulate", sizeMs: 3_600_000, stepMs: 60_000, offsetMs: 1000 }, [
        { name: "avg", fn: "avg", args: [col("price")] },
      ]),
      named({ ...bounds, x: call("add", col("avg"), lit(1)) }),
    ),
  ],
  [
    "SELECT * FROM trades UNION ALL SELECT * FROM trades WHERE size = 1",
    plan.union([trades, where(call("eq", col("size"), lit(1)))]),
  ],
  [
    "SELECT u.tag FROM trades CROSS JOIN UNNEST(tags) AS u (tag)",
    plan.project(
      plan.unnest(plan.withColumns(trades, named({ element: col("tags") })), {
        column: "element",
        names: ["element"],
        ordinality: null,
        outer: false,
      }),
      named({ tag: col("element") }),
    ),
  ],
  [
    "INSERT INTO big SELECT symbol, 1 FROM trades",
    plan.sink(
      plan.project(
        plan.project(trades, named({ symbol: col("symbol"), EXPR$1: lit(1) })),
        named({
          symbol: col("symbol"),
          size: { kind: "cast", input: col("EXPR$1"), type: { kind: "int64" }, try: false },
        }),
      ),
      big,
    ),
  ],
])("%s is the plan that the API makes", (sql, expected) => {
  expect(planOf(sql)).toEqual(expected);
});

test("a view that is read twice is one node of the plan", () => {
  const both = planOf(
    "CREATE VIEW v AS SELECT * FROM trades WHERE size = 1; SELECT * FROM v UNION ALL SELECT * FROM v",
  );
  expect(both.kind === "union" && both.inputs[0] === both.inputs[1]).toBe(true);
});

// The place is where the marked part begins: ▸ is taken out before the text is read.
test.each([
  ["UNKNOWN_COLUMN", "SELECT ▸symbl FROM trades", 'did you mean "symbol"?'],
  ["UNKNOWN_COLUMN", "SELECT t.▸symbl FROM trades AS t", 'did you mean "symbol"?'],
  ["UNKNOWN_COLUMN", "SELECT ▸size FROM trades GROUP BY symbol", "GROUP BY size too, or aggregate it: MAX(size)"],
  ["UNKNOWN_TABLE", "SELECT * FROM ▸trade", 'did you mean "trades"?'],
  ["UNKNOWN_FUNCTION", "SELECT ▸UPER(symbol) FROM trades", 'did you mean "UPPER"'],
  ["TYPE", "SELECT 1 + ▸UPPER(size) AS x FROM trades", "cast"],
  ["TYPE", "SELECT * FROM trades WHERE ▸size", "compare it"],
  ["TYPE", "SELECT CAST(symbol AS ▸VARCHA) AS x FROM trades", "VARCHAR"],
  ["COLUMN_DUP", "SELECT symbol, ▸size AS symbol FROM trades", "AS name"],
  ["OPTION", "CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', ▸'pth' = 'x')", 'did you mean "path"?'],
  ["OPTION", "CREATE TABLE t (a INT) WITH (▸'connector' = 'filesytem')", 'did you mean "filesystem"?'],
  ["OPTION", "CREATE TABLE t (a INT) WITH ('connector' = 'datagen', ▸'seed' = 'x')", "a whole number"],
  ["TABLE_EXISTS", "CREATE TABLE ▸big (a INT) WITH ('connector' = 'print')", "DROP it first"],
  [
    "NO_EVENT_TIME",
    "SELECT COUNT(*) FROM TUMBLE(TABLE big, DESCRIPTOR(▸size), INTERVAL '1' DAY) GROUP BY window_end",
    "WATERMARK FOR",
  ],
  [
    "UNSUPPORTED",
    "SELECT symbol, COUNT(*) FROM SESSION(TABLE trades, DESCRIPTOR(ts), INTERVAL '5' MINUTE) ▸GROUP BY window_start, window_end, symbol",
    "PARTITION BY",
  ],
  [
    "UNSUPPORTED",
    "SELECT COUNT(*) FROM SESSION(TABLE trades PARTITION BY ▸UPPER(symbol), DESCRIPTOR(ts), INTERVAL '5' DAY)",
    "in a subquery",
  ],
  ["SQL_SYNTAX", "SELECT COUNT(*) FROM ▸SESSION(TABLE trades, DESCRIPTOR(ts))", "SESSION(DATA, TIMECOL, GAP)"],
  ["OPTION", "SELECT COUNT(*) FROM SESSION(TABLE trades, DESCRIPTOR(ts), ▸INTERVAL '0' SECOND)", "1 ms"],
  ["COLUMN_DUP", "SELECT ▸* FROM trades JOIN big ON trades.symbol = big.symbol", "AS name"],
  ["UNKNOWN_COLUMN", "SELECT size FROM trades JOIN big USING (▸symbo)", 'did you mean "symbol"'],
  ["TYPE", "SELECT trades.size FROM trades JOIN big ON ▸trades.symbol", "compare it"],
  ["UNSUPPORTED", "SELECT * FROM trades WHERE size = 1 OR ▸size IN (SELECT size FROM big)", "beside others with AND"],
  ["UNSUPPORTED", "SELECT ▸x'0aff' AS b", "BYTES"],
  ["UNSUPPORTED", "▸USE other", "run"],
  ["TYPE", "INSERT INTO big ▸SELECT size, 1 FROM trades", "CAST(size AS STRING)"],
])("%s: %s", (code, marked, hint) => {
  const error = errorOf(marked.replace("▸", ""));
  expect(error.code).toBe(code);
  expect(error.hint).toContain(hint);
  const [line, excerpt = ""] = error.excerpt.split("\n");
  expect(line?.slice(excerpt.indexOf("^"))).toBe(marked.slice(marked.indexOf("▸") + 1));
});

test("Nexmark's tables and its first queries bind once there is a source for them; what lacks is named", () => {
  const tables = readText("test/nexmark/tables.sql").replace("'nexmark'", "'datagen'");
  const bound = (name: string) => [
    ...new SqlSession(new Catalog()).script(`${tables}\n${readText(`test/nexmark/${name}.sql`)}`),
  ];
  for (const name of ["q0", "q1", "q2", "q14", "q21", "q22"]) expect(bound(name).at(-1)?.kind).toBe("query");
});
