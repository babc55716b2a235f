// A job's event stream: the metrics display, the monitor and the simulator's hash are readers of it. With nobody
// listening an event costs one comparison.
import { hintNames, PlanError } from "../errors.js";
import type { ConnectionEvent, OperatorMetrics } from "../operators/operator.js";

export type JobState = "starting" | "running" | "finishing" | "done" | "failed" | "cancelled";

/** Counters of one node of the plan. */
export interface NodeReport extends Readonly<OperatorMetrics> {
  readonly uid: string;
  readonly name: string;
}

/** Counters of one edge, as a sample of the trace has them. */
export interface EdgeReport {
  readonly rows: number;
  readonly batches: number;
  /** What the columns of those rows span, selections by their share; dictionaries are not counted. */
  readonly bytes: number;
  /** Rows that wait for the reader now. */
  readonly queuedRows: number;
  /** Time in which the reader took nothing, measured only while somebody reads samples. */
  readonly heldMs: number;
}

/** All counters of a job at one time: nodes and edges in the order of its graph. */
export interface Sample {
  readonly kind: "sample";
  /** The platform's clock, in milliseconds since the epoch: what watermarks lag behind. */
  readonly nowMs: number;
  readonly nodes: readonly NodeReport[];
  readonly edges: readonly EdgeReport[];
}

/** Something that happened. `atMs` is the platform's monotonic clock; `uid` names the node of the physical plan. */
export type TraceEvent = { readonly atMs: number } & (
  | { readonly kind: "state"; readonly state: JobState }
  /** A node emitted so many rows. */
  | { readonly kind: "batch"; readonly uid: string; readonly rows: number }
  | { readonly kind: "watermark"; readonly uid: string; readonly timeMs: number }
  /** Rows that went to the late output, whether or not somebody listens there. */
  | { readonly kind: "late"; readonly uid: string; readonly rows: number }
  /** Rows refused by the row policy. */
  | { readonly kind: "bad"; readonly uid: string; readonly rows: number }
  | Sample
  | ({ readonly kind: "connection"; readonly uid: string } & ConnectionEvent)
);

type TraceKind = TraceEvent["kind"];

/** What a reader wants to hear of. */
export interface TraceOptions {
  readonly kinds: readonly TraceKind[];
  /** How often counters are read, where `kinds` has `sample`. */
  readonly sampleMs: number;
}

/** Every event that an operator makes by itself. */
const HAPPENINGS: readonly TraceKind[] = ["state", "batch", "watermark", "late", "bad", "connection"];
const KINDS: readonly TraceKind[] = [...HAPPENINGS, "sample"];
const SAMPLE_MS = 250;
/** Below it samples would cost more than they show. */
const SAMPLE_MS_MIN = 10;

/** An event before the clock was read. */
export type TraceNews = TraceEvent extends infer E ? (E extends unknown ? Omit<E, "atMs"> : never) : never;

/** Events that a reader may lag behind; the oldest are dropped beyond. */
const LAG_MAX = 65_536;

/** What samples are made with. */
interface Sampler {
  take(): Sample;
  /** Runs `turn` after `delayMs`; the returned function cancels it. */
  after(delayMs: number, turn: () => void): () => void;
  /** Nobody reads samples any more. */
  idle(): void;
}

interface Listener {
  readonly kinds: ReadonlySet<TraceKind>;
  readonly hear: (event: TraceEvent) => void;
}

export class Trace {
  readonly #nowMs: () => number;
  readonly #sampler: Sampler;
  readonly #listeners = new Set<Listener>();
  readonly #readers = new Set<TraceReader>();
  /** Stops the sampling of each listener. */
  readonly #sampling = new Map<Listener, () => void>();
  #over = false;
  /** Whether anybody hears of rows and time: asked before an event is made. */
  active = false;

  constructor(nowMs: () => number, sampler: Sampler) {
    this.#nowMs = nowMs;
    this.#sampler = sampler;
  }

  /** Whether anybody reads samples, so that what only they show has to be measured. */
  get sampled(): boolean {
    return this.#sampling.size > 0;
  }

