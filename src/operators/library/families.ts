// Families of functions that are loaded late, by the name in their row's `kernel` column.
import type { Family } from "../evaluate/evaluation.js";
import { dateFormat } from "./date-format.js";
import { clock, random } from "./host.js";
import { lateRows } from "./rows.js";
import { regexp, regexpExtract, splitIndex } from "./slices.js";
import { user } from "./user.js";

export const LIBRARY_FAMILIES: Readonly<Record<string, Family>> = {
  late: lateRows,
  regexp,
  regexp_extract: regexpExtract,
  split_index: splitIndex,
  date_format: dateFormat,
  clock,
  random,
  user,
};
