// An operator's context for tests: a clock that moves by hand, warnings kept to look at, yields on demand.
import type { Workspace } from "../arrow/column.js";
import { newMetrics, type OperatorContext } from "../operators/operator.js";
import type { RowPolicy } from "../plan/policy.js";
import type { Clock } from "../platform/platform.js";

/** A clock that moves only when told; both readings move together. */
export class ManualClock implements Clock {
  #nowMs: number;

  constructor(nowMs = 0) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

export interface TestContext extends OperatorContext {
  readonly clock: ManualClock;
  /** Messages of `warnOnce`, one a key. */
  readonly warnings: readonly string[];
  /** How often the operator asked to be woken. */
  wakes: number;
  /** How often `resume` was called by `run` and `collect`. */
  resumes: number;
}

export interface TestContextOptions {
  readonly name?: string;
  readonly rowPolicy?: RowPolicy;
  readonly batchRowsMax?: number;
  /** `shouldYield` answers true at every n-th question; 0: never. */
  readonly yieldEvery?: number;
  /** The clock's first reading. */
  readonly nowMs?: number;
}

/** A context over `workspace` with fresh metrics and a clock that stands still until it is advanced. */
export function testContext(workspace: Workspace, options: TestContextOptions = {}): TestContext {
  const warned = new Map<string, string>();
  const yieldEvery = options.yieldEvery ?? 0;
  let questions = 0;
  const context: TestContext = {
    uid: options.name ?? "test",
    name: options.name ?? "test",
    workspace,
    clock: new ManualClock(options.nowMs),
    metrics: newMetrics(),
    rowPolicy: options.rowPolicy ?? "fail",
    batchRowsMax: options.batchRowsMax ?? 8192,
    wakes: 0,
    resumes: 0,
    get warnings() {
      return [...warned.values()];
    },
    shouldYield: () => yieldEvery > 0 && ++questions % yieldEvery === 0,
    warnOnce(key, message) {
      if (!warned.has(key)) warned.set(key, message);
    },
    wake() {
      context.wakes++;
    },
    connection() {
      // Nobody reads a trace here.
    },
  };
  return context;
}
