// Strings taken apart at a delimiter.
import { INT32, STRING } from "../../arrow/types.js";
import type { FunctionRow } from "../functions.js";
import type { CellFunction } from "../scalar/value.js";
import { text } from "../signatures.js";
import { late, maybe } from "./row.js";

/** The part of this number, from 0; NULL where there is none (S65). Of an empty text there is none; no delimiter is white space. */
const splitIndex: CellFunction = ([value, delimiter, index]) => {
  if ((index as number) < 0 || value === "") return null;
  const parts = (value as string).split(delimiter === "" ? /[\s]/ : (delimiter as string));
  return parts[index as number] ?? null;
};

export const SPLIT_ROWS: readonly FunctionRow[] = [
  late("SPLIT_INDEX", maybe(text([STRING, STRING, INT32], STRING)), "(STRING, delimiter, index)", splitIndex, {
    kernel: "split_index",
  }),
];
