// Entries of keyed state: a group and the cell of its accumulators, and what they stand for as columns.
import type { Column } from "../arrow/column.js";
import type { Overflow } from "./accumulators.js";

/** Entries read or dropped together: groups and cells, u32 each. */
export interface Entries {
  readonly count: number;
  readonly groups: number;
  readonly cells: number;
}

/** What entries stand for, as columns. */
export interface EntryReader {
  /** Key columns, in the order of the keys. */
  keyColumns(entries: Entries): Column[];
  /** Result columns, in the order of the aggregates. */
  resultColumns(entries: Entries): Column[];
  /** The first entry with a SUM beyond BIGINT; null when all are right. */
  overflow(entries: Entries): Overflow | null;
}
