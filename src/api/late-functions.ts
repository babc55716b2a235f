// Functions that are loaded when a program names one, by their names: most of Flink's. What each gives is known to the compiler.
import type { Value } from "../arrow/rows.js";
import { type ColumnsIn, call, type Expression, type Operand } from "./expression.js";

/** What a function gives where it is not NULL. */
interface Results {
  regexp: boolean;
  regexp_extract: string;
  regexp_extract_all: (string | null)[];
  regexp_replace: string;
  regexp_count: number;
  regexp_instr: number;
  regexp_substr: string;
  split_index: string;
  date_format: string;
  parse_timestamp: Date;
  to_timestamp_ltz: Date;
  from_unixtime: string;
  unix_timestamp: number;
  timestampadd: Value;
  timestampdiff: number;
  date_ceil: Value;
  dayofyear: number;
  dayofweek: number;
  convert_tz: string;
}

/** Names of the functions that `fn` calls. */
export type FunctionName = keyof Results;

/**
 * A call of a function by its name, `fn("split_index", col("url"), "/", 3)`: those of the reference's second table, loaded when
 * the program runs. Text is text: a column is written `col("name")`.
 */
export function fn<N extends FunctionName, const A extends readonly Operand[]>(
  name: N,
  ...args: A
): Expression<ColumnsIn<A[number]>, Results[N] | null> {
  return call(name, ...args);
}
