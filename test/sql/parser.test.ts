// The dialect by example: what each shape gives, what is refused and how that is told, and what hostile texts cost.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type {
  ColumnRef,
  Expression,
  FunctionTable,
  InList,
  Logical,
  Query,
  Select,
  SelectItem,
  TableRef,
} from "../../src/sql/ast.js";
import { parseScript, parseStatement } from "../../src/sql/parser.js";
import { printStatement } from "../../src/sql/print.js";
import { SqlError } from "../../src/sql/sql-error.js";
import { ROOT } from "../support/repository.js";
import { nodesOf, withoutSpans } from "./support.js";

const failure = (text: string): SqlError => {
  try {
    parseScript(text);
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error(`parsed: ${text}`);
};
const selectOf = (text: string) => (parseStatement(text) as Query).body as Select;
const expressionOf = (text: string): Expression => (selectOf(`SELECT ${text}`).items[0] as SelectItem).expression;
const tableOf = (text: string): TableRef => selectOf(`SELECT * FROM ${text}`).from as TableRef;
/** The canonical text of an expression shows how it was grouped. */
const printed = (text: string) => printStatement(parseStatement(`SELECT ${text}`)).slice("SELECT ".length);

describe("Nexmark", () => {
  const folder = join(ROOT, "test/nexmark");
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));

  test("there are tables and q0 to q22", () => {
    const queries = Array.from({ length: 23 }, (_, number) => `q${number}.sql`);
    expect(files.sort()).toEqual([...queries, "tables.sql"].sort());
  });

  test.each(files)("%s parses, prints and parses to the same", (name) => {
    const statements = parseScript(readFileSync(join(folder, name), "utf8"));
    expect(statements.length).toBeGreaterThan(0);
    for (const statement of statements) {
      expect(withoutSpans(parseStatement(printStatement(statement)))).toEqual(withoutSpans(statement));
    }
  });
});

describe("expressions", () => {
  test.each([
    // Without parentheses on the left, as they are grouped on the right.
    ["a OR b AND NOT c = d + e * -f", "a OR b AND NOT c = d + e * -f"],
    ["((a OR b)) AND (c)", "(a OR b) AND c"],
    ["a - (b - c) - d", "a - (b - c) - d"],
    ["a || b * c || d", "a || b * c || d"],
    ["NOT NOT a IS NULL", "NOT NOT a IS NULL"],
    ["- -1", "- -1"],
    ["a BETWEEN 1 AND 2 AND b", "a BETWEEN 1 AND 2 AND b"],
    ["a != b", "a <> b"],
    ["a = SOME (SELECT 1)", "a = ANY (SELECT 1)"],
    ["x[1].y.z", "x[1].y.z"],
    ["CAST(a AS DECIMAL(10, 2))", "CAST(a AS DECIMAL(10, 2))"],
    ["CAST(a AS TIMESTAMP(3) WITH LOCAL TIME ZONE)", "CAST(a AS TIMESTAMP_LTZ(3))"],
    ["SUBSTRING(a FROM 2 FOR 3)", "SUBSTRING(a, 2, 3)"],
    ["TRIM(LEADING 'x' FROM a)", "TRIM(LEADING 'x' FROM a)"],
    ["interval '1' days", "INTERVAL '1' DAY"],
    ["CEILING(a)", "CEIL(a)"],
    ["CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP"],
    ["EXTRACT(day FROM a)", "EXTRACT(DAY FROM a)"],
    ["LEFT(a, 2)", "LEFT(a, 2)"],
    ["JSON_VALUE(a, '$.b' RETURNING INT DEFAULT 1 ON ERROR)", "JSON_VALUE(a, '$.b' RETURNING INT DEFAULT 1 ON ERROR)"],
    ["f(SIZE => 1, DATA => TABLE t PARTITION BY a)", "f(SIZE => 1, DATA => TABLE t PARTITION BY a)"],
    [
      "SUM(DISTINCT a) FILTER (WHERE b) OVER (PARTITION BY c)",
      "SUM(DISTINCT a) FILTER (WHERE b) OVER (PARTITION BY c)",
    ],
    ["(1, 2)", "(1, 2)"],
    ["date", "`date`"],
    ["((SELECT 1)) + 1", "(SELECT 1) + 1"],
    ["f((SELECT 1))", "f((SELECT 1))"],
  ])("%s", (text, canonical) => {
    expect(printed(text)).toBe(canonical);
    expect(withoutSpans(expressionOf(canonical))).toEqual(withoutSpans(expressionOf(text)));
  });

  test("numbers keep every digit", () => {
    expect(expressionOf("12345678901234567890.12345678901234567890")).toMatchObject({
      kind: "number",
      text: "12345678901234567890.12345678901234567890",
    });
  });

  test("texts: doubled quotes, U& escapes, x", () => {
    expect(expressionOf("'it''s'")).toMatchObject({ kind: "string", value: "it's" });
    expect(expressionOf("U&'caf\\00e9 \\+01F600 \\\\'")).toMatchObject({ kind: "string", value: "café 😀 \\" });
    expect(expressionOf("X'0AfF'")).toMatchObject({ kind: "binary", hex: "0aff" });
  });

  test("names: backticks, double quotes, keywords that are not reserved, other alphabets", () => {
    const name = (text: string) => (expressionOf(text) as ColumnRef).name.parts;
    expect(name('`a``b`."c""d".dateTime').map((part) => part.name)).toEqual(["a`b", 'c"d', "dateTime"]);
    expect(name("offset.window.värde").map((part) => part.name)).toEqual(["offset", "window", "värde"]);
    // Both become "LIKE" in capitals, and are names all the same.
    expect(name("lıke.liﬀ").map((part) => part.name)).toEqual(["lıke", "liﬀ"]);
  });

  test("parameters are counted through the text", () => {
    const [first, second] = selectOf("SELECT ?, f(? + 1)").items as SelectItem[];
    expect(first?.expression).toMatchObject({ kind: "parameter", index: 0 });
    expect(second?.expression).toMatchObject({ args: [{ left: { kind: "parameter", index: 1 } }] });
  });

  test("ten thousand ANDs are one flat node", () => {
    const text = Array.from({ length: 10_000 }, (_, index) => `a = ${index}`).join(" AND ");
    expect((expressionOf(text) as Logical).operands).toHaveLength(10_000);
  });
});

