// A job whose work may be done elsewhere: the page's own job hands rows to its targets and ends with them; what is counted,
// explained and traced is the other side's, once it is known that there is one.
import {
  asyncDispose,
  checkAdvance,
  type GraphReport,
  type Job,
  type JobMode,
  type JobTotals,
  type Progress,
} from "./job.js";
import type { JobState, NodeReport, TraceEvent, TraceOptions } from "./trace.js";

/** A program that runs elsewhere, as seen from here. */
export interface Remote {
  metrics(): readonly NodeReport[];
  progress(): Progress;
  explain(): Promise<string>;
  graph(): Promise<GraphReport>;
  trace(options?: Partial<TraceOptions>): AsyncIterableIterator<TraceEvent>;
  advanceTime(ms: number): void;
  /** Stops it, if it still runs. */
  cancel(): void;
  /** Of the program that ended well. */
  readonly totals: JobTotals | null;
}

export class RemoteJob implements AsyncDisposable {
  readonly done: Promise<JobTotals>;
  readonly #own: Job;
  readonly #moved: Promise<Remote | string>;
  #remote: Remote | null = null;
  #mode: JobMode = { thread: "starting", why: "the worker has not answered yet" };

  /** @param moved - what runs the program elsewhere, or why nothing does; never rejects */
  constructor(own: Job, moved: Promise<Remote | string>) {
    this.#own = own;
    this.#moved = moved;
    let ended = false;
    void moved.then((answer) => {
      if (typeof answer === "string") this.#mode = { thread: "main", why: answer };
      else {
        this.#remote = answer;
        this.#mode = { thread: "worker", why: "the program needs nothing of the page" };
        if (ended) answer.cancel();
      }
    });
    this.done = own.done.then(
      (totals) => this.#remote?.totals ?? totals,
      (error: unknown) => {
        // It may have ended before a source was there to say so.
        ended = true;
        this.#remote?.cancel();
        // Who cancels knows that the job does not end well; nobody else has to listen.
        if (own.state === "cancelled") this.done.catch(() => undefined);
        throw error;
      },
    );
  }

  get mode(): JobMode {
    return this.#mode;
  }

  get state(): JobState {
    return this.#own.state;
  }

  cancel(reason?: unknown): Promise<void> {
    return this.#own.cancel(reason);
  }

  advanceTime(ms: number): void {
    checkAdvance(ms);
    (this.#remote ?? this.#own).advanceTime(ms);
  }

  [asyncDispose](): Promise<void> {
    return this.cancel();
  }

  metrics(): readonly NodeReport[] {
    return (this.#remote ?? this.#own).metrics();
  }

  progress(): Progress {
    return (this.#remote ?? this.#own).progress();
  }

  explain(): Promise<string> {
    return (this.#remote ?? this.#own).explain();
  }

  graph(): Promise<GraphReport> {
    return (this.#remote ?? this.#own).graph();
  }

  async *trace(options?: Partial<TraceOptions>): AsyncGenerator<TraceEvent, void, undefined> {
    const moved = await this.#moved;
    yield* (typeof moved === "string" ? this.#own : moved).trace(options);
  }
}
