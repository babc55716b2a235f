// The options of each kind of table that an engine makes: what `mill.file`, `mill.fetch`, `mill.rows` … take besides the
// schema, event time and row policy that all of them share.
import type { Duration } from "./duration.js";
import type { TableOptions } from "./table.js";
import type { CheckedSchema, SchemaLiteral } from "./types.js";

/** Formats whose options a table may carry, each under its name. */
export const FORMAT_OPTIONS = ["csv", "parquet", "bytes", "arrow", "avro"] as const;

/** How CSV is read and written. */
export interface CsvOptions {
  /** Between fields: one ASCII character. Found out from the first bytes unless given; a comma is written. */
  readonly delimiter?: string;
  /** Around fields; `""` for none. Found out unless given; `"` is written. */
  readonly quote?: string;
  /** Before a quote inside quotes; found out, else the quote itself, unless given. */
  readonly escape?: string;
  /** Lines that begin with it are passed over; none unless given. */
  readonly comment?: string;
  /** Whether there is a header, or the names of the fields where there is none. Found out unless given; written unless so. */
  readonly header?: boolean | readonly string[];
  /** Unquoted texts that are NULL; the empty one unless given. The first is written. */
  readonly nulls?: string | readonly string[];
  /** Takes the blanks around fields away. */
  readonly trim?: boolean;
  /** Lines before the header, or the first record, that are passed over. */
  readonly skipRows?: number;
  /** Fields that a record lacks at its end are NULL; without it such a record is refused. */
  readonly pad?: boolean;
  /** The decimal mark of numbers; a point unless given. */
  readonly decimal?: "." | ",";
  /** The mark between thousands; none unless given. */
  readonly thousands?: string;
  /** What two columns of one name do; `fail` unless given. `suffix` calls the second `name_1`. */
  readonly duplicateNames?: "fail" | "suffix";
  /** The line end that is written; LF unless given. All are read. */
  readonly newline?: "\n" | "\r\n";
  /** Writes an apostrophe before texts that a spreadsheet would compute. */
  readonly escapeFormulas?: boolean;
}

/** A `Readable` of Node that gives bytes: standard input, a file, a response. */
export interface NodeBytes extends AsyncIterable<Uint8Array | string> {
  readonly readableObjectMode: boolean;
  /** Whether it was read from already. */
  readonly readableDidRead: boolean;
  destroy(): unknown;
}

/** Whether it is a stream of Node that gives bytes. One of objects is an async iterable like others. */
export function isNodeBytes(value: object): value is NodeBytes {
  return "readableObjectMode" in value && value.readableObjectMode === false && Symbol.asyncIterator in value;
}

/** Tables that are read from bytes. */
export interface BytesOptions<S extends SchemaLiteral = SchemaLiteral> extends TableOptions<S> {
  /** `ndjson`, `csv`, `json`, `lines`, `bytes`, `arrow`, `avro`, or for files also `parquet`; told by a name's ending, else `ndjson`, unless given. */
  readonly format?: string;
  readonly csv?: CsvOptions;
  readonly avro?: {
    /** How blocks that are written are compressed; `null`, not at all, unless given. Reading is told by the file. */
    readonly codec?: "null" | "snappy";
  };
  readonly bytes?: {
    /** Bytes of a row; 64 KiB unless given. */
    readonly blockBytes?: number;
  };
  readonly arrow?: {
    /** What is written; `file` unless given. What is read is told by its first bytes. */
    readonly layout?: "file" | "stream";
  };
  readonly parquet?: {
    /** Bytes that one page may have, uncompressed; a larger one is refused. 256 MiB unless given. */
    readonly pageBytesMax?: number;
    /** Cuts times that are finer than microseconds instead of refusing them; false unless given. */
    readonly truncateTimes?: boolean;
    /** How what is written is compressed; `snappy` unless given. */
    readonly compression?: "snappy" | "none";
    /** Rows of a row group that is written at most; 122,880 unless given. */
    readonly rowGroupRows?: number;
  };
  /** Longest record of a record format; longer ones are refused. 16 MB unless given. */
  readonly maxRecordBytes?: number;
  /** `gzip`, `zstd` or `none`; told by a name's ending (`.gz`, `.zst`), else `none`, unless given. */
  readonly compression?: "gzip" | "zstd" | "none";
  /** What compressed data may become; more is refused. */
  readonly decompress?: {
    /** Bytes out for one byte in; 200 unless given. */
    readonly ratioMax?: number;
    /** Bytes out in all; no bound unless given. */
    readonly bytesMax?: number;
  };
}

/** Options of `BytesOptions`, by name. */
export const BYTES_OPTIONS = ["format", "maxRecordBytes", "compression", "decompress", ...FORMAT_OPTIONS] as const;

export interface FileOptions<S extends SchemaLiteral = SchemaLiteral> extends BytesOptions<S> {
  /** The files in directories below, too; false unless given. */
  readonly recursive?: boolean;
  /** Makes columns of `name=value` in paths that all have the same names; true unless given. */
  readonly partitions?: boolean;
  /** As a target, a directory: when the next part begins; the first bound counts. One part unless given. */
  readonly roll?: {
    /** Rows of a part; no bound unless given. */
    readonly rows?: number;
    /** Encoded bytes of a part, and the batch that reaches them; no bound unless given. */
    readonly bytes?: number;
    /** How long after its first row a part ends, whether or not more rows come; never unless given. */
    readonly every?: Duration;
  };
  /** As a target, a directory: columns that are written as directories `name=value` instead of into the files; none unless given. */
  readonly partitionBy?: readonly string[];
  /** Reads on when files grow, and new files too; the table is endless. False unless given. */
  readonly follow?:
    | boolean
    | {
        /** How often it looks; every half second unless given. */
        readonly every?: Duration;
      };
}

/** Options of `FileOptions`, by name. */
export const FILE_OPTIONS = [...BYTES_OPTIONS, "recursive", "partitions", "follow", "roll", "partitionBy"] as const;

export interface FetchOptions<S extends SchemaLiteral = SchemaLiteral> extends BytesOptions<S> {
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ColumnsOptions<S extends SchemaLiteral = SchemaLiteral> extends TableOptions<S> {
  /** For messages and EXPLAIN. */
  readonly name?: string;
}

/** The columns are the batches' own. */
export type BatchesOptions = Omit<ColumnsOptions, "schema">;

export interface RowsOptions<S extends SchemaLiteral = SchemaLiteral> extends ColumnsOptions<S> {
  /** Whether the rows come to an end; all but those of what is async-iterable do unless given. */
  readonly bounded?: boolean;
}

export interface GenerateOptions<S extends SchemaLiteral = SchemaLiteral> extends ColumnsOptions<S> {
  /** The columns of the rows. */
  readonly schema: CheckedSchema<S>;
  /** Rows in all; without end unless given. */
  readonly rows?: number;
  /** Another seed, other rows; 1 unless given. */
  readonly seed?: number;
  /** Event time of the first row; 2026-01-01 unless given. */
  readonly start?: Date;
  /** Rows a second of event time; 1,000 unless given. */
  readonly rowsPerSecond?: number;
  /** Event times lie up to so much behind their turn; none unless given. */
  readonly disorder?: Duration;
  /** Distinct values of a string or integer column; 100 unless given. */
  readonly distinct?: number;
  /** Share of NULLs in nullable columns, 0 to 1; none unless given. */
  readonly nulls?: number;
}
