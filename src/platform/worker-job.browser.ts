// One program in the worker, as the page sees it: what has come of its targets, and what it counted.
import type { Schema } from "../arrow/types.js";
import type { GraphReport, JobTotals, Progress } from "../runtime/job.js";
import type { PortOrigin } from "../runtime/port.js";
import type { Remote } from "../runtime/remote-job.js";
import type { NodeReport, TraceEvent, TraceOptions } from "../runtime/trace.js";
import { type FromWorker, type RemoteStatus, revivedError, type ToWorker } from "../runtime/worker-messages.js";

type JobMessage = Extract<FromWorker, { readonly job: number }>;
/** Events that a reader has not taken yet; beyond that the oldest go. */
const EVENTS_MAX = 10_000;

interface Port extends PortOrigin {
  readonly known: (schema: Schema) => void;
  readonly failed: (error: Error) => void;
}

interface Listener {
  readonly events: TraceEvent[];
  error: Error | null;
  wake: () => void;
}

export class WorkerJob implements Remote {
  readonly ports: readonly Port[];
  readonly #id: number;
  readonly #post: (message: ToWorker) => void;
  readonly #forget: () => void;
  readonly #answers = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly #listeners = new Map<number, Listener>();
  readonly #closing: (() => void)[] = [];
  #status: RemoteStatus = { metrics: [], progress: { rows: 0, doneBytes: 0, totalBytes: null } };
  #totals: JobTotals | null = null;
  #ended = false;
  #lost = false;
  #questions = 0;

  constructor(id: number, portCount: number, post: (message: ToWorker) => void, forget: () => void) {
    this.#id = id;
    this.#post = post;
    this.#forget = forget;
    this.ports = Array.from({ length: portCount }, (_, index) => this.#port(index));
  }

  get totals(): JobTotals | null {
    return this.#totals;
  }

  metrics(): readonly NodeReport[] {
    return this.#status.metrics;
  }

  progress(): Progress {
    return this.#status.progress;
  }

  /** Empty for a job that ended long ago: the worker has forgotten it. */
  async explain(): Promise<string> {
    return ((await this.#ask("explain")) as string | undefined) ?? "";
  }

  async graph(): Promise<GraphReport> {
    return ((await this.#ask("graph")) as GraphReport | undefined) ?? { nodes: [], edges: [] };
  }

  async *trace(options: Partial<TraceOptions> = {}): AsyncGenerator<TraceEvent, void, undefined> {
    if (this.#ended) return;
    const id = this.#questions++;
    const listener: Listener = { events: [], error: null, wake: () => undefined };
    this.#listeners.set(id, listener);
    this.#post({ kind: "trace", job: this.#id, id, options: { ...options } });
    try {
      for (;;) {
        const event = listener.events.shift();
        if (event !== undefined) yield event;
        else if (listener.error !== null) throw listener.error;
        else if (this.#ended) return;
        else {
          await new Promise<void>((resolve) => {
            listener.wake = resolve;
          });
        }
      }
    } finally {
      this.#listeners.delete(id);
      if (!this.#ended) this.#post({ kind: "untrace", job: this.#id, id });
    }
  }

  advanceTime(ms: number): void {
    if (!this.#ended) this.#post({ kind: "advance", job: this.#id, ms });
  }

  cancel(): void {
    if (!this.#ended) this.#post({ kind: "cancel", job: this.#id });
  }

  /** The worker has ended: nothing answers any more. */
  lose(error: Error): void {
    this.#lost = true;
    for (const { resolve } of this.#answers.values()) resolve(undefined);
    this.#end(error);
  }

  receive(message: JobMessage): void {
    switch (message.kind) {
      case "schema":
        this.ports[message.port]?.known(message.schema);
        return;
      case "batch":
        this.ports[message.port]?.batches.push(message.batch);
        this.ports[message.port]?.arrived();
        return;
      case "status":
        this.#status = message;
        return;
      case "answer":
        this.#answers.get(message.id)?.resolve(message.value);
        this.#answers.delete(message.id);
        return;
      case "refused":
        this.#refused(message.id, revivedError(message.error));
        return;
      case "event":
        this.#event(message.id, message.event);
        return;
      case "done":
        this.#totals = message.totals;
        this.#end("well");
        return;
      case "failed":
        this.#end(revivedError(message.error));
        return;
    }
  }

  #refused(id: number, error: Error): void {
    this.#answers.get(id)?.reject(error);
    this.#answers.delete(id);
    const listener = this.#listeners.get(id);
    if (listener === undefined) return;
    listener.error = error;
    listener.wake();
  }

  #event(id: number, event: TraceEvent): void {
    const listener = this.#listeners.get(id);
    if (listener === undefined) return;
    if (listener.events.push(event) > EVENTS_MAX) listener.events.shift();
    listener.wake();
  }

  #end(end: "well" | Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#forget();
    for (const port of this.ports) {
      port.end = end;
      if (end !== "well") port.failed(end);
      port.arrived();
    }
    for (const listener of this.#listeners.values()) listener.wake();
    for (const closed of this.#closing) closed();
  }

  #ask(question: "explain" | "graph"): Promise<unknown> {
    if (this.#lost) return Promise.resolve(undefined);
    const id = this.#questions++;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, { resolve, reject });
      this.#post({ kind: "ask", job: this.#id, question, id });
    });
  }

  #port(index: number): Port {
    let known: Port["known"] = () => undefined;
    let failed: Port["failed"] = () => undefined;
    const schema = new Promise<Schema>((resolve, reject) => {
      known = resolve;
      failed = reject;
    });
    // The page's job hears of a failure by its first target; the others' is the same one.
    schema.catch(() => undefined);
    return {
      schema,
      known,
      failed,
      batches: [],
      end: null,
      arrived: () => undefined,
      credit: () => {
        if (!this.#ended) this.#post({ kind: "credit", job: this.#id, port: index });
      },
      close: (done) => {
        if (this.#ended) {
          done(null);
          return;
        }
        this.#closing.push(() => done(null));
        this.cancel();
      },
    };
  }
}
