// Every function that is loaded late, one row each. The families of rows stand in files of their own.
import type { FunctionRow } from "../functions.js";
import { REGEXP_ROWS } from "./regexp.js";
import { SPLIT_ROWS } from "./split.js";
import { TIME_ROWS } from "./time.js";

export const LIBRARY: readonly FunctionRow[] = Object.freeze([...REGEXP_ROWS, ...SPLIT_ROWS, ...TIME_ROWS]);
