// The rows of a live table: as they are after each whole batch, by key or in the order they came, with a bounded log of what
// changed lately. Who knows an older version gets the changes since then; who lags behind the log gets all rows instead.
import type { Batch } from "../arrow/batch.js";
import { readColumn, type Value } from "../arrow/rows.js";
import { columnIndex, type Field, isNested, type Schema, schemaLiteral } from "../arrow/types.js";
import { SchemaError } from "../errors.js";
import { DELETE, hasChanges, UPDATE_BEFORE, withoutChanges } from "../plan/changes.js";

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

export interface LiveRowsOptions<Row> {
  readonly name: string;
  /** Columns whose values are a row's identity; without any each row is its own. */
  readonly key: readonly string[];
  /** Beyond so many rows the oldest go. */
  readonly rowsMax: number;
  /** The rows of a batch, as they are kept and handed out. */
  readonly read: (batch: Batch) => readonly Row[];
  /** Called once, when the first row has to go. */
  readonly full: () => void;
}

/** Changes that are remembered; with more to tell, all rows are the shorter answer. */
const LOG_CHANGES_MAX = 16_384;

type Kind = "insert" | "update" | "remove";

interface Change<Row> {
  readonly kind: Kind;
  readonly key: unknown;
  readonly row: Row;
}

type Snapshot<Row> = TableEvent<Row> & { readonly snapshot: readonly Row[] };

export class LiveRows<Row = LiveRow> {
  /** Called after every change of the table. */
  changed: () => void = () => undefined;
  /** Called when a job has written all it had; answers when those who follow the table have been told. */
  settled: (done: () => void) => void = (done) => done();
  readonly #options: LiveRowsOptions<Row>;
  /** By key, or by a running number. A row that is updated stays in its place. */
  #rows = new Map<unknown, Row>();
  /** Stands at the oldest row. Made once: to look for the first entry anew would pass over all that were deleted. */
  #oldest = this.#rows.keys();
  /** Rows that came so far: the numbers of those without key. */
  #count = 0;
  #schema: Schema | null = null;
  #version = 0;
  #evictedRows = 0;
  /** The changes of the last versions, one array each; empty while nobody follows. */
  #log: Change<Row>[][] = [];
  #logChanges = 0;
  #following = false;
  #snapshot: Snapshot<Row> | null = null;
  #latest: { readonly since: number; readonly event: TableEvent<Row> } | null = null;

