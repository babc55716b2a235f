// Formats: bytes ⇄ batches. A connector moves bytes and offsets and knows no format; a decoder turns the bytes of one
// split into batches and knows no connector, so that every byte source works with every record format.
//
//     const decoder = format.createDecoder({ … });
//     for (;;) {
//       const batch = decoder.next();
//       if (batch !== null) …process it in this step…
//       else if (ended) break;                     // all is decoded
//       else if (noMoreBytes) decoder.finish();    // then call next() again
//       else decoder.feed(chunk);                  // then call next() again
//     }
import type { Batch } from "../arrow/batch.js";
import type { Workspace } from "../arrow/column.js";
import type { Schema } from "../arrow/types.js";
import { assert } from "../errors.js";
import type { BadRecord } from "../operators/bad-records.js";
import type { StateValue } from "../state/snapshot.js";
import { type FormatKernels, hasFormats } from "../wasm/kernels.js";

/** Default bound of one record's bytes; a longer one is refused with RECORD_TOO_LARGE and the rest goes on. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** A workspace with the kernels of formats. */
export interface FormatWorkspace extends Workspace {
  readonly kernels: FormatKernels;
}

/** The same workspace, of a job whose connector said that it has formats (`LateConnector.formats`). */
export function formatWorkspace(workspace: Workspace): FormatWorkspace {
  const { kernels } = workspace;
  assert(hasFormats(kernels), "the kernels of formats were not loaded: the connector must say `formats: true`");
  return workspace as FormatWorkspace;
}

/** Where a decoder stands between two batches: enough to go on from there with another decoder, plain data. */
export interface DecoderPosition {
  /** Offset in the source of the next byte to feed: the start of the first record that is not decoded yet. */
  readonly byte: number;
  /** 1-based line of that byte. */
  readonly line: number;
  /** True inside a record that was refused as too large: what follows up to its end is passed over. */
  readonly skipping: boolean;
  /** What the records stand in, for formats that have something around them; told by the decoder that goes on. */
  readonly inside?: string;
  /** What the format found out at the start of the source, when there is something. */
  readonly found?: StateValue;
  /** Rows behind `byte` that were given already: of formats whose beginning has to be read again. */
  readonly rows?: number;
}

/** The start of every source. */
export const START: DecoderPosition = Object.freeze({ byte: 0, line: 1, skipping: false });

export interface DecoderOptions {
  readonly workspace: Workspace;
  /** Columns to decode, by name; whatever else the records hold is validated and passed over. */
  readonly schema: Schema;
  /** Name of the source in messages and bad records: a path, a URL. */
  readonly source: string;
  /** Number of the split, given to every batch. */
  readonly split: number;
  /** Rows of a batch at most. */
  readonly batchRowsMax: number;
  /**
   * Names of all columns of the table, of which `schema` may be a part, in their order: for formats whose records tell
   * columns by their place only. The schema's own unless given.
   */
  readonly columns?: readonly string[];
  /** Longest record in bytes, its line end not counted; 16 MB unless given. */
  readonly maxRecordBytes?: number;
  /** Where to go on; the bytes fed first are those at `start.byte`. The start of the source unless given. */
  readonly start?: DecoderPosition;
  /** Takes a refused record; decoding goes on behind it unless this throws. */
  bad(record: BadRecord): void;
}

/** Bytes of one split → batches. Chunks may be cut anywhere: the rows are the same for every cutting. */
export interface Decoder {
  readonly schema: Schema;
  /**
   * Lends the next bytes of the source. Only after `next` gave null; the bytes must stay as they are until the next ones
   * were fed. They need not be in linear memory.
   */
  feed(chunk: Uint8Array): void;
  /** No more bytes come: the last record ends here, with or without a line end. Only after `next` gave null. */
  finish(): void;
  /**
   * The next rows, at most `batchRowsMax`, their columns in the arena; null when all bytes fed are used up (after
   * `finish`: when everything is decoded). Does a bounded piece of work: a batch may be empty when its records were
   * refused.
   * @throws ENCODING for text that is not UTF-8 as a whole (UTF-16); what `bad` throws; MEMORY_LIMIT
   */
  next(): Batch | null;
  /** Where to go on after the batches given so far and the bad records reported so far. */
  readonly position: DecoderPosition;
  /** Frees the decoder's buffers. Idempotent. */
  close(): void;
}

/** Batches of one schema → bytes. The bytes given back are the caller's. */
export interface Encoder {
  encode(batch: Batch): Uint8Array<ArrayBuffer>;
  /** What the format needs at the end (nothing for lines). */
  finish(): Uint8Array<ArrayBuffer>;
}

/** What `infer` looks at. */
export interface Sample {
  /** The first bytes of the source. */
  readonly bytes: Uint8Array;
  /** True when these are all bytes that there are; otherwise an unfinished last record is not looked at. */
  readonly complete: boolean;
  /** Name of the source for messages. */
  readonly source: string;
}

/** One format of records in a stream of bytes, with the options that one table has of it. */
export interface Format {
  /** As options and messages write it. */
  readonly name: string;
  /** @throws SCHEMA_EMPTY when the sample holds no record; ENCODING; TOO_MANY_COLUMNS; what the format adds. */
  inferSchema(sample: Sample): Schema;
  /** How the text is written, by the names of the format's options, where that is found out. @throws ENCODING */
  tellDialect?(sample: Sample): Readonly<Record<string, string>>;
  /** @throws UNSUPPORTED for a column type that the format cannot carry. */
  createDecoder(options: DecoderOptions): Decoder;
  createEncoder(schema: Schema): Encoder;
}

/**
 * What a format's module gives: the format with a table's options, checked against the schema that the format owns.
 * @param options - what the table keeps under the format's name, `{}` for nothing
 * @param where - the table, for messages
 * @throws OPTION
 */
export type OpenFormat = (options: unknown, where: string) => Format;
