// The watermark of an operator with several inputs, from theirs: the minimum over those that are active (S6). An input is
// idle when its splits that are not done are; how an idle one leaves and comes back is S7 and S8, after Flink's
// StatusWatermarkValve.
import type { SplitEvent } from "../operators/operator.js";

interface Input {
  /** −∞ at first (S6), +∞ when it has ended. */
  watermarkMs: number;
  readonly active: Set<number>;
  readonly idle: Set<number>;
  /** False from when it resumes behind the output until it has caught up. */
  counts: boolean;
}

/** An input as snapshots keep it. */
export type SavedInput = Readonly<Pick<Input, "watermarkMs" | "counts">> & {
  readonly active: readonly number[];
  readonly idle: readonly number[];
};

export class InputWatermarks {
  #inputs: readonly Input[];
  #outputMs: number;

  constructor(inputs: readonly SavedInput[], outputMs: number) {
    this.#inputs = inputs.map(({ active, idle, ...rest }) => ({
      ...rest,
      active: new Set(active),
      idle: new Set(idle),
    }));
    this.#outputMs = outputMs;
  }

  static starting(inputCount: number): InputWatermarks {
    const input = { watermarkMs: Number.NEGATIVE_INFINITY, active: [], idle: [], counts: true };
    return new InputWatermarks(
      Array.from({ length: inputCount }, () => input),
      Number.NEGATIVE_INFINITY,
    );
  }

  /** What follows has been told; +∞ when all inputs have ended. */
  get outputMs(): number {
    return this.#outputMs;
  }

  /** An input's watermark has moved; returns whether the output's has. */
  watermark(index: number, timeMs: number): boolean {
    const input = this.#inputs[index] as Input;
    input.watermarkMs = timeMs;
    input.counts ||= timeMs >= this.#outputMs;
    return this.#advance();
  }

  /** A split of an input, by the input's own number; returns whether the output's watermark has moved. */
  split(index: number, { split, status }: SplitEvent): boolean {
    const input = this.#inputs[index] as Input;
    const wasIdle = isIdle(input);
    input.active.delete(split);
    input.idle.delete(split);
    if (status !== "done") input[status].add(split);
    if (wasIdle && !isIdle(input)) input.counts = input.watermarkMs >= this.#outputMs;
    return this.#advance();
  }

  save(): SavedInput[] {
    return this.#inputs.map(({ active, idle, ...rest }) => ({ ...rest, active: [...active], idle: [...idle] }));
  }

  #advance(): boolean {
    const nextMs = this.#nextMs();
    if (nextMs <= this.#outputMs) return false;
    this.#outputMs = nextMs;
    return true;
  }

  /** Idle inputs are never the end: only when all have ended is the output +∞. */
  #nextMs(): number {
    const running = this.#inputs.filter(({ watermarkMs }) => watermarkMs !== Number.POSITIVE_INFINITY);
    if (running.length === 0) return Number.POSITIVE_INFINITY;
    const active = running.filter((input) => !isIdle(input));
    if (active.length === 0) return Math.max(...running.map(({ watermarkMs }) => watermarkMs));
    const counting = active.filter(({ counts }) => counts);
    return counting.length === 0 ? this.#outputMs : Math.min(...counting.map(({ watermarkMs }) => watermarkMs));
  }
}

/** One that has not named its splits, or is done with all of them, is not: it holds the watermark until it says more. */
function isIdle({ active, idle }: Input): boolean {
  return active.size === 0 && idle.size > 0;
}
