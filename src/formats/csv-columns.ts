// The columns of the batch that a CSV decoder is filling: reserved in the arena, described to the kernels by slots.
import { Batch } from "../arrow/batch.js";
import { bitmapBytes, Column, type Workspace } from "../arrow/column.js";
import { layoutOf, type Schema, widthOf } from "../arrow/types.js";
import { type CsvBlock, slotOf } from "./csv-layout.js";
import { rowBytes, Slot } from "./json-layout.js";

/** Bytes that the columns of a batch take at most, strings not counted: few rows of a wide schema at a time. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;
/** First guess of a text's length. */
const TEXT_BYTES = 24;

export class CsvColumns {
  readonly #workspace: Workspace;
  readonly #schema: Schema;
  readonly #block: CsvBlock;
  /** Rows that a batch may have, by the width of the schema. */
  readonly rowsMax: number;
  /** Expected bytes a row of each column; 0 where values have a width. */
  readonly #textBytes: number[];

  constructor(workspace: Workspace, schema: Schema, block: CsvBlock, batchRowsMax: number) {
    this.#workspace = workspace;
    this.#schema = schema;
    this.#block = block;
    const width = schema.fields.reduce((sum, { type }) => sum + rowBytes(type), 0);
    this.rowsMax = Math.max(1, Math.min(batchRowsMax, Math.floor(BATCH_BYTES_MAX / Math.max(width, 1))));
    this.#textBytes = schema.fields.map(({ type }) => (layoutOf(type) === "utf8" ? TEXT_BYTES : 0));
  }

  /** Reserves columns of `rowsMax` rows, made of at most `bytesAhead` bytes of text. */
  open(rowsMax: number, bytesAhead: number): void {
    const { arena, memory } = this.#workspace.account;
    const bits = bitmapBytes(rowsMax);
    this.#schema.fields.forEach(({ type }, column) => {
      const slot = slotOf(this.#block, column);
      const layout = layoutOf(type);
      const validity = arena.allocate(bits);
      let values = 0;
      let offsets = 0;
      let room = 0;
      if (layout === "utf8") {
        offsets = arena.allocate((rowsMax + 1) * 4);
        memory.u32[offsets >>> 2] = 0;
        room = Math.min(bytesAhead, Math.ceil((this.#textBytes[column] as number) * rowsMax));
        values = arena.allocate(room);
      } else values = arena.allocate(layout === "bool" ? bits : rowsMax * widthOf(layout));
      memory.u8.fill(0xff, validity, validity + bits);
      const { u32 } = memory;
      u32[slot + Slot.VALIDITY] = validity;
      u32[slot + Slot.VALUES] = values;
      u32[slot + Slot.OFFSETS] = offsets;
      u32[slot + Slot.ROOM] = room;
      u32[slot + Slot.USED] = 0;
      u32[slot + Slot.NULLS] = 0;
    });
  }

  /** More room for a text column that has no row yet. */
  widen(column: number, bytes: number): void {
    const { arena, memory } = this.#workspace.account;
    const values = arena.allocate(bytes);
    const slot = slotOf(this.#block, column);
    memory.u32[slot + Slot.VALUES] = values;
    memory.u32[slot + Slot.ROOM] = bytes;
  }

  /** More room for a text column in the next batch. */
  expectMore(column: number): void {
    this.#textBytes[column] = 2 * (this.#textBytes[column] as number);
  }

  close(rows: number, split: number): Batch {
    const { u32 } = this.#workspace.account.memory;
    const columns = this.#schema.fields.map(({ type }, column) => {
      const slot = slotOf(this.#block, column);
      if (layoutOf(type) === "utf8" && rows > 0) {
        // Room for half as much again as the mean text of this batch.
        const mean = (u32[slot + Slot.USED] as number) / rows;
        this.#textBytes[column] = Math.max(1.5 * mean + 16 / rows, 0.75 * (this.#textBytes[column] as number));
      }
      return new Column({
        type,
        length: rows,
        values: u32[slot + Slot.VALUES] as number,
        offsets: u32[slot + Slot.OFFSETS] as number,
        validity: (u32[slot + Slot.NULLS] as number) === 0 ? 0 : (u32[slot + Slot.VALIDITY] as number),
      });
    });
    return new Batch(this.#workspace, this.#schema, columns, rows, split);
  }
}
