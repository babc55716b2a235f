// Parquet files: what a file source needs to know about them. `openParquet` reads the footer; a RangedSplit reads the rows
// of one file, page by page and in bounded memory, and is polled like a source.
import * as v from "valibot";
import type { Schema } from "../arrow/types.js";
import { schemaOf } from "../arrow/types.js";
import { DataError, EngineError } from "../errors.js";
import type { Completion, ReadableFile } from "../platform/platform.js";
import { checkFormatOptions } from "./options.js";
import { Codecs } from "./parquet-codec.js";
import { type Footer, readFooter } from "./parquet-footer.js";
import { type Hyparquet, loadHyparquet } from "./parquet-library.js";
import { ParquetReader, type ParquetSource } from "./parquet-reader.js";
import { planColumns } from "./parquet-tree.js";
import type { RangedSplit, RangedSplitOptions } from "./ranged-file.js";

export type { RangedSplit } from "./ranged-file.js";

/** How a file is read. */
export interface ParquetOptions {
  /** Bytes that one page may have, uncompressed and decoded; a larger one is PARQUET_PAGE_SIZE. Default 256 MiB. */
  readonly pageBytesMax?: number;
  /** Cuts times that are finer than our types (nanoseconds; microseconds of a TIME) instead of refusing them. */
  readonly truncateTimes?: boolean;
}

/** An opened file: its footer, checked. Holds no bytes of the file and nothing in linear memory. */
export interface ParquetFile {
  /** All columns at the top level. Some may be of types that cannot be read: a split that selects one is refused. */
  readonly schema: Schema;
  readonly rowCount: number;
  readonly rowGroupCount: number;
  /**
   * A reader of the file's rows.
   * @throws UNKNOWN_COLUMN, UNSUPPORTED, TYPE, PARQUET_CODEC, PARQUET_ENCRYPTED, DEPENDENCY_MISSING
   */
  split(options: RangedSplitOptions): RangedSplit;
}

const PAGE_BYTES_DEFAULT = 256 << 20;
const PAGE_BYTES_MAX = 1 << 30;
export const PARQUET_OPTIONS = v.strictObject({
  pageBytesMax: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1024), v.maxValue(PAGE_BYTES_MAX)),
    PAGE_BYTES_DEFAULT,
  ),
  truncateTimes: v.optional(v.boolean(), false),
});
const FOOTER_BYTES_MAX = 16 << 20;
/** The magic number at both ends, and the footer's length before the last one. */
const MAGIC_BYTES = 4;
const TAIL_BYTES = 8;
/** Read at once from the file's end: most footers fit. */
const TAIL_READ_BYTES = 1 << 16;

const codecs = new Codecs();

/** Reads and checks the footer. Errors: PARQUET_MAGIC, PARQUET_FOOTER, PARQUET_ENCRYPTED, OPTION, and those of the file. */
export function openParquet(file: ReadableFile, options: ParquetOptions, done: Completion<ParquetFile>): void {
  const fail = (error: Error): void => done(error, undefined as never);
  let checked: v.InferOutput<typeof PARQUET_OPTIONS>;
  try {
    checked = checkFormatOptions(PARQUET_OPTIONS, options, "parquet", file.path);
  } catch (error) {
    fail(error as Error);
    return;
  }
  loadHyparquet((libraryError, library) => {
    if (libraryError !== null) return fail(libraryError);
    readFooterBytes(file, (readError, bytes) => {
      if (readError !== null) return fail(readError);
      const source = parse(file, bytes, library, checked.pageBytesMax, checked.truncateTimes);
      if (source instanceof Error) return fail(source);
      codecs.load(codecNames(source.footer), () => done(null, opened(source)));
    });
  });
}

/** The checked footer, or the error that it gives. */
function parse(
  file: ReadableFile,
  bytes: Uint8Array,
  library: Hyparquet,
  pageBytesMax: number,
  truncateTimes: boolean,
): ParquetSource | Error {
  try {
    const footer = readFooter(bytes, file.lengthBytes, file.path, library);
    return { file, footer, columns: planColumns(footer.root), library, codecs, pageBytesMax, truncateTimes };
  } catch (error) {
    if (error instanceof EngineError) return error;
    return new DataError("PARQUET_FOOTER", `the footer of ${file.path} cannot be read`, {
      at: { source: file.path },
      hint: "write the file again",
      cause: error,
    });
  }
}

