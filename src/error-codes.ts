// The table of error codes. docs/errors.md is generated from it; the engine takes only the type of its keys and never loads it.

/** Every code with what it means and what to do; the key is part of the public API. */
export const CODES = {
  UNKNOWN_COLUMN: "A column name is not in the schema it was used on. The hint names the nearest columns.",
  UNKNOWN_TABLE: "SQL names a table or view that was not created. The hint names the nearest.",
  TABLE_EXISTS: "There is a table or view of this name. Drop it first, say IF NOT EXISTS, or take another name.",
  UNKNOWN_FUNCTION: "There is no function or aggregate of this name. The hint names the nearest.",
  COLUMN_DUP: "Two columns of one schema have the same name. Rename one of them.",
  SCHEMA_EMPTY: "There is nothing to take a schema from: no rows, an empty file. Give the schema.",
  TYPE: "A value or an expression has another type than its place allows. Cast it or correct the schema.",
  UNSUPPORTED: "The engine does not do this (yet). The hint names what it does instead.",
  OPTION: "An option is unknown or its value is not legal. The hint lists the legal ones.",
  TIME_UNIT: "A duration has no unit or an unknown one. Write it as `5s`, `1h`, `1 day`.",
  TIME_RANGE: "A date or time does not exist, or lies outside the years that its type can hold.",
  NO_EVENT_TIME:
    "A window, or late rows, of a stream whose event time is not declared. Give the source `time`, or use `withWatermark`.",
  WINDOW_FANOUT: "A row would fall into more than 10,000 windows. Use a larger slide.",
  OVERFLOW: "An integer or decimal result does not fit its type. Cast to a wider type or use TRY_CAST.",
  DIVISION_BY_ZERO: "An integer or decimal was divided by zero. Guard with CASE or NULLIF.",
  CAST: "A value could not be cast to the wanted type. TRY_CAST gives NULL instead.",
  UNSAFE_INTEGER: "A BIGINT beyond 2^53 reached a JavaScript number. Open the rows with `{ bigint: true }`.",
  MEMORY_LIMIT: "The job's memory budget or the host's memory is used up.",
  FILE_NOT_FOUND:
    "A file, or any file for a pattern, is not there. Correct the path; patterns know `*`, `**`, `?`, `[a-z]`, `{a,b}`.",
  FILE_EXISTS: "A file of that name exists already and is never overwritten. Choose another name or remove it first.",
  FILE_IO: "The host could not read or write a file. The message carries its reason (rights, space, device).",
  FILE_TRUNCATED:
    "A file that is followed became shorter. Rotate by renaming; under `skip` and `deadLetter` it is read from its start again.",
  FETCH:
    "A URL could not be fetched, or the server did not answer with success. The message carries status and reason.",
  DELIVERY:
    "A target such as a webhook did not take rows, in all attempts or for good. `giveUp` keeps such rows and goes on.",
  LISTEN:
    "A server could not listen on its port: it is taken, or not allowed. Choose another one; port 0 takes a free one.",
  CONNECTION:
    "A connection (WebSocket) could not be opened, or was lost and not regained in the attempts that the table allows.",
  SOURCE_OVERRUN:
    "Rows or messages came faster than the program took them, from where nothing can be held back. Raise the buffer.",
  SOURCE_FAILED: "An iterable, stream or callback of the program threw while the engine read from it or wrote to it.",
  SOURCE_USED: "A stream or iterator that can be read once was read a second time. Make a new one for every run.",
  FUNCTION: "A user function threw, or gave something else than its declared rows. The cause carries its own error.",
  JOB_FILE:
    "A job file of the command line cannot be loaded, or threw while it made its job. The message says with what.",
  CANCELLED: "The job was stopped from outside: by its signal, by `cancel()` or by leaving its block.",
  PORT_IN_USE: "The monitor cannot listen on this port. Give another one; 0 takes any that is free.",
  CLOSED: "The engine was closed before this was asked of it. Open another one.",
  ENCODING: "Text is not UTF-8 as a whole but UTF-16 or UTF-32. Convert the file to UTF-8.",
  UTF8: "A string of a record is not valid UTF-8, or holds half of a surrogate pair. The row policy decides about it.",
  RECORD_TOO_LARGE:
    "A record is longer than `maxRecordBytes` (16 MB). What follows it is read under `skip` and `deadLetter`.",
  TOO_MANY_COLUMNS: "The records have more than 10,000 different keys. Give a schema with the columns that are wanted.",
  TOO_MANY_PARTITIONS: "A target has more than 100,000 partitions. Partition by a column with fewer values.",
  JSON: "A record is not JSON as RFC 8259 has it. The message says what was expected at the column of the line.",
  JSON_DEPTH: "Objects and arrays of a record are nested more than 128 deep.",
  JSON_SHAPE: "A record is valid JSON but no object. Write one object a line.",
  CSV_QUOTE:
    "A quote of a CSV record is never closed, or text stands behind a closing one. Look at `quote` and `escape`.",
  CSV_WIDTH: "A CSV record has more or fewer fields than the table. `pad: true` takes missing ones for NULL.",
  PARQUET_MAGIC: "A file does not begin and end as Parquet files do. It is another format, or its end is missing.",
  PARQUET_FOOTER: "The footer of a Parquet file contradicts itself or the file. Write the file again.",
  PARQUET_CORRUPT: "A page of a Parquet file does not hold what its header or the footer says. Write the file again.",
  PARQUET_ENCRYPTED:
    "A Parquet file, or a selected column of it, is encrypted. Select others, or write it unencrypted.",
  PARQUET_CODEC: "A Parquet column is compressed in a way that is not known. The message names those that are.",
  PARQUET_ENCODING: "A Parquet page is encoded in a way that is not known for its type. Write the file with PLAIN.",
  PARQUET_PAGE_SIZE: "A Parquet page is larger than `pageBytesMax`. Raise it if the file is to be trusted.",
  PARQUET_PRECISION: "A time is finer than its type can hold. `truncateTimes: true` cuts the digits off.",
  AVRO_HEADER:
    "A file does not begin as Avro files do, or its schema is none. It is another format, or was written wrongly.",
  AVRO_TRUNCATED: "An Avro file ends within its header or a block. The blocks before the break were read.",
  AVRO_CORRUPT:
    "A block of an Avro file is damaged. The records before the damage, and the blocks behind the next marker, were read.",
  GZIP_TRUNCATED: "gzip data ends before its end. The rows before the break were read; get the rest of the file.",
  GZIP_CORRUPT: "Bytes are not gzip, or their check sum is wrong. The rows before the break were read.",
  ZSTD_CORRUPT: "Bytes are not Zstandard as RFC 8878 has it, or end too early. The rows before the break were read.",
  DECOMPRESS_LIMIT:
    "Compressed data grows beyond its limit, as compression bombs do. Raise `decompress` if the data is to be trusted.",
  STATE_MISMATCH:
    "State that was saved does not belong to this plan or input. Start without it, or with what it was saved from.",
  DEPENDENCY_MISSING: "An optional package is not installed. The hint is the command that installs it.",
  MODULE_MISSING:
    "A part of Millrace that is loaded when first needed did not load. Serve every file that the bundler wrote.",
  ARROW_INVALID:
    "Arrow data whose buffers contradict each other or their lengths. It was refused before use; write it again.",
  WORKER: "The worker that ran the job ended; the job may be run again.",
  KERNELS: "The WebAssembly kernels could not be loaded on this host.",
  SQL_SYNTAX:
    "A statement is not SQL as Millrace reads it. The message names what could stand at the place, the excerpt shows it.",
  SQL_TOO_DEEP: "A statement nests brackets, operators, joins or unions too deep. Split it into views or WITH queries.",
  SQL_TOO_LONG: "A text of SQL has more than 1,048,576 characters. Put rows into files, statements into several texts.",
  INTERNAL: "A broken invariant inside the engine: this is our bug. Please report it with the message.",
} as const satisfies Record<string, string>;
