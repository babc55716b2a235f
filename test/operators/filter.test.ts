// Filter: which rows pass, in batches of 1, 7 and 8,192 rows, and what becomes of rows that cannot be computed.
import { afterAll, describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { batchFromColumns } from "../../src/arrow/builder.js";
import { parseSchema } from "../../src/arrow/types.js";
import { EngineError } from "../../src/errors.js";
import { Filter } from "../../src/operators/filter.js";
import { bindPredicate } from "../../src/plan/bind-expr.js";
import type { Expr } from "../../src/plan/expr.js";
import type { RowPolicy } from "../../src/plan/policy.js";
import {
  collect,
  lines,
  openTestWorkspace,
  rebatch,
  run,
  split,
  testContext,
  watermark,
} from "../../src/testing/index.js";
import { call, cast, col, lit, when } from "../support/expressions.js";

const { batch, workspace, account } = await openTestWorkspace();
afterAll(() => account.dispose());

const SIZES = [1, 7, 8192];
const filter = (expr: Expr, rows: Batch): Filter => new Filter(bindPredicate(expr, rows.schema));
const passing = (expr: Expr, rows: Batch, size = 8192): string => run(filter(expr, rows), rebatch([rows], size));

describe.each(SIZES)("batches of %i rows", (size) => {
  test("S47 NULL never equals NULL, and what is unknown does not pass; IS NOT DISTINCT FROM holds for two NULLs", () => {
    const rows = batch`a:INT b:INT | 1 1 | 1 NULL | NULL NULL | NULL 2 | 3 4`;
    expect(passing(call("eq", col("a"), col("b")), rows, size)).toBe("a:INT b:INT\n| 1 1");
    expect(passing(call("ne", col("a"), col("b")), rows, size)).toBe("a:INT b:INT\n| 3 4");
    expect(passing(call("not", call("eq", col("a"), col("b"))), rows, size)).toBe("a:INT b:INT\n| 3 4");
    expect(passing(call("is_not_distinct_from", col("a"), col("b")), rows, size)).toBe(
      "a:INT b:INT\n| 1 1\n| NULL NULL",
    );
    expect(passing(call("is_distinct_from", col("a"), col("b")), rows, size)).toBe(
      "a:INT b:INT\n| 1 NULL\n| NULL 2\n| 3 4",
    );
  });

  test("S52 NaN equals NaN and is greater than every number, Infinity too", () => {
    const rows = batch`x:DOUBLE | 1 | NaN | Infinity | NULL | -Infinity`;
    expect(passing(call("eq", col("x"), lit(Number.NaN)), rows, size)).toBe("x:DOUBLE\n| NaN");
    expect(passing(call("gt", col("x"), lit(5)), rows, size)).toBe("x:DOUBLE\n| NaN\n| Infinity");
    expect(passing(call("lt", col("x"), lit(Number.NaN)), rows, size)).toBe("x:DOUBLE\n| 1\n| Infinity\n| -Infinity");
    expect(passing(call("between", col("x"), lit(0), lit(Number.POSITIVE_INFINITY)), rows, size)).toBe(
      "x:DOUBLE\n| 1\n| Infinity",
    );
  });

  test("S53 −0 equals 0", () => {
    const rows = batch`x:DOUBLE y:INT | -0 1 | 0 2 | 1 3`;
    expect(passing(call("eq", col("x"), lit(0)), rows, size)).toBe("x:DOUBLE y:INT\n| -0 1\n| 0 2");
    expect(passing(call("lt", col("x"), lit(0)), rows, size)).toBe("");
    expect(passing(call("ge", col("x"), lit(0)), rows, size)).toBe("x:DOUBLE y:INT\n| -0 1\n| 0 2\n| 1 3");
  });

  test("S58 rows masked by AND, OR, CASE and COALESCE never raise", () => {
    const rows = batch`x:INT | 0 | 2 | 4 | NULL | 20`;
    const quotient = call("div", lit(10), col("x"));
    const guarded = [
      call("and", call("ne", col("x"), lit(0)), call("gt", quotient, lit(1))),
      call("not", call("or", call("eq", col("x"), lit(0)), call("le", quotient, lit(1)))),
      call("gt", when([[call("eq", col("x"), lit(0)), lit(-1)]], quotient), lit(1)),
      call(
        "gt",
        call("coalesce", call("nullif", when([[call("eq", col("x"), lit(0)), lit(1)]]), lit(2)), quotient),
        lit(1),
      ),
    ];
    for (const expr of guarded) expect(passing(expr, rows, size)).toBe("x:INT\n| 2\n| 4");
  });

  test("S58 a masked row does not raise through casts, overflow or nested guards either", () => {
    const rows = batch`kind:STRING# v:STRING n:BIGINT | number 12 1 | text twelve 9223372036854775807 | number 7 2`;
    const isNumber = call("eq", col("kind"), lit("number"));
    const expr = call(
      "and",
      isNumber,
      call("gt", cast(col("v"), "INT"), lit(5)),
      call("lt", call("mul", col("n"), lit(2)), lit(10)),
    );
    expect(passing(expr, rows, size)).toBe("kind:STRING v:STRING n:BIGINT\n| number 12 1\n| number 7 2");
  });

  test("S60 integers beyond 2^53 are compared exactly", () => {
    const rows = batch`n:BIGINT | 9007199254740992 | 9007199254740993 | -9223372036854775808 | 9223372036854775807`;
    expect(passing(call("eq", col("n"), lit(9007199254740993n)), rows, size)).toBe("n:BIGINT\n| 9007199254740993");
    expect(passing(call("gt", col("n"), lit(9007199254740992n)), rows, size)).toBe(
      "n:BIGINT\n| 9007199254740993\n| 9223372036854775807",
    );
  });

  test("S63 strings compare as UTF-8 bytes, without normalisation, and '' is not NULL", () => {
    const rows = batch`s:STRING | a | B | "\uffff" | "\ud83d\ude00" | "e\u0301" | "é" | "" | NULL`;
    expect(passing(call("gt", col("s"), lit("\uffff")), rows, size)).toBe("s:STRING\n| 😀");
    expect(passing(call("lt", col("s"), lit("a")), rows, size)).toBe('s:STRING\n| B\n| ""');
    expect(passing(call("eq", col("s"), lit("é")), rows, size)).toBe("s:STRING\n| é");
    expect(passing(call("eq", call("char_length", col("s")), lit(0)), rows, size)).toBe('s:STRING\n| ""');
    expect(passing(call("is_null", col("s")), rows, size)).toBe("s:STRING\n| NULL");
  });

  test("dictionary columns pass like plain ones and stay coded", () => {
    const coded = batch`s:STRING# n:INT | a 1 | NULL 2 | b 3 | a 4`;
    const plain = batch`s:STRING n:INT | a 1 | NULL 2 | b 3 | a 4`;
    for (const expr of [
      call("eq", col("s"), lit("a")),
      call("in", col("s"), lit("b"), lit("c")),
      call("like", call("upper", col("s")), lit("A%")),
    ]) {
      expect(passing(expr, coded, size)).toBe(passing(expr, plain, size));
    }
    const { elements } = collect(filter(call("eq", col("s"), lit("a")), coded), [coded]);
    const [kept] = elements as [Batch];
    expect(kept.column(0).dictionary?.length).toBe(2);
    kept.release();
  });
});

describe("S101 any batch gives the same rows", () => {
  test("empty batches, one row, none passing, all passing", () => {
    const none = batch`x:INT`;
    const one = batch`x:INT | 5`;
    expect(run(filter(call("gt", col("x"), lit(1)), none), [none])).toBe("");
    expect(passing(call("gt", col("x"), lit(1)), one)).toBe("x:INT\n| 5");
    expect(passing(call("gt", col("x"), lit(9)), one)).toBe("");
    expect(passing(lit(true), one)).toBe("x:INT\n| 5");
    expect(passing(lit(null), one)).toBe("");
  });

  test("65,537 rows, whole, in batches and at every bit offset", () => {
    const n = 65_537;
    const x = Array.from({ length: n }, (_, i) => (i % 5 === 0 ? null : (i * 7919) % 1000));
    const b = x.map((value) => (value === null ? null : value % 2 === 0));
    const rows = batchFromColumns(workspace, parseSchema({ x: "INT", b: "BOOLEAN" }), { x, b }).persist();
    const expr = call("and", call("lt", col("x"), lit(500)), col("b"));
    const expected = x.filter((value) => value !== null && value < 500 && value % 2 === 0);
    const kept = (elements: readonly Batch[]): number[] => {
      const out: number[] = [];
      for (const element of collect(filter(expr, rows), elements).elements) {
        const part = element as Batch;
        const { values } = part.column(0);
        for (let i = 0; i < part.rowCount; i++) out.push(account.memory.i32[(values >> 2) + i] as number);
        part.release();
      }
      return out;
    };
    expect(kept([rows])).toEqual(expected);
    expect(kept(rebatch([rows], 7) as Batch[])).toEqual(expected);
    expect(kept(rebatch([rows], 8191) as Batch[])).toEqual(expected);
    rows.release();
  });

  test("a filter over a filtered batch narrows its selection", () => {
    const rows = batch`x:INT s:STRING | 1 a | 2 b | 3 c | 4 d | 5 e`;
    const chosen = rows.select(putRows([0, 2, 4]), 3);
    expect(run(filter(call("gt", col("x"), lit(1)), rows), [chosen])).toBe("x:INT s:STRING\n| 3 c\n| 5 e");
  });
});

function putRows(rows: readonly number[]): number {
  const region = account.region(rows.length * 4);
  account.memory.u32.set(rows, region.ptr >>> 2);
  return region.ptr;
}

test("watermarks and split events pass, also where every row goes (S3)", () => {
  const rows = batch`x:INT | 1 | 2`;
  const text = run(filter(lit(false), rows), [
    split(0, "active"),
    rows,
    watermark(10),
    watermark(Number.POSITIVE_INFINITY),
  ]);
  expect(text).toBe("split 0 active\nwatermark 10\nwatermark Infinity");
});

describe("S59 a row that raises follows the row policy, and only that row", () => {
  const ROWS = () => batch`id:BIGINT x:INT ok:BOOLEAN | 9007199254740993 2 true | 2 0 true | 3 5 NULL | 4 0 false`;
  const expr = call("gt", call("div", lit(10), col("x")), lit(1));
  const context = (rowPolicy: RowPolicy) => testContext(workspace, { name: "filter", rowPolicy });

  test.each(SIZES)("fail: the first such row ends the job, with its number and values; batches of %i", (size) => {
    const rows = ROWS();
    let error: unknown;
    try {
      run(filter(expr, rows), rebatch([rows], size), { context: context("fail") });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(EngineError);
    expect((error as EngineError).code).toBe("DIVISION_BY_ZERO");
    expect((error as EngineError).message).toBe('10 / x divides by zero in row 1: {"id":2,"x":0,"ok":true}');
    expect((error as EngineError).at).toEqual({ row: 1, operator: "filter" });
    expect((error as EngineError).hint).toMatch(/NULLIF/);
  });

  test.each(SIZES)("deadLetter: the rows are kept with their values, the others go on; batches of %i", (size) => {
    const rows = ROWS();
    const used = context("deadLetter");
    expect(run(filter(expr, rows), rebatch([rows], size), { context: used })).toBe(lines`
      id:BIGINT x:INT ok:BOOLEAN
      | 9007199254740993 2 true
      | 3 5 NULL
      deadLetter code:STRING! message:STRING! source:STRING line:BIGINT byte:BIGINT row:BIGINT field:STRING raw:BYTES!
      | DIVISION_BY_ZERO "10 / x divides by zero in row 1: {\"id\":2,\"x\":0,\"ok\":true}" NULL NULL NULL 1 NULL 0x${hex('{"id":2,"x":0,"ok":true}')}
      | DIVISION_BY_ZERO "10 / x divides by zero in row 3: {\"id\":4,\"x\":0,\"ok\":false}" NULL NULL NULL 3 NULL 0x${hex('{"id":4,"x":0,"ok":false}')}
    `);
    expect(used.metrics.badRows).toBe(2);
    expect(used.warnings).toEqual([]);
  });

  test("deadLetter without a reader: counted, with one warning", () => {
    const rows = ROWS();
    const used = context("deadLetter");
    const text = run(filter(expr, rows), rebatch([rows], 1), { context: used, deaf: ["deadLetter"] });
    expect(text).toBe("id:BIGINT x:INT ok:BOOLEAN\n| 9007199254740993 2 true\n| 3 5 NULL");
    expect(used.metrics.badRows).toBe(2);
    expect(used.warnings).toHaveLength(1);
  });

  test.each(SIZES)("skip: counted; batches of %i", (size) => {
    const rows = ROWS();
    const used = context("skip");
    const text = run(filter(expr, rows), rebatch([rows], size), { context: used });
    expect(text).toBe("id:BIGINT x:INT ok:BOOLEAN\n| 9007199254740993 2 true\n| 3 5 NULL");
    expect(used.metrics.badRows).toBe(2);
  });

  test("rows that fail for several reasons are told once, by the first", () => {
    const rows = batch`a:INT s:STRING | 0 x | 1 x | 2147483647 1 | 3 2`;
    const both = call(
      "and",
      call("gt", call("div", lit(6), col("a")), lit(-1)),
      call("gt", call("add", col("a"), cast(col("s"), "INT")), lit(0)),
    );
    const used = context("deadLetter");
    const { elements, sides } = collect(filter(both, rows), [rows], { context: used });
    expect(elements.map((element) => (element as Batch).rowCount)).toEqual([1]);
    const [dead] = sides.deadLetter as [Batch];
    const codes = dead.plainColumn(0);
    const { i32, u8 } = account.memory;
    const text = (row: number): string =>
      new TextDecoder().decode(
        u8.slice(
          codes.values + (i32[(codes.offsets >> 2) + row] as number),
          codes.values + (i32[(codes.offsets >> 2) + row + 1] as number),
        ),
      );
    expect([0, 1, 2].map(text)).toEqual(["DIVISION_BY_ZERO", "CAST", "OVERFLOW"]);
    for (const element of [...elements, dead]) (element as Batch).release();
  });
});

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}
