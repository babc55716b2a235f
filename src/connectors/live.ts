// Sources whose records come as messages when they come: a feed (a WebSocket, an event stream, requests) hands them in, they
// are gathered for at most 10 ms or until a batch is full, and decoded together by the table's format.
import type { Schema } from "../arrow/types.js";
import { ConnectorError } from "../errors.js";
import type { Decoder } from "../formats/format.js";
import type { BadRecord } from "../operators/bad-records.js";
import type { Poll, Source, SourceContext } from "../operators/source.js";
import type { TableRef } from "../plan/logical.js";
import type { Completion } from "../platform/platform.js";
import type { Resolved } from "../runtime/connector.js";
import type { StateValue } from "../state/snapshot.js";
import { loadAndOpen, openFormat } from "./formats.js";
import { MessageQueue } from "./message-queue.js";

/** How long messages are gathered for a batch while more may come: what a quiet stream is held up at most. */
const GATHER_MS = 10;
/** Bytes that are decoded at once, however few rows they are. */
const GATHER_BYTES = 1 << 20;
/** Bytes that may wait for the engine, unless the table says otherwise. */
const BUFFER_BYTES = 16 << 20;

/** What a feed tells its source. */
export interface Inlet {
  readonly context: SourceContext;
  /**
   * One message: records of the table's format. False when enough waits: then the feed holds its server back until
   * `resume`. A feed that cannot goes on, and from twice as much on messages are refused as SOURCE_OVERRUN.
   * @param mark - where to go on behind this message, for feeds that can
   */
  push(message: string | Uint8Array, mark?: string): boolean;
  /** A message that cannot be taken. */
  refuse(record: BadRecord): void;
  /** No more messages come. */
  end(): void;
  /** It is over, after all messages so far. */
  fail(error: Error): void;
}

/** What brings messages. */
export interface Feed {
  open(inlet: Inlet): void;
  /** There is room again. */
  resume(): void;
  /** Closes everything; answers when nothing is open any more. */
  close(done: Completion<void>): void;
  /** Goes on behind the message of this mark, before `open`. Absent where that is not possible. */
  restore?(mark: string | null): void;
}

/** Options that every such table keeps. */
interface LiveOptions {
  readonly format?: string;
  readonly maxRecordBytes?: number;
  readonly bufferBytes?: number;
}

/** Loads the format of a table without end, whose columns the user gives. */
export async function resolveLive(ref: TableRef, schema: Schema | null): Promise<Resolved> {
  await loadAndOpen(formatOf(ref), ref);
  if (schema !== null) return { schema, bounded: false, options: { columns: schema.fields.map(({ name }) => name) } };
  throw new ConnectorError("OPTION", `${ref.name} has no schema`, {
    hint: 'the columns cannot be found out before the first message: { schema: { ts: "TIMESTAMP(3)", price: "DOUBLE" } }',
    domain: "user",
  });
}

function formatOf({ options }: TableRef): string {
  return (options as LiveOptions).format ?? "ndjson";
}

interface Mark {
  readonly endByte: number;
  readonly mark: string;
}

export class LiveSource implements Source, Inlet {
  readonly schema: Schema;
  readonly mayIdle = true;
  context!: SourceContext;
  readonly #ref: TableRef;
  readonly #feed: Feed;
  readonly #queue: MessageQueue;
  #decoder!: Decoder;
  /** Whether the decoder has bytes that it has not used up. */
  #decoding = false;
  #finished = false;
  #ended = false;
  #closed = false;
  #held = false;
  #error: Error | null = null;
  #cancelTimer: (() => void) | null = null;
  /** When the oldest message that waits has come. */
  #sinceMs = 0;
  #doneBytes = 0;
  /** Records that the feed refused, and how many messages found no room, since the last poll. */
  #refused: BadRecord[] = [];
  #overran = 0;
  /** Marks of messages that are not decoded yet, and the last one of those that are. */
  #marks: Mark[] = [];
  #passedMark: string | null = null;

  constructor(ref: TableRef, schema: Schema, feed: Feed) {
    this.schema = schema;
    this.#ref = ref;
    this.#feed = feed;
    this.#queue = new MessageQueue((ref.options as LiveOptions).bufferBytes ?? BUFFER_BYTES);
  }

