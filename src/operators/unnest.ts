// Unnest: a row for every element of a list, its other columns repeated. What a batch becomes is cut into batches of the
// usual size, however long its lists are, and goes on in the next step when this one's time is up.
import { Batch } from "../arrow/batch.js";
import { Column, sliceColumn, type Workspace } from "../arrow/column.js";
import { takeColumn, takeElements, underValidity } from "../arrow/take.js";
import { type DataType, INT32, type Schema } from "../arrow/types.js";
import type { PhysicalOf } from "../plan/physical.js";
import { type Output, StatelessOperator } from "./operator.js";

/** Rows of the result: for each the row it comes from, its position in the list, and the elements. */
interface Piece {
  readonly count: number;
  readonly rows: number;
  readonly positions: number;
  readonly elements: Column;
  /** Bitmap of the rows that have an element; 0: all do. */
  readonly present: number;
}

export class Unnest extends StatelessOperator {
  readonly #column: number;
  readonly #ordinality: boolean;
  readonly #outer: boolean;
  readonly #schema: Schema;
  /** The batch that is not done with, persisted from one step to the next. */
  #held: Batch | null = null;
  /** The next row, and the next of all elements. */
  #row = 0;
  #element = 0;

  constructor(node: PhysicalOf<"unnest">) {
    super();
    this.#column = node.column;
    this.#ordinality = node.ordinality;
    this.#outer = node.outer;
    this.#schema = node.schema;
  }

  override get pending(): boolean {
    return this.#held !== null;
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    this.#row = 0;
    this.#element = 0;
    if (!this.#emit(batch, out)) this.#held = batch.persist();
  }

  override resume(out: Output): void {
    const batch = this.#held;
    if (batch !== null && this.#emit(batch, out)) this.close();
  }

  override close(): void {
    this.#held?.release();
    this.#held = null;
  }

  /** Emits from where it stopped; false when the step's time is up before the end. */
  #emit(batch: Batch, out: Output): boolean {
    const lists = batch.plainColumn(this.#column);
    while (true) {
      const piece = this.#take(batch.workspace, lists);
      if (piece.count > 0) out.emit(this.#rowsOf(batch, lists.type, piece));
      if (this.#row >= batch.rowCount) return true;
      if (this.context.shouldYield()) return false;
    }
  }

  /** The next rows of the result, as many as a batch may have. */
  #take({ account, kernels }: Workspace, lists: Column): Piece {
    const { arena, memory } = account;
    const { offsets, length } = lists;
    const child = lists.children[0] as Column;
    const limit = this.context.batchRowsMax;
    const rows = arena.allocate(limit * 4);
    const positions = arena.allocate(limit * 4);
    const places = arena.allocate(limit * 4);
    const present = this.#outer ? arena.allocateZeroed((limit + 7) >> 3) : 0;
    const start = this.#element;
    const count = kernels.unnestLists(offsets, length, this.#row, start, limit, rows, positions, places, present);
    if (count < limit) this.#row = length;
    else {
      const last = memory.i32[(rows >>> 2) + count - 1] as number;
      const next = (memory.i32[(places >>> 2) + count - 1] as number) + 1;
      const end = memory.i32[(offsets >>> 2) + last + 1] as number;
      const done = memory.i32[(positions >>> 2) + count - 1] === 0 || next === end;
      this.#row = done ? last + 1 : last;
      this.#element = done ? end : next;
    }
    const workspace = { account, kernels };
    if (present === 0) {
      // Lists of NULLs are empty, so that the elements of rows that follow each other do so, too.
      const first = count === 0 ? 0 : (memory.i32[places >>> 2] as number);
      return { count, rows, positions, elements: sliceColumn(workspace, child, first, count), present };
    }
    return { count, rows, positions, elements: takeElements(workspace, child, places, count, present), present };
  }

  #rowsOf(batch: Batch, type: DataType, piece: Piece): Batch {
    const { workspace } = batch;
    const { count, rows, positions, elements, present } = piece;
    // A map's entries are never NULL themselves: where there is none, its key and value are.
    const made =
      type.kind === "map" ? elements.children.map((part) => underValidity(workspace, part, present)) : [elements];
    if (this.#ordinality) {
      made.push(new Column({ type: INT32, length: count, validity: present, values: positions }));
    }
    const columns = batch.schema.fields.flatMap((_, index) => {
      return index === this.#column ? made : [takeColumn(workspace, batch.column(index), rows, count)];
    });
    return new Batch(workspace, this.#schema, columns, count, batch.split);
  }
}
