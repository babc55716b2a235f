// Evaluates expressions on batches for tests: rows of bound values in, values and failure codes out.
import { expect } from "vitest";
import { Batch } from "../../src/arrow/batch.js";
import { batchFromColumns } from "../../src/arrow/builder.js";
import { bitmapBytes, type Column, type Workspace } from "../../src/arrow/column.js";
import type { ColumnData } from "../../src/arrow/columns.js";
import { type DataType, field, type Schema, schemaOf, typeName } from "../../src/arrow/types.js";
import { formatDecimal, parseHex } from "../../src/arrow/values.js";
import { cellReader } from "../../src/operators/evaluate/constants.js";
import { Evaluation, RowFailures } from "../../src/operators/evaluate/evaluation.js";
import { Evaluator } from "../../src/operators/evaluate.js";
import { bindExpr, literalOf } from "../../src/plan/bind-expr.js";
import type { BoundExpr, BoundValue } from "../../src/plan/expr.js";
import { formatBound } from "../../src/plan/format-expr.js";
import { FUNCTIONS } from "../../src/plan/functions.js";
import type { Case } from "./cases.js";
import { caseExpr, col, typeOf } from "./expressions.js";

/** A bound value as the batch builder takes it. */
function cellOf(value: BoundValue, type: DataType): unknown {
  if (value === null) return null;
  if (type.kind === "decimal") return formatDecimal(value as bigint, type.scale);
  return type.kind === "binary" ? parseHex(value as string) : value;
}

export type Row = readonly BoundValue[];

/** Rows as a batch in the arena; `coded` makes dictionaries of strings, with a value that no row has. */
export function batchOf(workspace: Workspace, schema: Schema, rows: readonly Row[], coded = false): Batch {
  const columns = schema.fields.map(({ name, type }, index): [string, ColumnData] => {
    const cells = rows.map((row) => cellOf(row[index] as BoundValue, type));
    if (!coded || type.kind !== "string") return [name, cells];
    const values = [...new Set(["unused", ...cells.filter((cell) => cell !== null)])];
    return [name, { codes: cells.map((cell) => (cell === null ? -1 : values.indexOf(cell))), values }];
  });
  return batchFromColumns(workspace, schema, Object.fromEntries(columns));
}

/** Values of a result column, and the code of every row that failed. */
function outcome(batch: Batch, column: Column, failures: RowFailures): (BoundValue | string)[] {
  const { workspace } = batch;
  const run = new Evaluation(workspace, batch.rowCount, () => column);
  const result = new Batch(workspace, schemaOf([field("result", column.type)]), [column], batch.rowCount);
  const read = cellReader(run, run.vectorOf(result.plainColumn(0)));
  return Array.from({ length: batch.rowCount }, (_, row) => {
    const failure = failures.list.find(
      ({ rows }) => ((workspace.account.memory.u8[rows + (row >> 3)] as number) >> (row & 7)) & 1,
    );
    return failure === undefined ? read(row) : `fails ${failure.code}`;
  });
}

/** The value of every row, or `fails CODE`. */
export function evaluate(expr: BoundExpr, batch: Batch, rows = 0): (BoundValue | string)[] {
  const failures = new RowFailures(batch.workspace, batch.rowCount);
  return outcome(batch, new Evaluator(expr).evaluate(batch, failures, rows), failures);
}

/** −0 and 0 are one value of SQL. */
const plain = (value: BoundValue | string): BoundValue | string => (value === 0 ? 0 : value);

export function expectSame(
  actual: readonly (BoundValue | string)[],
  expected: readonly (BoundValue | string)[],
  text: string,
): void {
  for (let row = 0; row < expected.length; row++) {
    const [got, wanted] = [plain(actual[row] as BoundValue), plain(expected[row] as BoundValue)];
    if (!Object.is(got, wanted)) expect({ text, row, value: got }).toEqual({ text, row, value: wanted });
  }
  expect(actual.length).toBe(expected.length);
}

/** Rows that are NULL wherever a case leaves room for it; their result is NULL for strict functions. */
const isStrict = ({ fn }: Case): boolean => fn === "CAST" || fn === "TRY_CAST" || strictFunction(fn);
const strictFunction = (fn: string): boolean => {
  const row = FUNCTIONS.get(fn);
  return row?.expand === undefined && row?.nulls === "strict";
};

/** The case on a batch of 13 rows, some of them NULL, with the arguments in `literals` as literals. */
export function runCase(workspace: Workspace, entry: Case, literals: readonly number[], coded: boolean): void {
  const { account, kernels } = workspace;
  const types = entry.args.map(([type]) => typeOf(type));
  const schema = schemaOf(types.map((type, i) => field(`c${i}`, type)));
  const args = entry.args.map(([, value], i) =>
    literals.includes(i) ? literalOf(value, types[i] as DataType) : col(`c${i}`),
  );
  const bound = bindExpr(caseExpr(entry, args), schema);
  expect(typeName(bound.type)).toBe(entry.type);
  const wanted = entry.fails === undefined ? entry.result : `fails ${entry.fails}`;
  const values = entry.args.map(([, value]) => value);
  const strict = isStrict(entry) && literals.length < entry.args.length;
  const isNull = (row: number): boolean => strict && row % 3 === 1;
  const rows = Array.from({ length: 13 }, (_, row) => (isNull(row) ? values.map(() => null) : values));
  const batch = batchOf(workspace, schema, rows, coded);
  expectSame(
    evaluate(bound, batch),
    rows.map((_, row) => (isNull(row) ? null : wanted)),
    formatBound(bound),
  );
  // Rows that do not count never fail.
  const mask = account.arena.allocateZeroed(bitmapBytes(13));
  account.memory.u8[mask] = 1;
  const failures = new RowFailures(workspace, 13);
  new Evaluator(bound).evaluate(batch, failures, mask);
  const failing = entry.fails === undefined ? 0 : 1;
  expect(failures.rows === 0 ? 0 : kernels.countBits(failures.rows, 13)).toBe(failing);
}
