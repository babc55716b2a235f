// What happens to rows that an expression could not compute, by the job's row policy: the job ends, or the rows are kept
// aside as dead letters with their values as JSON text, or they are counted. All other rows go on.
import type { Batch } from "../arrow/batch.js";
import { bitmapBytes } from "../arrow/column.js";
import { type DataType, STRING } from "../arrow/types.js";
import { parseHex } from "../arrow/values.js";
import { DataError, type ErrorCode } from "../errors.js";
import { isDecimal, isFloat, isInteger } from "../plan/coerce.js";
import type { BoundValue } from "../plan/expr.js";
import { castValue } from "../plan/scalar/cast.js";
import { type BadRecord, deadLetterBatch } from "./bad-records.js";
import { cellReader, hasBit } from "./evaluate/constants.js";
import { Evaluation, type RowFailure, type RowFailures } from "./evaluate/evaluation.js";
import type { OperatorContext, Output } from "./operator.js";

/** What the message says of a code. */
const REASONS: Partial<Record<ErrorCode, string>> = {
  OVERFLOW: "does not fit its type",
  DIVISION_BY_ZERO: "divides by zero",
  CAST: "cannot be cast",
  TIME_RANGE: "lies outside the years -9999 to 9999",
};
const HINTS: Partial<Record<ErrorCode, string>> = {
  OVERFLOW: "cast an operand to a wider type, use TRY_CAST, or set the row policy to deadLetter or skip",
  DIVISION_BY_ZERO: "guard it with CASE or NULLIF(divisor, 0), or set the row policy to deadLetter or skip",
  CAST: "TRY_CAST gives NULL instead; or set the row policy to deadLetter or skip",
  TIME_RANGE: "filter such rows first, or set the row policy to deadLetter or skip",
};

/**
 * Deals with the failed rows of a batch. `firstRow` is the number of its first row among all that the operator has seen.
 * @throws DataError of the first failed row, under the policy `fail`.
 */
export function settleFailures(
  context: OperatorContext,
  out: Output,
  batch: Batch,
  failures: RowFailures,
  firstRow: number,
): void {
  const { metrics, rowPolicy, workspace } = context;
  const failed = failedRows(batch, failures);
  const recordOf = ({ failure, row }: FailedRow) => describe(context, batch, failure, row, firstRow);
  if (rowPolicy === "fail") {
    const { code, message, at } = recordOf(failed[0] as FailedRow);
    throw new DataError(code, message, { hint: HINTS[code] ?? "set the row policy to deadLetter or skip", at });
  }
  metrics.badRows += failed.length;
  if (rowPolicy === "skip") return;
  if (out.hasSide("deadLetter")) out.side("deadLetter", deadLetterBatch(workspace, failed.map(recordOf)));
  else {
    context.warnOnce(
      `deadLetter ${context.uid}`,
      `${context.name}: rows could not be computed and nobody reads the dead letters; they are counted as badRows`,
    );
  }
}

/** The batch without its failed rows. */
export function withoutFailed(batch: Batch, failures: RowFailures): Batch {
  if (failures.rows === 0) return batch;
  const { kernels, account } = batch.workspace;
  const { rowCount } = batch;
  const good = account.arena.allocate(bitmapBytes(rowCount));
  kernels.notBitmap(failures.rows, rowCount, good);
  const selection = account.arena.allocate(rowCount * 4);
  return batch.select(selection, kernels.bitmapToSelection(good, rowCount, selection));
}

interface FailedRow {
  readonly failure: RowFailure;
  readonly row: number;
}

/** Failed rows in their order, each with why. */
function failedRows(batch: Batch, { list }: RowFailures): FailedRow[] {
  const { memory } = batch.workspace.account;
  const failed: FailedRow[] = [];
  for (let row = 0; row < batch.rowCount; row++) {
    const failure = list.find(({ rows }) => hasBit(memory, rows, row));
    if (failure !== undefined) failed.push({ failure, row });
  }
  return failed;
}

function describe(
  context: OperatorContext,
  batch: Batch,
  failure: RowFailure,
  row: number,
  firstRow: number,
): BadRecord {
  const json = rowJson(batch, row);
  const number = firstRow + row;
  const reason = REASONS[failure.code] ?? "cannot be computed";
  return {
    code: failure.code,
    message: `${failure.text} ${reason} in row ${number}: ${json}`,
    at: { row: number, operator: context.name },
    raw: new TextEncoder().encode(json),
  };
}

/** One row as a JSON object, every value exact: what a reader of the dead letters needs to put it right. */
export function rowJson(batch: Batch, row: number): string {
  // The row alone: to decode a dictionary for all rows, and that for every failed one, takes gigabytes.
  const one = batch.slice(row, row + 1);
  const run = new Evaluation(one.workspace, 1, (index) => one.column(index));
  const members = one.schema.fields.map(({ name, type }, index) => {
    const value = cellReader(run, run.vectorOf(one.plainColumn(index)))(0);
    return `${JSON.stringify(name)}:${valueJson(value, type)}`;
  });
  return `{${members.join(",")}}`;
}

/** Numbers with all their digits, times as SQL text, bytes as base64: as JSON sources read them back. */
function valueJson(value: BoundValue, type: DataType): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return String(value);
  if (isFloat(type)) return Number.isFinite(value) ? String(value) : `"${value}"`;
  if (type.kind === "binary") return `"${base64(parseHex(value as string) as Uint8Array)}"`;
  const text = String(castValue(value, type, STRING));
  return isInteger(type) || isDecimal(type) ? text : type.kind === "interval" ? String(value) : JSON.stringify(text);
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const three = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let digit = 0; digit < 4; digit++) {
      text += i + digit > bytes.length ? "=" : BASE64[(three >> (18 - 6 * digit)) & 63];
    }
  }
  return text;
}
