// What join() takes: the other stream, what pairs are made by, and which rows go on without partner.
import type { Expr } from "../plan/expr.js";
import { allOf } from "../plan/join.js";
import { type JoinType, join, type LogicalPlan } from "../plan/logical.js";
import { conditionPlan, type Expression } from "./expression.js";
import { checkChoice, checkOptions, checkRecord, wrongArgument } from "./options.js";
import type { Flat } from "./types.js";

/** Columns of the left stream by the names of those of the right that they have to equal. */
export type JoinKeys<Left extends string, Right extends string> = { readonly [name in Left]?: Right };

export interface JoinOptions<Left extends string, Right extends string, Type extends JoinType> {
  /** What is equal: columns of this stream, each with a column of the other. NULL equals nothing. */
  readonly on?: JoinKeys<Left, Right>;
  /** What is asked of the pairs besides; a bound on both event times bounds the state. */
  readonly where?: Expression<Left | Right>;
  /** Which rows go on without partner, their missing columns NULL (`left`, `right`, `full`); or which alone: with one (`semi`), without (`anti`). */
  readonly type?: Type;
}

type Nullable<Row> = { [K in keyof Row]: Row[K] | null };

/** Rows of a join. */
export type Joined<Left, Right, Type extends JoinType> = Type extends "semi" | "anti"
  ? Left
  : Flat<
      (Type extends "right" | "full" ? Nullable<Left> : Left) & (Type extends "left" | "full" ? Nullable<Right> : Right)
    >;

const TYPES = ["inner", "left", "right", "full", "semi", "anti"] as const;
const ON_HINT = 'name columns of both: left.join(right, { on: { customer: "id" } })';

/** The plan with a join. @throws OPTION, and COLUMN_DUP for a name on both sides once the columns are known */
export function joinOver(
  left: LogicalPlan,
  right: LogicalPlan,
  given: JoinOptions<string, string, JoinType>,
): LogicalPlan {
  const { on = {}, where, type = "inner" } = checkOptions(given, ["on", "where", "type"], "join()");
  const pairs = Object.entries(checkRecord(on, "join()", "columns by name as on", ON_HINT));
  const parts = pairs.map(([name, other]): Expr => {
    if (typeof other !== "string") throw wrongArgument("on", "names of columns", other, ON_HINT);
    return {
      kind: "call",
      fn: "eq",
      args: [
        { kind: "column", name },
        { kind: "column", name: other },
      ],
    };
  });
  if (where !== undefined) parts.push(conditionPlan(where, "join()"));
  return join(left, right, { type: checkChoice(type, TYPES, "type"), condition: allOf(parts) });
}
