// Drives CSV by hand in tests: text in, rows and bad records out; and a slow reader that knows nothing of the kernels.
import type { Batch } from "../../src/arrow/batch.js";
import type { Workspace } from "../../src/arrow/column.js";
import type { Value } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import { openCsv } from "../../src/formats/csv.js";
import type { DecoderPosition } from "../../src/formats/format.js";
import type { BadRecord } from "../../src/operators/bad-records.js";
import { bytesOf, type Decoded, drive } from "./json-support.js";

export interface CsvDecoding {
  readonly csv?: object;
  readonly columns?: readonly string[];
  /** Sizes of the chunks, repeated; all in one chunk unless given. */
  readonly chunks?: readonly number[];
  readonly batchRowsMax?: number;
  readonly maxRecordBytes?: number;
  readonly start?: DecoderPosition;
  /** Called with every batch before the arena is reset. */
  onBatch?(batch: Batch, position: DecoderPosition): void;
}

/** Decodes everything; the text begins at `options.start`. */
export function decodeCsv(
  workspace: Workspace,
  schema: Readonly<Record<string, string>>,
  text: string | Uint8Array,
  options: CsvDecoding = {},
): Decoded {
  const bytes = bytesOf(text);
  const bad: BadRecord[] = [];
  const decoder = openCsv(options.csv ?? {}, "rows.csv").createDecoder({
    workspace,
    schema: parseSchema(schema),
    columns: options.columns,
    source: "rows.csv",
    split: 0,
    batchRowsMax: options.batchRowsMax ?? 8192,
    maxRecordBytes: options.maxRecordBytes,
    start: options.start,
    bad: (record) => void bad.push(record),
  });
  return drive(decoder, workspace, bytes, bad, options);
}

/** A column's name and type for each field of text. */
export function texts(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, place) => [`c${place}`, "STRING"]));
}

/** Every field as text by place, `null` for NULL; the codes of refused records among them. */
export function decodeTexts(
  workspace: Workspace,
  count: number,
  text: string | Uint8Array,
  options: CsvDecoding = {},
): { rows: Value[][]; codes: string[] } {
  const { rows, bad } = decodeCsv(workspace, texts(count), text, {
    ...options,
    csv: { header: false, delimiter: ",", ...options.csv },
  });
  return { rows: rows.map((row) => Object.values(row)), codes: bad.map(({ code }) => code) };
}

/** The records of RFC 4180 as a character automaton has them: fields of text, or why a record is none. */
export function referenceRecords(text: string, fieldCount: number, quote = '"', delimiter = ","): (string | null)[][] {
  const records: (string | null)[][] = [];
  let record: (string | null)[] = [];
  let field = "";
  let state: "start" | "plain" | "quoted" | "closed" = "start";
  let fails = false;
  const endField = () => {
    record.push(state === "start" ? null : field);
    field = "";
    state = "start";
  };
  const endRecord = () => {
    const blank = record.length === 0 && state === "start" && fieldCount > 1;
    endField();
    if (!blank) records.push(fails || record.length !== fieldCount ? ["refused"] : record);
    record = [];
    fails = false;
  };
  for (let at = 0; at < text.length; at++) {
    const c = text[at] as string;
    const lineEnd = c === "\n" || c === "\r";
    if (state === "quoted") {
      if (c !== quote) field += c;
      else if (text[at + 1] === quote) {
        field += quote;
        at++;
      } else state = "closed";
    } else if (c === delimiter) endField();
    else if (lineEnd) {
      if (c === "\r" && text[at + 1] === "\n") at++;
      endRecord();
    } else if (state === "closed") fails = true;
    else if (state === "start" && c === quote) state = "quoted";
    else {
      state = "plain";
      field += c;
    }
  }
  if (state !== "start" || record.length > 0) endRecord();
  return records;
}
