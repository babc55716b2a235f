// What is known of the rows of every node of a plan: what derive.ts finds out.
import type { Schema } from "../arrow/types.js";
import type { RowPolicy } from "./policy.js";

export interface Properties {
  readonly schema: Schema;
  /** Column that watermarks and windows go by; null when none is declared. */
  readonly timeColumn: string | null;
  /** Columns that are the event time plus so many milliseconds, such as the ends of windows. */
  readonly aligned: ReadonlyMap<string, number>;
  /** Whether the rows come to an end. */
  readonly bounded: boolean;
  /** Whether rows are only added, or may be taken back (changes.ts). */
  readonly changelog: "append" | "retract";
  /** Columns of which no two rows that hold have the same values; null: none are known. */
  readonly keys: readonly string[] | null;
  /** What happens to rows that cannot be computed: their source's policy, the strictest of several. */
  readonly rowPolicy: RowPolicy;
}

/** No columns go by the event time. */
export const UNALIGNED: ReadonlyMap<string, number> = new Map();
