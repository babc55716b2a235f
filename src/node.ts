// Millrace in Node: the portable API over Node's files, fetch and timers, and servers that pages listen to.
import { explainProgram } from "./api/explain.js";
import { type IngestOptions, openIngest } from "./api/live.js";
import { Pipeline, type Target } from "./api/pipeline.js";
import type { Runner } from "./api/runner.js";
import { DataStream } from "./api/stream.js";
import type { Table } from "./api/table.js";
import { BROADCAST_OPTIONS, type BroadcastOptions } from "./api/targets.js";
import type { RowOf, SchemaLiteral } from "./api/types.js";
import * as compiler from "./compiler.js";
import { CONNECTORS } from "./connectors/all.js";
import { NODE_CONNECTORS } from "./connectors/all.node.js";
import { Engine, type EngineOptions, prepareEngine } from "./engine.js";
import { loadPart } from "./platform/errors.js";
import { nodePlatform } from "./platform/node.js";
import type { SqlSession } from "./sql/session.js";
import { inlineModules } from "./wasm/inline.js";

export type { IngestOptions } from "./api/live.js";
export type { BroadcastOptions } from "./api/targets.js";
export * from "./index.js";

export class Millrace extends Engine {
  /** Tables and views that SQL has created, once there is SQL. */
  #sql: SqlSession | undefined;

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

  /**
   * The statements of a text of SQL in order, each bound when the loop asks for it: a SELECT is a stream, an INSERT a pipeline
   * to run, EXPLAIN a text. What CREATE makes stays as long as the engine.
   *
   * @example for await (const result of mill.script(text)) if (result instanceof Pipeline) await result.run();
   * @throws SqlError with line and column
   */
  async *script(text: string): AsyncGenerator<DataStream | Pipeline | string, void, undefined> {
    const { SqlSession } = await loadPart("SQL", () => import("./sql/session.js"));
    const runner = this.source((own): Runner => own);
    this.#sql ??= new SqlSession(runner.catalog, this.workspace);
    for (const outcome of this.#sql.script(text)) {
      if (outcome.kind === "query") yield new DataStream(runner, outcome.plan);
      else if (outcome.kind === "run") yield new Pipeline(runner, outcome.plans);
      else if (outcome.kind === "explain") yield await explainProgram(runner, outcome.plans);
    }
  }
}
