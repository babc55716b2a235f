// What is taken out of ARRAY, MAP and ROW, one row at a time. Nested values are no literals: the only one that ever comes here,
// where constants are folded, is NULL.
import type { ScalarFunction } from "./value.js";

const ofNull: ScalarFunction = () => null;

export const NESTED_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
  field: ofNull,
  at: ofNull,
  get: ofNull,
  cardinality: ofNull,
  array_contains: ofNull,
};
