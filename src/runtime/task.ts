// A task: a tree of operators below one head (a source, or the channels of an operator with several inputs), and its
// step(). A step is a bounded piece of synchronous work; nothing in it waits. What is held up goes on before anything new
// is read, the most downstream first, so that nothing piles up: back-pressure reaches the source by not polling it.
import type { Batch } from "../arrow/batch.js";
import type { Workspace } from "../arrow/column.js";
import { assert, EngineError, InternalError } from "../errors.js";
import type { OperatorContext } from "../operators/operator.js";
import { messageOf } from "../platform/errors.js";
import type { Clock, Completion } from "../platform/platform.js";
import type { SnapshotReader, SnapshotWriter, StateValue } from "../state/snapshot.js";
import type { Outlet, Slot, TaskTurn } from "./slot.js";
import type { Trace } from "./trace.js";

/** `ready`: call again; `blocked`: after a wake-up; `done`: all input is processed and everything has been emitted. */
export type StepResult = "ready" | "blocked" | "done";

/** `ready`: something was handed down, or may be at the next poll. */
export type Polled = StepResult;

/** Where a task's input comes from. */
export interface Head {
  /** The node whose state the head's is, and who is charged for its time. */
  readonly outlet: Outlet;
  /** Whether something below is held up; then the head is not polled. */
  readonly blocked: boolean;
  /** Whether a blocked poll may mean that no input has come yet. */
  readonly mayIdle: boolean;
  /** Starts reading. */
  open(): void;
  /** Hands the next elements down. */
  poll(): Polled;
  snapshot(): StateValue;
  /** Goes on at a snapshot; before `open`. */
  restore(state: StateValue): void;
  /** Answers when nothing is open any more. */
  close(done: Completion<void>): void;
}

export interface TaskOptions {
  readonly workspace: Workspace;
  readonly clock: Clock;
  readonly trace: Trace;
  /** Has the task stepped soon; called at any time, during a step too. */
  readonly schedule: (task: Task) => void;
  /** Has a blocked task stepped after its `timerMs`, which has just changed. */
  readonly arm: (task: Task) => void;
}

export class Task implements TaskTurn {
  readonly trace: Trace;
  /** Set once, while the task is built. */
  head!: Head;
  /** In the order of the plan: every slot stands before those that read it. */
  readonly slots: Slot[] = [];
  /** The tasks that write the channels of this one. */
  readonly #upstream: Task[] = [];
  readonly #downstream: Task[] = [];
  readonly #workspace: Workspace;
  readonly #clock: Clock;
  readonly #schedule: (task: Task) => void;
  readonly #arm: (task: Task) => void;
  readonly #toRelease: Batch[] = [];
  /** What the trace was told so far, by node: late rows and bad rows. */
  readonly #told = new Map<Outlet, { late: number; bad: number }>();
  #deadlineMs = 0;
  #charged: Outlet | null = null;
  #chargedSinceMs = 0;
  /** How it stands: working or held up, waiting for input, or done with all of it. */
  #input: "busy" | "waiting" | "done" = "busy";
  /** How long the task has been idle so far, and since when it is now; null: it is not. */
  #idledMs = 0;
  #idleSinceMs: number | null = null;
  #reading = false;
  /** By how much event time is to be moved on by hand. */
  #advanceMs = 0;

  constructor(options: TaskOptions) {
    this.trace = options.trace;
    this.#workspace = options.workspace;
    this.#clock = options.clock;
    this.#schedule = options.schedule;
    this.#arm = options.arm;
  }

  /** This task reads what `writer` writes. */
  follow(writer: Task): void {
    this.#upstream.push(writer);
    writer.#downstream.push(this);
  }

