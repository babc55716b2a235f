// What a CSV text is written in: its marks as the options have them, the others found out from its first bytes, as DuckDB's
// sniffer does. The guess that splits most records into the same number of fields wins; of equal ones the one that has
// more fields of a type, then the one with more fields.
import { DataError, SchemaError } from "../errors.js";
import type { CheckedCsvOptions } from "./csv-options.js";
import { type CsvField, type CsvRecords, type Marks, skipLines, splitRecords, withoutBlanks } from "./csv-records.js";
import { kindOf } from "./csv-types.js";

/** Bytes that the dialect is told from. */
export const SNIFFED_BYTES = 64 * 1024;
/** Records that are looked at. */
const SNIFFED_RECORDS = 500;
/** Fields that a record has at most. */
const FIELDS_MAX = 10_000;

const DELIMITERS = [",", ";", "\t", "|"];

/** Everything that reading takes, as plain data. */
export interface CsvDialect extends Marks {
  readonly nulls: readonly string[];
  readonly pad: boolean;
  readonly decimal: string;
  readonly thousands: string;
}

/** The start of a source: its dialect, and what its records begin with. */
export interface CsvStart {
  readonly dialect: CsvDialect;
  /** Names of the fields; null when there is no header and no name was given. */
  readonly names: readonly string[] | null;
  /** The first records that hold data. */
  readonly records: readonly (readonly CsvField[])[];
  /** Offset of the first of them. */
  readonly byte: number;
}

/** What is looked at. */
export interface CsvSample {
  readonly bytes: Uint8Array;
  /** Behind the byte order mark. */
  readonly start: number;
  /** True when these are all bytes that there are. */
  readonly complete: boolean;
  readonly source: string;
  /** Names of the table's columns, when they are known. */
  readonly columns?: readonly string[];
}

/**
 * Reads the start of a source. Returns null when it takes more bytes: then the first record is not there as a whole.
 * @throws COLUMN_DUP, TOO_MANY_COLUMNS
 */
export function readStart(options: CheckedCsvOptions, sample: CsvSample): CsvStart | null {
  const { bytes, complete } = sample;
  const start = skipLines(bytes, sample.start, options.skipRows, complete);
  if (start === null) return null;
  // Whatever the chunks, the same bytes are looked at: a first part of one length, or all.
  const enough = complete || bytes.length > SNIFFED_BYTES;
  if (options.delimiter === undefined && !enough) return null;
  const sniffed = bytes.subarray(0, SNIFFED_BYTES);
  const all = complete && sniffed.length === bytes.length;
  const { marks, split: sniffedSplit } = findMarks(options, {
    has: (mark) => sniffed.includes(mark.charCodeAt(0)),
    split: (candidate) => splitRecords(sniffed, candidate, { start, max: SNIFFED_RECORDS, complete: all }),
  });
  // A first record that is longer than that part.
  const split =
    sniffedSplit.records.length > 0 ? sniffedSplit : splitRecords(bytes, marks, { start, max: 1, complete });
  const first = split.records[0];
  if (first === undefined && !complete) return null;
  const dialect: CsvDialect = {
    ...marks,
    nulls: typeof options.nulls === "string" ? [options.nulls] : options.nulls,
    pad: options.pad,
    decimal: options.decimal,
    thousands: options.thousands,
  };
  if (first !== undefined && first.length > FIELDS_MAX) throw tooManyColumns(sample.source, first.length);
  const hasHeader = findHeader(options, dialect, split.records, { columns: sample.columns, enough });
  if (hasHeader === null) return null;
  const given = Array.isArray(options.header) ? (options.header as readonly string[]) : null;
  if (!hasHeader || first === undefined) return { dialect, names: given, records: split.records, byte: start };
  const names = columnNames(first, options, sample.source);
  return { dialect, names, records: split.records.slice(1), byte: split.ends[0] as number };
}

/** The first bytes, to guess by: whether they hold a mark, and the records that marks make of them. */
interface Sniffed {
  has(mark: string): boolean;
  split(marks: Marks): CsvRecords;
}

/**
 * The marks, given or guessed, and the records that they make. Where the delimiter is given nothing is guessed: a live
 * source shall not wait for bytes to guess by. Guesses that cannot be better than those before them are not tried.
 */
function findMarks(options: CheckedCsvOptions, { has, split }: Sniffed): { marks: Marks; split: CsvRecords } {
  const { trim } = options;
  const comment = options.comment ?? "";
  const marksOf = (delimiter: string, quote: string, escaping: string): Marks => ({
    delimiter,
    quote,
    escape: escaping,
    comment,
    trim,
  });
  if (options.delimiter !== undefined) {
    const quote = options.quote ?? '"';
    const marks = marksOf(options.delimiter, quote, options.escape ?? quote);
    return { marks, split: split(marks) };
  }
  const delimiters = DELIMITERS.map((delimiter) => ({ delimiter, isThere: has(delimiter) }));
  // Marks that stand nowhere make the same records, whichever they are.
  const [firstQuote = '"', ...otherQuotes] = options.quote === undefined ? ['"', "'"] : [options.quote];
  const quotes = has(firstQuote) ? [firstQuote, ...otherQuotes] : [firstQuote, ...otherQuotes.filter(has)];
  let best: { marks: Marks; split: CsvRecords; score: Score } | undefined;
  for (const quote of quotes) {
    const guessed = options.escape === undefined && quote !== "" && has(quote);
    const escapes = guessed ? [quote, "\\"] : [options.escape ?? quote];
    for (const escaping of escapes) {
      for (const { delimiter, isThere } of delimiters) {
        if (delimiter === quote || delimiter === escaping || delimiter === comment) continue;
        // One field a record is never better than several.
        if (!isThere && best !== undefined && best.score.regular > 0 && best.score.quoted >= 0) continue;
        const marks = marksOf(delimiter, quote, escaping);
        const records = split(marks);
        const score = scoreOf(records, marks, options);
        if (best === undefined || isBetter(score, best.score)) best = { marks, split: records, score };
      }
    }
  }
  return best as { marks: Marks; split: CsvRecords };
}

