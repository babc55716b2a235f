// Files as a source: every file that a path, a directory or a glob names is one split. The split whose event time is
// furthest behind is read first, so that files cut by time are read one after another and overlapping ones side by side.
// However many files there are, a bounded number is open: a file that has to wait is closed where it stands and opened
// again when its time comes.
import type { Schema } from "../arrow/types.js";
import { type DecoderPosition, type Format, START } from "../formats/format.js";
import type { ParquetFile, ParquetOptions } from "../formats/parquet.js";
import { openParquet } from "../formats/parquet-door.js";
import type { Poll, Source, SourceContext } from "../operators/source.js";
import type { BoundExpr } from "../plan/expr.js";
import type { TableRef } from "../plan/logical.js";
import { fileNotFound } from "../platform/errors.js";
import { type Completion, type FileInfo, type Platform, promised, type ReadableFile } from "../platform/platform.js";
import type { Connector, Resolved, Table } from "../runtime/connector.js";
import type { StateValue } from "../state/snapshot.js";
import { CHUNKS_AHEAD, DecodedSplit, fileChunks, type ReadChunk, type SplitReader, takeSample } from "./bytes.js";
import { checkLimits, compressionOf, type DecompressLimits, decompressed } from "./compression.js";
import { FileSink, formatForWriting } from "./file-sink.js";
import { checkOthers, formatOf, loadFormat, openFormat, PARQUET } from "./formats.js";

/** Files open at a time. */
const OPEN_MAX = 64;

/** What `mill.file(path, options)` keeps with the table; its name is the path. */
export interface FileOptions {
  readonly path: string;
  /** By the file's ending unless given. */
  readonly format?: string;
  /** Longest record of a record format. */
  readonly maxRecordBytes?: number;
  readonly parquet?: ParquetOptions;
  /** By the file's ending unless given. */
  readonly compression?: string;
  readonly decompress?: DecompressLimits;
  /** Names of all columns, once they are known. */
  readonly columns?: readonly string[];
}

export const file: Connector = {
  name: "file",

  async resolve({ ref, platform }, schema): Promise<Resolved> {
    const options = optionsOf(ref);
    const files = await promised<FileInfo[]>((done) => list(platform, options.path, done));
    const first = files[0] as FileInfo;
    const format = formatOf(first.path, options.format);
    if (format === PARQUET) checkOthers(format, ref.name, ref.options);
    else await loadFormat(format, ref.name);
    const found = schema ?? (await schemaOf(platform, first, ref, format));
    const columns = found.fields.map(({ name }) => name);
    return { schema: found, bounded: true, options: { format, columns } };
  },

  source: (table, schema, predicate) => new FileSource(table, schema, predicate),
  prepareSink: ({ ref }) => loadFormat(formatForWriting(ref), ref.name),
  sink: (table, schema) => new FileSink(table.ref, schema),
};

function optionsOf({ name, options }: TableRef): FileOptions {
  return { ...options, path: name };
}

/** The files of a path. Fails with FILE_NOT_FOUND when there are none. */
function list(platform: Platform, path: string, done: Completion<FileInfo[]>): void {
  platform.storage.list(path, (error, files) => {
    if (error === null && files.length === 0) done(fileNotFound(path), files);
    else done(error, files);
  });
}

async function schemaOf(platform: Platform, info: FileInfo, ref: TableRef, format: string): Promise<Schema> {
  const opened = await promised<ReadableFile>((done) => platform.storage.open(info.path, done));
  try {
    if (format === PARQUET) {
      const parquet = await promised<ParquetFile>((done) => openParquet(opened, optionsOf(ref).parquet ?? {}, done));
      return parquet.schema;
    }
    const { read } = openBytes(opened, optionsOf(ref), platform, 0);
    const { bytes, complete } = await takeSample(read);
    return openFormat(format, ref).inferSchema({ bytes, complete, source: info.path });
  } finally {
    await promised<void>((done) => opened.close(done));
  }
}

/** The bytes that a decoder is fed from `fromByte` on, and how many of the file's were read for them. */
function openBytes(opened: ReadableFile, options: FileOptions, platform: Platform, fromByte: number) {
  const { path } = opened;
  const compression = compressionOf(path, options.compression);
  if (compression === "none") return { read: fileChunks(opened, fromByte) };
  const limits = checkLimits(options.decompress, path);
  let readBytes = 0;
  const counted: ReadChunk = (done) =>
    compressed((error, chunk) => {
      readBytes += chunk?.length ?? 0;
      done(error, chunk);
    });
  const compressed = fileChunks(opened, 0);
  const read = decompressed(counted, { compression, source: path, limits, platform, fromByte });
  return { read, readBytes: () => readBytes };
}

