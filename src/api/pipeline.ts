// Streams with their targets, ready to run: one program, in which what several of them share runs once.
import type { LogicalPlan, TableRef } from "../plan/logical.js";
import type { ConsoleOptions } from "./console.js";
import { type ExplainOptions, explainProgram } from "./explain.js";
import { checkFlag, checkInteger, checkOptions, checkText, wrongArgument } from "./options.js";
import type { Job, JobResult, RowOptions, Runner, RunOptions } from "./runner.js";

/** Where rows can go: a table that takes rows, such as `mill.file("out.ndjson")` or `mill.memory()`. */
export interface Target {
  readonly table: TableRef;
}

const RUN_OPTIONS = ["signal", "name", "memoryBytes", "batchRows", "availableNow", "optimize"] as const;
const ROW_OPTIONS = [...RUN_OPTIONS, "bigint"] as const;

export function checkRunOptions(options: RunOptions | undefined): RunOptions {
  return checkLimits(checkOptions(options, RUN_OPTIONS, "run()"));
}

export function checkRowOptions(options: RowOptions | undefined): RowOptions {
  const checked = checkOptions(options, ROW_OPTIONS, "rows()");
  if (checked.bigint !== undefined) checkFlag(checked.bigint, "bigint");
  return checkLimits(checked);
}

function checkLimits<T extends RunOptions>(options: T): T {
  if (options.batchRows !== undefined) checkInteger(options.batchRows, 1, "batchRows");
  if (options.memoryBytes !== undefined) checkInteger(options.memoryBytes, 1, "memoryBytes");
  if (options.name !== undefined) checkText(options.name, "name", "a name");
  if (options.optimize !== undefined) checkFlag(options.optimize, "optimize");
  const { signal } = options;
  if (signal !== undefined && typeof signal?.addEventListener !== "function") {
    throw wrongArgument("signal", "an AbortSignal", signal, "new AbortController().signal, AbortSignal.timeout(1000)");
  }
  return options;
}

/** The table that rows go to. @throws OPTION for what is no target */
export function targetTable(target: Target, where: string): TableRef {
  const table = target?.table;
  if (typeof table === "object" && table !== null) return table;
  const hint = 'for example mill.file("out.ndjson") or mill.memory(); a function goes to forEach()';
  throw wrongArgument(where, "a target", target, hint);
}

/** Sinks of one program. Immutable; nothing runs before `run` or `start`. */
export class Pipeline {
  readonly plans: readonly LogicalPlan[];
  readonly #runner: Runner;

  constructor(runner: Runner, plans: readonly LogicalPlan[]) {
    this.#runner = runner;
    this.plans = plans;
  }

  /**
   * This program and another one as one: sources and operators that both use run once.
   *
   * @example await delays.to(table).and(delays.late().to(mill.file("late.ndjson"))).run()
   */
  and(other: Pipeline): Pipeline {
    if (!(other instanceof Pipeline)) throw wrongArgument("and()", "a pipeline", other, "what stream.to(target) gives");
    return new Pipeline(this.#runner, [...this.plans, ...other.plans]);
  }

  /** Runs to the end of the input. @throws the first error of the job */
  async run(options?: RunOptions): Promise<JobResult> {
    return await this.start(options).done;
  }

  /** Starts the job and gives it back at once: its metrics, its trace, its end. */
  start(options?: RunOptions): Job {
    return this.#runner.run(this.plans, checkRunOptions(options));
  }

  /** The plan as text (or JSON, DOT), as written, optimized and lowered. */
  explain(options?: ExplainOptions): Promise<string> {
    return explainProgram(this.#runner, this.plans, options);
  }
}

/** What `print()` takes: its own options, and those of the run. @throws OPTION */
export function checkPrintOptions(options: (ConsoleOptions & RunOptions) | undefined): ConsoleOptions & RunOptions {
  return checkOptions(options, ["rowsMax", ...RUN_OPTIONS], "print()");
}
