// Standard output as a sink: rows in any record format, for whatever stands behind the pipe. What it does not take holds the
// sources back.
import type { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import { ConnectorError } from "../errors.js";
import type { Encoder } from "../formats/format.js";
import type { Sink, SinkContext } from "../operators/sink.js";
import type { TableRef } from "../plan/logical.js";
import type { Completion } from "../platform/platform.js";
import type { Connector } from "../runtime/connector.js";
import { loadFormat, openFormat } from "./formats.js";

/** Bytes on their way before the sink says that it is full. */
const WAITING_BYTES_MAX = 1 << 20;

export const stdout: Connector = {
  name: "stdout",
  prepareSink: ({ ref, platform }) => {
    if (platform.output.write !== undefined) return loadFormat(formatOf(ref), ref.name);
    const error = new ConnectorError("UNSUPPORTED", "a page has no standard output", {
      hint: "show rows by mill.console() or stream.print()",
      domain: "user",
    });
    return Promise.reject(error);
  },
  sink: ({ ref }, schema) => new StdoutSink(ref, schema),
};

function formatOf({ options }: TableRef): string {
  return (options["format"] as string | undefined) ?? "ndjson";
}

class StdoutSink implements Sink {
  readonly #encoder: Encoder;
  #context!: SinkContext;
  #waitingBytes = 0;
  #writes = 0;
  #aborted = false;
  #finished: Completion<void> | null = null;

  constructor(ref: TableRef, schema: Schema) {
    this.#encoder = openFormat(formatOf(ref), ref).createEncoder(schema);
  }

  open(context: SinkContext): void {
    this.#context = context;
  }

  get ready(): boolean {
    return this.#waitingBytes < WAITING_BYTES_MAX;
  }

  write(batch: Batch): void {
    this.#write(this.#encoder.encode(batch));
  }

  finish(done: Completion<void>): void {
    this.#finished = done;
    this.#write(this.#encoder.finish());
    this.#end(null);
  }

  /** What is on its way arrives; lines are whole. */
  abort(done: Completion<void>): void {
    this.#aborted = true;
    this.#finished = () => done(null);
    this.#end(null);
  }

  #write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#waitingBytes += bytes.length;
    this.#writes++;
    this.#context.platform.output.write?.(bytes, (error) => {
      this.#waitingBytes -= bytes.length;
      this.#writes--;
      if (this.#finished !== null) this.#end(error);
      else if (error !== null) this.#context.fail(error);
      else if (!this.#aborted) this.#context.wake();
    });
  }

  #end(error: Error | null): void {
    if (this.#writes > 0 && error === null) return;
    const finished = this.#finished;
    this.#finished = null;
    finished?.(error);
  }
}
