// Record batches of apache-arrow → batches of a table: the columns that are asked for, of the types that are asked for.
import * as arrow from "apache-arrow";
import type { Batch } from "../arrow/batch.js";
import type { Workspace } from "../arrow/column.js";
import { columnIndex, type Schema, sameType, typeName } from "../arrow/types.js";
import { DataError, hintNames, SchemaError } from "../errors.js";
import { fromArrow } from "./arrow-import.js";
import { arrowName, schemaFromArrow } from "./arrow-types.js";

export interface AskedColumns {
  readonly workspace: Workspace;
  readonly schema: Schema;
  /** Name of the source in messages. */
  readonly source: string;
}

/** The record batch of the last of these messages; before it stand its schema and its dictionaries. */
export function readRecordBatch(messages: readonly Uint8Array[]): arrow.RecordBatch {
  const { value } = arrow.RecordBatchReader.from(messages)[Symbol.iterator]().next();
  return value as arrow.RecordBatch;
}

/** The columns that are asked for, in a region that the caller releases. @throws UNKNOWN_COLUMN, TYPE, ARROW_INVALID */
export function asBatch(data: arrow.RecordBatch, { workspace, schema, source }: AskedColumns): Batch {
  const names = schema.fields.map(({ name }) => name);
  checkNames(data.schema, names, source);
  const asked = pick(data, names);
  const found = schemaFromArrow(asked.schema);
  for (const { name, type } of schema.fields) {
    const { type: stored } = found.fields[columnIndex(found, name, source)] as Schema["fields"][number];
    if (sameType(type, stored)) continue;
    throw new SchemaError("TYPE", `${source}: column "${name}" is ${typeName(stored)}, not ${typeName(type)}`, {
      hint: "leave the schema out, and cast the column",
      at: { source, field: name },
    });
  }
  const [batch] = fromArrow(workspace, asked, "region") as [Batch];
  try {
    checkNulls(batch, schema, source);
  } catch (error) {
    batch.release();
    throw error;
  }
  return batch.withColumns(
    schema,
    schema.fields.map((_, index) => batch.column(index)),
  );
}

/** @throws UNKNOWN_COLUMN */
export function checkNames({ fields }: arrow.Schema, names: readonly string[], source: string): void {
  const known = fields.map(arrowName);
  const missing = names.find((name) => !known.includes(name));
  if (missing === undefined) return;
  throw new SchemaError("UNKNOWN_COLUMN", `${source} has no column "${missing}"`, {
    hint: hintNames(missing, known, "columns"),
    at: { source, field: missing },
  });
}

function checkNulls(batch: Batch, { fields }: Schema, source: string): void {
  const { kernels } = batch.workspace;
  fields.forEach(({ name, nullable }, index) => {
    const { validity, length } = batch.column(index);
    if (nullable || validity === 0 || kernels.countBits(validity, length) === length) return;
    throw new DataError("TYPE", `${source}: column "${name}" is NOT NULL and has NULLs`, {
      hint: "leave NOT NULL out of its type",
      at: { source, field: name },
    });
  });
}

/** The named columns, in that order: apache-arrow's own `select` keeps the order that there is. */
function pick(data: arrow.RecordBatch, names: readonly string[]): arrow.RecordBatch {
  const indexes = names.map((name) => data.schema.fields.findIndex((field) => arrowName(field) === name));
  const fields = indexes.map((index) => data.schema.fields[index] as arrow.Field);
  const children = indexes.map((index) => data.data.children[index] as arrow.Data);
  const struct = arrow.makeData({ type: new arrow.Struct(fields), length: data.numRows, nullCount: 0, children });
  return new arrow.RecordBatch(new arrow.Schema(fields), struct);
}
