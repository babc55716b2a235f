// The formats of data files: each brings a library or much code, which streams have no use for. Their endings stand apart
// from what reads them, since a page chooses by them which worker a program takes.
import type { TableRef } from "../plan/logical.js";

/** File name endings, with the dot; the first is what new files get. */
export const FILE_FORMATS = {
  arrow: [".arrow", ".arrows", ".feather", ".ipc"],
  avro: [".avro"],
  parquet: [".parquet", ".pq"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Whether a table may be read in one of these formats: by its option, or by anything in its name. */
export function mayBeDataFile({ name, options }: TableRef): boolean {
  const format = options["format"];
  if (format !== undefined) return Object.keys(FILE_FORMATS).some((known) => known === format);
  const lower = name.toLowerCase();
  return Object.values(FILE_FORMATS).some((endings) => endings.some((ending) => lower.includes(ending)));
}
