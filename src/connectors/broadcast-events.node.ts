// Rows as Server-Sent Events (HTML, 9.2): every client gets the table, then what changes. An event's id is its version; a
// client that comes back with it goes on there, if the table still remembers.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Schema } from "../arrow/types.js";
import type { Connector, Table } from "../runtime/connector.js";
import type { TableEvent } from "../runtime/live-rows.js";
import { BroadcastSink, type Client, eventJson, prepareBroadcast } from "./broadcast-sink.node.js";

export const eventStream: Connector = {
  name: "event-stream",
  prepareSink: prepareBroadcast,
  sink: (table, schema) => new EventStreamSink(table, schema),
};

/** A comment so often: proxies close what is silent, and a client that is gone is noticed. */
const ALIVE_MS = 15_000;

class EventStreamSink extends BroadcastSink {
  /** Tells this run's ids from those of others. */
  readonly #run: string;
  /** The bytes of events that somebody may still be told. */
  readonly #bytes = new WeakMap<TableEvent<string>, Buffer>();

  constructor(table: Table, schema: Schema) {
    super(table, schema, "http");
    this.#run = table.platform.random.uuid();
  }

  protected override serve(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      connection: "close",
      "x-content-type-options": "nosniff",
      // Some proxies gather what they pass on.
      "x-accel-buffering": "no",
    });
    response.flushHeaders();
    const drop = () => void response.destroy();
    const client: Client = {
      send: (event) => {
        if (response.write(this.#bytesOf(event))) return null;
        return this.taken(client, (done) => whenDrained(response, done));
      },
      end: (well) => {
        if (well) response.end("event: end\ndata: {}\n\n");
        else drop();
      },
      drop,
    };
    const leave = this.admit(client);
    const stop = this.tell(client, this.#versionOf(request.headers["last-event-id"]));
    const alive = setInterval(() => response.writableNeedDrain || response.write(":\n\n"), ALIVE_MS);
    response.on("error", drop);
    response.on("close", () => {
      clearInterval(alive);
      stop();
      leave();
    });
  }

  #bytesOf(event: TableEvent<string>): Buffer {
    let bytes = this.#bytes.get(event);
    if (bytes === undefined) {
      const kind = event.snapshot === undefined ? "changes" : "snapshot";
      bytes = Buffer.from(`id: ${this.#run}-${event.version}\nevent: ${kind}\ndata: ${eventJson(event)}\n\n`);
      this.#bytes.set(event, bytes);
    }
    return bytes;
  }

  #versionOf(id: string | string[] | undefined): number | null {
    if (typeof id !== "string" || !id.startsWith(`${this.#run}-`)) return null;
    const version = Number(id.slice(this.#run.length + 1));
    return Number.isSafeInteger(version) && version >= 0 ? version : null;
  }
}

/** Calls `done` when the response takes more, or is closed. */
function whenDrained(response: ServerResponse, done: () => void): void {
  const go = () => {
    response.off("drain", go);
    response.off("close", go);
    done();
  };
  response.on("drain", go);
  response.on("close", go);
}
