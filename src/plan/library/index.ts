// Every function that is loaded late, one row each. The families of rows stand in files of their own.
import type { FunctionRow } from "../functions.js";
import { CLOCK_ROWS } from "./clock.js";
import { COLLECTION_ROWS } from "./collections.js";
import { HASH_ROWS } from "./hash.js";
import { JSON_ROWS } from "./json.js";
import { NUMBER_ROWS } from "./number.js";
import { REGEXP_ROWS } from "./regexp.js";
import { SPLIT_ROWS } from "./split.js";
import { TEXT_ROWS } from "./text.js";
import { TIME_ROWS } from "./time.js";

export const LIBRARY: readonly FunctionRow[] = Object.freeze([
  ...REGEXP_ROWS,
  ...SPLIT_ROWS,
  ...TEXT_ROWS,
  ...NUMBER_ROWS,
  ...HASH_ROWS,
  ...TIME_ROWS,
  ...CLOCK_ROWS,
  ...JSON_ROWS,
  ...COLLECTION_ROWS,
]);