  /** The clock of the task's operators: it runs only while the task is idle (S9). */
  readonly operatorClock: Clock = {
    nowMs: () => this.#clock.nowMs(),
    monotonicMs: () => {
      if (this.#idleSinceMs === null) return this.#idledMs;
      return this.#idledMs + this.#clock.monotonicMs() - this.#idleSinceMs;
    },
  };

  /** Input or an answer has arrived. */
  wake(): void {
    this.#stand("busy");
    this.#schedule(this);
  }

  /** Moves event time on by hand, in a step to come; never under rows that are held up. */
  advanceTime(ms: number): void {
    this.#advanceMs += ms;
    this.wake();
  }

  /** Whether an operator should stop emitting: the step's time is used up, or what follows it is held up. */
  shouldYield(outlet: Outlet): boolean {
    return outlet.blocked || this.#clock.monotonicMs() >= this.#deadlineMs;
  }

  /** Works for about `budgetMs`. @throws EngineError the first error, with the operator it happened in */
  step(budgetMs: number): StepResult {
    this.#stand("busy");
    this.#deadlineMs = this.#clock.monotonicMs() + budgetMs;
    return this.#locating(() => {
      do {
        const result = this.#turn();
        if (this.trace.active) this.#tellRefused();
        if (result !== "ready") return result;
      } while (this.#clock.monotonicMs() < this.#deadlineMs);
      return "ready";
    });
  }