  constructor(options: LiveRowsOptions<Row>) {
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

  /** Before rows of this schema come; the kind of each change may be its last column. @throws UNKNOWN_COLUMN for a key that is none, TYPE for one that is nested, or other columns than before */
  open(written: Schema): void {
    const { key, name } = this.#options;
    const schema = withoutChanges(written);
    for (const column of key) checkKey(schema.fields[columnIndex(schema, column)] as Field, name);
    if (this.#schema !== null && !sameColumns(this.#schema, schema)) {
      throw new SchemaError("TYPE", `${name} has other columns than the rows that are written to it`, {
        hint: `it holds ${JSON.stringify(schemaLiteral(this.#schema))}; write to a table of its own`,
      });
    }
    this.#schema = schema;
  }

  /** @throws what reading the rows does: UNSAFE_INTEGER, TIME_RANGE with column and row */
  write(batch: Batch): void {
    if (hasChanges(batch.schema)) this.#change(batch);
    else this.#add(batch);
  }

  /** Applies changes: +I and +U put a row under its key, −U and −D take it away unless the same batch puts another one there. */
  #change(batch: Batch): void {
    const { key, read } = this.#options;
    const schema = withoutChanges(batch.schema);
    const plain = batch.pick(
      schema,
      schema.fields.map((_, index) => index),
    );
    const kinds = readColumn(batch, schema.fields.length);
    const rows = read(plain);
    const keys = readKeys(plain, key);
    const changes: Change<Row>[] = [];
    const gone = new Set<unknown>();
    for (let i = 0; i < rows.length; i++) {
      if (kinds[i] === DELETE || kinds[i] === UPDATE_BEFORE) gone.add(keys[i]);
      else {
        gone.delete(keys[i]);
        this.#put(keys[i], rows[i] as Row, changes);
      }
    }
    for (const one of gone) {
      const row = this.#rows.get(one);
      if (row === undefined) continue;
      this.#rows.delete(one);
      if (this.#following) changes.push({ kind: "remove", key: one, row });
    }
    this.#evict(changes, 0);
    this.#advance(changes);
  }

  #add(batch: Batch): void {
    const { key, rowsMax, read } = this.#options;
    // Without keys it is known beforehand which rows of a large batch would not stay.
    const passed = key.length > 0 ? 0 : Math.max(0, batch.rowCount - rowsMax);
    const kept = batch.slice(passed, batch.rowCount);
    const rows = read(kept);
    const keys = key.length > 0 ? readKeys(kept, key) : rows.map(() => this.#count++);
    const changes: Change<Row>[] = [];
    for (let i = 0; i < rows.length; i++) this.#put(keys[i], rows[i] as Row, changes);
    this.#evict(changes, passed);
    this.#advance(changes);
  }

  #put(key: unknown, row: Row, changes: Change<Row>[]): void {
    const before = this.#rows.size;
    this.#rows.set(key, row);
    if (this.#following) changes.push({ kind: this.#rows.size > before ? "insert" : "update", key, row });
  }

  /** All rows, in the order they (or their keys) came first. The same array until the table changes. */
  rows(): readonly Row[] {
    return this.snapshot().snapshot;
  }

  /** What to tell somebody who knows the table as it was at `version`; null: nothing of it yet. */
  eventSince(version: number | null): TableEvent<Row> {
    if (version === null || version > this.#version || version < this.#version - this.#log.length)
      return this.snapshot();
    if (this.#latest?.since !== version || this.#latest.event.version !== this.#version) {
      this.#latest = { since: version, event: this.#changesSince(version) };
    }
    return this.#latest.event;
  }

  snapshot(): Snapshot<Row> {
    this.#snapshot ??= { version: this.#version, snapshot: [...this.#rows.values()] };
    return this.#snapshot;
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

  #evict(changes: Change<Row>[], passed: number): void {
    const { rowsMax, full } = this.#options;
    const before = this.#evictedRows;
    this.#evictedRows += passed;
    while (this.#rows.size > rowsMax) {
      const key = this.#nextOldest();
      if (this.#following) changes.push({ kind: "remove", key, row: this.#rows.get(key) as Row });
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

  #advance(changes: Change<Row>[]): void {
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

  #changesSince(version: number): TableEvent<Row> {
    const net = this.#netSince(version);
    if (net.length > this.#rows.size) return this.snapshot();
    const rows: Record<Kind, Row[]> = { insert: [], update: [], remove: [] };
    for (const { kind, row } of net) rows[kind].push(row);
    return { version: this.#version, changes: { inserted: rows.insert, updated: rows.update, removed: rows.remove } };
  }

  /** One change a row. Each is an object of the log, unless several of a row became one of another kind. */
  #netSince(version: number): readonly Change<Row>[] {
    const changes = this.#log.slice(this.#log.length - (this.#version - version)).flat();
    if (this.#options.key.length === 0) return netOfNumbered(changes);
    const net = new Map<unknown, Change<Row>>();
    for (const change of changes) {
      const { key, row } = change;
      const before = net.get(key);
      const kind = before === undefined ? change.kind : netKind(before.kind, change.kind);
      if (kind === null) net.delete(key);
      else net.set(key, kind === change.kind ? change : { kind, key, row });
    }
    return [...net.values()];
  }
}

/** Rows without key come in the order of their numbers, and go in it: what came and went lies between two of them. */
function netOfNumbered<Row>(changes: readonly Change<Row>[]): readonly Change<Row>[] {
  let firstCame = Number.POSITIVE_INFINITY;
  let lastGone = -1;
  for (const { kind, key } of changes) {
    if (kind === "remove") lastGone = Math.max(lastGone, key as number);
    else firstCame = Math.min(firstCame, key as number);
  }
  if (lastGone < 0) return changes;
  return changes.filter(({ kind, key }) =>
    kind === "remove" ? (key as number) < firstCame : (key as number) > lastGone,
  );
}

/** Two changes of one row as one; null when it is as if nothing had happened. */
function netKind(first: Kind, second: Kind): Kind | null {
  if (first === "insert") return second === "remove" ? null : "insert";
  return second === "remove" ? "remove" : "update";
}

function sameColumns(a: Schema, b: Schema): boolean {
  return JSON.stringify(schemaLiteral(a)) === JSON.stringify(schemaLiteral(b));
}

function checkKey({ name: column, type }: Field, name: string): void {
  if (!isNested(type)) return;
  throw new SchemaError("TYPE", `column "${column}" is nested and cannot be a key of ${name}`, {
    hint: "rows are told apart by columns with one value each: select the field that tells them apart",
  });
}

/** The keys of a batch's rows. NULL is a key like others, NaN equals NaN, −0 is 0: as in groups. */
function readKeys(batch: Batch, names: readonly string[]): unknown[] {
  const columns = names.map((name) => {
    return readColumn(batch, columnIndex(batch.schema, name), { bigint: true }).map(keyValue);
  });
  const [only] = columns;
  if (columns.length === 1) return only as unknown[];
  // Each part says how long it is: no two keys give the same text.
  return Array.from({ length: batch.rowCount }, (_, row) => columns.map((values) => keyPart(values[row])).join(""));
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
