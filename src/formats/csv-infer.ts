// The schema of CSV from its first bytes: names from the header or by place, types from the values.
import { field, type Schema, schemaOf } from "../arrow/types.js";
import { SchemaError } from "../errors.js";
import { byteOrderMark } from "./byte-order-mark.js";
import { type CsvStart, readStart, tooManyColumns } from "./csv-dialect.js";
import type { CheckedCsvOptions } from "./csv-options.js";
import { splitRecords } from "./csv-records.js";
import { TypeGuess } from "./csv-types.js";
import type { Sample } from "./format.js";

/** Records that are looked at. */
const RECORDS_MAX = 10_000;
const COLUMNS_MAX = 10_000;

/**
 * The schema of the sample's records, all columns nullable. Records of a width that the decoder will refuse do not count.
 * @throws SCHEMA_EMPTY, ENCODING, COLUMN_DUP, TOO_MANY_COLUMNS
 */
export function inferCsvSchema(options: CheckedCsvOptions, { bytes, complete, source }: Sample): Schema {
  const start = byteOrderMark(bytes, source);
  // A sample that ends in its first record is all that there is to learn from.
  const begun = readStart(options, { bytes, start, complete: complete || bytes.length === 0, source });
  const found = begun ?? (readStart(options, { bytes, start, complete: true, source }) as CsvStart);
  const { records } = splitRecords(bytes, found.dialect, { start: found.byte, max: RECORDS_MAX, complete });
  const names = found.names ?? usualNames(records, source);
  const guesses = names.map(() => new TypeGuess());
  for (const record of records) {
    const isRead = record.length === names.length || (found.dialect.pad && record.length < names.length);
    if (!isRead) continue;
    record.forEach(({ text, quoted, escaped }, place) => {
      if (text === "" || (!quoted && found.dialect.nulls.includes(text))) return;
      if (escaped) guesses[place]?.addText();
      else guesses[place]?.add(text, found.dialect);
    });
  }
  return schemaOf(names.map((name, place) => field(name, (guesses[place] as TypeGuess).type)));
}

/** `column0`, `column1` … for as many fields as most records have. */
function usualNames(records: readonly (readonly unknown[])[], source: string): string[] {
  const counts = new Map<number, number>();
  for (const { length } of records) counts.set(length, (counts.get(length) ?? 0) + 1);
  const [usual] = [...counts].sort((left, right) => right[1] - left[1] || right[0] - left[0]);
  if (usual === undefined) {
    throw new SchemaError("SCHEMA_EMPTY", `${source} has no record to take a schema from`, {
      hint: 'give the schema: { schema: { time: "TIMESTAMP(3)", value: "DOUBLE" } }',
      at: { source },
    });
  }
  if (usual[0] > COLUMNS_MAX) throw tooManyColumns(source, usual[0]);
  return Array.from({ length: usual[0] }, (_, place) => `column${place}`);
}
