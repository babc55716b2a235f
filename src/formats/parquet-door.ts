// The door to the Parquet reader: its code, 12 kB of a bundle, is loaded when the first Parquet file is opened.
import { loadPart } from "../platform/errors.js";
import type { Completion, ReadableFile } from "../platform/platform.js";
import type { ParquetFile, ParquetOptions } from "./parquet.js";

let reader: typeof import("./parquet.js") | undefined;

/** `openParquet` of parquet.ts; what is loaded already answers without a turn between. Adds the error MODULE_MISSING. */
export function openParquet(file: ReadableFile, options: ParquetOptions, done: Completion<ParquetFile>): void {
  if (reader !== undefined) {
    reader.openParquet(file, options, done);
    return;
  }
  loadPart("the Parquet reader", () => import("./parquet.js")).then(
    (loaded) => {
      reader = loaded;
      loaded.openParquet(file, options, done);
    },
    (error: Error) => done(error, undefined as never),
  );
}
