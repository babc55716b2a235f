// A runner that runs nothing: it knows tables by name, keeps what it is asked to run, and hands out prepared rows.

import type { AnyRow, Job, JobResult, RowOptions, RowReader, Runner, RunOptions } from "../../src/api/runner.js";
import { openTable, type Table, type TableOptions } from "../../src/api/table.js";
import type { CheckedSchema, RowOf, SchemaLiteral } from "../../src/api/types.js";
import { parseSchema } from "../../src/arrow/types.js";
import { ConnectorError } from "../../src/errors.js";
import { bindProgram, type ResolvedTable } from "../../src/plan/bind.js";
import { Catalog } from "../../src/plan/catalog.js";
import type { LogicalNode, LogicalPlan } from "../../src/plan/logical.js";
import type { Program } from "../../src/plan/walk.js";

const RESULT: JobResult = {
  rowsIn: 0,
  rowsOut: 0,
  lateRows: 0,
  partiallyLateRows: 0,
  duplicateRows: 0,
  badRows: 0,
  elapsedMs: 0,
};

export class FakeRunner implements Runner {
  readonly catalog = new Catalog();
  readonly #tables = new Map<string, { schema: Record<string, string>; bounded: boolean }>();
  /** Programs given to `run`, with their options. */
  readonly runs: { sinks: readonly LogicalPlan[]; options: RunOptions }[] = [];
  /** Plans given to `rows`. */
  readonly read: { plan: LogicalPlan; options: RowOptions }[] = [];
  /** Names of the tables that were opened, in order. */
  readonly resolved: string[] = [];
  cancelled = 0;
  #chunks: readonly (readonly AnyRow[])[] = [];

  /** Makes a table known; streams learn its columns when they are bound. */
  define(name: string, schema: Record<string, string>, bounded = true): void {
    this.#tables.set(name, { schema, bounded });
  }

  /** What `rows` will hand out. */
  deliver(...chunks: readonly (readonly AnyRow[])[]): void {
    this.#chunks = chunks;
  }

  file<const S extends SchemaLiteral = SchemaLiteral>(
    name: string,
    options?: TableOptions<S> & { readonly format?: string },
  ): Table<RowOf<S>> {
    return openTable(this, { where: "file()", connector: "file", name, own: ["format"] }, options);
  }

  /** A table whose columns are known at once. */
  known<const S extends SchemaLiteral>(schema: CheckedSchema<S>, options?: TableOptions<S>): Table<RowOf<S>> {
    const known = { schema: parseSchema(schema), bounded: true };
    const spec = { where: "known()", connector: "memory", name: "memory", own: [], known };
    return openTable(this, spec, options);
  }

  async resolve(scan: LogicalNode<"unresolved-scan">): Promise<ResolvedTable> {
    await Promise.resolve();
    this.resolved.push(scan.table.name);
    const found = this.#tables.get(scan.table.name);
    if (found === undefined) throw new ConnectorError("FILE_NOT_FOUND", `no file ${scan.table.name}`);
    return { table: scan.table, schema: scan.schema ?? parseSchema(found.schema), bounded: found.bounded };
  }

  bind(program: Program): Promise<Program> {
    return bindProgram(program, (scan) => this.resolve(scan));
  }

  run(sinks: readonly LogicalPlan[], options: RunOptions): Job {
    this.runs.push({ sinks, options });
    return this.#job();
  }

  rows(plan: LogicalPlan, options: RowOptions): RowReader {
    this.read.push({ plan, options });
    const chunks = this.#chunks[Symbol.iterator]();
    const cancel = (): void => {
      this.cancelled += 1;
    };
    return {
      job: this.#job(),
      next: async () => await Promise.resolve(chunks.next() as IteratorResult<readonly AnyRow[]>),
      return: async () => {
        cancel();
        return await Promise.resolve({ done: true, value: undefined } as const);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  #job(): Job {
    return {
      state: "done",
      mode: { thread: "main", why: "a stub" },
      done: Promise.resolve(RESULT),
      cancel: () => Promise.resolve(),
      advanceTime: () => undefined,
      metrics: () => [],
      progress: () => ({ rows: 0, doneBytes: 0, totalBytes: null }),
      explain: () => Promise.resolve(""),
      graph: () => Promise.resolve({ nodes: [], edges: [] }),
      trace: () => {
        throw new Error("this runner has no trace");
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
}
