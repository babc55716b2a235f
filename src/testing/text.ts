// Batches as text, so that a test shows its rows: `a:INT b:STRING! | 1 x | NULL "two words"`. Header first, then rows,
// parted by `|` or line breaks; both directions, and what `formatBatch` writes `parseBatch` reads back.
//
//     header   name:TYPE   type in SQL notation; `!` after it is NOT NULL, `#` makes the column dictionary-coded
//     cell     NULL │ bare text │ "text with blanks, JSON escapes" │ numbers │ true false │ 0x6869 bytes
//              dates and times in ISO text, timestamps also as whole milliseconds, intervals in milliseconds
import type { Batch } from "../arrow/batch.js";
import { batchFromColumns } from "../arrow/builder.js";
import type { Workspace } from "../arrow/column.js";
import type { ColumnData } from "../arrow/columns.js";
import { readColumn, type Value } from "../arrow/rows.js";
import { type DataType, type Field, field, isTimestamp, parseType, schemaOf, typeName } from "../arrow/types.js";
import { formatHex, formatTimestamp, type Integer, parseHex } from "../arrow/values.js";

/** A cell or a header token: its text, and whether it began with a quote. */
interface Token {
  readonly text: string;
  readonly quoted: boolean;
}

/** A persisted batch from its text. @throws Error when the text is malformed, TYPE when a value does not fit. */
export function parseBatch(workspace: Workspace, text: string): Batch {
  const [header = [], ...rows] = tokenize(text);
  const parsed = header.map(parseHeader);
  const schema = schemaOf(parsed.map((column) => column.field));
  for (const row of rows) {
    if (row.length === header.length) continue;
    throw new Error(`${row.length} cells for ${header.length} columns: ${row.map((token) => token.text).join(" ")}`);
  }
  const columns = parsed.map(({ field, coded }, index): [string, ColumnData] => {
    const values = rows.map((row) => parseCell(row[index] as Token, field));
    return [field.name, coded ? dictionaryOf(values) : values];
  });
  return batchFromColumns(workspace, schema, Object.fromEntries(columns), { lifetime: "region" });
}

/** The rows of a batch as text; without the header when `header` is false. One row a line, each begun by `| `. */
export function formatBatch(batch: Batch, header = true): string {
  const columns = batch.schema.fields.map(({ type }, index) => {
    return readColumn(batch, index, { bigint: true }).map((value) => formatCell(type, value));
  });
  const lines = header ? [formatHeader(batch)] : [];
  for (let row = 0; row < batch.rowCount; row++) lines.push(`| ${columns.map((cells) => cells[row]).join(" ")}`);
  return lines.join("\n");
}

/** The header line of a batch's text. */
export function formatHeader(batch: Batch): string {
  const columns = batch.schema.fields.map(({ name, type, nullable }) => {
    return `${quoteUnlessBare(name)}:${typeName(type).replaceAll(" ", "")}${nullable ? "" : "!"}`;
  });
  return columns.join(" ");
}

function tokenize(text: string): Token[][] {
  const rows: Token[][] = [];
  let row: Token[] = [];
  const pattern = /("(?:[^"\\]|\\.)*")?((?:\([^)]*\)|[^\s|("])*)([ \t\r]*)([|\n])?/y;
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null || match[0] === "")
      throw new Error(`no batch text at ${start}: ${text.slice(start, start + 30)}`);
    const [, quote, bare = "", , end] = match;
    if (quote !== undefined) row.push({ text: (JSON.parse(quote) as string) + bare, quoted: true });
    else if (bare !== "") row.push({ text: bare, quoted: false });
    if (end !== undefined) {
      if (row.length > 0) rows.push(row);
      row = [];
    }
  }
  if (row.length > 0) rows.push(row);
  return rows;
}

function parseHeader({ text }: Token): { field: Field; coded: boolean } {
  const match = /^(.*):([A-Za-z_]+(?:\([^)]*\))?)(!?)(#?)$/s.exec(text);
  if (match === null) throw new Error(`"${text}" is no column: write name:TYPE, name:TYPE! for NOT NULL`);
  const [, name = "", type = "", required, coded] = match;
  return { field: field(name, parseType(type).type, required === ""), coded: coded === "#" };
}

function parseCell({ text, quoted }: Token, { name, type }: Field): unknown {
  if (text === "NULL" && !quoted) return null;
  switch (type.kind) {
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "int8":
    case "int16":
    case "int32":
    case "int64":
    case "interval":
      return parseInteger(text, name);
    case "float32":
    case "float64":
      return /^[-+]?(\d|\.\d|Infinity$)|^NaN$/.test(text) ? Number(text) : text;
    case "timestamp":
    case "timestamp_ltz":
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case "binary":
      return text.startsWith("0x") ? parseHex(text.slice(2)) : text;
    default:
      return text;
  }
}

function parseInteger(text: string, name: string): Integer {
  if (!/^-?\d+$/.test(text)) throw new Error(`column ${name}: "${text}" is no whole number`);
  return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
}

function dictionaryOf(values: readonly unknown[]): ColumnData {
  const distinct = [...new Set(values.filter((value) => value !== null))];
  return { codes: values.map((value) => (value === null ? -1 : distinct.indexOf(value))), values: distinct };
}

function formatCell(type: DataType, value: Value): string {
  if (value === null) return "NULL";
  if (value instanceof Uint8Array) return `0x${formatHex(value)}`;
  if (value instanceof Date) return formatTimestamp(value.getTime(), precisionOf(type), "T", true);
  if (typeof value !== "string") return Object.is(value, -0) ? "-0" : String(value);
  if (isTimestamp(type)) return value.replace(/\.0+(Z?)$/, "$1");
  return type.kind === "string" ? quoteUnlessBare(value) : value;
}

function precisionOf(type: DataType): number {
  return isTimestamp(type) ? type.precision : 3;
}

/** Bare where it reads back as itself: no blanks, quotes or bars, not empty, not the word NULL. */
function quoteUnlessBare(text: string): string {
  return /^[^\s|"(\p{C}]+$/u.test(text) && text !== "NULL" ? text : JSON.stringify(text);
}
