// Key columns in snapshots: `key 0`, `key 1` … with the types that the query has now, and back to a batch that is interned.
import { Batch } from "../arrow/batch.js";
import type { Column } from "../arrow/column.js";
import { type Field, field, type Schema, sameType, typeName } from "../arrow/types.js";
import { StateError } from "../errors.js";

const PREFIX = "key ";

/** The columns at the positions `keys` of a schema, under the names that snapshots give them. */
export function keyFields(schema: Schema, keys: readonly number[]): Field[] {
  return keys.map((column, index) => field(`${PREFIX}${index}`, (schema.fields[column] as Field).type));
}

/** @throws STATE_MISMATCH when the saved keys are not of these types; `whose` says what the state should belong to */
export function checkSavedKeys(saved: Schema, wanted: readonly Field[], whose: string): void {
  const found = saved.fields.filter(({ name }) => name.startsWith(PREFIX));
  const same = found.length === wanted.length && found.every((key, i) => sameType(key.type, (wanted[i] as Field).type));
  if (same) return;
  const show = (keys: readonly Field[]) => keys.map(({ type }) => typeName(type)).join(", ") || "none";
  throw stateMismatch(whose, `its keys are ${show(found)}, the query's ${show(wanted)}`);
}

/** Saved rows, whose keys are their columns from `first` on, as a batch of the schema that has nothing but its keys. */
export function savedKeys(rows: Batch, schema: Schema, keys: readonly number[], first = 1): Batch {
  const columns: Column[] = [];
  keys.forEach((column, index) => {
    columns[column] = rows.column(first + index);
  });
  return new Batch(rows.workspace, schema, columns, rows.rowCount);
}

export function stateMismatch(whose: string, what: string): StateError {
  return new StateError("STATE_MISMATCH", `the saved state does not belong to this ${whose}: ${what}`, {
    hint: "restore with the query that saved it, or start without state",
  });
}
