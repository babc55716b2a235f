// LIMIT without ORDER BY: the first rows as they come, then no more (S99).
import type { Batch } from "../arrow/batch.js";
import type { PhysicalOf } from "../plan/physical.js";
import type { SnapshotReader, SnapshotWriter } from "../state/snapshot.js";
import { type Output, StatelessOperator } from "./operator.js";

export class Limit extends StatelessOperator {
  /** Rows left to pass over, and to give. */
  #offset: number;
  #limit: number;

  constructor({ limit, offset }: PhysicalOf<"limit">) {
    super();
    this.#offset = offset;
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    const start = Math.min(this.#offset, batch.rowCount);
    const end = Math.min(start + this.#limit, batch.rowCount);
    this.#offset -= start;
    this.#limit -= end - start;
    if (end > start) out.emit(batch.slice(start, end));
  }

  override snapshot(writer: SnapshotWriter): void {
    writer.value("offset", this.#offset);
    writer.value("limit", this.#limit);
  }

  override restore(reader: SnapshotReader): void {
    this.#offset = reader.value("offset") as number;
    this.#limit = reader.value("limit") as number;
  }
}