interface Score {
  /** Share of the records that have the usual number of fields, 0 when that is one. */
  readonly regular: number;
  /** Share of the fields of a type. */
  readonly typed: number;
  readonly fields: number;
  /** Fields inside quotes, less those that are malformed. */
  readonly quoted: number;
}

function scoreOf({ records, strays }: CsvRecords, marks: Marks, options: CheckedCsvOptions): Score {
  const counts = new Map<number, number>();
  for (const { length } of records) counts.set(length, (counts.get(length) ?? 0) + 1);
  let fields = 1;
  let usual = 0;
  for (const [count, times] of counts) {
    if (times > usual || (times === usual && count > fields)) [fields, usual] = [count, times];
  }
  // Where fields are not divided by commas, a comma may be the decimal mark.
  const commas = { decimal: marks.delimiter === "," ? "." : ",", thousands: options.thousands };
  let all = 0;
  let typed = 0;
  let quoted = 0;
  for (const record of records.slice(0, 50)) {
    for (const { text, quoted: inQuotes } of record) {
      all++;
      if (inQuotes) quoted++;
      if (kindOf(text, options) !== "text" || kindOf(text, commas) !== "text") typed++;
    }
  }
  const regular = fields === 1 || records.length === 0 ? 0 : usual / records.length;
  return { regular, typed: all === 0 ? 0 : typed / all, fields, quoted: quoted - 100 * strays };
}

/** Malformed quotes are the worst sign, then irregular records. */
function isBetter(score: Score, than: Score): boolean {
  const strays = Math.min(0, score.quoted) - Math.min(0, than.quoted);
  if (strays !== 0) return strays > 0;
  if (score.regular !== than.regular) return score.regular > than.regular;
  if (score.typed !== than.typed) return score.typed > than.typed;
  return score.fields === than.fields ? score.quoted > than.quoted : score.fields > than.fields;
}

/** Whether the first record is a header; null where only more records would tell. */
function findHeader(
  { header }: CheckedCsvOptions,
  dialect: CsvDialect,
  records: CsvRecords["records"],
  { columns, enough }: { columns: readonly string[] | undefined; enough: boolean },
): boolean | null {
  if (header !== undefined) return header === true;
  const [first, ...others] = records;
  if (first === undefined) return false;
  if (columns !== undefined && first.some(({ text }) => columns.includes(withoutBlanks(text)))) return true;
  const isNull = ({ text, quoted }: CsvField) => (!quoted && dialect.nulls.includes(text)) || text === "";
  if (first.some((cell) => !isNull(cell) && kindOf(cell.text, dialect) !== "text")) return false;
  if (!enough) return null;
  const typed = first.some((_, place) => {
    const cells = others.flatMap((record) => record[place] ?? []).filter((cell) => !isNull(cell));
    return cells.length > 0 && cells.every(({ text }) => kindOf(text, dialect) !== "text");
  });
  if (typed) return true;
  // Nothing but text: names are distinct and not empty. With columns that are known and others, it is data.
  if (columns !== undefined) return false;
  return new Set(first.map(({ text }) => withoutBlanks(text))).size === first.length && !first.some(isNull);
}

/**
 * Names of the header's fields: blanks around them taken away, `columnN` where there is none.
 * @throws COLUMN_DUP unless `duplicateNames` is `suffix`
 */
function columnNames(header: readonly CsvField[], options: CheckedCsvOptions, source: string): string[] {
  const taken = new Set<string>();
  return header.map(({ text }, place) => {
    const name = withoutBlanks(text) || `column${place}`;
    if (taken.has(name) && options.duplicateNames === "fail") {
      throw new SchemaError("COLUMN_DUP", `${source} has two columns "${name}"`, {
        hint: 'give { csv: { duplicateNames: "suffix" } }, or the names: { csv: { header: [...], skipRows: 1 } }',
        at: { source, line: 1 + options.skipRows },
      });
    }
    let unique = name;
    for (let count = 1; taken.has(unique); count++) unique = `${name}_${count}`;
    taken.add(unique);
    return unique;
  });
}

/** A record with more fields than a table may have columns. */
export function tooManyColumns(source: string, count: number): DataError {
  return new DataError("TOO_MANY_COLUMNS", `${source} has ${count} columns, more than ${FIELDS_MAX}`, {
    hint: "look at the delimiter, or cut the columns that are wanted out first",
    at: { source },
  });
}
