// Results of windows as batches: the window's start, end and time, the keys, the aggregates. Those that overflow follow the
// row policy (S54, S59).
import { Batch } from "../arrow/batch.js";
import { Column } from "../arrow/column.js";
import { TIMESTAMP } from "../arrow/types.js";
import type { PhysicalOf } from "../plan/physical.js";
import type { Entries, EntryReader } from "../state/entries.js";
import { shiftedTimes } from "./event-time.js";
import type { OperatorContext, Output } from "./operator.js";
import { refuseOverflow } from "./result-policy.js";

/** Entries on their way out, with the start and the end of each one's window (i64 milliseconds). */
export interface Results {
  readonly entries: Entries;
  readonly starts: number;
  readonly ends: number;
}

export class WindowResults {
  readonly #node: PhysicalOf<"window-aggregate">;
  readonly #context: OperatorContext;
  readonly #state: EntryReader;

  /** `state` holds what the entries stand for. */
  constructor(context: OperatorContext, node: PhysicalOf<"window-aggregate">, state: EntryReader) {
    this.#context = context;
    this.#node = node;
    this.#state = state;
  }

  /** @throws OVERFLOW under the policy `fail` */
  emit(results: Results, out: Output): void {
    const right = this.#withoutOverflows(results, out);
    const { workspace, batchRowsMax } = this.#context;
    const { count } = right.entries;
    // More than a batch only when a batch larger than that came in and fired its windows again.
    for (let row = 0; row < count; row += batchRowsMax) {
      const part = partOf(right, row, Math.min(batchRowsMax, count - row));
      const columns = [...this.#placeColumns(part), ...this.#state.resultColumns(part.entries)];
      out.emit(new Batch(workspace, this.#node.schema, columns, part.entries.count));
    }
  }

  /** What can be emitted. */
  #withoutOverflows(results: Results, out: Output): Results {
    let right = results;
    for (let found = this.#state.overflow(right.entries); found !== null; found = this.#state.overflow(right.entries)) {
      const { row, aggregate } = found;
      const columns = this.#placeColumns(partOf(right, row, 1));
      const schema = { fields: this.#node.schema.fields.slice(0, columns.length) };
      refuseOverflow(this.#context, new Batch(this.#context.workspace, schema, columns, 1), aggregate, out);
      right = this.#without(right, row);
    }
    return right;
  }

  /** The results but one; the lists stay as they are, for what was read is dropped by them. */
  #without({ entries, starts, ends }: Results, row: number): Results {
    const { arena, memory } = this.#context.workspace.account;
    const count = entries.count - 1;
    const copy = (from: number, width: number) => {
      const to = arena.allocate(count * width);
      memory.u8.copyWithin(to, from, from + row * width);
      memory.u8.copyWithin(to + row * width, from + (row + 1) * width, from + entries.count * width);
      return to;
    };
    const rest = { count, groups: copy(entries.groups, 4), cells: copy(entries.cells, 4) };
    return { entries: rest, starts: copy(starts, 8), ends: copy(ends, 8) };
  }

  /** The columns before the aggregates: window start, end and time, then the keys. */
  #placeColumns({ entries, starts, ends }: Results): Column[] {
    const keys = this.#state.keyColumns(entries);
    if (this.#node.window === null) return keys;
    const { count } = entries;
    const [start, end] = [starts, ends].map((values) => new Column({ type: TIMESTAMP, length: count, values }));
    return [start as Column, end as Column, shiftedTimes(this.#context.workspace, ends, count, -1), ...keys];
  }
}

function partOf({ entries, starts, ends }: Results, row: number, count: number): Results {
  const { groups, cells } = entries;
  const part = { count, groups: groups + row * 4, cells: cells + row * 4 };
  return { entries: part, starts: starts + row * 8, ends: ends + row * 8 };
}

/** Entries of windows that are all of one size. */
export function sizedResults(
  { workspace }: OperatorContext,
  entries: Entries,
  starts: number,
  sizeMs: number,
): Results {
  return { entries, starts, ends: shiftedTimes(workspace, starts, entries.count, sizeMs).values };
}