describe("queries", () => {
  test("set operations: INTERSECT first, the others from the left", () => {
    const { body } = parseStatement("SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3 EXCEPT (SELECT 4)") as Query;
    expect(body).toMatchObject({ op: "EXCEPT", left: { op: "UNION", all: true, right: { op: "INTERSECT" } } });
  });

  test("a query in parentheses keeps its own LIMIT", () => {
    expect(parseStatement("(SELECT a FROM t LIMIT 2) LIMIT 1")).toMatchObject({
      limit: { text: "1" },
      body: { kind: "query", limit: { text: "2" } },
    });
    expect(parseStatement("((SELECT a FROM t))")).toMatchObject({ kind: "query", body: { kind: "select" } });
  });

  test("window table functions, positional and named", () => {
    expect(tableOf("TABLE(TUMBLE(TABLE bid, DESCRIPTOR(ts), INTERVAL '10' SECOND)) AS w")).toMatchObject({
      kind: "function-table",
      call: { args: [{ kind: "table-argument" }, { kind: "descriptor" }, { kind: "interval", unit: "SECOND" }] },
      alias: { name: { name: "w" } },
    });
    expect(tableOf("HOP(DATA => TABLE bid, TIMECOL => DESCRIPTOR(ts), SLIDE => INTERVAL '2' SECOND)")).toMatchObject({
      call: { args: [{ kind: "named-argument", name: { name: "DATA" } }, {}, {}] },
    });
  });

  test("what a table argument is partitioned by ends at the comma, unless it is in parentheses", () => {
    const args = (text: string) => (tableOf(text) as FunctionTable).call.args;
    expect(args("TABLE(SESSION(TABLE bid PARTITION BY bidder, DESCRIPTOR(ts), INTERVAL '1' HOUR))")).toMatchObject([
      { kind: "table-argument", partitionBy: [{ kind: "column" }] },
      { kind: "descriptor" },
      { kind: "interval" },
    ]);
    expect(args("f((SELECT 1) PARTITION BY (a, b) ORDER BY c DESC, x => 1)")).toMatchObject([
      { table: { kind: "query" }, partitionBy: [{}, {}], orderBy: [{ descending: true }] },
      { kind: "named-argument" },
    ]);
  });

  test("joins, temporal joins, comma, LATERAL, UNNEST", () => {
    expect(
      tableOf("a LEFT JOIN b FOR SYSTEM_TIME AS OF a.ts AS x ON a.id = x.id, UNNEST(a.tags) AS t(tag)"),
    ).toMatchObject({
      type: "CROSS",
      left: { type: "LEFT", right: { asOf: { kind: "column" }, alias: { name: { name: "x" } } } },
      right: { kind: "unnest", alias: { columns: [{ name: "tag" }] } },
    });
    expect(tableOf("a, LATERAL TABLE(split(a.text)) AS s(word)")).toMatchObject({ right: { lateral: true } });
  });

  test("hints", () => {
    const table = tableOf("t /*+ OPTIONS('scan.startup.mode' = 'earliest') */ AS a");
    expect(table).toMatchObject({ hints: [{ options: [{ key: "scan.startup.mode", value: "earliest" }] }] });
    expect(selectOf("SELECT /*+ BROADCAST(a), STATE_TTL(b) */ 1").hints).toHaveLength(2);
  });

  test("stars, QUALIFY, GROUP BY ALL, grouping sets", () => {
    const select = selectOf(
      "SELECT * EXCLUDE (a) REPLACE (b + 1 AS b), t.* FROM t GROUP BY ALL QUALIFY ROW_NUMBER() OVER w = 1",
    );
    expect(select).toMatchObject({
      items: [{ exclude: [{}], replace: [{}] }, { qualifier: {} }],
      groupBy: { all: true },
    });
    expect(selectOf("SELECT a FROM t GROUP BY GROUPING SETS ((a, b), a, ()), ROLLUP (c)").groupBy).toMatchObject({
      elements: [{ elements: [{ kind: "row" }, { kind: "column" }, { kind: "row", items: [] }] }, { type: "ROLLUP" }],
    });
  });

  test("MATCH_RECOGNIZE and PIVOT parse", () => {
    const match = tableOf(`ticker MATCH_RECOGNIZE (
      PARTITION BY symbol ORDER BY ts MEASURES A.ts AS start_ts, LAST(B.price) AS bottom ONE ROW PER MATCH
      AFTER MATCH SKIP TO LAST C PATTERN (A B+? (C | D){2,}) WITHIN INTERVAL '1' HOUR
      DEFINE B AS B.price < PREV(B.price)) AS m`);
    expect(match).toMatchObject({ kind: "match-recognize", pattern: { kind: "pattern-sequence" }, alias: {} });
    expect(tableOf("t PIVOT (SUM(a) AS s FOR q IN ('x' AS x, 'y'))")).toMatchObject({
      kind: "pivot",
      values: [{}, {}],
    });
  });
});