  open(context: SourceContext): void {
    this.context = context;
    const { name, options } = this.#ref;
    this.#decoder = openFormat(formatOf(this.#ref), this.#ref).createDecoder({
      workspace: context.workspace,
      schema: this.schema,
      columns: options["columns"] as readonly string[] | undefined,
      source: name,
      split: 0,
      batchRowsMax: context.batchRowsMax,
      maxRecordBytes: (options as LiveOptions).maxRecordBytes,
      bad: (record) => context.bad(record),
    });
    context.split({ split: 0, status: "active" });
    this.#feed.open(this);
  }

  poll(): Poll {
    this.#reportRefused();
    for (;;) {
      if (this.#decoding) {
        const batch = this.#decoder.next();
        if (batch !== null) return batch;
        this.#decoding = false;
      }
      if (this.#finished) return "done";
      if (this.#ready) this.#decode();
      else if (this.#queue.messages > 0) return "blocked";
      else if (this.#error !== null) throw this.#error;
      else if (!this.#ended) return "blocked";
      else {
        this.#decoder.finish();
        this.#decoding = true;
        this.#finished = true;
      }
    }
  }

  push(message: string | Uint8Array, mark?: string): boolean {
    const queue = this.#queue;
    if (queue.overrun) {
      this.#overran++;
      return false;
    }
    queue.push(message);
    if (mark !== undefined) this.#marks.push({ endByte: queue.endByte, mark });
    if (queue.messages === 1) this.#gather();
    else if (queue.messages === this.context.batchRowsMax || queue.bytes >= GATHER_BYTES) this.context.wake();
    this.#held = queue.full;
    return !this.#held;
  }

  refuse(record: BadRecord): void {
    this.#refused.push(record);
    this.context.wake();
  }

  end(): void {
    this.#ended = true;
    this.context.wake();
  }

  fail(error: Error): void {
    this.#error = error;
    this.end();
  }

  snapshot(): StateValue {
    this.#passMarks();
    return this.#passedMark;
  }

  restore(state: StateValue): void {
    const { restore } = this.#feed;
    if (restore === undefined) {
      throw new ConnectorError("UNSUPPORTED", `${this.#ref.name} cannot be read again from where it was`, {
        hint: "its server does not repeat messages: read from one that does (event streams with ids), or from files",
        domain: "user",
      });
    }
    this.#passedMark = state as string | null;
    restore.call(this.#feed, this.#passedMark);
  }

  progress(): { doneBytes: number; totalBytes: null } {
    return { doneBytes: this.#doneBytes, totalBytes: null };
  }

  close(done: Completion<void>): void {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#decoder?.close();
    this.#queue.clear();
    this.#feed.close(done);
  }

  /** Whether enough has come, or has waited long enough. */
  get #ready(): boolean {
    const { messages, bytes } = this.#queue;
    if (messages === 0) return false;
    if (messages >= this.context.batchRowsMax || bytes >= GATHER_BYTES || this.#ended) return true;
    return this.#nowMs() - this.#sinceMs >= GATHER_MS;
  }

  #decode(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#passMarks();
    const bytes = this.#queue.take();
    this.#doneBytes += bytes.length;
    this.#decoder.feed(bytes);
    this.#decoding = true;
    if (!this.#held) return;
    this.#held = false;
    this.#feed.resume();
  }

  /** The first message of a batch has come: it is decoded in a while, whatever follows. */
  #gather(): void {
    this.#sinceMs = this.#nowMs();
    // One millisecond more: a timer may fire a part of one too early, and would be waited for a second time.
    this.#cancelTimer = this.context.platform.scheduler.after(GATHER_MS + 1, () => {
      this.#cancelTimer = null;
      if (!this.#closed) this.context.wake();
    });
  }

  /** Forgets the marks of what is decoded, but for the last one. */
  #passMarks(): void {
    if (this.#marks.length === 0) return;
    const { byte } = this.#decoder.position;
    const left = this.#marks.findIndex(({ endByte }) => endByte > byte);
    const passed = left < 0 ? this.#marks.length : left;
    if (passed === 0) return;
    this.#passedMark = (this.#marks[passed - 1] as Mark).mark;
    this.#marks = this.#marks.slice(passed);
  }

  /** Messages that were lost are bad records: the row policy says whether the job goes on without them. */
  #reportRefused(): void {
    for (const record of this.#refused.splice(0)) this.context.bad(record);
    const count = this.#overran;
    if (count === 0) return;
    this.#overran = 0;
    this.context.metrics.badRows += count - 1;
    this.context.bad({
      code: "SOURCE_OVERRUN",
      message: `${count} messages came while ${this.#queue.bytes} bytes waited, and were lost`,
      at: { source: this.#ref.name },
      raw: new Uint8Array(0),
    });
  }

  #nowMs(): number {
    return this.context.platform.clock.monotonicMs();
  }
}
