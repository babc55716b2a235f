// A nested column put together from its leaves: what is NULL, and where lists begin, is told by the levels of the first leaf below
// each node; that the other leaves say the same is checked by their lengths.
import { bitmapBytes, Column } from "../arrow/column.js";
import type { Field } from "../arrow/types.js";
import type { ColumnSource } from "./parquet-column.js";
import { type Entries, LeafReader } from "./parquet-levels.js";
import type { ColumnReaderOptions, OpenChunk } from "./parquet-pages.js";
import type { ColumnNode, Level } from "./parquet-tree.js";
import type { ColumnPlan } from "./parquet-types.js";

export class NestedColumn implements ColumnSource {
  readonly field: Field;
  readonly leaves: readonly ColumnPlan[];
  readonly #node: ColumnNode;
  readonly #readers: readonly LeafReader[];
  /** Entries of the rows being put together, a leaf each, and the leaf that is next. */
  #entries: readonly Entries[] = [];
  #next = 0;

  constructor(node: ColumnNode, options: ColumnReaderOptions) {
    this.field = node.field;
    this.#node = node;
    this.#readers = readersOf(node, options);
    this.leaves = this.#readers.map(({ plan }) => plan);
  }

  open(chunks: readonly OpenChunk[]): void {
    this.#readers.forEach((reader, index) => {
      reader.open(chunks[index] as OpenChunk);
    });
  }

  get rowsReady(): number {
    return Math.min(...this.#readers.map(({ rowsReady }) => rowsReady));
  }

  prepare(): boolean {
    let ready = true;
    // Every leaf is asked, so that all missing bytes are on their way at once.
    for (const reader of this.#readers) ready = reader.prepare() && ready;
    return ready;
  }

  take(count: number): Column {
    this.#entries = this.#readers.map((reader) => reader.take(count));
    this.#next = 0;
    const column = this.#columnOf(this.#node);
    if (column.length !== count) throw this.#contradiction();
    return column;
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
  }

  #columnOf(node: ColumnNode): Column {
    const entries = this.#entries[this.#next] as Entries;
    if (node.kind === "leaf") {
      this.#checkNulls(node.field, node.level, entries);
      this.#next++;
      return entries.values;
    }
    const { context } = this.#readers[this.#next] as LeafReader;
    const { account, kernels } = context.workspace;
    const { field, level } = node as Exclude<ColumnNode, { kind: "refused" }>;
    const { type } = field;
    const { length, validity } = this.#validity(level, entries);
    this.#checkNulls(field, level, entries);
    if (node.kind === "list") {
      const offsets = account.arena.allocate((length + 1) * 4);
      const { count, repetitions, definitions } = entries;
      const { repetition, floor } = level;
      if (kernels.levelOffsets(repetitions, definitions, count, repetition, floor, node.present, offsets) < 0) {
        throw context.fail("its levels go on in a list that has no element");
      }
      const child = this.#columnOf(node.child);
      if (child.length !== account.memory.i32[(offsets >>> 2) + length]) throw this.#contradiction();
      return new Column({ type, length, values: 0, validity, offsets, children: [child] });
    }
    const children = (node as ColumnNode & { kind: "row" }).children.map((child) => this.#columnOf(child));
    if (children.some((child) => child.length !== length)) throw this.#contradiction();
    return new Column({ type, length, values: 0, validity, children });
  }

  /** How many instances of a node there are, and which of them are not NULL; address 0 when all are. */
  #validity(
    { repetition, floor, definition }: Level,
    { count, repetitions, definitions }: Entries,
  ): { readonly length: number; readonly validity: number; readonly nulls: number } {
    const { account, kernels } = (this.#readers[0] as LeafReader).context.workspace;
    const bits = account.arena.allocateZeroed(bitmapBytes(count));
    const length = kernels.levelBits(repetitions, definitions, count, repetition, floor, definition, bits);
    const nulls = length - kernels.countBits(bits, length);
    return { length, validity: nulls === 0 ? 0 : bits, nulls };
  }

  /** NULL where it was declared that there is none, but what it lies in is not NULL. @throws TYPE */
  #checkNulls({ nullable }: Field, level: Level, entries: Entries): void {
    if (nullable || level.definition === level.parent) return;
    const parents = this.#validity({ ...level, definition: level.parent }, entries);
    if (this.#validity(level, entries).nulls === parents.nulls) return;
    throw (this.#readers[this.#next] as LeafReader).context.fail("NULL in what is declared NOT NULL", "TYPE");
  }

  #contradiction(): Error {
    return (this.#readers[0] as LeafReader).context.fail("its leaves contradict each other in their levels");
  }
}

function readersOf(node: ColumnNode, options: ColumnReaderOptions): LeafReader[] {
  switch (node.kind) {
    case "leaf":
      return [new LeafReader(node.plan, node.level, options)];
    case "row":
      return node.children.flatMap((child) => readersOf(child, options));
    case "list":
      return readersOf(node.child, options);
    case "refused":
      return [];
  }
}
