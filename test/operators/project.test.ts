// Project: computed columns in batches of 1, 7 and 8,192 rows, columns that are only picked, rows that cannot be computed.
import { afterAll, describe, expect, test } from "vitest";
import { Batch } from "../../src/arrow/batch.js";
import { field, schemaOf } from "../../src/arrow/types.js";
import { Project } from "../../src/operators/project.js";
import { rowJson } from "../../src/operators/row-failures.js";
import { bindExpr } from "../../src/plan/bind-expr.js";
import type { Expr } from "../../src/plan/expr.js";
import { lines, openTestWorkspace, rebatch, run, testContext } from "../../src/testing/index.js";
import { call, cast, col, lit, tryCast, when } from "../support/expressions.js";

const { batch, workspace, account } = await openTestWorkspace();
afterAll(() => account.dispose());

const SIZES = [1, 7, 8192];

function project(columns: Readonly<Record<string, Expr>>, rows: Batch): Project {
  const bound = Object.entries(columns).map(([name, expr]) => [name, bindExpr(expr, rows.schema)] as const);
  const schema = schemaOf(bound.map(([name, { type, nullable }]) => field(name, type, nullable)));
  return new Project(
    bound.map(([, expr]) => expr),
    schema,
  );
}

const projected = (columns: Readonly<Record<string, Expr>>, rows: Batch, size = 8192): string =>
  run(project(columns, rows), rebatch([rows], size));

