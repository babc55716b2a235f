// Changelogs: how a stream says that earlier results no longer hold. A stream whose rows are updated carries the kind of each
// change in a column of its own, the last of its physical schema; a stream that only adds rows has no such column.
//
//     +I  a row is added          −U  a row is about to be replaced: it no longer holds
//     −D  a row no longer holds   +U  what stands in its place
//
// Kinds are numbered as Flink's RowKind. A reader that wants rows to be right needs no more than this: +I and +U add one copy
// of the row, −U and −D take one away. A −U may come without its +U, and the other way round, where a filter stands between.
import { type Field, field, INT8, type Schema, schemaOf } from "../arrow/types.js";
import type { LogicalPlan } from "./logical.js";

/** Name of the column; no column of a user may have it. */
export const CHANGE_COLUMN = "$change";

/** By number: how each kind is written. */
export const CHANGE_KINDS = Object.freeze(["+I", "-U", "+U", "-D"] as const);

export const INSERT = 0;
export const UPDATE_BEFORE = 1;
export const UPDATE_AFTER = 2;
export const DELETE = 3;

const CHANGE_FIELD: Field = field(CHANGE_COLUMN, INT8, false);

/**
 * What the reader of a stream needs of it.
 *
 * `final`: only what holds at the end of bounded input: no change is ever taken back, rows come at the end.
 * `upsert`: what holds under each key; the rows that were replaced are not named.
 * `retract`: every change.
 */
export type ChangeMode = "final" | "upsert" | "retract";

/** Columns of an updating stream. */
export function withChanges({ fields }: Schema): Schema {
  return schemaOf([...fields, CHANGE_FIELD]);
}

/** Whether rows of these columns may be taken back. */
export function hasChanges({ fields }: Schema): boolean {
  return fields.at(-1)?.name === CHANGE_COLUMN;
}

/** The columns without the kind of change. */
export function withoutChanges(schema: Schema): Schema {
  return hasChanges(schema) ? schemaOf(schema.fields.slice(0, -1)) : schema;
}

/** What a node asks of its inputs when `mode` is asked of it. */
export function inputMode(node: LogicalPlan, mode: ChangeMode): ChangeMode {
  switch (node.kind) {
    // Every change is told.
    case "changelog":
      return "retract";
    // A row that no longer passes has to be taken back, and equal keys of two inputs are two rows.
    case "filter":
    case "union":
    case "join":
    case "unnest":
    case "aggregate":
    case "sort":
    case "top-n":
      return mode === "final" ? "final" : "retract";
    default:
      return mode;
  }
}