describe("statements", () => {
  test("CREATE TABLE, all of it", () => {
    const text = `CREATE TEMPORARY TABLE IF NOT EXISTS cat.db.t (
      id BIGINT NOT NULL COMMENT 'the key',
      price DECIMAL(10, 2) PRIMARY KEY NOT ENFORCED,
      tags ARRAY<ROW<name STRING 'how', n INT>>,
      at TIMESTAMP(3) METADATA FROM 'timestamp' VIRTUAL,
      total AS price * 2,
      WATERMARK FOR at AS at - INTERVAL '5' SECOND,
      CONSTRAINT pk PRIMARY KEY (id) NOT ENFORCED
    ) COMMENT 'all' DISTRIBUTED BY HASH (id) INTO 4 BUCKETS PARTITIONED BY (id)
    WITH ('connector' = 'filesystem', 'path' = 'x') LIKE base (INCLUDING ALL, OVERWRITING OPTIONS)`;
    const statement = parseStatement(text);
    expect(statement).toMatchObject({
      temporary: true,
      elements: [
        { kind: "table-column", type: { name: "BIGINT", notNull: true }, comment: "the key" },
        { primaryKey: true },
        { type: { name: "ARRAY", items: [{ name: "ROW", fields: [{ comment: "how" }, {}] }] } },
        { kind: "metadata-column", key: "timestamp", virtual: true },
        { kind: "computed-column" },
        { kind: "watermark" },
        { kind: "primary-key", name: { name: "pk" } },
      ],
      options: [{ key: "connector" }, { key: "path" }],
      like: { options: [{ mode: "INCLUDING", what: "ALL" }, { mode: "OVERWRITING" }] },
    });
    expect(withoutSpans(parseStatement(printStatement(statement)))).toEqual(withoutSpans(statement));
  });

  test.each([
    ["DROP TABLE IF EXISTS t", "drop"],
    ["CREATE VIEW v (a) AS SELECT 1", "create-view"],
    ["CREATE MATERIALIZED TABLE m (PRIMARY KEY (id) NOT ENFORCED) AS SELECT id FROM t", "create-materialized-table"],
    ["INSERT INTO t PARTITION (day = 'x') (a, b) VALUES (1, 'a'), (2, 'b')", "insert"],
    ["INSERT OVERWRITE t SELECT * FROM s", "insert"],
    ["UPDATE t SET a = a + 1, b = NULL WHERE id = 3", "update"],
    ["DELETE FROM t AS x WHERE x.id = 3", "delete"],
    [
      "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT CASE WHEN x THEN 1 END; END",
      "statement-set",
    ],
    ["BEGIN STATEMENT SET; INSERT INTO a SELECT 1; END;", "statement-set"],
    ["EXPLAIN ESTIMATED_COST, CHANGELOG_MODE SELECT 1", "explain"],
    ["EXPLAIN PLAN FOR INSERT INTO t SELECT 1", "explain"],
    ["COMPILE PLAN 'plan.json' IF NOT EXISTS FOR INSERT INTO t SELECT 1", "compile-plan"],
    ["EXECUTE PLAN 'plan.json'", "execute-plan"],
    ["SET 'sql.typing' = 'flink';", "set"],
    ["SET", "set"],
    ["RESET 'sql.typing'", "reset"],
    ["SHOW TABLES LIKE 'a%'", "show"],
    ["SHOW CREATE TABLE t", "show"],
    ["SHOW COLUMNS FROM t", "show"],
    ["DESC EXTENDED t", "describe"],
    ["USE CATALOG c", "use"],
    ["VALUES (1, 'a'), (2, 'b')", "query"],
  ])("%s", (text, kind) => {
    const statement = parseStatement(text);
    expect(statement.kind).toBe(kind);
    expect(withoutSpans(parseStatement(printStatement(statement)))).toEqual(withoutSpans(statement));
  });

  test("trees are frozen, and every place lies within the one around it", () => {
    const text = readFileSync(join(ROOT, "test/nexmark/q9.sql"), "utf8");
    const statement = parseStatement(text);
    const nodes = nodesOf(statement);
    expect(nodes.length).toBeGreaterThan(50);
    for (const { from, to, outer, kind } of nodes) {
      expect(from, kind).toBeLessThanOrEqual(to);
      expect(from, kind).toBeGreaterThanOrEqual(outer[0]);
      expect(to, kind).toBeLessThanOrEqual(outer[1]);
    }
    expect(Object.isFrozen(statement) && Object.isFrozen((statement as Query).body)).toBe(true);
    const column = (selectOf("SELECT a, b.c FROM t").items[1] as SelectItem).expression;
    expect("SELECT a, b.c FROM t".slice(column.span.from, column.span.to)).toBe("b.c");
  });
});

