// What makes a bound program run in this thread: its plan compiled, and the operators of that plan. It stands apart from the
// engine, so that a page whose programs run in a worker need not load it.
import { addFamilies } from "./operators/evaluate.js";
import { hasLateFunctions } from "./plan/late-functions.js";
import { loadPart } from "./platform/errors.js";

export { buildOperator } from "./operators/build.js";
export { compile } from "./plan/compile.js";

/** Loads what computes functions that were loaded late on columns. @throws MODULE_MISSING */
export async function loadFamilies(): Promise<void> {
  if (!hasLateFunctions()) return;
  const { LIBRARY_FAMILIES } = await loadPart("the functions", () => import("./operators/library/families.js"));
  addFamilies(LIBRARY_FAMILIES);
}
