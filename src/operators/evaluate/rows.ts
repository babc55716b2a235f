// Functions and casts without kernel: row by row with the plain TypeScript of plan/scalar. The slow path, and the one that
// is right for everything: kernels fall back to it where they do not reach (letters beyond ASCII, 128-bit decimals …).
import type { DataType } from "../../arrow/types.js";
import type { ErrorCode } from "../../errors.js";
import { argumentTypes, scalarOf } from "../../plan/constant.js";
import type { BoundValue } from "../../plan/expr.js";
import { formatBound } from "../../plan/format-expr.js";
import { FUNCTIONS } from "../../plan/functions.js";
import { castValue } from "../../plan/scalar/cast.js";
import { Failure, type Outcome } from "../../plan/scalar/value.js";
import { cellReader, hasBit, vectorFrom } from "./constants.js";
import type { BoundCall, Compute, Evaluation, Vector } from "./evaluation.js";

/** The call on evaluated arguments. */
export function callRows(run: Evaluation, rows: number, call: BoundCall, args: readonly Vector[]): Vector {
  const scalar = scalarOf(call.fn);
  const signature = { args: argumentTypes(call), type: call.type };
  const strict = FUNCTIONS.get(call.fn)?.nulls === "strict";
  const readers = args.map((arg) => cellReader(run, arg));
  const compute = (row: number): Outcome => {
    const values = readers.map((read) => read(row));
    return strict && values.includes(null) ? null : scalar(values, signature);
  };
  return vectorFrom(
    run,
    call.type,
    collectRows<BoundValue>(run, rows, compute, () => formatBound(call)),
  );
}

export function rowByRow(call: BoundCall, args: readonly Compute[]): Compute {
  return (run, rows) =>
    callRows(
      run,
      rows,
      call,
      args.map((arg) => arg(run, rows)),
    );
}

/** The cast of an evaluated vector; with `attempt` (TRY_CAST) what cannot be cast is NULL. */
export function castRows(
  run: Evaluation,
  rows: number,
  vector: Vector,
  type: DataType,
  attempt: boolean,
  text: () => string,
): Vector {
  const read = cellReader(run, vector);
  const compute = (row: number): Outcome => {
    const value = castValue(read(row), vector.type, type);
    return attempt && value instanceof Failure ? null : value;
  };
  return vectorFrom(run, type, collectRows<BoundValue>(run, rows, compute, text));
}

/** One value a row that counts, NULL for the others; the failures are noted by their code. */
export function collectRows<T>(
  run: Evaluation,
  rows: number,
  compute: (row: number) => T | Failure,
  text: () => string,
): (T | null)[] {
  const { memory, n } = run;
  const cells: (T | null)[] = new Array(n).fill(null);
  const failed = new Map<ErrorCode, number[]>();
  for (let row = 0; row < n; row++) {
    if (!hasBit(memory, rows, row)) continue;
    const value = compute(row);
    if (!(value instanceof Failure)) cells[row] = value;
    else if (failed.get(value.code)?.push(row) === undefined) failed.set(value.code, [row]);
  }
  for (const [code, failedRows] of failed) run.failures.add(code, bitsOf(run, failedRows), text());
  return cells;
}

export function bitsOf(run: Evaluation, rows: readonly number[]): number {
  const bits = run.arena.allocateZeroed((run.n + 7) >> 3);
  const { u8 } = run.memory;
  for (const row of rows) u8[bits + (row >> 3)] = (u8[bits + (row >> 3)] as number) | (1 << (row & 7));
  return bits;
}
