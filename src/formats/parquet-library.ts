// The door to hyparquet: loaded when the first Parquet file is opened, kept for all others. Its Thrift reader and names are
// used, not its column readers, which make a JavaScript value a cell.
import { DataError } from "../errors.js";
import type { Completion } from "../platform/platform.js";

type Thrift = typeof import("hyparquet/src/thrift.js");
type Column = typeof import("hyparquet/src/column.js");
type Constants = typeof import("hyparquet/src/constants.js");

/** What the Parquet reader uses of hyparquet. */
export type Hyparquet = Pick<Thrift, "deserializeTCompactProtocol"> & Pick<Column, "parquetHeader"> & Constants;

let loaded: Hyparquet | undefined;

/** Answers at once when the library is there already. */
export function loadHyparquet(done: Completion<Hyparquet>): void {
  if (loaded !== undefined) {
    done(null, loaded);
    return;
  }
  Promise.all([
    import("hyparquet/src/thrift.js"),
    import("hyparquet/src/column.js"),
    import("hyparquet/src/constants.js"),
  ]).then(
    ([thrift, column, constants]) => {
      loaded = { ...constants, ...thrift, ...column };
      done(null, loaded);
    },
    (cause) => done(missing("hyparquet", "Parquet files", cause), undefined as never),
  );
}

/** @returns DEPENDENCY_MISSING with the command that installs it. */
export function missing(name: string, what: string, cause: unknown): DataError {
  return new DataError("DEPENDENCY_MISSING", `${what} need the package ${name}, which does not load`, {
    hint: `npm install ${name}`,
    cause,
  });
}