/** The code with which a projection of one row fails. */
function codeOf(expr: Expr, rows: Batch): string {
  try {
    projected({ r: expr }, rows);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "no failure";
}

describe.each(SIZES)("batches of %i rows", (size) => {
  test("S57 integer division truncates toward zero, DOUBLE division by 0 is ±Infinity or NaN", () => {
    const rows = batch`a:INT b:INT x:DOUBLE y:DOUBLE | 7 2 1 0 | -7 2 -1 0 | 7 -2 0 0 | NULL 1 1 NULL`;
    expect(
      projected(
        { q: call("div", col("a"), col("b")), r: call("mod", col("a"), col("b")), z: call("div", col("x"), col("y")) },
        rows,
        size,
      ),
    ).toBe(lines`
      q:INT r:INT z:DOUBLE
      | 3 1 Infinity
      | -3 -1 -Infinity
      | -3 1 NaN
      | NULL NULL NULL
    `);
  });

  test("S60 integers beyond 2^53 keep every digit", () => {
    const rows = batch`n:BIGINT | 9007199254740993 | -9223372036854775808 | NULL`;
    expect(
      projected(
        { n: call("add", col("n"), lit(0)), m: call("div", col("n"), lit(10)), s: cast(col("n"), "STRING") },
        rows,
        size,
      ),
    ).toBe(lines`
      n:BIGINT m:BIGINT s:STRING
      | 9007199254740993 900719925474099 9007199254740993
      | -9223372036854775808 -922337203685477580 -9223372036854775808
      | NULL NULL NULL
    `);
  });

  test("S63 lengths and substrings count code points", () => {
    const rows = batch`s:STRING | "naïve" | "𝄞clef" | "" | NULL`;
    expect(
      projected({ n: call("char_length", col("s")), part: call("substring", col("s"), lit(2), lit(2)) }, rows, size),
    ).toBe(lines`
      n:INT part:STRING
      | 5 aï
      | 5 cl
      | 0 ""
      | NULL NULL
    `);
  });

  test("S61 decimals are exact: 0.908 × price has the scale of both", () => {
    const rows = batch`price:DECIMAL(10,2) | 12.50 | 99999999.99 | NULL`;
    const factor: Expr = { kind: "literal", value: "0.908", type: { kind: "decimal", precision: 3, scale: 3 } };
    expect(
      projected(
        { p: call("mul", factor, col("price")), half: cast(call("mul", factor, col("price")), "DECIMAL(12, 2)") },
        rows,
        size,
      ),
    ).toBe(lines`
      p:DECIMAL(14,5) half:DECIMAL(12,2)
      | 11.35000 11.35
      | 90799999.99092 90799999.99
      | NULL NULL
    `);
  });

  test("event time of two columns: scheduled departure plus delay in minutes", () => {
    const rows = batch`date:TIMESTAMP(6) delay:SMALLINT | 2001-01-01T00:00:00 -5 | 2001-01-01T23:59:00 90 | 2001-01-02T00:00:00 NULL`;
    const minutes = call("mul", col("delay"), { kind: "literal", value: 60_000, type: { kind: "interval" } });
    expect(
      projected(
        {
          actual: call("add", col("date"), minutes),
          hour: call("date_floor", call("add", col("date"), minutes), lit("hour")),
        },
        rows,
        size,
      ),
    ).toBe(lines`
      actual:TIMESTAMP(6) hour:TIMESTAMP(6)
      | 2000-12-31T23:55:00 2000-12-31T23:00:00
      | 2001-01-02T01:29:00 2001-01-02T01:00:00
      | NULL NULL
    `);
  });

  test("CASE, COALESCE and constants", () => {
    const rows = batch`x:INT s:STRING# | 1 a | NULL NULL | 30 b`;
    const columns = {
      size: when([
        [call("lt", col("x"), lit(10)), lit("small")],
        [call("ge", col("x"), lit(10)), lit("large")],
      ]),
      y: call("coalesce", col("x"), lit(0)),
      s: call("coalesce", col("s"), lit("none")),
      k: lit("é"),
      t: lit(true),
    };
    expect(projected(columns, rows, size)).toBe(lines`
      size:STRING y:INT! s:STRING! k:STRING! t:BOOLEAN!
      | small 1 a é true
      | NULL 0 none é true
      | large 30 b é true
    `);
  });
});

test("columns that are only picked share the memory and keep the selection", () => {
  const rows = batch`a:INT s:STRING# b:BIGINT | 1 x 10 | 2 y 20 | 3 z 30`;
  const operator = project({ b: col("b"), again: col("b"), s: col("s") }, rows);
  const picked: Batch[] = [];
  operator.open(testContext(workspace));
  const nothing = { watermark: () => undefined, split: () => undefined, side: () => undefined, hasSide: () => false };
  operator.processBatch(rows, 0, { ...nothing, emit: (some) => picked.push(some) });
  expect(picked.map((some) => some.column(0).values)).toEqual([rows.column(2).values]);
  expect(picked[0]?.column(2).dictionary).toBe(rows.column(1).dictionary);
});

test("S57 integer division by zero and −2^63 / −1 are errors", () => {
  const rows = batch`n:BIGINT z:BIGINT m:BIGINT | -9223372036854775808 0 -1`;
  expect(codeOf(call("div", col("n"), col("z")), rows)).toBe("DIVISION_BY_ZERO");
  expect(codeOf(call("mod", col("n"), col("z")), rows)).toBe("DIVISION_BY_ZERO");
  expect(codeOf(call("div", col("n"), col("m")), rows)).toBe("OVERFLOW");
  expect(codeOf(call("neg", col("n")), rows)).toBe("OVERFLOW");
  expect(codeOf(call("sub", col("n"), lit(1)), rows)).toBe("OVERFLOW");
});

test("overflow, division by zero, sqrt(-1) and bad casts are errors by the row policy; TRY_ gives NULL", () => {
  const rows = batch`x:DOUBLE d:DECIMAL(4,2) s:STRING | -1 99.99 abc`;
  expect(codeOf(call("sqrt", col("x")), rows)).toBe("OVERFLOW");
  expect(codeOf(cast(call("mul", col("d"), lit(100)), "DECIMAL(4, 2)"), rows)).toBe("OVERFLOW");
  expect(codeOf(cast(col("s"), "INT"), rows)).toBe("CAST");
  expect(codeOf(call("div", col("d"), cast(lit(0), "DECIMAL(2, 1)")), rows)).toBe("DIVISION_BY_ZERO");
  expect(
    projected(
      {
        a: tryCast(col("s"), "INT"),
        b: tryCast(col("x"), "TINYINT"),
        c: tryCast(call("mul", col("d"), lit(100)), "DECIMAL(4, 2)"),
      },
      rows,
    ),
  ).toBe("a:INT b:TINYINT c:DECIMAL(4,2)\n| NULL -1 NULL");
});

test("NaN and −0 are the same as arguments of GREATEST, IN and NULLIF", () => {
  const rows = batch`x:DOUBLE | NaN | -0 | 1`;
  const columns = {
    g: call("greatest", col("x"), lit(0.5)),
    i: call("in", col("x"), lit(0), lit(Number.NaN)),
    z: call("nullif", col("x"), lit(0)),
  };
  expect(projected(columns, rows)).toBe("g:DOUBLE i:BOOLEAN z:DOUBLE\n| NaN true NaN\n| 0.5 true NULL\n| 1 false 1");
});

describe("S59 rows that raise", () => {
  const ROWS = () => batch`a:INT b:INT | 1 0 | 2 1 | 2147483647 2147483647 | 4 2`;
  const columns = { q: call("div", col("a"), col("b")), sum: call("add", col("a"), col("b")) };

  test.each(SIZES)("only the failing rows go, in batches of %i", (size) => {
    const rows = ROWS();
    const context = testContext(workspace, { name: "project", rowPolicy: "skip" });
    expect(run(project(columns, rows), rebatch([rows], size), { context })).toBe("q:INT sum:INT\n| 2 3\n| 2 6");
    expect(context.metrics.badRows).toBe(2);
  });

  test("fail names the first row of the batch that failed, whichever column it was", () => {
    const rows = ROWS();
    expect(() => projected({ sum: columns.sum, q: columns.q }, rows)).toThrow(
      'a / b divides by zero in row 0: {"a":1,"b":0}',
    );
  });

  test("row numbers count on from batch to batch", () => {
    const rows = batch`a:INT b:INT | 1 1 | 2 1 | 3 0`;
    expect(() => projected(columns, rows, 2)).toThrow("in row 2:");
  });
});

test("a row's JSON is exact for every type", () => {
  const rows = batch`
    i:TINYINT n:BIGINT f:FLOAT x:DOUBLE d:DECIMAL(20,3) s:STRING raw:BYTES t:TIMESTAMP(6) day:DATE at:TIME b:BOOLEAN p:INTERVAL
    -5 9007199254740993 0.1 NaN -12345678901234567.890 "say \"hi\"" 0x00ff10 2024-02-29T13:05:09.250007 1969-12-31 13:05:09 true 1500
    | NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL
  `;
  expect(rowJson(rows, 0)).toBe(
    '{"i":-5,"n":9007199254740993,"f":0.10000000149011612,"x":"NaN","d":-12345678901234567.890,"s":"say \\"hi\\"","raw":"AP8Q",' +
      '"t":"2024-02-29 13:05:09.250007","day":"1969-12-31","at":"13:05:09","b":true,"p":1500}',
  );
  expect(rowJson(rows, 1)).toBe(`{${rows.schema.fields.map(({ name }) => `"${name}":null`).join(",")}}`);
  expect(Object.keys(JSON.parse(rowJson(batch`"__proto__":INT "a\"b":STRING | 1 x`, 0)))).toEqual(["__proto__", 'a"b']);
});

test("a batch of no rows gives none", () => {
  const rows = batch`a:INT`;
  expect(run(project({ b: call("add", col("a"), lit(1)) }, rows), [rows])).toBe("");
  expect(new Batch(workspace, rows.schema, [rows.column(0)], 0).rowCount).toBe(0);
});
