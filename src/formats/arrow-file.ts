// Arrow IPC files read at any place of them: the footer tells where the record batches stand, the metadata of a record batch
// where its columns' buffers are. Read are those of the columns that are wanted; the others' stay zero, and nobody looks at them.
import type { Batch } from "../arrow/batch.js";
import type { Poll } from "../operators/source.js";
import type { Completion, ReadableFile } from "../platform/platform.js";
import type { StateValue } from "../state/snapshot.js";
import { asBatch, checkNames, readRecordBatch } from "./arrow-batch.js";
import { BlockReader, type Unit, unitsOf } from "./arrow-blocks.js";
import { type ArrowFooter, readArrowFooter } from "./arrow-footer.js";
import { arrowIpcInvalid, type IpcMessage, readingArrow } from "./arrow-messages.js";
import { schemaFromArrow } from "./arrow-types.js";
import type { RangedFile, RangedSplit, RangedSplitOptions } from "./ranged-file.js";

/** Bytes of record batches that are read ahead of the one whose rows are given out. */
const AHEAD_BYTES = 8 << 20;

/** Reads and checks the footer; null for what is no Arrow file. Errors: ARROW_INVALID, RECORD_TOO_LARGE, UNSUPPORTED. */
export function openArrowFile(file: ReadableFile, done: Completion<RangedFile | null>): void {
  readArrowFooter(file, (error, footer) => {
    if (error !== null || footer === null) return done(error, null);
    let opened: RangedFile;
    try {
      const schema = readingArrow(file.path, () => schemaFromArrow(footer.schema));
      opened = { schema, split: (options) => new ArrowSplit(file, footer, { schema, ...options }) };
    } catch (cause) {
      return done(cause as Error, null);
    }
    return done(null, opened);
  });
}

/** A unit that is read, or being read. */
interface Asked {
  readonly bytes: number;
  /** null while it is on its way. */
  messages: IpcMessage[] | null;
}

class ArrowSplit implements RangedSplit {
  readonly schema: RangedSplit["schema"];
  readonly #file: ReadableFile;
  readonly #footer: ArrowFooter;
  readonly #options: RangedSplitOptions;
  readonly #reader: BlockReader;
  /** What is left to ask for, and what was asked for, in their order. */
  #units: readonly Unit[] = [];
  #nextUnit = 0;
  readonly #ahead: Asked[] = [];
  /** The messages of the dictionaries that are wanted; null before they are read. */
  #dictionaries: Uint8Array[] | null = null;
  #started = false;
  #closed = false;
  #error: Error | null = null;
  /** The record batch whose rows are given out. */
  #loaded: Batch | null = null;
  /** Its number, or that of the next one; and the next row of it. */
  #batch = 0;
  #row = 0;

  constructor(file: ReadableFile, footer: ArrowFooter, options: RangedSplitOptions & Pick<RangedSplit, "schema">) {
    this.schema = options.schema;
    this.#file = file;
    this.#footer = footer;
    this.#options = options;
    const names = options.schema.fields.map(({ name }) => name);
    checkNames(footer.schema, names, file.path);
    this.#reader = new BlockReader(file, footer.schema, names);
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#units = unitsOf(this.#footer.recordBatches.slice(this.#batch));
    this.#reader.readDictionaries(this.#footer.dictionaries, (error, messages) => {
      if (this.#closed) return;
      this.#error ??= error;
      this.#dictionaries = messages;
      this.#options.wake();
    });
    this.#ask();
  }

  poll(): Poll {
    this.start();
    if (this.#error !== null) throw this.#error;
    for (;;) {
      // The rows given last have been taken over by now.
      if (this.#loaded !== null && this.#row === this.#loaded.rowCount) this.#unload();
      if (this.#loaded !== null) return this.#give(this.#loaded);
      if (this.#batch === this.#footer.recordBatches.length) return "done";
      const message = this.#take();
      if (message === null) return "blocked";
      this.#load(message);
    }
  }

  snapshot(): StateValue {
    return { batch: this.#batch, row: this.#row };
  }

  restore(state: StateValue): void {
    const { batch, row } = state as { batch: number; row: number };
    this.#batch = batch;
    this.#row = row;
  }

  progress(): { doneBytes: number; totalBytes: number } {
    const sizes = this.#footer.recordBatches.map(({ metadataBytes, bodyBytes }) => metadataBytes + bodyBytes);
    const sum = (of: readonly number[]): number => of.reduce((total, bytes) => total + bytes, 0);
    return { doneBytes: sum(sizes.slice(0, this.#batch)), totalBytes: sum(sizes) };
  }

  close(): void {
    this.#closed = true;
    this.#loaded?.release();
    this.#loaded = null;
    this.#ahead.length = 0;
  }

  #give(batch: Batch): Batch {
    const { workspace, split = 0, batchRowsMax } = this.#options;
    const end = Math.min(batch.rowCount, this.#row + batchRowsMax);
    const rows = batch.slice(this.#row, end).within(workspace, split);
    this.#row = end;
    return rows;
  }

  #unload(): void {
    this.#loaded?.release();
    this.#loaded = null;
    this.#batch++;
    this.#row = 0;
  }

  /** The next record batch's message, null while it is on its way. */
  #take(): IpcMessage | null {
    this.#ask();
    const messages = this.#ahead[0]?.messages ?? null;
    if (messages === null || this.#dictionaries === null) return null;
    const message = messages.shift() ?? null;
    if (messages.length === 0) this.#ahead.shift();
    this.#ask();
    return message;
  }

  #load({ header, bytes, byte }: IpcMessage): void {
    const { path: source } = this.#file;
    const messages = [this.#footer.schemaMessage, ...(this.#dictionaries ?? []), bytes];
    this.#loaded = readingArrow(source, () => {
      if (!header.isRecordBatch()) throw arrowIpcInvalid(source, "the footer names a record batch that is none", byte);
      return asBatch(readRecordBatch(messages), { ...this.#options, schema: this.schema, source });
    });
    if (this.#row > this.#loaded.rowCount) throw arrowIpcInvalid(source, `row ${this.#row} is behind its end`, byte);
  }

  /** Reads ahead: one unit at least, more while they are few bytes. */
  #ask(): void {
    const aheadBytes = (): number => this.#ahead.reduce((total, { bytes }) => total + bytes, 0);
    while (this.#nextUnit < this.#units.length && (this.#ahead.length === 0 || aheadBytes() < AHEAD_BYTES)) {
      const unit = this.#units[this.#nextUnit++] as Unit;
      const asked: Asked = { bytes: unit.bytes, messages: null };
      this.#ahead.push(asked);
      this.#reader.read(unit, (error, messages) => {
        if (this.#closed) return;
        this.#error ??= error;
        asked.messages = messages;
        this.#options.wake();
      });
    }
  }
}
