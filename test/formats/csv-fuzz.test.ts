// Random damage to CSV: the decoder never crashes, never writes outside its blocks, gives the same rows however its input is
// cut, and the fields that a plain automaton finds. `npm run fuzz -- csv --execs N --seed S` runs more of it.
import { parseSchema, type Schema } from "../../src/arrow/types.js";
import type { ErrorCode } from "../../src/errors.js";
import { openCsv } from "../../src/formats/csv.js";
import { CSV_PIECES, CSV_SEEDS } from "../fuzz/csv-inputs.js";
import type { Chance } from "../fuzz/damage.js";
import { type Cutting, cutting, expectSame, type Outcome, openFuzzKit, outcomeOf } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";
import { referenceRecords, texts } from "./csv-support.js";

const CODES: readonly ErrorCode[] = [
  ...(["COLUMN_DUP", "CSV_QUOTE", "CSV_WIDTH", "ENCODING", "OVERFLOW", "RECORD_TOO_LARGE"] as const),
  ...(["SCHEMA_EMPTY", "TIME_RANGE", "TOO_MANY_COLUMNS", "TYPE", "UNKNOWN_COLUMN", "UTF8"] as const),
];

/** Every type, read from fields in turn. */
const TYPES = [
  ...["DOUBLE", "BIGINT", "BOOLEAN", "TIMESTAMP(3)", "DECIMAL(12, 3)", "DATE", "TIME", "BYTES", "INT"],
  "DECIMAL(38, 4)",
];
const DIALECTS: readonly object[] = [
  {},
  { delimiter: "," },
  { delimiter: ",", header: false },
  { delimiter: ";", header: false, trim: true, pad: true },
  { delimiter: ",", quote: "'", escape: "\\", comment: "#", header: false },
  { delimiter: ",", quote: "", header: false, decimal: ",", thousands: "." },
  { duplicateNames: "suffix", skipRows: 1, nulls: ["NaN", ""] },
];
const PLAIN = { delimiter: ",", header: false };

const kit = await openFuzzKit();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

interface Reading {
  readonly csv: object;
  readonly schema: Schema;
  readonly maxRecordBytes?: number | undefined;
}

function decode(bytes: Uint8Array, { csv, schema, maxRecordBytes }: Reading, cut?: Cutting): Outcome {
  const format = openCsv(csv, "rows.csv");
  const columns = schema.fields.map(({ name }) => name);
  const limit = maxRecordBytes === undefined ? {} : { maxRecordBytes };
  return outcomeOf(
    kit,
    (options) => format.createDecoder({ ...options, schema, columns, ...limit }),
    bytes,
    CODES,
    cut,
  );
}

/** As the automaton has it, where the text is one and no quote is left open. */
function checkFields(bytes: Uint8Array, count: number): void {
  const text = decoder.decode(bytes);
  if (text.includes("\ufffd") || text.startsWith("\ufeff")) return;
  const { rows, bad, thrown } = decode(bytes, { csv: PLAIN, schema: parseSchema(texts(count)) });
  if (thrown !== null || bad.some(({ message }) => /never closed|UTF-8/.test(message))) return;
  const expected = referenceRecords(text, count).filter((record) => record.length !== 1 || record[0] !== "refused");
  const read = rows.map((row) => Object.values(row));
  expectSame(read, expected, "the automaton's records");
}

function run(bytes: Uint8Array, chance: Chance): void {
  const count = 1 + chance.below(4);
  if (chance.below(2) === 0 && count > 1) {
    checkFields(bytes, count);
    return;
  }
  const types = Array.from({ length: count }, (_, i) => [`c${i}`, i === 0 ? "STRING" : chance.pick(TYPES)]);
  const reading: Reading = {
    csv: chance.pick(DIALECTS),
    schema: parseSchema(Object.fromEntries(types)),
    maxRecordBytes: chance.below(4) === 0 ? 40 : undefined,
  };
  expectSame(decode(bytes, reading, cutting(chance, 90)), decode(bytes, reading), "cut into chunks");
}

fuzz({ name: "csv", seeds: CSV_SEEDS, pieces: CSV_PIECES, run, end: kit.check });
