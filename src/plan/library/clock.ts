// Functions of the clock and of chance: each row has its own value, which is made once. What makes them asks the host, in
// operators/library/host.ts; a plan never computes them beforehand.
import { DATE, type DataType, INT64, TIME, TIMESTAMP, timestampLtz } from "../../arrow/types.js";
import type { FunctionRow } from "../functions.js";
import type { CellFunction } from "../scalar/value.js";
import { late } from "./row.js";

const ofHost: CellFunction = () => null;

function clock(name: string, type: DataType): FunctionRow {
  const form = (args: readonly unknown[]) => (args.length === 0 ? { args: [], type, nullable: false } : null);
  return late(name, form, "()", ofHost, { kernel: "clock", volatile: true });
}

export const CLOCK_ROWS: readonly FunctionRow[] = [
  clock("NOW", timestampLtz(3)),
  clock("CURRENT_TIMESTAMP", timestampLtz(3)),
  clock("CURRENT_ROW_TIMESTAMP", timestampLtz(3)),
  clock("LOCALTIMESTAMP", TIMESTAMP),
  clock("CURRENT_DATE", DATE),
  clock("CURRENT_TIME", TIME),
  clock("LOCALTIME", TIME),
  clock("CURRENT_UNIX_TIMESTAMP", INT64),
];
