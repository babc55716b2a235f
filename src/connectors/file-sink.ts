// Files as a sink: one new file, or the parts of a directory, each begun when the one before is full. All get their names when
// the job ends well (file-part.ts), those of rows without end as soon as they are full. What was not finished leaves nothing
// behind, and no file is ever written over.
import { type Duration, parseDurationMs } from "../api/duration.js";
import { checkInteger, checkOptions } from "../api/options.js";
import type { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import { ConnectorError, PlanError } from "../errors.js";
import type { Encoder } from "../formats/format.js";
import type { Sink, SinkContext } from "../operators/sink.js";
import type { TableRef } from "../plan/logical.js";
import type { Completion } from "../platform/platform.js";
import type { Table } from "../runtime/connector.js";
import { Backlog, WAITING_BYTES_MAX } from "./backlog.js";
import { type Compression, compressionOf, endingOf } from "./compression.js";
import { FilePart } from "./file-part.js";
import { extensionOf, formatOf, openWriter, PARQUET, type Writer } from "./formats.js";

/** The longest that timers of hosts can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** When a part is full: the first bound that it reaches. */
interface Roll {
  readonly rows: number;
  readonly bytes: number;
  readonly everyMs: number;
}

interface RollOptions {
  readonly rows?: number;
  readonly bytes?: number;
  readonly every?: Duration;
}

export class FileSink implements Sink {
  readonly #path: string;
  readonly #format: Writer;
  readonly #extension: string;
  readonly #compression: Compression;
  readonly #roll: Roll | null;
  readonly #schema: Schema;
  readonly #backlog: Backlog;
  /** Full parts get their names at once: the rows have no end. */
  readonly #endless: boolean;
  /** Those without a name yet, and that which is written. */
  readonly #parts: FilePart[] = [];
  /** Those that lose their names again when others do not get theirs. */
  readonly #named: FilePart[] = [];
  #partCount = 0;
  #context!: SinkContext;
  /** null while it rests. */
  #encoder: Encoder | null;
  /** Of the part that is written. */
  #rows = 0;
  #bytes = 0;
  #sinceMs = 0;
  #cancelTimer: () => void = () => undefined;
  /** The last part is sealed; the next row begins another one. */
  #resting = false;
  #finished: Completion<void> | null = null;

  /**
   * The table's name is the path, unless `directory` is; its format, by the path's ending unless given, has been loaded.
   *
   * @param backlog - shared by the sinks of one target
   * @throws OPTION, UNSUPPORTED
   */
  constructor({ ref, endless = false }: Table, schema: Schema, backlog = new Backlog(), directory?: string) {
    const table = directory === undefined ? ref : { ...ref, name: directory };
    const { name: path, options } = table;
    const format = writtenFormat(table);
    this.#path = path;
    this.#endless = endless;
    this.#schema = schema;
    this.#backlog = backlog;
    this.#format = openWriter(format, table);
    this.#encoder = this.#format.createEncoder(schema);
    this.#compression = compressionOf(path, options["compression"]);
    this.#extension = `${extensionOf(format, path)}${endingOf(this.#compression)}`;
    this.#roll = rollOf(path, options["roll"] as RollOptions | undefined);
    if (format === PARQUET && this.#compression !== "none") {
      throw unsupported(
        path,
        "Parquet compresses its own pages",
        "leave the compression out: see { parquet: { compression } }",
      );
    }
  }

  open(context: SinkContext): void {
    const { gzip, zstd } = context.platform;
    this.#context = context;
    if (this.#compression === "gzip" && gzip === undefined) {
      throw unsupported(this.#path, "this host cannot write gzip", "write it uncompressed");
    }
    if (this.#compression === "zstd" && zstd === undefined) {
      throw unsupported(this.#path, "this host cannot write Zstandard", "Node 22.15 and newer can; or write gzip: .gz");
    }
    this.#beginPart();
  }

  get ready(): boolean {
    return !this.#backlog.isFull;
  }

  write(batch: Batch): void {
    const roll = this.#roll;
    if (roll === null) {
      if (this.#resting) this.#beginNext();
      this.#part.write((this.#encoder as Encoder).encode(batch));
      return;
    }
    for (let row = 0; row < batch.rowCount; ) {
      if (this.#isFull(roll)) this.rest();
      if (this.#resting) this.#beginNext();
      if (this.#rows === 0) this.#startTimer(roll);
      const end = Math.min(batch.rowCount, row + roll.rows - this.#rows);
      const bytes = (this.#encoder as Encoder).encode(batch.slice(row, end));
      this.#part.write(bytes);
      this.#bytes += bytes.length;
      this.#rows += end - row;
      row = end;
    }
  }

  /** Hands on what is gathered for larger writes. */
  flush(): void {
    if (!this.#resting) this.#part.flush();
  }

  /** Closes the part that is written: it is full, or others need its handle. */
  rest(): void {
    if (this.#resting) return;
    this.#cancelTimer();
    this.#rows = 0;
    this.#part.write((this.#encoder as Encoder).finish());
    this.#encoder = null;
    this.#part.seal();
    this.#resting = true;
    if (this.#endless) this.#publish(this.#part);
  }

  finish(done: Completion<void>): void {
    this.#finished = done;
    this.rest();
    this.#publishNext();
  }

  abort(done: Completion<void>): void {
    this.#cancelTimer();
    const parts = [...this.#named, ...this.#parts];
    let left = parts.length;
    if (left === 0) done(null);
    for (const part of parts) {
      part.abort(() => {
        if (--left === 0) done(null);
      });
    }
  }

  get #part(): FilePart {
    return this.#parts.at(-1) as FilePart;
  }

  /** At the end: one part after another gets its name, those of rows without end are on their way to it. */
  #publishNext(): void {
    const [part] = this.#parts;
    if (part === undefined) this.#finished?.(null);
    else if (!this.#endless) this.#publish(part);
  }

  #publish(part: FilePart): void {
    part.publish((error) => {
      if (error === null) {
        this.#parts.splice(this.#parts.indexOf(part), 1);
        if (!this.#endless) this.#named.push(part);
        if (this.#finished !== null) this.#publishNext();
      } else if (this.#finished === null) this.#context.fail(error);
      else this.#finished(error);
    });
  }

  /** A part is full when its time has come, whether or not more rows come. */
  #startTimer({ everyMs }: Roll): void {
    const { clock, scheduler } = this.#context.platform;
    this.#sinceMs = clock.monotonicMs();
    if (everyMs > TIMER_MS_MAX) return;
    this.#cancelTimer = scheduler.after(everyMs, () => {
      if (this.#finished === null) this.rest();
    });
  }

  #isFull({ rows, bytes, everyMs }: Roll): boolean {
    if (this.#rows === 0) return false;
    const ageMs = this.#context.platform.clock.monotonicMs() - this.#sinceMs;
    return this.#rows >= rows || this.#bytes >= bytes || ageMs >= everyMs;
  }

  #beginNext(): void {
    this.#resting = false;
    this.#encoder = this.#format.createEncoder(this.#schema);
    this.#beginPart();
  }

  #beginPart(): void {
    const { platform } = this.#context;
    const number = this.#partCount++;
    this.#rows = 0;
    this.#bytes = 0;
    const part = new FilePart({
      path: this.#path.endsWith("/") ? `${this.#path}part-${number}${this.#extension}` : this.#path,
      platform,
      backlog: this.#backlog,
      keepsName: this.#endless,
      compress: this.#compression === "none" ? null : (platform[this.#compression] ?? null),
      failed: (error) => this.#context.fail(error),
      wrote: (bytes) => {
        if (this.ready && this.#backlog.waitingBytes + bytes >= WAITING_BYTES_MAX) this.#context.wake();
      },
    });
    this.#parts.push(part);
  }
}

/** @throws OPTION for parts of what is no directory, and bounds that are none */
function rollOf(path: string, options: RollOptions | undefined): Roll | null {
  if (options === undefined) return null;
  const { rows, bytes, every } = checkOptions(options, ["rows", "bytes", "every"], "roll");
  if (!path.endsWith("/") || (rows ?? bytes ?? every) === undefined) {
    const what = path.endsWith("/") ? "says no bound" : `wants a directory, and "${path}" is a file`;
    throw new PlanError("OPTION", `roll ${what}`, {
      hint: 'mill.file("out/", { format: "ndjson", roll: { rows: 1_000_000 } }); bounds are rows, bytes and every',
    });
  }
  return {
    rows: rows === undefined ? Number.POSITIVE_INFINITY : checkInteger(rows, 1, "roll.rows"),
    bytes: bytes === undefined ? Number.POSITIVE_INFINITY : checkInteger(bytes, 1, "roll.bytes"),
    everyMs: every === undefined ? Number.POSITIVE_INFINITY : parseDurationMs(every, "roll.every"),
  };
}

/** The name of the format that a table is written in. @throws OPTION */
export function writtenFormat({ name, options }: TableRef): string {
  return formatOf(name, options["format"] as string | undefined);
}

function unsupported(path: string, what: string, hint: string): ConnectorError {
  return new ConnectorError("UNSUPPORTED", `${path}: ${what}`, { hint, at: { source: path }, domain: "user" });
}
