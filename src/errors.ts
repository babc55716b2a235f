// Error classes and the table of codes: what went wrong, where, and what to do next. Programs match on `code`, which never
// changes; `message` states the fact with its numbers; `hint` says what to do. docs/errors.md is generated from CODES.

/** Where in the input or the program it happened. All fields optional; lines and columns are 1-based, rows 0-based. */
export interface Place {
  readonly source?: string;
  readonly line?: number;
  readonly column?: number;
  readonly byte?: number;
  readonly row?: number;
  readonly field?: string;
  readonly operator?: string;
}

export interface ErrorDetails {
  readonly hint?: string;
  readonly at?: Place;
  readonly cause?: unknown;
}

/** Every code with what it means and what to do; the key is part of the public API. */
export const CODES = {
  UNKNOWN_COLUMN: "A column name is not in the schema it was used on. The hint names the nearest columns.",
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
  FETCH:
    "A URL could not be fetched, or the server did not answer with success. The message carries status and reason.",
  SOURCE_FAILED: "An iterable, stream or callback of the program threw while the engine read from it or wrote to it.",
  SOURCE_USED: "A stream or iterator that can be read once was read a second time. Make a new one for every run.",
  FUNCTION: "A user function threw, or gave something else than its declared rows. The cause carries its own error.",
  CANCELLED: "The job was stopped from outside: by its signal, by `cancel()` or by leaving its block.",
  CLOSED: "The engine was closed before this was asked of it. Open another one.",
  ENCODING: "Text is not UTF-8 as a whole but UTF-16 or UTF-32. Convert the file to UTF-8.",
  UTF8: "A string of a record is not valid UTF-8, or holds half of a surrogate pair. The row policy decides about it.",
  RECORD_TOO_LARGE:
    "A record is longer than `maxRecordBytes` (16 MB). What follows it is read under `skip` and `deadLetter`.",
  TOO_MANY_COLUMNS: "The records have more than 10,000 different keys. Give a schema with the columns that are wanted.",
  JSON: "A record is not JSON as RFC 8259 has it. The message says what was expected at the column of the line.",
  JSON_DEPTH: "Objects and arrays of a record are nested more than 128 deep.",
  JSON_SHAPE: "A record is valid JSON but no object. Write one object a line.",
  PARQUET_MAGIC: "A file does not begin and end as Parquet files do. It is another format, or its end is missing.",
  PARQUET_FOOTER: "The footer of a Parquet file contradicts itself or the file. Write the file again.",
  PARQUET_CORRUPT: "A page of a Parquet file does not hold what its header or the footer says. Write the file again.",
  PARQUET_ENCRYPTED:
    "A Parquet file, or a selected column of it, is encrypted. Select others, or write it unencrypted.",
  PARQUET_CODEC: "A Parquet column is compressed in a way that is not known. The message names those that are.",
  PARQUET_ENCODING: "A Parquet page is encoded in a way that is not known for its type. Write the file with PLAIN.",
  PARQUET_PAGE_SIZE: "A Parquet page is larger than `pageBytesMax`. Raise it if the file is to be trusted.",
  PARQUET_PRECISION: "A time is finer than its type can hold. `truncateTimes: true` cuts the digits off.",
  STATE_MISMATCH:
    "State that was saved does not belong to this plan or input. Start without it, or with what it was saved from.",
  DEPENDENCY_MISSING: "An optional package is not installed. The hint is the command that installs it.",
  MODULE_MISSING:
    "A part of Millrace that is loaded when first needed did not load. Serve every file that the bundler wrote.",
  ARROW_INVALID:
    "Arrow data whose buffers contradict each other or their lengths. It was refused before use; write it again.",
  KERNELS: "The WebAssembly kernels could not be loaded on this host.",
  INTERNAL: "A broken invariant inside the engine: this is our bug. Please report it with the message.",
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof CODES;

/** Root of all errors the engine throws. */
export class EngineError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly at: Place | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = details.hint;
    this.at = details.at;
  }

  /** Adds what is known further out, such as the operator; what the error already says of itself stays. */
  locate(at: Place): this {
    (this as { at: Place | undefined }).at = { ...at, ...this.at };
    return this;
  }

  /** `CODE: message`, the place and the hint on lines of their own: what the command line prints. */
  format(): string {
    const lines = [`${this.code}: ${this.message}`];
    if (this.at !== undefined) lines.push(`  at ${formatPlace(this.at)}`);
    if (this.hint !== undefined) lines.push(`  hint: ${this.hint}`);
    return lines.join("\n");
  }
}

/** A plan that cannot be built: unknown names, types, options. */
export class PlanError extends EngineError {}
/** A schema that is not usable or does not fit the data. */
export class SchemaError extends EngineError {}
/** A record that cannot be read or a row that cannot be computed. `at` names row, line, field. */
export class DataError extends EngineError {}
/** The outside world failed: `domain` says whose fault, `retry` whether trying again can help. */
export class ConnectorError extends EngineError {
  readonly domain: "user" | "external" | "internal";
  readonly retry: "none" | "backoff";

  constructor(
    code: ErrorCode,
    message: string,
    details: ErrorDetails & { domain?: "user" | "external" | "internal"; retry?: "none" | "backoff" } = {},
  ) {
    super(code, message, details);
    this.domain = details.domain ?? "external";
    this.retry = details.retry ?? "none";
  }
}
/** State that cannot be restored or does not belong to this plan. */
export class StateError extends EngineError {}
/** Memory, files or other means ran out. */
export class ResourceError extends EngineError {}
/** The job was stopped from outside; its name is `AbortError`, as everywhere in JavaScript. */
export class AbortError extends EngineError {}
/** Our bug. */
export class InternalError extends EngineError {
  constructor(message: string, details: ErrorDetails = {}) {
    super("INTERNAL", message, { hint: "this is a bug in Millrace: please report it with this message", ...details });
  }
}

/** Stops on a broken invariant. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InternalError(message);
}

/** `source:line:column, row 3, field price`: only the parts that are known. */
export function formatPlace(at: Place): string {
  const parts: string[] = [];
  const position = [at.source, at.line, at.column].filter((part) => part !== undefined).join(":");
  if (position !== "") parts.push(position);
  if (at.byte !== undefined) parts.push(`byte ${at.byte}`);
  if (at.row !== undefined) parts.push(`row ${at.row}`);
  if (at.field !== undefined) parts.push(`field ${at.field}`);
  if (at.operator !== undefined) parts.push(`operator ${at.operator}`);
  return parts.join(", ");
}

/** The names nearest to a wrong one (Damerau-Levenshtein up to a third of its length), best first. */
export function nearest(wrong: string, names: Iterable<string>): string[] {
  const limit = Math.max(1, Math.floor(wrong.length / 3));
  const scored: [number, string][] = [];
  for (const name of names) {
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase());
    if (distance <= limit) scored.push([distance, name]);
  }
  return scored.sort((a, b) => a[0] - b[0]).map(([, name]) => name);
}

/** A hint for a wrong name: the nearest ones, or all legal ones (up to 20). */
export function hintNames(wrong: string, names: readonly string[], what = "known"): string {
  const near = nearest(wrong, names);
  if (near.length > 0)
    return `did you mean ${near
      .slice(0, 3)
      .map((name) => `"${name}"`)
      .join(" or ")}?`;
  const shown = names.slice(0, 20).join(", ");
  return `${what}: ${shown}${names.length > 20 ? `, … (${names.length})` : ""}`;
}

function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, (last[j - 1] as number) + swap);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] as number) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}
