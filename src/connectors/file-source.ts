// Files as a source: every file that a path, a directory or a glob names is one split. The split whose event time is
// furthest behind is read first, so that files cut by time are read one after another and overlapping ones side by side.
// However many files there are, a bounded number is open: a file that has to wait is closed where it stands and opened
// again when its time comes.
//
// A table that is followed looks at its files again and again (`#look`): what grew is read on, what is new becomes a split,
// what lost its name to a rotation is read to its end. A file is known by its identity, not by its name.
import type { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import { ConnectorError, DataError } from "../errors.js";
import { type DecoderPosition, type Format, START } from "../formats/format.js";
import type { ParquetFile } from "../formats/parquet.js";
import { openParquet } from "../formats/parquet-door.js";
import type { Poll, Source, SourceContext } from "../operators/source.js";
import type { BoundExpr } from "../plan/expr.js";
import { fileNotFound } from "../platform/errors.js";
import type { Completion, FileInfo, Platform, ReadableFile } from "../platform/platform.js";
import type { Table } from "../runtime/connector.js";
import type { StateValue } from "../state/snapshot.js";
import { CHUNKS_AHEAD, DecodedSplit, type SplitReader } from "./bytes.js";
import { compressionOf } from "./compression.js";
import { type FileOptions, followMs, listFiles, openBytes, optionsOf } from "./file-options.js";
import { formatOf, openFormat, PARQUET } from "./formats.js";
import { Partitions } from "./partitions.js";
import { Tail } from "./tail.js";

/** Files open at a time. */
const OPEN_MAX = 64;
/** Looks that a file without a name gets, in case somebody still writes to it. */
const LOOKS_WHEN_GONE = 2;

/** One file of the source. */
class FileSplit {
  info: FileInfo;
  readonly number: number;
  /** Where to open the file: its start, or where it was closed. */
  position: StateValue = null;
  /** What reads it while it is open. */
  reader: SplitReader | null = null;
  file: ReadableFile | null = null;
  /** Its bytes, where the file may grow. */
  tail: Tail | null = null;
  opening = false;
  done = false;
  /** Read as far as it goes, for now. */
  quiet = false;
  /** How often the file was looked for in vain. */
  missed = 0;
  /** Share of the file that was read when it was closed. */
  share = 0;

  constructor(info: FileInfo, number: number) {
    this.info = info;
    this.number = number;
  }

  get id(): string {
    return this.info.id ?? this.info.path;
  }
}

/** A split in a snapshot: its file as it was listed, and where it stands. */
type SavedSplit = Pick<FileInfo, keyof FileInfo> & { readonly position: StateValue; readonly done: boolean };

export class FileSource implements Source {
  readonly schema: Schema;
  readonly #options: FileOptions;
  /** null for Parquet, whose files are no stream of records. */
  readonly #format: Format | null;
  readonly #platform: Platform;
  readonly #partitions: Partitions;
  readonly #openMax: number;
  /** How often files are looked at again; null: once. */
  readonly #followMs: number | null;
  /** Reads on where a run before stopped, but only what is there at the start. */
  readonly #availableNow: boolean;
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
  #cancelLook: () => void = () => undefined;

  /** @throws OPTION, TIME_UNIT */
  constructor(table: Table, schema: Schema, predicate: BoundExpr | null, openMax = OPEN_MAX) {
    const { ref, platform, availableNow = false } = table;
    this.schema = schema;
    this.#options = optionsOf(ref);
    const format = formatOf(this.#options.path, this.#options.format);
    this.#format = format === PARQUET ? null : openFormat(format, ref);
    this.#platform = platform;
    this.#partitions = new Partitions(schema, this.#options.partitionedBy ?? [], predicate);
    this.#openMax = openMax;
    const everyMs = followMs(this.#options);
    this.#availableNow = everyMs !== null && availableNow;
    this.#followMs = availableNow ? null : everyMs;
  }

  /** Files wait for their disk only, which makes no split idle (S9); those that are followed wait for rows, too. */
  get mayIdle(): boolean {
    if (this.#followMs === null || this.#splits === null) return false;
    return this.#splits.every(({ done, quiet }) => done || quiet);
  }

  open(context: SourceContext): void {
    this.#context = context;
    if (this.#splits !== null) for (const split of this.#splits) this.#announce(split);
    if (this.#splits === null || this.#followMs !== null || this.#availableNow) this.#look();
  }

  poll(): Poll {
    if (this.#error !== null) throw this.#error;
    if (this.#splits === null) return "blocked";
    for (;;) {
      const split = this.#next(this.#splits);
      if (split === null) return this.#followMs === null ? "done" : "blocked";
      if (split.reader === null) {
        this.#openSplit(split);
        return "blocked";
      }
      this.#turnTo(split);
      const polled = split.reader.poll();
      if (polled === "done") this.#finish(split);
      else if (polled !== "blocked") return this.#complete(polled, split);
      else if (split.tail?.waits !== true) return "blocked";
      else if (this.#availableNow) this.#leave(split);
      else split.quiet = true;
    }
  }

  snapshot(): StateValue {
    return (this.#splits ?? []).map(({ info, position, reader, done }) => ({
      ...info,
      position: reader?.snapshot() ?? position,
      done,
    }));
  }

  restore(state: StateValue): void {
    const saved = state as readonly SavedSplit[];
    if (saved.length === 0) return;
    this.#splits = saved.map(({ position, done, ...info }, number) => {
      const split = new FileSplit(info, number);
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
    return { doneBytes, totalBytes: this.#followMs === null ? totalBytes : null };
  }

  close(done: Completion<void>): void {
    this.#closed = true;
    this.#cancelLook();
    this.#allClosed = () => done(null);
    for (const split of this.#splits ?? []) this.#closeSplit(split);
    this.#settle(0);
  }

  /** Looks which files there are, and again later when they are followed. */
  #look(): void {
    listFiles(this.#platform, this.#options, (error, files) => {
      if (this.#closed) return;
      try {
        if (error !== null) throw error;
        if (files.length === 0 && this.#followMs === null && this.#splits === null)
          throw fileNotFound(this.#options.path);
        this.#see(files);
      } catch (cause) {
        this.#error ??= cause as Error;
      }
      if (this.#followMs !== null) {
        this.#cancelLook = this.#platform.scheduler.after(this.#followMs, () => this.#look());
      }
      this.#context.wake();
    });
  }

  /** @throws CAST of a partition's value */
  #see(files: readonly FileInfo[]): void {
    this.#splits ??= [];
    const unseen = new Map(this.#splits.map((split) => [split.id, split]));
    for (const info of files) {
      const known = unseen.get(info.id ?? info.path);
      unseen.delete(info.id ?? info.path);
      if (known !== undefined) this.#seeAgain(known, info);
      else {
        const split = new FileSplit(info, this.#splits.length);
        split.done = !this.#partitions.canMatch(info.path);
        this.#splits.push(split);
        this.#announce(split);
      }
    }
    for (const split of unseen.values()) if (!split.done) this.#miss(split);
  }

  #seeAgain(split: FileSplit, info: FileInfo): void {
    if (split.opening || !this.#mayGrow(info.path)) return;
    const before = split.info.lengthBytes;
    const isPruned = split.done && split.position === null;
    split.info = info;
    split.missed = 0;
    if (isPruned) return;
    if (info.lengthBytes < before) this.#truncated(split);
    else if (info.lengthBytes > before || isLeftOpen(split)) this.#goOn(split);
  }

  /** There may be more of the file. */
  #goOn(split: FileSplit): void {
    split.quiet = false;
    split.tail?.grow(split.info.lengthBytes);
    if (!split.done) return;
    split.done = false;
    this.#announce(split);
  }

  /** The file has another name that is no match, or none: what is open is read to its end. */
  #miss(split: FileSplit): void {
    if (!this.#mayGrow(split.info.path) || split.opening) return;
    if (split.tail === null) {
      if (byteOf(split) === split.info.lengthBytes) this.#finish(split);
      else if (++split.missed > LOOKS_WHEN_GONE) this.#lost(split);
      return;
    }
    split.quiet = false;
    if (++split.missed > LOOKS_WHEN_GONE) split.tail.end();
    else split.tail.probe();
  }

  /** It went away while it was not open: before a restore, or when others were read first. */
  #lost(split: FileSplit): void {
    const { path, lengthBytes } = split.info;
    const left = lengthBytes - byteOf(split);
    const error = new ConnectorError("FILE_NOT_FOUND", `${path} is gone, and ${left} bytes of it were not read`, {
      hint: "let the pattern match rotated names, too; the row policies skip and deadLetter pass over what is lost",
      at: { source: path, byte: byteOf(split) },
      domain: "user",
    });
    if (this.#context.rowPolicy === "fail") throw error;
    this.#context.bad({ code: error.code, message: error.message, at: error.at ?? {}, raw: new Uint8Array(0) });
    this.#finish(split);
  }

  #truncated(split: FileSplit): void {
    const { path, lengthBytes } = split.info;
    const error = new DataError("FILE_TRUNCATED", `${path} had more than the ${lengthBytes} bytes that it has now`, {
      hint: "rotate by renaming; under the row policies skip and deadLetter it is read from its start again",
      at: { source: path, byte: lengthBytes },
    });
    if (this.#context.rowPolicy === "fail") throw error;
    this.#context.bad({ code: error.code, message: error.message, at: error.at ?? {}, raw: new Uint8Array(0) });
    this.#closeSplit(split);
    split.position = null;
    this.#goOn(split);
  }

  /** Whether what is written behind a file's end are records of it: compressed files and Parquet files come whole. */
  #mayGrow(path: string): boolean {
    const isFollowed = this.#followMs !== null || this.#availableNow;
    return isFollowed && this.#format !== null && compressionOf(path, this.#options.compression) === "none";
  }

  #announce({ number, done }: FileSplit): void {
    this.#context.split({ split: number, status: done ? "done" : "active" });
  }

  /** The split that is furthest behind in event time, the first of several. */
  #next(splits: readonly FileSplit[]): FileSplit | null {
    let next: FileSplit | null = null;
    let leastMs = Number.POSITIVE_INFINITY;
    for (const split of splits) {
      if (split.done || split.quiet) continue;
      const progressMs = this.#context.progressMs(split.number);
      if (next !== null && progressMs >= leastMs) continue;
      next = split;
      leastMs = progressMs;
    }
    return next;
  }

  #complete(batch: Batch, { info }: FileSplit): Batch {
    return this.#partitions.complete(batch, info.path);
  }

  /** The file that is read now reads ahead as far as it may, the others one chunk. */
  #turnTo(split: FileSplit): void {
    if (split === this.#current) return;
    if (this.#current?.reader instanceof DecodedSplit) this.#current.reader.chunks.chunksAhead = 1;
    if (split.reader instanceof DecodedSplit) split.reader.chunks.chunksAhead = CHUNKS_AHEAD;
    this.#current = split;
  }

  /** All that was there is read. A record without an end is for the run that finds its end. */
  #leave(split: FileSplit): void {
    const { path, lengthBytes } = split.info;
    this.#finish(split);
    const left = lengthBytes - byteOf(split);
    if (left > 0)
      this.#platform.log("warn", `${path}: ${left} bytes behind the last line end are left for the next run`);
  }

  #finish(split: FileSplit): void {
    split.position = split.reader?.snapshot() ?? split.position;
    split.done = true;
    split.share = 1;
    this.#closeSplit(split);
    this.#partitions.forget(split.info.path);
    this.#announce(split);
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
      if (this.#mayGrow(split.info.path) && opened.id !== split.info.id) {
        // Somebody else has the name by now. The next look finds out.
        split.quiet = true;
        this.#opened(split, null);
        this.#closeSplit(split);
      } else if (format !== null) this.#read(split, () => this.#decode(split, opened, format));
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
    split.tail = this.#mayGrow(info.path) ? new Tail(opened, start.byte, info.lengthBytes) : null;
    const { read, readBytes } =
      split.tail === null
        ? openBytes(opened, this.#options, this.#platform, start.byte)
        : { read: split.tail.read, readBytes: undefined };
    return new DecodedSplit(read, {
      format,
      schema: this.#partitions.fileSchema,
      columns: this.#options.columns,
      source: info.path,
      split: number,
      context: this.#context,
      maxRecordBytes: this.#options.maxRecordBytes,
      start,
      readBytes,
    });
  }

  #decodeParquet({ number, position, info }: FileSplit, parquet: ParquetFile): SplitReader {
    const { workspace, batchRowsMax } = this.#context;
    const wake = () => this.#context.wake();
    const schema = this.#partitions.fileSchema;
    const predicate = this.#partitions.predicateOf(info.path);
    const reader = parquet.split({ workspace, schema, predicate, batchRowsMax, split: number, wake });
    if (position !== null) reader.restore(position);
    reader.start();
    return reader;
  }

  /** Closes the open file that is furthest ahead, where it stands; when none is open, those being closed make room. */
  #makeRoom(): void {
    const open = (this.#splits ?? []).filter(({ reader }) => reader !== null);
    if (open.length === 0) return;
    const progressOf = ({ number, quiet }: FileSplit) =>
      quiet ? Number.POSITIVE_INFINITY : this.#context.progressMs(number);
    const ahead = open.reduce((most, split) => (progressOf(split) > progressOf(most) ? split : most));
    ahead.position = (ahead.reader as SplitReader).snapshot();
    ahead.share = shareOf(ahead);
    this.#closeSplit(ahead);
  }

  #closeSplit(split: FileSplit): void {
    split.reader?.close();
    split.reader = null;
    split.tail = null;
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

/** Up to which byte a file of records was read, when it was closed. */
function byteOf({ position }: FileSplit): number {
  return (position as DecoderPosition | null)?.byte ?? 0;
}

/** Whether a closed file has bytes that are not read: another had its name when it was to be opened. */
function isLeftOpen(split: FileSplit): boolean {
  return split.quiet && split.reader === null && byteOf(split) < split.info.lengthBytes;
}

/** How much of the file has been read, 0 to 1. */
function shareOf({ reader, share, info }: FileSplit): number {
  if (reader === null) return share;
  const { doneBytes, totalBytes } = reader.progress();
  const all = totalBytes ?? info.lengthBytes;
  return all === 0 ? 1 : Math.min(1, doneBytes / all);
}
