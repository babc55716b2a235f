// Millrace in Node: the portable API over Node's files, fetch and timers, and servers that pages listen to.
import { type IngestOptions, openIngest } from "./api/live.js";
import type { Target } from "./api/pipeline.js";
import type { Table } from "./api/table.js";
import { BROADCAST_OPTIONS, type BroadcastOptions } from "./api/targets.js";
import type { RowOf, SchemaLiteral } from "./api/types.js";
import * as compiler from "./compiler.js";
import { CONNECTORS } from "./connectors/all.js";
import { NODE_CONNECTORS } from "./connectors/all.node.js";
import { Engine, type EngineOptions, prepareEngine } from "./engine.js";
import { nodePlatform } from "./platform/node.js";
import { inlineModules } from "./wasm/inline.js";

export type { IngestOptions } from "./api/live.js";
export type { BroadcastOptions } from "./api/targets.js";
export * from "./index.js";

export class Millrace extends Engine {
  /**
   * Opens an engine: its memory and kernels. Close it, or let `await using` do it.
   *
   * @example const mill = await Millrace.open();
   * @throws MEMORY_LIMIT, KERNELS, OPTION
   */
  static async open(options?: EngineOptions): Promise<Millrace> {
    const platform = nodePlatform();
    const connectors = [...CONNECTORS, ...NODE_CONNECTORS];
    const modules = inlineModules(platform.inflate);
    return new Millrace(await prepareEngine(platform, connectors, modules, options, async () => compiler));
  }

  /**
   * Records that other programs push over HTTP (`POST`, NDJSON, JSON or CSV by the content type). On this machine alone
   * unless the options say otherwise; the endpoint is there while the job runs.
   *
   * @example mill.ingest({ port: 8080, path: "/events", schema: { ts: "TIMESTAMP(3)", price: "DOUBLE" }, time: "ts" })
   */
  ingest<const S extends SchemaLiteral>(options: IngestOptions<S>): Table<RowOf<S>> {
    return this.source((runner) => openIngest(runner, options as IngestOptions));
  }

  /**
   * Server-Sent Events for any number of pages: each gets the table, then what changes. On this machine alone unless the
   * options say otherwise; the server is there while the job runs.
   *
   * @example perWindow.to(mill.eventStream({ port: 8080, path: "/windows", key: ["windowStart", "host"] })).run()
   */
  eventStream(options: BroadcastOptions): Target {
    const spec = { where: "eventStream()", connector: "event-stream", name: `events at :${options?.port}` };
    return this.target(spec, options, BROADCAST_OPTIONS);
  }

  /** The same over WebSockets, by the optional package `ws`. */
  webSocketServer(options: BroadcastOptions): Target {
    const spec = { where: "webSocketServer()", connector: "web-socket-server", name: `sockets at :${options?.port}` };
    return this.target(spec, options, BROADCAST_OPTIONS);
  }
}
