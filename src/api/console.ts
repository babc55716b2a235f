// Tables for people: what `mill.console()` and `stream.print()` have in common.
import type { Catalog } from "../plan/catalog.js";
import type { TableRef } from "../plan/logical.js";
import { checkInteger, checkOptions } from "./options.js";

export interface ConsoleOptions {
  /** Rows that are shown, the first ones; Infinity for all. 40 unless given. */
  readonly rowsMax?: number;
}

/** A target. @throws OPTION */
export function consoleTarget(
  catalog: Catalog,
  options: ConsoleOptions | undefined,
  where: string,
): { readonly table: TableRef } {
  const { rowsMax } = checkOptions(options, ["rowsMax"], where);
  if (rowsMax !== undefined && rowsMax !== Number.POSITIVE_INFINITY) checkInteger(rowsMax, 1, "rowsMax");
  return { table: catalog.addTable("console", "console", { rowsMax }) };
}
