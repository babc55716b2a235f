// Functions that a program brings for expressions, called row by row with the values that rows have. A row whose call throws, or whose
// value does not fit the declared type, follows the row policy.
import { Batch } from "../../arrow/batch.js";
import { Column } from "../../arrow/column.js";
import { columnFromData } from "../../arrow/columns.js";
import { readColumn, type Value } from "../../arrow/rows.js";
import { decodeDictionary } from "../../arrow/take.js";
import { field } from "../../arrow/types.js";
import { EngineError } from "../../errors.js";
import { formatBound } from "../../plan/format-expr.js";
import { FUNCTIONS } from "../../plan/functions.js";
import { messageOf } from "../../platform/errors.js";
import { hasBit } from "../evaluate/constants.js";
import type { Compute, Evaluation, Family } from "../evaluate/evaluation.js";
import { bitsOf } from "../evaluate/rows.js";

type Call = (...args: readonly (Value | undefined)[]) => unknown;

export const user: Family = (call, args) => {
  const fn = FUNCTIONS.get(call.fn)?.user as Call;
  const result = field("result", call.type);
  return (run, rows) => {
    const inputs = args.map((arg) => valuesOf(run, rows, arg));
    const values: Value[] = new Array(run.n).fill(null);
    const failed = new Map<string, number[]>();
    const refuse = (row: number, message: string): void => {
      values[row] = null;
      if (failed.get(message)?.push(row) === undefined) failed.set(message, [row]);
    };
    for (let row = 0; row < run.n; row++) {
      if (!hasBit(run.memory, rows, row)) continue;
      try {
        const value = fn(...inputs.map((input) => input[row]));
        if (isPromise(value)) throw new TypeError("it gives a promise; functions of rows are synchronous");
        values[row] = (value ?? null) as Value;
      } catch (cause) {
        refuse(row, messageOf(cause));
      }
    }
    const build = (from: number, to: number): Column =>
      columnFromData(run.workspace, result, values, from, to, "arena");
    const column = attempt(
      () => build(0, run.n),
      () => {
        for (let row = 0; row < run.n; row++)
          attempt(
            () => build(row, row + 1),
            (message) => refuse(row, message),
          );
        return build(0, run.n);
      },
    );
    const text = formatBound(call);
    for (const [message, refused] of failed)
      run.failures.add("FUNCTION", bitsOf(run, refused), `${text}: ${message}; it`);
    return run.vectorOf(decodeDictionary(run.workspace, column));
  };
};

/** What the rows have, BIGINTs as numbers where they are safe; NULL where a row does not count. */
function valuesOf(run: Evaluation, rows: number, arg: Compute): Value[] {
  const column = run.columnOf(arg(run, rows));
  const counted = new Column({ ...column, validity: run.and(column.validity, rows), region: null });
  const batch = new Batch(run.workspace, { fields: [field("arg", column.type)] }, [counted], run.n);
  const values = readColumn(batch, 0, { bigint: true });
  if (column.type.kind !== "int64") return values;
  return values.map((value) => (Number.isSafeInteger(Number(value)) && value !== null ? Number(value) : value));
}

function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** What `work` gives, or what is done about a value that does not fit. */
function attempt<T>(work: () => T, otherwise: (message: string) => T): T;
function attempt(work: () => unknown, otherwise: (message: string) => void): void;
function attempt(work: () => unknown, otherwise: (message: string) => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof EngineError) || error.code === "MEMORY_LIMIT" || error.code === "INTERNAL") throw error;
    return otherwise(error.message);
  }
}
