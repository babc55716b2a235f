// The contract of every connector: what the engine asks of it when a table is bound, read and written. A connector knows
// no front end and no other connector; the engine finds it by the name that its tables carry.
import type { Schema } from "../arrow/types.js";
import type { Sink } from "../operators/sink.js";
import type { Source } from "../operators/source.js";
import type { BoundExpr } from "../plan/expr.js";
import type { ConnectorOptions, TableRef } from "../plan/logical.js";
import type { Platform } from "../platform/platform.js";

/** A table as its connector sees it. */
export interface Table<Options extends ConnectorOptions = ConnectorOptions> {
  readonly ref: TableRef<Options>;
  /** What was kept with the table in the catalog. */
  readonly live: unknown;
  readonly platform: Platform;
  /** The run wants what there is now, then the end: of sources that could go on. */
  readonly availableNow?: boolean;
  /** The rows that are written to it have no end. */
  readonly endless?: boolean;
}

/** What a connector tells about a table. */
export interface Resolved {
  readonly schema: Schema;
  /** Whether its rows come to an end. */
  readonly bounded: boolean;
  /** Whether its source takes columns `row.field`, fields of its ROWs, in place of these. */
  readonly rowFields?: boolean;
  /** Options found out while binding (the format of a file), kept with the table from here on. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** How its text is written, where that was found out. */
  readonly dialect?: Readonly<Record<string, string>> | undefined;
}

export interface Connector {
  /** As tables name it. */
  readonly name: string;
  /** Opens a table far enough to know its columns; `schema` is the user's, null when the connector shall tell. */
  resolve?(table: Table, schema: Schema | null): Promise<Resolved>;
  /** A reader of these columns. It opens nothing before its `open`. `predicate` may be used to skip, rows are filtered again. */
  source?(table: Table, schema: Schema, predicate: BoundExpr | null): Source;
  /** Loads what a writer of this table takes: `sink` does not wait. */
  prepareSink?(table: Table): Promise<void>;
  /** A writer of rows with these columns. */
  sink?(table: Table, schema: Schema): Sink;
}

/** A connector that is not loaded before the first program that names it starts. */
export interface LateConnector {
  readonly name: string;
  /** True when it reads or writes bytes: the kernels of formats are loaded with it. */
  readonly formats?: boolean;
  /** @param table - the first one that names it, which may tell what else to load */
  load(table?: TableRef): Promise<Connector>;
}
