// Expressions as plain data. Front ends make `Expr` (names, no types); binding gives `BoundExpr` (positions, types,
// implicit casts made explicit), which is what the optimizer folds and the operators evaluate.
import type { DataType } from "../arrow/types.js";

/** A literal as written. BIGINTs beyond 2^53 are bigint; a Date is a TIMESTAMP(3). */
export type LiteralValue = null | boolean | number | bigint | string | Date;

export type Expr =
  | { readonly kind: "column"; readonly name: string }
  | { readonly kind: "literal"; readonly value: LiteralValue; readonly type?: DataType }
  /** Operators and functions alike, by their name in functions.ts (`add`, `eq`, `and`, `is_null`, `in`, `coalesce`, `upper` …). */
  | { readonly kind: "call"; readonly fn: string; readonly args: readonly Expr[] }
  | { readonly kind: "cast"; readonly input: Expr; readonly type: DataType; readonly try: boolean }
  | {
      readonly kind: "case";
      readonly branches: readonly { readonly when: Expr; readonly then: Expr }[];
      readonly otherwise: Expr | null;
    };

/**
 * A literal in its type's own units: integers and times as number (32 bits) or bigint (64 bits), decimals as their
 * unscaled bigint, strings as text, binary as a string of hex digits.
 */
export type BoundValue = null | boolean | number | bigint | string;

interface Typed {
  readonly type: DataType;
  readonly nullable: boolean;
}

export type BoundExpr =
  | ({ readonly kind: "column"; readonly index: number; readonly name: string } & Typed)
  | ({ readonly kind: "literal"; readonly value: BoundValue } & Typed)
  | ({ readonly kind: "call"; readonly fn: string; readonly args: readonly BoundExpr[] } & Typed)
  | ({ readonly kind: "cast"; readonly input: BoundExpr; readonly try: boolean } & Typed)
  | ({
      readonly kind: "case";
      readonly branches: readonly { readonly when: BoundExpr; readonly then: BoundExpr }[];
      readonly otherwise: BoundExpr | null;
    } & Typed);
