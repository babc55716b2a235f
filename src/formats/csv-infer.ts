// The schema of CSV from its first bytes: names from the header or by place, types from the values.
import { field, type Schema, schemaOf } from "../arrow/types.js";
import { SchemaError } from "../errors.js";
import { byteOrderMark } from "./byte-order-mark.js";
import { type CsvStart, readStart, tooManyColumns } from "./csv-dialect.js";
import type { CheckedCsvOptions } from "./csv-options.js";
import { type CsvField, type Marks, skipLines, splitRecords } from "./csv-records.js";
import { TypeGuess } from "./csv-types.js";
import type { Sample } from "./format.js";

/** Records that are looked at. */
const RECORDS_MAX = 10_000;
const COLUMNS_MAX = 10_000;

/**
 * The schema of the sample's records, all columns nullable. Records of a width that the decoder will refuse do not count.
 * @throws SCHEMA_EMPTY, ENCODING, COLUMN_DUP, TOO_MANY_COLUMNS
 */
export function inferCsvSchema(options: CheckedCsvOptions, sample: Sample): Schema {
  const found = startOf(options, sample);
  const records = recordsFrom(found.byte, found.dialect, sample);
  const names = found.names ?? usualNames(records, sample.source);
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

/** The records that the decoder will see: a quote that is never closed takes one line with it, not all that follow. */
function recordsFrom(start: number, marks: Marks, { bytes, complete }: Sample): (readonly CsvField[])[] {
  const records: (readonly CsvField[])[] = [];
  for (let at: number | null = start; at !== null && at < bytes.length; ) {
    const found = splitRecords(bytes, marks, { start: at, max: RECORDS_MAX - records.length, complete });
    records.push(...found.records);
    at = complete && found.open ? skipLines(bytes, found.ends.at(-1) ?? at, 1, complete) : null;
  }
  return records;
}

/**
 * What the sample is written in: marks that were given or found out, whether there is a header, line ends and encoding.
 * @throws ENCODING, COLUMN_DUP, TOO_MANY_COLUMNS
 */
export function tellCsvDialect(options: CheckedCsvOptions, sample: Sample): Readonly<Record<string, string>> {
  const { bytes, complete, source } = sample;
  const { dialect, names, byte } = startOf(options, sample);
  const { ends } = splitRecords(bytes, dialect, { start: byte, max: RECORDS_MAX, complete });
  const newlines = new Set([byte, ...ends].map((end) => lineEnd(bytes, end)).filter((name) => name !== null));
  return {
    delimiter: dialect.delimiter,
    quote: dialect.quote,
    escape: dialect.escape,
    header: names === null ? "no" : "yes",
    newline: [...newlines].sort().join(", ") || "none",
    encoding: byteOrderMark(bytes, source) === 0 ? "UTF-8" : "UTF-8 with byte order mark",
  };
}

/** The line end before an offset; null where there is none, as behind a last record. */
function lineEnd(bytes: Uint8Array, end: number): "LF" | "CR" | "CRLF" | null {
  const last = bytes[end - 1];
  if (last === 0x0d) return "CR";
  if (last !== 0x0a) return null;
  return bytes[end - 2] === 0x0d ? "CRLF" : "LF";
}

function startOf(options: CheckedCsvOptions, { bytes, complete, source }: Sample): CsvStart {
  const start = byteOrderMark(bytes, source);
  // A sample that ends in its first record is all that there is to learn from.
  const begun = readStart(options, { bytes, start, complete: complete || bytes.length === 0, source });
  return begun ?? (readStart(options, { bytes, start, complete: true, source }) as CsvStart);
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
