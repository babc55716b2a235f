// Random damage to statements: the parser gives a tree that prints and parses to itself, or an SqlError
// whose place lies in the text; nothing else, ever. `npm run fuzz -- sql --execs N --seed S`.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { parseScript, parseStatement } from "../../src/sql/parser.js";
import { printStatement } from "../../src/sql/print.js";
import { splitScript } from "../../src/sql/script.js";
import { SqlError } from "../../src/sql/sql-error.js";
import { KEYWORD_LIST } from "../../src/sql/vocabulary.js";
import { fuzz } from "../fuzz/harness.js";
import { ROOT } from "../support/repository.js";
import { withoutSpans } from "./support.js";

const SIGNS = [
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  "<",
  ">",
  "<>",
  "=>",
  "*",
  "/*+",
  "*/",
  "/*",
  "--",
  ",",
  ".",
  ";",
  "?",
  "|",
  "+",
  "-",
];
const VALUES = [
  "a",
  "`b`",
  '"c"',
  "'d'",
  "''",
  "1",
  "0.5",
  "1e9",
  "x'0a'",
  "U&'\\0041'",
  "é",
  "\n",
  "'",
  "`",
  "\\",
  "\0",
  "😀",
];

const folder = join(ROOT, "test/nexmark");
const CORPUS = [
  ...readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8")),
  "SELECT a, CASE b WHEN 1 THEN 'x' ELSE y END, CAST(c AS ROW<d INT, e ARRAY<STRING>>) FROM t WHERE d IN (1, (SELECT 2), 3)",
  "SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.x AS x PATTERN (A B{1,3}? (C | D)+) DEFINE A AS x > 1) AS m",
  "CREATE TABLE t (a INT NOT NULL, b AS a + 1, WATERMARK FOR c AS c - INTERVAL '1' SECOND) WITH ('k' = 'v') LIKE s (INCLUDING ALL)",
  "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b VALUES (1, ?), (2, NULL); END",
  "((SELECT 1 UNION ALL (SELECT 2)) INTERSECT VALUES (3)) ORDER BY 1 DESC NULLS LAST LIMIT 5 OFFSET 2",
  "SELECT JSON_VALUE(a, '$.b' RETURNING INT NULL ON EMPTY DEFAULT 1 ON ERROR), TRIM(BOTH 'x' FROM y), f(DISTINCT z) FILTER (WHERE w)",
  "SELECT SUM(a) OVER (PARTITION BY b ORDER BY c ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING) FROM a, LATERAL TABLE(f(x)) AS t(y)",
  "UPDATE t SET a = -a, b = NOT c WHERE d BETWEEN 1 AND 2 AND e LIKE 'x' ESCAPE '!' OR f IS NOT DISTINCT FROM g",
];

const decoder = new TextDecoder();

fuzz({
  name: "sql",
  seeds: CORPUS,
  pieces: [...KEYWORD_LIST.map((word) => ` ${word} `), ...SIGNS, ...VALUES],
  run(bytes) {
    const text = decoder.decode(bytes);
    try {
      for (const statement of parseScript(text)) {
        const printed = printStatement(statement);
        expect(withoutSpans(parseStatement(printed)), printed).toEqual(withoutSpans(renumbered(statement)));
      }
      splitScript(text);
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      expect(["SQL_SYNTAX", "SQL_TOO_DEEP"]).toContain(error.code);
      expect(error.message).not.toContain("expected ,");
      const { line = 0, column = 0 } = error.at ?? {};
      expect(column).toBeLessThanOrEqual((text.split("\n")[line - 1] as string).length + 1);
    }
  },
});

/** Parameters are counted through the whole text: those of one statement alone begin at 0. */
function renumbered(statement: unknown): unknown {
  let next = 0;
  const renumber = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(renumber);
    if (typeof value !== "object" || value === null) return value;
    if ("kind" in value && value.kind === "parameter") return { ...value, index: next++ };
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, renumber(inner)]));
  };
  return renumber(statement);
}
