// A file as a sink: written under a hidden name beside its target, made durable, and given its name by a hard link at the
// end. What was not finished leaves nothing behind, and no file is ever written over.
import type { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import { ConnectorError } from "../errors.js";
import type { Encoder } from "../formats/format.js";
import type { Sink, SinkContext } from "../operators/sink.js";
import type { TableRef } from "../plan/logical.js";
import { fileExists } from "../platform/errors.js";
import type { Completion, Storage, WritableFile } from "../platform/platform.js";
import { joined } from "./bytes.js";
import { extensionOf, formatOf, openFormat, PARQUET, RECORD_NAMES } from "./formats.js";

/** Bytes that wait to be written before the sink says that it is full. */
const WAITING_BYTES_MAX = 4 << 20;
/** Bytes gathered for one write. */
const WRITE_BYTES = 256 << 10;

/** One call to the storage; they run one after another. */
type Call = (done: Completion<void>) => void;

export class FileSink implements Sink {
  readonly #path: string;
  readonly #encoder: Encoder;
  #context!: SinkContext;
  #storage!: Storage;
  #temporary = "";
  #file: WritableFile | null = null;
  /** Encoded bytes that are not handed to a write yet. */
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #waitingBytes = 0;
  readonly #calls: Call[] = [];
  #calling = false;
  #aborted = false;
  #hasTemporary = false;
  /** Who is told of the first error: the job, or whoever waits for the end. */
  #failed: (error: Error) => void = () => undefined;

  /** The table's name is the path; its format, by the path's ending unless given, has been loaded. */
  constructor(table: TableRef, schema: Schema) {
    const { name: path } = table;
    const format = formatForWriting(table);
    this.#encoder = openFormat(format, table).createEncoder(schema);
    this.#path = path.endsWith("/") ? `${path}part-0${extensionOf(format, path)}` : path;
  }

  open(context: SinkContext): void {
    this.#context = context;
    this.#failed = (error) => context.fail(error);
    const { storage, random } = context.platform;
    this.#storage = storage;
    const slash = this.#path.lastIndexOf("/") + 1;
    this.#temporary = `${this.#path.slice(0, slash)}.${this.#path.slice(slash)}.${random.uuid()}.tmp`;
    // Looked at before a day's work, not only after it; publishing looks again.
    this.#enqueue((done) => {
      storage.list(this.#path, (error, files) => done(error ?? (files.length > 0 ? fileExists(this.#path) : null)));
    });
    this.#enqueue((done) => {
      storage.create(this.#temporary, (error, created) => {
        if (error === null) {
          this.#file = created;
          this.#hasTemporary = true;
        }
        done(error);
      });
    });
  }

  get ready(): boolean {
    return this.#waitingBytes < WAITING_BYTES_MAX;
  }

  write(batch: Batch): void {
    this.#gather(this.#encoder.encode(batch));
    if (this.#gatheredBytes >= WRITE_BYTES) this.#writeGathered();
  }

  finish(done: Completion<void>): void {
    this.#failed = done;
    this.#gather(this.#encoder.finish());
    this.#writeGathered();
    this.#enqueue((next) => this.#created.sync(next));
    this.#enqueue((next) => this.#closeFile(next));
    this.#enqueue((next) => this.#publish(next));
    this.#enqueue((next) => {
      next(null);
      done(null);
    });
  }

  /** What is under way comes to its end first; then the file is closed and goes. */
  abort(done: Completion<void>): void {
    this.#aborted = true;
    this.#calls.length = 0;
    this.#enqueue((next) => this.#closeFile(next));
    this.#enqueue((next) => this.#removeFile(next));
    this.#enqueue((next) => {
      next(null);
      done(null);
    });
  }

  #gather(bytes: Uint8Array): void {
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    this.#waitingBytes += bytes.length;
  }

  #writeGathered(): void {
    const bytes = joined(this.#gathered, this.#gatheredBytes);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    if (bytes.length === 0) return;
    this.#enqueue((next) => {
      this.#created.write(bytes, (error) => {
        const wasReady = this.ready;
        this.#waitingBytes -= bytes.length;
        if (!wasReady && this.ready) this.#context.wake();
        next(error);
      });
    });
  }

  get #created(): WritableFile {
    return this.#file as WritableFile;
  }

  #closeFile(done: Completion<void>): void {
    const file = this.#file;
    this.#file = null;
    if (file === null) done(null);
    else file.close(done);
  }

  #publish(done: Completion<void>): void {
    this.#storage.publish(this.#temporary, this.#path, (error) => {
      if (error === null) this.#hasTemporary = false;
      done(error);
    });
  }

  #removeFile(done: Completion<void>): void {
    if (this.#hasTemporary) this.#storage.remove(this.#temporary, done);
    else done(null);
  }

  #enqueue(call: Call): void {
    this.#calls.push(call);
    this.#next();
  }

  #next(): void {
    if (this.#calling) return;
    const call = this.#calls.shift();
    if (call === undefined) return;
    this.#calling = true;
    call((error) => {
      this.#calling = false;
      if (error !== null) this.#refuse(error);
      this.#next();
    });
  }

  /** The first error ends everything; while cleaning up it is only said. */
  #refuse(error: Error): void {
    if (this.#aborted) {
      this.#context.platform.log("warn", `while removing ${this.#temporary}: ${error.message}`);
      return;
    }
    this.#calls.length = 0;
    this.#failed(error);
  }
}

/** @throws OPTION; UNSUPPORTED for formats that are read only */
export function formatForWriting({ name: path, options }: TableRef): string {
  const name = formatOf(path, options["format"] as string | undefined);
  if (name !== PARQUET) return name;
  throw new ConnectorError("UNSUPPORTED", `${path}: Parquet files are not written yet`, {
    hint: `write ${RECORD_NAMES.join(", ")}`,
    at: { source: path },
    domain: "user",
  });
}