describe("errors", () => {
  test.each([
    ["SELECT a FORM t", 'but found "t"', "did you mean FROM instead of FORM?"],
    [
      "SELEC 1",
      'expected a statement such as SELECT, INSERT or CREATE TABLE, but found "SELEC"',
      "did you mean SELECT instead of SELEC?",
    ],
    [
      "SELECT a, FROM t",
      'expected an expression or "*", but found "FROM"',
      "FROM is a reserved word; as a name write `FROM`",
    ],
    ["SELECT * FROM t WHERE", "expected an expression, but the statement ends", undefined],
    ["SELECT * FROM t GROUP a", 'expected BY, but found "a"', undefined],
    ["SELECT a FROM t ORDR BY a", 'but found "BY"', "did you mean ORDER instead of ORDR?"],
    ["SELECT CAST(a AS) FROM t", 'expected a type, but found ")"', undefined],
    [
      "SELECT INTERVAL '1' SECNOD",
      'expected a unit of time, but found "SECNOD"',
      "did you mean SECOND instead of SECNOD?",
    ],
    ["EXPLAIN", "but the statement ends", undefined],
    [
      "CREATE TABLE t (a INT) WITH (\"connector\" = 'x')",
      'expected a text in single quotes or ")"',
      "texts stand in single quotes, names in double ones",
    ],
    ["SELECT 'abc", "the text is not closed", "write ' behind it; inside it is doubled"],
    ["SELECT /* a", "the comment is not closed", "write */ behind it"],
    ["SELECT /*+ a", "the hint is not closed", "write */ behind it"],
    ["SELECT ‘a’", '"‘" begins nothing in SQL', "did you mean '?"],
    ["SELECT 1a", "a name may not begin with a digit", undefined],
    ["SELECT x'0'", "a binary literal is of pairs of hexadecimal digits", "write x'0aff'"],
    ["SELECT ``", "a name has one character at least", undefined],
    ["SELECT U&'\\00zz'", '"\\" is no character', "write \\ and four digits, or \\+ and six"],
  ])("%s", (text, message, hint) => {
    const error = failure(text);
    expect(error.code).toBe("SQL_SYNTAX");
    expect(error.message).toContain(message);
    expect(error.hint).toBe(hint);
  });

  test("the place: line, column, the line itself, a caret", () => {
    const error = failure("SELECT a,\n\tb\nFROM t WHEER x = 1\nORDER BY a");
    expect(error.at).toEqual({ line: 3, column: 14 });
    expect(error.format()).toBe(
      [
        `SQL_SYNTAX: ${error.message}`,
        "  at 3:14",
        "  3 | FROM t WHEER x = 1",
        "    |              ^",
        "  hint: did you mean WHERE instead of WHEER?",
      ].join("\n"),
    );
  });

  test("of a long line, what is around the place is shown", () => {
    const { excerpt } = failure(`SELECT ${"a, ".repeat(10_000)} FROM FROM`);
    expect(Math.max(...excerpt.split("\n").map((line) => line.length))).toBeLessThan(110);
  });

  test("one statement where one is expected", () => {
    expect(() => parseStatement("SELECT 1; SELECT 2")).toThrow("a second statement");
    expect(() => parseStatement(" -- nothing\n;")).toThrow("there is no statement");
    expect(parseScript(";;SELECT 1;;SELECT 2;")).toHaveLength(2);
  });
});