/** One file of the source. */
class FileSplit {
  readonly info: FileInfo;
  readonly number: number;
  /** Where to open the file: its start, or where it was closed. */
  position: StateValue = null;
  /** What reads it while it is open. */
  reader: SplitReader | null = null;
  file: ReadableFile | null = null;
  opening = false;
  done = false;
  /** Share of the file that was read when it was closed. */
  share = 0;

  constructor(info: FileInfo, number: number) {
    this.info = info;
    this.number = number;
  }
}

export class FileSource implements Source {
  readonly schema: Schema;
  readonly mayIdle = false;
  readonly #options: FileOptions;
  /** null for Parquet, whose files are no stream of records. */
  readonly #format: Format | null;
  readonly #platform: Platform;
  readonly #predicate: BoundExpr | null;
  readonly #openMax: number;
  #context!: SourceContext;
  #splits: FileSplit[] | null = null;
  /** Files that are being opened, are open, or are being closed. */
  #handles = 0;
  /** Told when none is left. */
  #allClosed: (() => void) | null = null;
  #current: FileSplit | null = null;
  /** The split that waits until a file is closed. */
  #waiting: FileSplit | null = null;
  #error: Error | null = null;
  #closed = false;

  constructor({ ref, platform }: Table, schema: Schema, predicate: BoundExpr | null, openMax = OPEN_MAX) {
    this.schema = schema;
    this.#options = optionsOf(ref);
    const format = formatOf(this.#options.path, this.#options.format);
    this.#format = format === PARQUET ? null : openFormat(format, ref);
    this.#platform = platform;
    this.#predicate = predicate;
    this.#openMax = openMax;
  }

  open(context: SourceContext): void {
    this.#context = context;
    if (this.#splits !== null) {
      this.#announce(this.#splits);
      return;
    }
    list(this.#platform, this.#options.path, (error, files) => {
      if (this.#closed) return;
      if (error !== null) this.#error = error;
      else this.#announce(files.map((info, number) => new FileSplit(info, number)));
      context.wake();
    });
  }

  poll(): Poll {
    if (this.#error !== null) throw this.#error;
    if (this.#splits === null) return "blocked";
    for (;;) {
      const split = this.#next(this.#splits);
      if (split === null) return "done";
      if (split.reader === null) {
        this.#openSplit(split);
        return "blocked";
      }
      this.#turnTo(split);
      const polled = split.reader.poll();
      if (polled !== "done") return polled;
      this.#finish(split);
    }
  }

  snapshot(): StateValue {
    return (this.#splits ?? []).map(({ info, position, reader, done }) => ({
      path: info.path,
      lengthBytes: info.lengthBytes,
      position: reader?.snapshot() ?? position,
      done,
    }));
  }

  restore(state: StateValue): void {
    const saved = state as { path: string; lengthBytes: number; position: StateValue; done: boolean }[];
    if (saved.length === 0) return;
    this.#splits = saved.map(({ path, lengthBytes, position, done }, number) => {
      const split = new FileSplit({ path, lengthBytes }, number);
      split.position = position;
      split.done = done;
      return split;
    });
  }

  progress(): { doneBytes: number; totalBytes: number | null } {
    if (this.#splits === null) return { doneBytes: 0, totalBytes: null };
    let doneBytes = 0;
    let totalBytes = 0;
    for (const split of this.#splits) {
      totalBytes += split.info.lengthBytes;
      doneBytes += split.info.lengthBytes * shareOf(split);
    }
    return { doneBytes, totalBytes };
  }

  close(done: Completion<void>): void {
    this.#closed = true;
    this.#allClosed = () => done(null);
    for (const split of this.#splits ?? []) this.#closeSplit(split);
    this.#settle(0);
  }

  #announce(splits: FileSplit[]): void {
    this.#splits = splits;
    for (const { number, done } of splits) this.#context.split({ split: number, status: done ? "done" : "active" });
  }

  /** The split that is furthest behind in event time, the first of several. */
  #next(splits: readonly FileSplit[]): FileSplit | null {
    let next: FileSplit | null = null;
    let leastMs = Number.POSITIVE_INFINITY;
    for (const split of splits) {
      if (split.done) continue;
      const progressMs = this.#context.progressMs(split.number);
      if (next !== null && progressMs >= leastMs) continue;
      next = split;
      leastMs = progressMs;
    }
    return next;
  }

  /** The file that is read now reads ahead as far as it may, the others one chunk. */
  #turnTo(split: FileSplit): void {
    if (split === this.#current) return;
    if (this.#current?.reader instanceof DecodedSplit) this.#current.reader.chunks.chunksAhead = 1;
    if (split.reader instanceof DecodedSplit) split.reader.chunks.chunksAhead = CHUNKS_AHEAD;
    this.#current = split;
  }

  #finish(split: FileSplit): void {
    split.done = true;
    split.share = 1;
    this.#closeSplit(split);
    this.#context.split({ split: split.number, status: "done" });
  }

  #openSplit(split: FileSplit): void {
    if (split.opening) return;
    split.opening = true;
    if (this.#handles < this.#openMax) {
      this.#openFile(split);
      return;
    }
    this.#waiting = split;
    this.#makeRoom();
  }

  #openFile(split: FileSplit): void {
    if (this.#closed) return;
    this.#settle(1);
    this.#platform.storage.open(split.info.path, (error, opened) => {
      if (error !== null) {
        this.#opened(split, error);
        this.#settle(-1);
        return;
      }
      split.file = opened;
      const format = this.#format;
      if (format !== null) this.#read(split, () => this.#decode(split, opened, format));
      else {
        openParquet(opened, this.#options.parquet ?? {}, (failure, parquet) => {
          if (failure !== null) this.#opened(split, failure);
          else this.#read(split, () => this.#decodeParquet(split, parquet));
        });
      }
    });
  }

  /** Starts reading the split, unless the source was closed meanwhile. */
  #read(split: FileSplit, newReader: () => SplitReader): void {
    let error: Error | null = null;
    try {
      if (!this.#closed) split.reader = newReader();
    } catch (cause) {
      error = cause as Error;
    }
    this.#opened(split, error);
  }

  #opened(split: FileSplit, error: Error | null): void {
    split.opening = false;
    this.#error ??= error;
    if (this.#closed) this.#closeSplit(split);
    else this.#context.wake();
  }

  #decode(split: FileSplit, opened: ReadableFile, format: Format): SplitReader {
    const { number, position, info } = split;
    const start = (position as DecoderPosition | null) ?? START;
    const { read, readBytes } = openBytes(opened, this.#options, this.#platform, start.byte);
    return new DecodedSplit(read, {
      format,
      schema: this.schema,
      columns: this.#options.columns,
      source: info.path,
      split: number,
      context: this.#context,
      maxRecordBytes: this.#options.maxRecordBytes,
      start,
      readBytes,
    });
  }

  #decodeParquet({ number, position }: FileSplit, parquet: ParquetFile): SplitReader {
    const { workspace, batchRowsMax } = this.#context;
    const wake = () => this.#context.wake();
    const predicate = this.#predicate;
    const reader = parquet.split({ workspace, schema: this.schema, predicate, batchRowsMax, split: number, wake });
    if (position !== null) reader.restore(position);
    reader.start();
    return reader;
  }

  /** Closes the open file that is furthest ahead, where it stands; when none is open, those being closed make room. */
  #makeRoom(): void {
    const open = (this.#splits ?? []).filter(({ reader }) => reader !== null);
    if (open.length === 0) return;
    const progressOf = ({ number }: FileSplit) => this.#context.progressMs(number);
    const ahead = open.reduce((most, split) => (progressOf(split) > progressOf(most) ? split : most));
    ahead.position = (ahead.reader as SplitReader).snapshot();
    ahead.share = shareOf(ahead);
    this.#closeSplit(ahead);
  }

  #closeSplit(split: FileSplit): void {
    split.reader?.close();
    split.reader = null;
    const { file: opened } = split;
    split.file = null;
    opened?.close((error) => {
      if (error !== null) this.#platform.log("warn", error.message);
      this.#settle(-1);
    });
  }

  #settle(change: number): void {
    this.#handles += change;
    const waiting = this.#waiting;
    if (waiting !== null && this.#handles < this.#openMax) {
      this.#waiting = null;
      this.#openFile(waiting);
    }
    if (this.#handles > 0 || this.#allClosed === null) return;
    this.#allClosed();
    this.#allClosed = null;
  }
}

/** How much of the file has been read, 0 to 1. */
function shareOf({ reader, share, info }: FileSplit): number {
  if (reader === null) return share;
  const { doneBytes, totalBytes } = reader.progress();
  const all = totalBytes ?? info.lengthBytes;
  return all === 0 ? 1 : Math.min(1, doneBytes / all);
}
