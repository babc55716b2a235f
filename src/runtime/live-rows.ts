// The rows of a live table: as they are after each whole batch, by key or in the order they came, with a bounded log of what
// changed lately. Who knows an older version gets the changes since then; who lags behind the log gets all rows instead.
import type { Batch } from "../arrow/batch.js";
import { readRows, type Value } from "../arrow/rows.js";
import { columnIndex, type Schema, schemaLiteral } from "../arrow/types.js";
import { SchemaError } from "../errors.js";

export type LiveRow = Readonly<Record<string, Value>>;

/** What became of the rows between two versions, in net: a row that came and went meanwhile is not there. */
export interface RowChanges<Row = LiveRow> {
  /** In the order of the table. */
  readonly inserted: readonly Row[];
  /** Rows that took the place of one with the same key. */
  readonly updated: readonly Row[];
  /** As they were last; without a key the oldest ones, oldest first. */
  readonly removed: readonly Row[];
}

/** All rows, or what changed since the event before. Rows are shared by all who get them, and are never written to. */
export type TableEvent<Row = LiveRow> = {
  /** Counts the batches that the table has taken. */
  readonly version: number;
} & (
  | { readonly snapshot: readonly Row[]; readonly changes?: undefined }
  | { readonly snapshot?: undefined; readonly changes: RowChanges<Row> }
);

export interface LiveRowsOptions {
  readonly name: string;
  /** Columns whose values are a row's identity; without any each row is its own. */
  readonly key: readonly string[];
  /** Beyond so many rows the oldest go. */
  readonly rowsMax: number;
  readonly bigint: boolean;
  /** Called once, when the first row has to go. */
  readonly full: () => void;
}

/** Changes that are remembered; with more to tell, all rows are the shorter answer. */
const LOG_CHANGES_MAX = 16_384;

interface Change {
  readonly kind: "insert" | "update" | "remove";
  readonly key: unknown;
  readonly row: LiveRow;
}

export class LiveRows {
  /** Called after every change of the table. */
  changed: () => void = () => undefined;
  /** Called when a job has written all it had; answers when those who follow the table have been told. */
  settled: (done: () => void) => void = (done) => done();
  readonly #options: LiveRowsOptions;
  /** By key, or by a running number. A row that is updated stays in its place. */
  #rows = new Map<unknown, LiveRow>();
  /** Stands at the oldest row. Made once: to look for the first entry anew would pass over all that were deleted. */
  #oldest = this.#rows.keys();
  #keyOf: (row: LiveRow) => unknown = () => this.#count++;
  #count = 0;
  #schema: Schema | null = null;
  #version = 0;
  #evictedRows = 0;
  /** The changes of the last versions, one array each; empty while nobody follows. */
  #log: Change[][] = [];
  #logChanges = 0;
  #following = false;
  #snapshot: TableEvent | null = null;
  #latest: { readonly since: number; readonly event: TableEvent } | null = null;

  constructor(options: LiveRowsOptions) {
    this.#options = options;
  }

  /** null before the first job that writes has started. */
  get schema(): Schema | null {
    return this.#schema;
  }

  get version(): number {
    return this.#version;
  }

  get rowCount(): number {
    return this.#rows.size;
  }

  /** Rows that had to go because there were more than `rowsMax`. */
  get evictedRows(): number {
    return this.#evictedRows;
  }

  /** Whether somebody will ask for changes: only then are they remembered. */
  set following(following: boolean) {
    this.#following = following;
    if (!following) this.#forget();
  }

  /** Before rows of this schema come. @throws UNKNOWN_COLUMN for a key that is none, TYPE for other columns than before */
  open(schema: Schema): void {
    const { key, name } = this.#options;
    for (const column of key) columnIndex(schema, column);
    if (this.#schema !== null && !sameColumns(this.#schema, schema)) {
      throw new SchemaError("TYPE", `${name} has other columns than the rows that are written to it`, {
        hint: `it holds ${JSON.stringify(schemaLiteral(this.#schema))}; write to a table of its own`,
      });
    }
    this.#schema = schema;
    if (key.length > 0) this.#keyOf = keyReader(key);
  }

