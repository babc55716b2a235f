// From bound plans to one that runs, with every step on the way kept for EXPLAIN.
import { lower } from "./lower.js";
import { optimize } from "./optimize.js";
import type { PhysicalPlan } from "./physical.js";
import { nameNodes } from "./uid.js";
import type { Program } from "./walk.js";

export interface Compiled {
  /** As written, with a uid at every node. */
  readonly logical: Program;
  /** With the same results, cheaper; what other engines' programs are rendered from. */
  readonly optimized: Program;
  readonly physical: PhysicalPlan;
}

/**
 * Names, optimizes and lowers a program.
 * @param bound - what `bindProgram` gave
 */
export function compile(bound: Program, options: { readonly optimize?: boolean } = {}): Compiled {
  const logical = nameNodes(bound);
  const optimized = options.optimize === false ? logical : optimize(logical);
  return { logical, optimized, physical: lower(optimized) };
}
