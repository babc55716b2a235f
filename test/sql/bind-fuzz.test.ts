// Random statements over a few tables: each is bound, or refused with a code and a place; never a bug of ours.
import fc from "fast-check";
import { expect, test } from "vitest";
import { EngineError } from "../../src/errors.js";
import { Catalog } from "../../src/plan/catalog.js";
import { SqlSession } from "../../src/sql/session.js";

const TABLES = `CREATE TABLE t (a INT, b BIGINT NOT NULL, c STRING, d DECIMAL(10, 2), ts TIMESTAMP(3), l ARRAY<STRING>, r ROW<x INT>,
    WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'datagen');
  CREATE TABLE s (a INT, b BIGINT, c STRING) WITH ('connector' = 'filesystem', 'path' = 's.csv');
  CREATE VIEW v AS SELECT a, COUNT(*) AS n FROM t GROUP BY a;`;

const column = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("a", "b", "c") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("a", "b", "c", "d", "ts", "l", "r", "r.x", "n", "t.a", "s.b", "nothing", "window_start"),
  },
);
const literal = fc.constantFrom("1", "1.5", "'x'", "NULL", "TRUE", "DATE '2026-01-31'", "INTERVAL '5' SECOND", "?");
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 12, arbitrary: column },
    { weight: 4, arbitrary: literal },
    fc
      .tuple(
        tie("expression"),
        fc.constantFrom("+", "-", "*", "/", "%", "=", "<", "<>", "AND", "OR", "||"),
        tie("expression"),
      )
      .map(([left, op, right]) => `(${left} ${op} ${right})`),
    fc
      .tuple(fc.constantFrom("COUNT", "SUM", "AVG", "MIN", "UPPER", "ABS", "COALESCE", "NOPE"), tie("expression"))
      .map(([name, argument]) => `${name}(${argument})`),
    tie("expression").map((inner) => `(${inner} IS NOT NULL)`),
    tie("expression").map((inner) => `CAST(${inner} AS BIGINT)`),
    fc
      .tuple(tie("expression"), tie("expression"))
      .map(([when, then]) => `CASE WHEN ${when} THEN ${then} ELSE NULL END`),
    fc.tuple(tie("expression"), tie("expression")).map(([left, right]) => `(${left} IN (${right}, 1))`),
    fc.constantFrom("COUNT(*)", "l[1]", "COUNT(DISTINCT a) FILTER (WHERE b > 1)", "ROW_NUMBER() OVER (ORDER BY ts)"),
  ),
}));

const source = fc.constantFrom(
  ...["t", "s", "t AS q", "s AS q"],
  ...["t", "s", "v", "nowhere", "t AS t, s AS s", "t JOIN s ON t.a = s.a", "t LEFT JOIN s USING (a)"],
  ...["t CROSS JOIN UNNEST(l) AS u (item)", "TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)"],
  ...["(SELECT a, b FROM t) AS q", "(VALUES (1, 'x')) AS w (a, c)"],
);
const maybe = (word: string, part: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant("") }, { weight: 1, arbitrary: part.map((text) => ` ${word} ${text}`) });
const list = (part: fc.Arbitrary<string>) =>
  fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(", "));
const select = fc
  .tuple(
    fc.oneof(
      fc.constant("*"),
      list(fc.tuple(expression, fc.constantFrom("", " AS x", " AS y")).map((part) => part.join(""))),
    ),
    source,
    maybe("WHERE", expression),
    maybe("GROUP BY", fc.oneof(list(column), fc.constantFrom("ALL", "window_start, window_end", "ROLLUP (a, c)"))),
    maybe("HAVING", expression),
    maybe("ORDER BY", list(expression)),
    maybe("LIMIT", fc.constantFrom("1", "0", "ALL")),
  )
  .map(([items, from, ...clauses]) => `SELECT ${items} FROM ${from}${clauses.join("")}`);
const statement = fc.oneof(
  select,
  fc
    .tuple(select, fc.constantFrom(" UNION ", " UNION ALL ", " INTERSECT ", " EXCEPT "), select)
    .map((parts) => parts.join("")),
  select.map((query) => `INSERT INTO s ${query}`),
  select.map((query) => `INSERT INTO s (b, a) ${query}`),
  select.map((query) => `CREATE VIEW made AS ${query}; SELECT * FROM made`),
  select.map((query) => `EXPLAIN ${query}`),
);

/** Whole statements over tables, which take longer than damaged texts. */
const RUNS = Math.min(Number(process.env["FUZZ_EXECS"] ?? 1000), 20_000);

test("a statement binds, or is refused with a code and a place", () => {
  let bound = 0;
  fc.assert(
    fc.property(statement, (text) => {
      try {
        // Three statements make the tables; those behind them count.
        if ([...new SqlSession(new Catalog()).script(`${TABLES}\n${text}`)].length > 3) bound++;
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        expect(error.code).not.toBe("INTERNAL");
        expect(error.at?.line).toBeGreaterThan(0);
      }
    }),
    { numRuns: RUNS, seed: Number(process.env["FUZZ_SEED"] ?? 1) },
  );
  expect(bound).toBeGreaterThan(10);
}, 300_000);
