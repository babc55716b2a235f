// What deduplicate() takes: keys by name or as expressions, one or several, and for how long they are remembered.
import { PlanError } from "../errors.js";
import type { Expr } from "../plan/expr.js";
import { deduplicate, type LogicalPlan } from "../plan/logical.js";
import { type Duration, parseDurationMs } from "./duration.js";
import { Expression, toPlan } from "./expression.js";
import { checkChoice, checkOptions, wrongArgument } from "./options.js";

export interface DeduplicateOptions {
  /**
   * Which row of a key goes on: `"first"`, the earliest by event time, or without event time the first to arrive; `"last"`, the
   * latest or the last to arrive, which is updated as rows come.
   */
  readonly keep?: "first" | "last";
  /**
   * For how long a first row counts, by event time, or by the clock where there is none: a row of its key that comes later is
   * a first row again. It bounds the memory; unless given, every key is remembered for ever.
   */
  readonly within?: Duration;
}

/** A key: a column, or what is computed from the row. */
export type DeduplicateKey<Names extends string> = Names | Expression<Names>;

const KEYS_HINT = 'name a column, or several: deduplicate(["tenant", "id"], { within: "1h" })';

/** The plan with a deduplication. @throws OPTION, TIME_UNIT, UNSUPPORTED */
export function deduplicateOver(
  plan: LogicalPlan,
  keys: unknown,
  options: DeduplicateOptions | undefined,
): LogicalPlan {
  const { keep = "first", within } = checkOptions(options, ["keep", "within"], "deduplicate()");
  const list: readonly unknown[] = Array.isArray(keys) ? keys : [keys];
  if (list.length === 0) throw new PlanError("OPTION", "deduplicate() got no key", { hint: KEYS_HINT });
  if (checkChoice(keep, ["first", "last"], "keep") === "last") {
    if (within === undefined) return deduplicate(plan, { keys: list.map(keyPlan), keep, withinMs: null });
    throw new PlanError("OPTION", 'deduplicate() of last rows has no "within"', {
      hint: "a last row is replaced by the next one of its key, whenever that comes",
    });
  }
  return deduplicate(plan, {
    keys: list.map(keyPlan),
    keep: "first",
    withinMs: within === undefined ? null : parseDurationMs(within, "within", 1),
  });
}

function keyPlan(key: unknown): Expr {
  if (typeof key === "string") return { kind: "column", name: key };
  if (key instanceof Expression) return toPlan(key);
  throw wrongArgument("deduplicate()", "columns and expressions", key, KEYS_HINT);
}