  /** @throws UNSAFE_INTEGER, TIME_RANGE with column and row */
  write(batch: Batch): void {
    const { key, rowsMax, bigint } = this.#options;
    // Without keys it is known beforehand which rows of a large batch would not stay.
    const passed = key.length > 0 ? 0 : Math.max(0, batch.rowCount - rowsMax);
    const changes: Change[] = [];
    for (const row of readRows(batch.slice(passed, batch.rowCount), { bigint })) {
      const id = this.#keyOf(row);
      if (this.#following) changes.push({ kind: this.#rows.has(id) ? "update" : "insert", key: id, row });
      this.#rows.set(id, row);
    }
    this.#evict(changes, passed);
    this.#advance(changes);
  }

  /** All rows, in the order they (or their keys) came first. The same array until the table changes. */
  rows(): readonly LiveRow[] {
    return this.snapshot().snapshot;
  }

  /** What to tell somebody who knows the table as it was at `version`; null: nothing of it yet. */
  eventSince(version: number | null): TableEvent {
    if (version === null || version < this.#version - this.#log.length) return this.snapshot();
    if (this.#latest?.since !== version || this.#latest.event.version !== this.#version) {
      this.#latest = { since: version, event: this.#changesSince(version) };
    }
    return this.#latest.event;
  }

  snapshot(): TableEvent & { readonly snapshot: readonly LiveRow[] } {
    if (this.#snapshot?.snapshot === undefined) {
      this.#snapshot = { version: this.#version, snapshot: [...this.#rows.values()] };
    }
    return this.#snapshot as TableEvent & { readonly snapshot: readonly LiveRow[] };
  }

  /** Empties the table; those who follow get the empty one. */
  release(): void {
    this.#rows = new Map();
    this.#oldest = this.#rows.keys();
    this.#schema = null;
    this.#evictedRows = 0;
    this.#advance([]);
    this.#forget();
  }

  #evict(changes: Change[], passed: number): void {
    const { rowsMax, full } = this.#options;
    const before = this.#evictedRows;
    this.#evictedRows += passed;
    while (this.#rows.size > rowsMax) {
      const key = this.#nextOldest();
      if (this.#following) changes.push({ kind: "remove", key, row: this.#rows.get(key) as LiveRow });
      this.#rows.delete(key);
      this.#evictedRows++;
    }
    if (before === 0 && this.#evictedRows > 0) full();
  }

  /** An iterator of a Map passes over what is deleted, and sees what is added; once at the end it stays there. */
  #nextOldest(): unknown {
    const next = this.#oldest.next();
    if (!next.done) return next.value;
    this.#oldest = this.#rows.keys();
    return this.#oldest.next().value;
  }

  #advance(changes: Change[]): void {
    this.#version++;
    this.#snapshot = null;
    this.#latest = null;
    if (this.#following) {
      this.#log.push(changes);
      this.#logChanges += changes.length;
      while (this.#logChanges > LOG_CHANGES_MAX) this.#logChanges -= this.#log.shift()?.length ?? 0;
    }
    this.changed();
  }

  #forget(): void {
    this.#log = [];
    this.#logChanges = 0;
    this.#latest = null;
  }

  #changesSince(version: number): TableEvent {
    const net = new Map<unknown, Change>();
    for (const change of this.#log.slice(this.#log.length - (this.#version - version)).flat()) {
      const before = net.get(change.key);
      const kind = before === undefined ? change.kind : netKind(before.kind, change.kind);
      if (kind === null) net.delete(change.key);
      else net.set(change.key, { ...change, kind });
    }
    if (net.size > this.#rows.size) return this.snapshot();
    const of = (kind: Change["kind"]) =>
      [...net.values()].filter((change) => change.kind === kind).map(({ row }) => row);
    return {
      version: this.#version,
      changes: { inserted: of("insert"), updated: of("update"), removed: of("remove") },
    };
  }
}

/** Two changes of one row as one; null when it is as if nothing had happened. */
function netKind(first: Change["kind"], second: Change["kind"]): Change["kind"] | null {
  if (first === "insert") return second === "remove" ? null : "insert";
  return second === "remove" ? "remove" : "update";
}

function sameColumns(a: Schema, b: Schema): boolean {
  return JSON.stringify(schemaLiteral(a)) === JSON.stringify(schemaLiteral(b));
}

/** NULL is a key like others, NaN equals NaN, −0 is 0: as in groups. */
function keyReader(columns: readonly string[]): (row: LiveRow) => unknown {
  const [only] = columns;
  if (columns.length === 1) return (row) => keyValue(row[only as string] as Value);
  // Each part says how long it is: no two keys give the same text.
  return (row) => columns.map((column) => keyPart(keyValue(row[column] as Value))).join("");
}

/** A value by which a Map tells cells of one column apart. */
function keyValue(value: Value): unknown {
  if (value instanceof Date) return value.getTime();
  return value instanceof Uint8Array ? value.join() : value;
}

function keyPart(value: unknown): string {
  const text = String(value);
  return `${value === null ? "-" : text.length}:${text}`;
}