describe("limits", () => {
  const nested = (open: string, inner: string, close: string, count: number) =>
    `SELECT ${open.repeat(count)}${inner}${close.repeat(count)}`;

  test.each([
    ["parentheses", "(", "1", ")"],
    ["subqueries", "(SELECT ", "1", ")"],
    ["mixed", "((SELECT ", "1", ")+1)"],
    ["CASE", "CASE WHEN a THEN ", "1", " END"],
    ["calls", "f(x => ", "1", ")"],
    ["brackets", "a[", "1", "]"],
    ["TRIM", "TRIM(", "a", ")"],
    ["JSON", "JSON_VALUE(a, '$' DEFAULT ", "1", " ON ERROR)"],
    ["EXISTS", "EXISTS (SELECT * FROM t WHERE ", "a", ")"],
    ["ANY", "1 = ANY (SELECT ", "a", ")"],
  ])("%s: sixty deep, right or wrong, are read in no time; 200 are refused", (_name, open, inner, close) => {
    expect(parseScript(nested(open, inner, close, 60))).toHaveLength(1);
    expect(failure(nested(open, `${inner} ${inner} ${inner}`, close, 60)).code).toBe("SQL_SYNTAX");
    expect(failure(nested(open, inner, close, 200))).toMatchObject({
      code: "SQL_TOO_DEEP",
      hint: "split the query into views",
    });
  });

  test.each([
    ["open parentheses", "SELECT ", "(", 500_000],
    ["signs", "SELECT ", "- ", 500_000],
    ["NOTs", "SELECT ", "NOT ", 250_000],
    ["a sum", "SELECT 1", "+1", 500_000],
    ["tables", "SELECT * FROM t", ",t", 500_000],
    ["joins", "SELECT * FROM t", " JOIN t", 100_000],
    ["unions", "SELECT 1", " UNION SELECT 1", 60_000],
    ["types", "CREATE TABLE t (a ", "ROW<a INT, b ", 70_000],
    ["nested FROM", "SELECT * FROM ", "(SELECT * FROM t,t,t,t,t,t,t,t,t,t,", 110],
  ])("too deep: %s", (_name, start, part, count) => {
    expect(failure(`${start}${part.repeat(count)}`).code).toBe("SQL_TOO_DEEP");
  });

  test("what is long and flat is read", () => {
    const items = Array.from({ length: 100_000 }, (_, index) => 100_000 + index).join(", ");
    const [query] = parseScript(`SELECT * FROM t WHERE a IN (${items})`) as [Query];
    expect(((query.body as Select).where as InList).items).toHaveLength(100_000);
    expect(parseScript("SELECT 1;".repeat(20_000))).toHaveLength(20_000);
    expect(parseScript(`SELECT '${"''".repeat(500_000)}'`)).toHaveLength(1);
    expect(parseScript(`SELECT 1${"+1".repeat(999)}`)).toHaveLength(1);
  });

  test("a text of more than a million characters is refused before it is read", () => {
    expect(failure(" ".repeat((1 << 20) + 1)).code).toBe("SQL_TOO_LONG");
  });
});
