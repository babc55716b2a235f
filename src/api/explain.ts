// EXPLAIN for streams: binds the plan (a file is opened for its columns), compiles and prints it. No kernels are loaded.
import type { LogicalPlan } from "../plan/logical.js";
import { loadPart } from "../platform/errors.js";
import { checkChoice, checkOptions } from "./options.js";
import type { Runner } from "./runner.js";

/** The plan as written, as optimized, or as it runs. */
export type Stage = "logical" | "optimized" | "physical";

export interface ExplainOptions {
  /** Text for people (default), JSON for programs, DOT for drawings. */
  readonly format?: "text" | "json" | "dot";
  /** One stage; all of them unless given. DOT draws one: the physical plan unless given. */
  readonly stage?: Stage;
}

const STAGES: readonly Stage[] = ["logical", "optimized", "physical"];

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
