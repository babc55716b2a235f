// Arrow IPC streams and files → batches. A record batch is read as one piece of memory, copied column by column, and given
// out in slices of a batch each. Its buffers are checked before a kernel sees them (arrow-import.ts).
import type * as arrow from "apache-arrow";
import type { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import { DataError, SchemaError } from "../errors.js";
import { asBatch, readRecordBatch } from "./arrow-batch.js";
import { readIpc } from "./arrow-ipc.js";
import { arrowIpcInvalid, type IpcMessage, IpcMessages, readingArrow } from "./arrow-messages.js";
import { schemaFromArrow } from "./arrow-types.js";
import { type Decoder, type DecoderOptions, type DecoderPosition, type Sample, START } from "./format.js";
import { joined } from "./joined.js";

/** Files without schema in front are kept whole, up to this. */
const WHOLE_BYTES_MAX = 1024 * 1024 * 1024;

/** A record batch in memory, whose rows are given out from `next` on. */
interface Loaded {
  readonly batch: Batch;
  next: number;
}

export class ArrowDecoder implements Decoder {
  readonly schema: Schema;
  readonly #options: DecoderOptions;
  readonly #messages: IpcMessages;
  /** The bytes of the schema's message; null before it came. */
  #first: Uint8Array | null = null;
  /** All bytes so far, until the schema has come: a file that has it at its end only is read as a whole. */
  #kept: Uint8Array[] | null = [];
  #keptBytes = 0;
  /** Record batches of such a file that wait. */
  #whole: Iterator<arrow.RecordBatch> | null = null;
  #finished = false;
  /** The messages of each dictionary so far: its values, and what was added to them. */
  readonly #dictionaries = new Map<number, Uint8Array[]>();
  #loaded: Loaded | null = null;
  /** Rows that were given out, in the run before too. */
  #rows: number;
  /** Rows that the run before has given out, and that are still to be passed over. */
  #skip: number;

  constructor(options: DecoderOptions) {
    this.schema = options.schema;
    this.#options = options;
    this.#messages = new IpcMessages(options.source);
    this.#rows = options.start?.rows ?? 0;
    this.#skip = this.#rows;
  }

  /** What the columns are stands at the start, so it is read again from there, and the rows are counted. */
  get position(): DecoderPosition {
    return { ...START, rows: this.#rows };
  }

  feed(chunk: Uint8Array): void {
    const bytes = chunk.slice();
    this.#messages.feed(bytes);
    if (this.#kept === null) return;
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
    if (this.#keptBytes <= WHOLE_BYTES_MAX) return;
    const { source } = this.#options;
    throw new DataError(
      "RECORD_TOO_LARGE",
      `${source}: a file of more than ${WHOLE_BYTES_MAX} bytes without schema in front`,
      {
        hint: "it has to be read as a whole: write it as an Arrow stream, or with its schema in front as other writers do",
        at: { source },
      },
    );
  }

  finish(): void {
    this.#finished = true;
    this.#messages.finish();
  }

  next(): Batch | null {
    // The rows given last have been taken over by now.
    if (this.#loaded?.next === this.#loaded?.batch.rowCount) this.#unload();
    while (this.#loaded === null) if (!this.#advance()) return null;
    const { workspace, split, batchRowsMax } = this.#options;
    const { batch, next } = this.#loaded;
    const end = Math.min(batch.rowCount, next + batchRowsMax);
    const rows = batch.slice(next, end).within(workspace, split);
    this.#loaded.next = end;
    this.#rows += end - next;
    return rows;
  }

  close(): void {
    this.#unload();
    this.#kept = null;
  }

  /** Reads on to the next rows. False when that needs more bytes, or there are none. */
  #advance(): boolean {
    if (this.#whole !== null) {
      const { done, value } = this.#whole.next();
      if (!done) readingArrow(this.#options.source, () => this.#load(value));
      return !done;
    }
    const message = this.#nextMessage();
    if (message !== null) readingArrow(this.#options.source, () => this.#read(message));
    else if (this.#finished && this.#kept !== null && this.#messages.isFile) this.#readWhole(this.#kept);
    else return false;
    return true;
  }

  #nextMessage(): IpcMessage | null {
    if (this.#messages.isTruncated) return null;
    try {
      return this.#messages.next();
    } catch (error) {
      if (!this.#messages.isTruncated) throw error;
      this.#breakOff(error as DataError);
      return null;
    }
  }

  /** A source that breaks off is a bad record: what came before it is read, and the row policy decides. */
  #breakOff({ code, message, at = {} }: DataError): void {
    this.#kept = null;
    this.#options.bad({ code, message, at, raw: new Uint8Array(0) });
  }

  #unload(): void {
    this.#loaded?.batch.release();
    this.#loaded = null;
  }

  #read({ header, bytes }: IpcMessage): void {
    const { source } = this.#options;
    if (this.#first === null) {
      if (header.isSchema()) {
        this.#first = bytes;
        this.#kept = null;
      } else if (!this.#messages.isFile) throw arrowIpcInvalid(source, "it does not begin with a schema");
    } else if (header.isDictionaryBatch()) {
      const { id, isDelta } = header.header() as { id: number; isDelta: boolean };
      const before = isDelta ? (this.#dictionaries.get(id) ?? []) : [];
      this.#dictionaries.set(id, [...before, bytes]);
    } else if (header.isRecordBatch()) {
      const { length } = header.header() as { length: number };
      if (this.#skip >= length) this.#skip -= length;
      else this.#load(readRecordBatch([this.#first, ...[...this.#dictionaries.values()].flat(), bytes]));
    } else throw arrowIpcInvalid(source, "a second schema");
  }

  #readWhole(parts: readonly Uint8Array[]): void {
    const bytes = joined(parts, this.#keptBytes);
    this.#kept = null;
    try {
      this.#whole = readIpc(bytes, this.#options.source).batches[Symbol.iterator]();
    } catch (error) {
      this.#breakOff(error as DataError);
    }
  }

  #load(data: arrow.RecordBatch): void {
    if (this.#skip >= data.numRows) {
      this.#skip -= data.numRows;
      return;
    }
    this.#loaded = { batch: asBatch(data, this.#options), next: this.#skip };
    this.#skip = 0;
  }
}

/** The columns that the first message tells. @throws SCHEMA_EMPTY, ARROW_INVALID, UNSUPPORTED */
export function inferArrowSchema({ bytes, complete, source }: Sample): Schema {
  const messages = new IpcMessages(source);
  messages.feed(bytes);
  if (complete) messages.finish();
  const message = messages.next();
  if (message?.header.isSchema()) {
    const { header } = message;
    return readingArrow(source, () => schemaFromArrow(header.header() as arrow.Schema));
  }
  if (messages.isFile && complete) return schemaFromArrow(readIpc(bytes, source).schema);
  if (message !== null && !messages.isFile) throw arrowIpcInvalid(source, "it does not begin with a schema");
  throw new SchemaError("SCHEMA_EMPTY", `${source} tells no columns in its first ${bytes.length} bytes`, {
    hint: "give { schema }",
  });
}
