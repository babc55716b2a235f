// The two ends of a target whose program runs in a worker: there a sink that sends batches while it has credits, here a source
// that gives them to the real target, one credit back for each.

import type { Batch } from "../arrow/batch.js";
import { type PackedBatch, packBatch, unpackBatch } from "../arrow/packed.js";
import type { Schema } from "../arrow/types.js";
import { InternalError } from "../errors.js";
import type { Sink, SinkContext } from "../operators/sink.js";
import type { Poll, Source, SourceContext } from "../operators/source.js";
import type { TableRef } from "../plan/logical.js";
import type { PhysicalNode, PhysicalPlan } from "../plan/physical.js";
import type { Completion } from "../platform/platform.js";
import type { StateValue } from "../state/snapshot.js";
import type { Connector } from "./connector.js";
import { CREDITS } from "./worker-messages.js";

/** What the sink in the worker says. */
export interface PortTarget {
  schema(schema: Schema): void;
  batch(batch: PackedBatch): void;
  /** Called by the page's credits. */
  credit: () => void;
}

/** What the source in the page hears of the worker, and tells it. */
export interface PortOrigin {
  readonly schema: Promise<Schema>;
  /** Batches that have come and were not used up; at most `CREDITS`. */
  readonly batches: PackedBatch[];
  /** Whether the program has ended, and how. */
  end: "well" | Error | null;
  /** Called when a batch has come or the program has ended. */
  arrived: () => void;
  credit(): void;
  /** Stops the program, if it still runs; answers when it has ended. */
  close(done: Completion<void>): void;
}

export const PORT = "port";

/**
 * The plan of a program that runs in a worker, as it is here: each target fed by its port, as soon as all columns are known.
 * @throws what the program was refused for
 */
export async function relayPlan(
  pairs: readonly { readonly target: TableRef; readonly port: TableRef; readonly origin: PortOrigin }[],
): Promise<PhysicalPlan> {
  const nodes = pairs.map(async ({ target, port: table, origin }, index): Promise<PhysicalNode[]> => {
    const common = { schema: await origin.schema, rowPolicy: "fail" } as const;
    const uid = `${index}/sink`;
    const input = { node: 2 * index, side: null };
    return [
      {
        ...common,
        kind: "source",
        uid: `${uid}/scan`,
        name: `source(${table.name})`,
        inputs: [],
        table,
        predicate: null,
      },
      { ...common, kind: "sink", uid, name: `sink(${target.name})`, inputs: [input], table: target, bounded: true },
    ];
  });
  return { nodes: (await Promise.all(nodes)).flat() };
}

export const port: Connector = {
  name: PORT,
  source: ({ live }, schema) => new PortSource(live as PortOrigin, schema),
  sink: ({ live }, schema) => new PortSink(live as PortTarget, schema),
};

class PortSink implements Sink {
  readonly #target: PortTarget;
  #credits = CREDITS;

  constructor(target: PortTarget, schema: Schema) {
    this.#target = target;
    target.schema(schema);
  }

  open(context: SinkContext): void {
    this.#target.credit = () => {
      this.#credits++;
      context.wake();
    };
  }

  get ready(): boolean {
    return this.#credits > 0;
  }

  write(batch: Batch): void {
    this.#credits--;
    this.#target.batch(packBatch(batch));
  }

  finish(done: Completion<void>): void {
    done(null);
  }

  abort(done: Completion<void>): void {
    done(null);
  }
}

class PortSource implements Source {
  readonly schema: Schema;
  readonly mayIdle = false;
  readonly #origin: PortOrigin;
  #context!: SourceContext;
  #doneBytes = 0;

  constructor(origin: PortOrigin, schema: Schema) {
    this.#origin = origin;
    this.schema = schema;
  }

  open(context: SourceContext): void {
    this.#context = context;
    this.#origin.arrived = () => context.wake();
    context.split({ split: 0, status: "active" });
  }

  poll(): Poll {
    const packed = this.#origin.batches.shift();
    if (packed !== undefined) {
      this.#origin.credit();
      this.#doneBytes += packed.bytes.byteLength;
      return unpackBatch(this.#context.workspace, this.schema, { ...packed, split: 0 });
    }
    const { end } = this.#origin;
    if (end === null) return "blocked";
    if (end === "well") return "done";
    throw end;
  }

  snapshot(): StateValue {
    throw new InternalError("rows from a worker cannot be replayed");
  }

  restore(): void {
    throw new InternalError("rows from a worker cannot be replayed");
  }

  progress(): { doneBytes: number; totalBytes: null } {
    return { doneBytes: this.#doneBytes, totalBytes: null };
  }

  close(done: Completion<void>): void {
    this.#origin.close(done);
  }
}
