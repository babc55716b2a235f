// Every scalar function by its name in functions.ts, one row at a time; the arguments are bound and cast.
import { LOGIC_FUNCTIONS } from "./logic.js";
import { NESTED_FUNCTIONS } from "./nested.js";
import { NUMBER_FUNCTIONS } from "./number.js";
import { TEXT_FUNCTIONS } from "./text.js";
import { TIME_FUNCTIONS } from "./time.js";
import type { ScalarFunction } from "./value.js";

export const SCALAR_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = Object.freeze({
  ...LOGIC_FUNCTIONS,
  ...NESTED_FUNCTIONS,
  ...NUMBER_FUNCTIONS,
  ...TEXT_FUNCTIONS,
  ...TIME_FUNCTIONS,
});
