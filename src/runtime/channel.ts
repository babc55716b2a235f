// The way from one task to another: a queue bounded by rows and bytes, and the head of a task that reads several of them.
// A full channel holds its producer back all the way to the source; nothing is dropped.
import type { Batch } from "../arrow/batch.js";
import type { SplitEvent } from "../operators/operator.js";
import type { Completion } from "../platform/platform.js";
import type { StateValue } from "../state/snapshot.js";
import type { Receiver } from "./edge.js";
import { InputWatermarks, type SavedInput } from "./input-watermarks.js";
import type { Element, Outlet, Slot, TaskTurn } from "./slot.js";
import type { Head, Polled } from "./task.js";

/** How much may wait in a channel. The batch that crosses a limit is still taken, so none is too large to pass. */
export interface ChannelLimits {
  readonly rows: number;
  readonly bytes: number;
}

export class Channel implements Receiver {
  readonly #limits: ChannelLimits;
  readonly #queue: Element[] = [];
  #rows = 0;
  #bytes = 0;
  /** Wakes the task that reads. */
  wakeReader: () => void = () => undefined;
  /** Wakes the task that writes. */
  wakeWriter: () => void = () => undefined;

  constructor(limits: ChannelLimits) {
    this.#limits = limits;
  }

  get queuedRows(): number {
    return this.#rows;
  }

  get congested(): boolean {
    return this.#rows >= this.#limits.rows || this.#bytes >= this.#limits.bytes;
  }

  batch(batch: Batch): void {
    const persisted = batch.persist();
    this.#rows += persisted.rowCount;
    this.#bytes += persisted.sizeBytes;
    this.#push({ kind: "batch", batch: persisted });
  }

  watermark(timeMs: number): void {
    this.#push({ kind: "watermark", timeMs });
  }

  split(event: SplitEvent): void {
    this.#push({ kind: "split", event });
  }

  /** The oldest element; a batch is the taker's to release. */
  take(): Element | undefined {
    const element = this.#queue.shift();
    if (element?.kind === "batch") {
      const wasCongested = this.congested;
      this.#rows -= element.batch.rowCount;
      this.#bytes -= element.batch.sizeBytes;
      if (wasCongested && !this.congested) this.wakeWriter();
    }
    return element;
  }

  close(): void {
    for (const element of this.#queue.splice(0)) if (element.kind === "batch") element.batch.release();
    this.#rows = 0;
    this.#bytes = 0;
  }

  #push(element: Element): void {
    this.#queue.push(element);
    if (this.#queue.length === 1) this.wakeReader();
  }
}

/**
 * Reads the channels of an operator with several inputs, in turn. The watermark is the minimum over the inputs that are
 * active, as `InputWatermarks` has it. Splits are numbered anew, `(split + 1) × inputs + input`, so that two sources do
 * not share a number; number `input` stands for an input that has not named its splits yet, and holds a watermark below
 * until it has.
 */
export class ChannelHead implements Head {
  readonly outlet: Outlet;
  readonly mayIdle = true;
  readonly #channels: readonly Channel[];
  readonly #slot: Slot;
  readonly #turn: TaskTurn;
  #watermarks: InputWatermarks;
  #named: boolean[];
  #next = 0;
  #announced = false;

  constructor(channels: readonly Channel[], slot: Slot, turn: TaskTurn) {
    this.outlet = slot.outlet;
    this.#channels = channels;
    this.#slot = slot;
    this.#turn = turn;
    this.#watermarks = InputWatermarks.starting(channels.length);
    this.#named = channels.map(() => false);
  }

  get blocked(): boolean {
    return this.#slot.congested;
  }

  open(): void {
    // Channels need no opening.
  }

  poll(): Polled {
    if (!this.#announced) {
      this.#announced = true;
      this.#named.forEach((named, input) => {
        if (!named) this.#slot.split({ split: input, status: "active" });
      });
      return "ready";
    }
    if (this.#watermarks.outputMs === Number.POSITIVE_INFINITY) return "done";
    const count = this.#channels.length;
    const { reads } = this.#slot.operator;
    for (let i = 0; i < count; i++) {
      const input = (this.#next + i) % count;
      if (reads !== undefined && input !== reads) continue;
      const element = this.#channels[input]?.take();
      if (element === undefined) continue;
      this.#next = input + 1;
      this.#process(element, input);
      return "ready";
    }
    return "blocked";
  }

  snapshot(): StateValue {
    return { inputs: this.#watermarks.save(), outputMs: this.#watermarks.outputMs, named: this.#named };
  }

  restore(state: StateValue): void {
    const saved = state as { inputs: SavedInput[]; outputMs: number; named: boolean[] };
    this.#watermarks = new InputWatermarks(saved.inputs, saved.outputMs);
    this.#named = [...saved.named];
  }

  close(done: Completion<void>): void {
    for (const channel of this.#channels) channel.close();
    done(null);
  }

  /** The number that split `split` of input `input` has behind the head. */
  static splitNumber(split: number, input: number, inputCount: number): number {
    return (split + 1) * inputCount + input;
  }

  #process(element: Element, input: number): void {
    const inputCount = this.#channels.length;
    if (element.kind === "batch") {
      const { batch } = element;
      this.#turn.releaseLater(batch);
      const split = ChannelHead.splitNumber(batch.split, input, inputCount);
      this.#slot.processBatch(batch.within(batch.workspace, split), input);
    } else if (element.kind === "split") {
      const { event } = element;
      this.#slot.split({ ...event, split: ChannelHead.splitNumber(event.split, input, inputCount) });
      this.#name(input);
      if (this.#watermarks.split(input, event)) this.#slot.watermark(this.#watermarks.outputMs);
    } else {
      if (element.timeMs === Number.POSITIVE_INFINITY) {
        this.#name(input);
        this.#slot.operator.endInput?.(input);
      }
      if (this.#watermarks.watermark(input, element.timeMs)) this.#slot.watermark(this.#watermarks.outputMs);
    }
  }

  #name(input: number): void {
    if (this.#named[input]) return;
    this.#named[input] = true;
    this.#slot.split({ split: input, status: "done" });
  }
}
