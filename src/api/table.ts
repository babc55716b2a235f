// Tables: what `mill.file(…)`, `mill.rows(…)` and their like give. Read it as a stream, or hand it to `to()` as a target.
import type { Schema } from "../arrow/types.js";
import { PlanError } from "../errors.js";
import * as logical from "../plan/logical.js";
import type { RowPolicy } from "../plan/policy.js";
import type { Duration } from "./duration.js";
import { checkChoice, checkFlag, checkInteger, checkOptions, checkRecord, checkSchema, checkText } from "./options.js";
import type { Target } from "./pipeline.js";
import type { AnyRow, Runner } from "./runner.js";
import { DataStream, WATERMARK_OPTIONS, type WatermarkOptions, watermarkOver } from "./stream.js";
import type { CheckedSchema, ColumnOf, RowOf, SchemaLiteral } from "./types.js";

/** Options that every source takes. */
export interface TableOptions<S extends SchemaLiteral = SchemaLiteral> extends WatermarkOptions {
  /** The columns, `{ ts: "TIMESTAMP(3)", price: "DOUBLE NOT NULL" }`; found out when the table is opened unless given. */
  readonly schema?: CheckedSchema<S>;
  /** The column of the event time; rows have none unless given. */
  readonly time?: ColumnOf<RowOf<S>>;
  /** How far rows may be out of order, before a window that they belong to closes. None unless given. */
  readonly outOfOrder?: Duration;
  /** What happens to a record that cannot be read, or a row that cannot be computed; `fail` unless given. */
  readonly rowPolicy?: RowPolicy;
}

export const TABLE_OPTIONS = ["schema", "time", "outOfOrder", ...WATERMARK_OPTIONS, "rowPolicy"] as const;

/** What an engine knows of a table when it is made. */
export interface TableSpec<Own extends string> {
  /** For messages: `file()`. */
  readonly where: string;
  readonly connector: string;
  /** For messages and EXPLAIN: the path, the URL. */
  readonly name: string;
  /** Names of the connector's own options. */
  readonly own: readonly Own[];
  /** Options that the user gave otherwise: the path, the URL. */
  readonly fixed?: Readonly<Record<string, unknown>>;
  /** What the connector works on, when that cannot be an option: an array, an iterable, a function. */
  readonly live?: unknown;
  /** Set where the columns are known without waiting. */
  readonly known?: { readonly schema: Schema; readonly bounded: boolean };
}

/** A source of rows, or a target for them. */
export class Table<Row = AnyRow> extends DataStream<Row> implements Target {
  readonly table: logical.TableRef;

  constructor(runner: Runner, plan: logical.LogicalPlan, table: logical.TableRef) {
    super(runner, plan);
    this.table = table;
  }

  /**
   * How a CSV file is written, given or found out from its first bytes: `delimiter`, `quote`, `escape`, `header` (`yes`, `no`),
   * `newline` (`LF`, `CRLF`, `CR`, or several), `encoding`. null for what is no CSV file. Opens the file.
   * @throws ENCODING, FILE_NOT_FOUND
   */
  async dialect(): Promise<Readonly<Record<string, string>> | null> {
    const { dialect = null } = await this.runner.resolve(logical.unresolvedScan(this.table));
    return dialect;
  }
}

/** What the options that several tables have must be; a format checks its own when it is loaded. */
const OWN_CHECKS: Readonly<Record<string, (value: never) => unknown>> = {
  name: (value) => checkText(value, "name", "a name"),
  bounded: (value) => checkFlag(value, "bounded"),
  format: (value) => checkText(value, "format", "a format's name"),
  maxRecordBytes: (value) => checkInteger(value, 1, "maxRecordBytes"),
  headers: (value) => checkRecord(value, "headers", "an object of texts", '{ authorization: "Bearer …" }'),
};

/**
 * A table for the user, its options checked: those of every source here, the connector's own go into the plan.
 * @throws OPTION, TYPE (schema literals), TIME_UNIT
 */
export function openTable<Row, Own extends string>(runner: Runner, spec: TableSpec<Own>, options?: object): Table<Row> {
  const names: readonly string[] = [...TABLE_OPTIONS, ...spec.own];
  const checked: Readonly<Record<string, unknown>> = checkOptions<Record<string, unknown>>(
    options as Record<string, unknown> | undefined,
    names,
    spec.where,
  );
  const { schema, time, outOfOrder, rowPolicy = "fail" } = checked as TableOptions;
  checkChoice(rowPolicy, ["fail", "deadLetter", "skip"], "rowPolicy");
  const own = Object.fromEntries(spec.own.filter((name) => name in checked).map((name) => [name, checked[name]]));
  for (const [name, value] of Object.entries(own)) if (value !== undefined) OWN_CHECKS[name]?.(value as never);
  const table = runner.catalog.addTable(spec.connector, spec.name, { ...own, ...spec.fixed }, spec.live);
  const scan =
    spec.known === undefined
      ? logical.unresolvedScan(table, schema === undefined ? null : checkSchema(schema), rowPolicy)
      : logical.scan(table, spec.known.schema, { bounded: spec.known.bounded, rowPolicy });
  if (time !== undefined) {
    const limits = Object.fromEntries(WATERMARK_OPTIONS.map((name) => [name, checked[name]]));
    return new Table(runner, watermarkOver(scan, time, outOfOrder === undefined ? 0 : outOfOrder, limits), table);
  }
  const needsTime = (["outOfOrder", ...WATERMARK_OPTIONS] as const).find((name) => checked[name] !== undefined);
  if (needsTime !== undefined) {
    throw new PlanError("OPTION", `${spec.where} has ${needsTime} but no time`, {
      hint: 'name the column of the event time: { time: "ts" }',
    });
  }
  return new Table(runner, scan, table);
}