  emit(news: TraceNews): void {
    if (this.#listeners.size === 0) return;
    const event: TraceEvent = { ...news, atMs: this.#nowMs() };
    for (const { kinds, hear } of this.#listeners) if (kinds.has(event.kind)) hear(event);
  }

  /** Calls `hear` with every event from now on, inside the step: it must be quick. Returns how to stop it. */
  listen(hear: (event: TraceEvent) => void, options: Partial<TraceOptions> = {}): () => void {
    const { kinds = HAPPENINGS, sampleMs = SAMPLE_MS } = checked(options);
    const listener = { kinds: new Set(kinds), hear };
    this.#listeners.add(listener);
    if (listener.kinds.has("sample")) this.#sample(listener, sampleMs);
    this.#count();
    return () => {
      this.#listeners.delete(listener);
      this.#stopSampling(listener);
      this.#count();
    };
  }

  /** Events from now on, to the job's end. A reader that lags far behind misses the oldest. */
  read(options?: Partial<TraceOptions>): AsyncIterableIterator<TraceEvent> {
    const reader: TraceReader = new TraceReader(() => {
      stop();
      this.#readers.delete(reader);
    });
    const stop = this.listen((event) => reader.push(event), options);
    this.#readers.add(reader);
    if (this.#over) reader.end();
    return reader;
  }

  /** One more sample to everybody who reads them: the last counters of a job that ends. */
  sampleNow(): void {
    if (this.sampled) this.emit(this.#sampler.take());
  }

  /** The job is over: readers end after what they have. */
  end(): void {
    this.#over = true;
    for (const listener of this.#sampling.keys()) this.#stopSampling(listener);
    for (const reader of this.#readers) reader.end();
  }

  #count(): void {
    this.active = [...this.#listeners].some(({ kinds }) =>
      HAPPENINGS.some((kind) => kind !== "state" && kinds.has(kind)),
    );
  }

  #sample(listener: Listener, everyMs: number): void {
    const again = (): void => {
      this.#sampling.set(listener, this.#sampler.after(everyMs, turn));
    };
    const turn = (): void => {
      again();
      listener.hear({ ...this.#sampler.take(), atMs: this.#nowMs() });
    };
    again();
  }

  #stopSampling(listener: Listener): void {
    this.#sampling.get(listener)?.();
    if (this.#sampling.delete(listener) && !this.sampled) this.#sampler.idle();
  }
}

/** @throws OPTION for a wrong name, kind or interval */
function checked(options: Partial<TraceOptions>): Partial<TraceOptions> {
  const names = Object.keys(options);
  const odd = names.find((name) => name !== "kinds" && name !== "sampleMs");
  if (odd !== undefined)
    throw refused(`trace() has no option "${odd}"`, hintNames(odd, ["kinds", "sampleMs"], "options"));
  const { kinds = HAPPENINGS, sampleMs = SAMPLE_MS } = options;
  const wrong = kinds.find((kind) => !KINDS.includes(kind));
  if (wrong !== undefined)
    throw refused(`trace() knows no events "${wrong}"`, hintNames(String(wrong), KINDS, "kinds"));
  if (!(Number.isFinite(sampleMs) && sampleMs >= SAMPLE_MS_MIN)) {
    throw refused(`sampleMs is ${sampleMs}`, `milliseconds, ${SAMPLE_MS_MIN} or more`);
  }
  return options;
}

function refused(message: string, hint: string): PlanError {
  return new PlanError("OPTION", message, { hint });
}

class TraceReader implements AsyncIterableIterator<TraceEvent> {
  readonly #events: TraceEvent[] = [];
  readonly #stop: () => void;
  #wake: (() => void) | null = null;
  #ended = false;

  constructor(stop: () => void) {
    this.#stop = stop;
  }

  /** A sample takes the place of one that was not read yet: counters are totals, so nothing is lost. */
  push(event: TraceEvent): void {
    const stale = event.kind === "sample" ? this.#events.findIndex(({ kind }) => kind === "sample") : -1;
    if (stale >= 0) this.#events.splice(stale, 1);
    if (this.#events.length === LAG_MAX) this.#events.shift();
    this.#events.push(event);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#stop();
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<TraceEvent>> {
    while (this.#events.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const value = this.#events.shift();
    return value === undefined ? { done: true, value: undefined } : { done: false, value };
  }

  return(): Promise<IteratorResult<TraceEvent>> {
    this.#events.length = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
