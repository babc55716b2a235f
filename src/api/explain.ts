// EXPLAIN for streams: binds the plan (a file is opened for its columns), compiles and prints it. No kernels are loaded.
import { PlanError } from "../errors.js";
import { derive } from "../plan/derive.js";
import { type LogicalPlan, sink } from "../plan/logical.js";
import { loadPart } from "../platform/errors.js";
import { checkChoice, checkOptions } from "./options.js";
import type { Runner, RunOptions } from "./runner.js";

/** The plan as written, as optimized, or as it runs. */
export type Stage = "logical" | "optimized" | "physical";

export interface ExplainOptions {
  /** Text for people (default), JSON for programs, DOT for drawings. */
  readonly format?: "text" | "json" | "dot";
  /** One stage; all of them unless given. DOT draws one: the physical plan unless given. */
  readonly stage?: Stage;
}

const STAGES: readonly Stage[] = ["logical", "optimized", "physical"];

/** The plan as it runs, with the kinds of changes between its steps. @throws as `explainProgram` */
export async function explainChangelog(runner: Runner, plans: readonly LogicalPlan[]): Promise<string> {
  const parts = () => Promise.all([import("../plan/compile.js"), import("../plan/explain.js")]);
  const [{ compile }, { explainChanges }] = await loadPart("EXPLAIN", parts);
  return explainChanges(compile(await runner.bind(plans)).physical);
}

/** Runs a program to its end and tells what each step did; rows that go nowhere are counted and dropped. @throws as the job */
export async function explainRun(
  runner: Runner,
  plans: readonly LogicalPlan[],
  options: RunOptions = {},
): Promise<string> {
  const bound = await runner.bind(plans);
  if (bound.some((plan) => !derive(plan).bounded)) {
    throw new PlanError("UNSUPPORTED", "EXPLAIN ANALYZE of what never ends", {
      hint: "run it, and look at job.metrics() and job.explain() meanwhile",
    });
  }
  const nowhere = runner.catalog.addTable("blackhole", "nowhere", {});
  const job = runner.run(
    bound.map((plan) => (plan.kind === "sink" ? plan : sink(plan, nowhere))),
    options,
  );
  await job.done;
  return job.explain();
}

/** @throws what binding throws: columns, types, files that cannot be read; MODULE_MISSING */
export async function explainProgram(
  runner: Runner,
  plans: readonly LogicalPlan[],
  options?: ExplainOptions,
): Promise<string> {
  const { format = "text", stage } = checkOptions(options, ["format", "stage"], "explain()");
  checkChoice(format, ["text", "json", "dot"], "format");
  if (stage !== undefined) checkChoice(stage, STAGES, "stage");
  const parts = () => Promise.all([import("../plan/compile.js"), import("../plan/explain.js")]);
  const [{ compile }, { explainDot, explainJson, explainText }] = await loadPart("EXPLAIN", parts);
  const compiled = compile(await runner.bind(plans));
  if (format === "dot") return explainDot(compiled[stage ?? "physical"]);
  const shown = stage === undefined ? STAGES : [stage];
  if (format === "json") {
    return JSON.stringify(Object.fromEntries(shown.map((name) => [name, explainJson(compiled[name])])), null, 2);
  }
  if (stage !== undefined) return explainText(compiled[stage]);
  return shown.map((name) => `== ${name} ==\n${explainText(compiled[name])}`).join("\n\n");
}
