// One operator's part of a checkpoint: named values and named column tables, detached from linear memory, so that another
// build, another parallelism or another host can read them back. Writing them to a store is the checkpoint's business.
import { Batch } from "../arrow/batch.js";
import { bitmapBytes, Column, type Workspace } from "../arrow/column.js";
import { compactColumn, decodeDictionary } from "../arrow/take.js";
import { childFields, type DataType, isNested, type Schema, widthOf } from "../arrow/types.js";

/** JSON-able value; numbers may be ±Infinity, bigint is allowed. */
export type StateValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly StateValue[]
  | { readonly [name: string]: StateValue };

/** The buffers of one column, copied out of linear memory. Dictionary columns are written plain. */
interface DetachedColumn {
  readonly validity: Uint8Array | null;
  readonly offsets: Int32Array | null;
  readonly values: Uint8Array;
  /** What lies below a nested column's rows, and nothing else. */
  readonly children: readonly DetachedChild[];
}

interface DetachedChild extends DetachedColumn {
  readonly length: number;
}

/** Rows outside linear memory. */
export interface DetachedBatch {
  readonly schema: Schema;
  readonly rowCount: number;
  readonly columns: readonly DetachedColumn[];
}

/** One operator's state. `version` is the layout's, raised when an operator writes something else. */
export interface Snapshot {
  readonly version: number;
  readonly values: Readonly<Record<string, StateValue>>;
  readonly tables: Readonly<Record<string, DetachedBatch>>;
}

export interface SnapshotWriter {
  value(name: string, value: StateValue): void;
  /** Copies the batch's rows. */
  table(name: string, batch: Batch): void;
}

export interface SnapshotReader {
  value(name: string): StateValue | undefined;
  /** The rows in the arena of `workspace`, or undefined when nothing was written under the name. */
  table(name: string, workspace: Workspace): Batch | undefined;
}

/** Layout of snapshots as this build writes them. */
const SNAPSHOT_VERSION = 1;

/** Collects one operator's snapshot; the rows are copied at once, so the operator may go on. */
export class SnapshotBuilder implements SnapshotWriter {
  readonly #values: Record<string, StateValue> = {};
  readonly #tables: Record<string, DetachedBatch> = {};

  value(name: string, value: StateValue): void {
    this.#values[name] = value;
  }

  table(name: string, batch: Batch): void {
    this.#tables[name] = detachBatch(batch);
  }

  finish(): Snapshot {
    return { version: SNAPSHOT_VERSION, values: this.#values, tables: this.#tables };
  }
}

/** Reads a snapshot back. */
export function readSnapshot(snapshot: Snapshot): SnapshotReader {
  return {
    value: (name) => snapshot.values[name],
    table: (name, workspace) => {
      const detached = snapshot.tables[name];
      return detached === undefined ? undefined : attachBatch(workspace, detached);
    },
  };
}

/** Copies a batch out of linear memory. Dictionaries are decoded and selections applied. */
export function detachBatch(batch: Batch): DetachedBatch {
  const { schema, rowCount } = batch;
  const columns = schema.fields.map((_, index) => detachColumn(batch.workspace, batch.plainColumn(index)));
  return { schema, rowCount, columns };
}

/** Copies rows into the arena of `workspace`. */
export function attachBatch(workspace: Workspace, { schema, rowCount, columns }: DetachedBatch): Batch {
  const attached = schema.fields.map(({ type }, index) => {
    return attachColumn(workspace, type, rowCount, columns[index] as DetachedColumn);
  });
  return new Batch(workspace, schema, attached, rowCount);
}

function detachColumn(workspace: Workspace, given: Column): DetachedChild {
  const column = compactColumn(workspace, given);
  const { u8, i32 } = workspace.account.memory;
  const { length, layout, values } = column;
  // Copied, never a view: memory may grow, and shared memory cannot be stored.
  const copy = (start: number, bytes: number) => Uint8Array.from(u8.subarray(start, start + bytes));
  const validity = column.validity === 0 ? null : copy(column.validity, bitmapBytes(length));
  const children = column.children.map((child) => detachColumn(workspace, decodeDictionary(workspace, child)));
  const plain = { length, validity, offsets: null, children };
  if (layout === "list" || layout === "utf8") {
    const first = column.offsets >>> 2;
    const base = i32[first] as number;
    const offsets = Int32Array.from(i32.subarray(first, first + length + 1), (offset) => offset - base);
    const bytes = layout === "utf8" ? (offsets[length] as number) : 0;
    return { ...plain, offsets, values: copy(values + base, bytes) };
  }
  return { ...plain, values: copy(values, layout === "bool" ? bitmapBytes(length) : length * widthOf(layout)) };
}

function attachColumn(workspace: Workspace, type: DataType, length: number, detached: DetachedColumn): Column {
  const { account } = workspace;
  const put = (bytes: Uint8Array) => {
    const ptr = account.arena.allocate(bytes.length);
    account.memory.u8.set(bytes, ptr);
    return ptr;
  };
  const validity = detached.validity === null ? 0 : put(detached.validity);
  const offsets = detached.offsets === null ? 0 : put(new Uint8Array(detached.offsets.buffer));
  const below = isNested(type) ? childFields(type) : [];
  const children = below.map((child, index) => {
    const saved = detached.children[index] as DetachedChild;
    return attachColumn(workspace, child.type, saved.length, saved);
  });
  return new Column({ type, length, validity, offsets, values: put(detached.values), children });
}
