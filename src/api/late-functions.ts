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
  concat_ws: string;
  repeat: string;
  overlay: string;
  locate: number;
  instr: number;
  left: string;
  right: string;
  initcap: string;
  ascii: number;
  chr: string;
  encode: Uint8Array;
  decode: string;
  to_base64: string;
  from_base64: string;
  hex: string;
  unhex: Uint8Array;
  bin: string;
  url_encode: string;
  url_decode: string;
  parse_url: string;
  split: (string | null)[];
  translate: string;
  elt: string;
  btrim: string;
  is_alpha: boolean;
  is_digit: boolean;
  is_decimal: boolean;
  str_to_map: ReadonlyMap<string, string | null>;
  similar_to: boolean;
  log: number;
  log2: number;
  sin: number;
  cos: number;
  tan: number;
  cot: number;
  asin: number;
  acos: number;
  atan: number;
  sinh: number;
  cosh: number;
  tanh: number;
  degrees: number;
  radians: number;
  atan2: number;
  truncate: Value;
  pi: number;
  e: number;
  rand: number;
  rand_integer: number;
  uuid: string;
  typeof: string;
  if: Value;
  md5: string;
  sha1: string;
  sha224: string;
  sha256: string;
  sha384: string;
  sha512: string;
  sha2: string;
  crc32: number;
  now: Date;
  current_timestamp: Date;
  current_row_timestamp: Date;
  localtimestamp: Date;
  current_date: string;
  current_time: string;
  localtime: string;
  json_value: string;
  json_query: string;
  json_exists: boolean;
  is_json: boolean;
  json_length: number;
  json_quote: string;
  json_unquote: string;
  json_string: string;
  json_object: string;
  json_array: string;
  array: Value[];
  map: Value;
  row: Value;
  array_append: Value[];
  array_prepend: Value[];
  array_remove: Value[];
  array_position: number;
  array_concat: Value[];
  array_distinct: Value[];
  array_reverse: Value[];
  array_union: Value[];
  array_except: Value[];
  array_intersect: Value[];
  array_slice: Value[];
  array_sort: Value[];
  array_max: Value;
  array_min: Value;
  array_join: string;
  element: Value;
  map_keys: Value[];
  map_values: Value[];
  map_entries: Value[];
  map_from_arrays: Value;
  map_union: Value;
  current_unix_timestamp: number;
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