  /** In how many milliseconds a blocked task has to be stepped even if nothing wakes it; Infinity: never. */
  get timerMs(): number {
    if (this.#idleSinceMs === null) return Number.POSITIVE_INFINITY;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { operator } of this.slots) dueMs = Math.min(dueMs, operator.dueMs ?? dueMs);
    return Math.max(0, dueMs - this.operatorClock.monotonicMs());
  }

  /** Writes the state of every node. Only between steps, while nothing is held up: then the operators' state is all there is. */
  snapshot(writerFor: (uid: string) => SnapshotWriter): void {
    assert(!this.head.blocked, `snapshot of ${this.head.outlet.name} while rows are held up`);
    writerFor(this.head.outlet.uid).value("head", this.head.snapshot());
    for (const { operator, outlet } of this.slots) operator.snapshot(writerFor(outlet.uid));
    this.#endTurn();
  }

  /** Opens one operator. @throws EngineError naming it */
  openSlot(slot: Slot, context: OperatorContext): void {
    this.#locating(() => slot.open(context));
  }

  /** Starts reading; the operators are open. @throws EngineError naming the source */
  open(): void {
    this.#reading = true;
    this.#locating(() => {
      this.charge(this.head.outlet);
      this.head.open();
      this.charge(null);
    });
  }

  /** Takes the state back, when the operators are open and the head is not yet. */
  restore(readerFor: (uid: string) => SnapshotReader | undefined): void {
    const state = readerFor(this.head.outlet.uid)?.value("head");
    if (state !== undefined) this.head.restore(state);
    for (const { operator, outlet } of this.slots) {
      const reader = readerFor(outlet.uid);
      if (reader !== undefined) operator.restore(reader);
    }
    this.#endTurn();
  }

  /**
   * Closes what is open, whatever happened before, and answers when nothing is open any more. Errors on the way are handed
   * to `report`, so that none stops the rest.
   */
  close(report: (error: EngineError) => void, done: () => void): void {
    const { head } = this;
    const attempt = (close: () => void): boolean => {
      try {
        this.#locating(close);
        return true;
      } catch (error) {
        report(error as EngineError);
        return false;
      }
    };
    const closing =
      this.#reading &&
      attempt(() => {
        this.charge(head.outlet);
        head.close((error) => {
          if (error !== null) report(located(error, head.outlet));
          done();
        });
        this.charge(null);
      });
    this.#reading = false;
    for (const slot of this.slots) attempt(() => slot.close());
    attempt(() => this.#endTurn());
    if (!closing) done();
  }

  charge(outlet: Outlet | null): Outlet | null {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#charged;
    if (before !== null) before.metrics.busyMs += nowMs - this.#chargedSinceMs;
    this.#charged = outlet;
    this.#chargedSinceMs = nowMs;
    return before;
  }

  releaseLater(batch: Batch): void {
    this.#toRelease.push(batch);
  }

  /** The smallest piece of work: one element from the head or from a queue, and all that follows from it. */
  #turn(): StepResult {
    try {
      if (this.head.blocked) return this.#goOn();
      if (this.#advanceMs > 0) return this.#advance();
      this.charge(this.head.outlet);
      const polled = this.head.poll();
      this.charge(null);
      if (polled === "blocked") return this.#waitForInput();
      if (polled === "done") this.#stand("done");
      return polled;
    } finally {
      this.#endTurn();
      if (this.trace.sampled) this.#look();
    }
  }

  /** Has the edges of this task note which of them are held up. */
  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    this.head.outlet.look(nowMs);
    for (const { outlet } of this.slots) if (outlet !== this.head.outlet) outlet.look(nowMs);
  }

  /** Runs the most downstream slot that can go on. */
  #goOn(): StepResult {
    for (let index = this.slots.length - 1; index >= 0; index--) {
      const slot = this.slots[index] as Slot;
      if (!slot.runnable) continue;
      slot.run();
      return "ready";
    }
    return "blocked";
  }

  #advance(): StepResult {
    const ms = this.#advanceMs;
    this.#advanceMs = 0;
    for (const slot of this.slots) slot.advanceTime(ms);
    return "ready";
  }

  #waitForInput(): StepResult {
    for (const slot of this.slots) if (slot.processTime(this.#idledMs)) return "ready";
    if (this.head.mayIdle) this.#stand("waiting");
    return "blocked";
  }

  #stand(input: "busy" | "waiting" | "done"): void {
    if (input === this.#input && input !== "waiting") return;
    this.#input = input;
    this.#noteIdle();
  }

  /** No rows come, and nothing holds them back: the task waits for input, and so do all that write to it (S9). */
  get #isIdle(): boolean {
    return this.#input === "waiting" && this.#upstream.every((writer) => writer.#input === "done" || writer.#isIdle);
  }

  /** Starts or stops the operators' clock; what follows this task may stand still by it, too. */
  #noteIdle(): void {
    const idle = this.#isIdle;
    if (idle === (this.#idleSinceMs !== null)) return;
    if (idle) this.#idleSinceMs = this.#clock.monotonicMs();
    else {
      this.#idledMs = this.operatorClock.monotonicMs();
      this.#idleSinceMs = null;
    }
    for (const reader of this.#downstream) {
      reader.#noteIdle();
      reader.#arm(reader);
    }
  }

  #endTurn(): void {
    for (const batch of this.#toRelease) batch.release();
    this.#toRelease.length = 0;
    this.#workspace.account.arena.reset();
  }

  #tellRefused(): void {
    for (const outlet of [this.head.outlet, ...this.slots.map((slot) => slot.outlet)]) {
      const { uid, metrics } = outlet;
      const told = this.#told.get(outlet) ?? { late: 0, bad: 0 };
      if (metrics.lateRows > told.late) this.trace.emit({ kind: "late", uid, rows: metrics.lateRows - told.late });
      if (metrics.badRows > told.bad) this.trace.emit({ kind: "bad", uid, rows: metrics.badRows - told.bad });
      this.#told.set(outlet, { late: metrics.lateRows, bad: metrics.badRows });
    }
  }

  /** After a throw the outlet that was charged is the one in whose code it happened. */
  #locating<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const outlet = this.#charged;
      this.#charged = null;
      throw located(error, outlet);
    }
  }
}

/** The error with the node that it happened in; what is no error of ours is a bug of ours. */
export function located(error: unknown, node: NodeName | null): EngineError {
  const known = error instanceof EngineError ? error : new InternalError(messageOf(error), { cause: error });
  return node === null ? known : known.locate({ operator: nodeText(node) });
}

interface NodeName {
  readonly name: string;
  readonly uid: string;
}

/** A node in messages: its name, and its uid where that says more. */
function nodeText({ name, uid }: NodeName): string {
  return name === uid ? name : `${name} (${uid})`;
}
