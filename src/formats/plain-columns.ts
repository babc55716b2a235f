// What formats without fields of their own give: a column of fixed name for the content, and one for its place.
import { type DataType, type Field, field, type Schema, schemaOf, typeName } from "../arrow/types.js";
import { hintNames, SchemaError } from "../errors.js";
import type { LinearMemory } from "../wasm/memory.js";

const TWO_32 = 2 ** 32;

/** The columns of a format that is what it is: each found by name, with its one type. */
export function fixedSchema(columns: Readonly<Record<string, DataType>>): Schema {
  return schemaOf(Object.entries(columns).map(([name, type]) => field(name, type, false)));
}

/** Refuses columns that the format has not. @throws UNKNOWN_COLUMN, TYPE */
export function checkColumns(schema: Schema, known: Schema, format: string): void {
  const names = known.fields.map(({ name }) => name);
  for (const { name, type } of schema.fields) {
    const found: Field | undefined = known.fields.find((candidate) => candidate.name === name);
    if (found === undefined) {
      throw new SchemaError("UNKNOWN_COLUMN", `${format} has no column "${name}"`, {
        hint: hintNames(name, names, "columns"),
      });
    }
    if (found.type.kind !== type.kind) {
      throw new SchemaError("TYPE", `column "${name}" of ${format} is ${typeName(found.type)}, not ${typeName(type)}`, {
        hint: `declare it as ${typeName(found.type)}`,
      });
    }
  }
}

/** Writes a 64-bit integer that is a safe number and not negative. */
export function writeOffset({ u32 }: LinearMemory, address: number, offset: number): void {
  u32[address >>> 2] = offset % TWO_32;
  u32[(address >>> 2) + 1] = Math.floor(offset / TWO_32);
}