function opened(source: ParquetSource): ParquetFile {
  const { footer, columns } = source;
  const schema = schemaOf(columns.map((column) => column.field));
  return {
    schema,
    rowCount: footer.rowCount,
    rowGroupCount: footer.rowGroups.length,
    split: (options) => new ParquetReader(source, options.schema ?? schema, options),
  };
}

function codecNames(footer: Footer): Set<string> {
  return new Set(footer.rowGroups.flatMap((group) => group.columns.map((chunk) => chunk.codec)));
}

/** The bytes of the footer, once the file's frame is known to be right. */
function readFooterBytes(file: ReadableFile, done: Completion<Uint8Array>): void {
  const fail = (error: Error): void => done(error, undefined as never);
  const { lengthBytes } = file;
  if (lengthBytes < MAGIC_BYTES + TAIL_BYTES) {
    fail(wrong(file, "PARQUET_MAGIC", `has ${lengthBytes} bytes, fewer than any Parquet file`));
    return;
  }
  const tailStart = Math.max(0, lengthBytes - TAIL_READ_BYTES);
  readExactly(file, tailStart, lengthBytes - tailStart, (tailError, tail) => {
    if (tailError !== null) return fail(tailError);
    const footerBytes = footerLength(file, tail);
    if (footerBytes instanceof Error) return fail(footerBytes);
    readExactly(file, 0, MAGIC_BYTES, (headError, head) => {
      if (headError !== null) return fail(headError);
      if (text(head, 0) !== "PAR1") return fail(wrong(file, "PARQUET_MAGIC", "does not begin with PAR1"));
      const start = lengthBytes - TAIL_BYTES - footerBytes;
      if (start < tailStart) readExactly(file, start, footerBytes, done);
      else done(null, tail.subarray(start - tailStart, start - tailStart + footerBytes));
    });
  });
}

/** What the file's last bytes say of the footer's length. */
function footerLength(file: ReadableFile, tail: Uint8Array): number | Error {
  const magic = text(tail, tail.length - MAGIC_BYTES);
  if (magic === "PARE") {
    return new DataError("PARQUET_ENCRYPTED", `${file.path} is encrypted as a whole`, {
      at: { source: file.path },
      hint: "decrypt it, or write it without encryption",
    });
  }
  if (magic !== "PAR1") return wrong(file, "PARQUET_MAGIC", "does not end with PAR1");
  const bytes = new DataView(tail.buffer, tail.byteOffset).getUint32(tail.length - TAIL_BYTES, true);
  if (bytes > file.lengthBytes - MAGIC_BYTES - TAIL_BYTES) {
    return wrong(file, "PARQUET_FOOTER", `has ${file.lengthBytes} bytes and claims a footer of ${bytes}`);
  }
  if (bytes > FOOTER_BYTES_MAX) {
    return wrong(file, "PARQUET_FOOTER", `has a footer of ${bytes} bytes, more than ${FOOTER_BYTES_MAX}`);
  }
  return bytes;
}

function wrong({ path }: ReadableFile, code: "PARQUET_MAGIC" | "PARQUET_FOOTER", what: string): DataError {
  return new DataError(code, `${path} ${what}`, { at: { source: path }, hint: "is it a Parquet file, and complete?" });
}

function readExactly(file: ReadableFile, offset: number, count: number, done: Completion<Uint8Array>): void {
  file.read(offset, count, (error, bytes) => {
    if (error === null && bytes.length !== count) {
      const what = `${file.path} gave ${bytes.length} of ${count} bytes at ${offset}`;
      done(new DataError("PARQUET_CORRUPT", what, { at: { source: file.path, byte: offset } }), bytes);
    } else {
      done(error, bytes);
    }
  });
}

/** Four bytes as ASCII. */
function text(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + MAGIC_BYTES));
}
