// What a ranking tells: rows that take the places of others, gathered by row number and emitted as a changelog.
import { Batch } from "../arrow/batch.js";
import { Column, type Workspace } from "../arrow/column.js";
import { concatColumns } from "../arrow/concat.js";
import { takeColumn } from "../arrow/take.js";
import { INT8, INT64, type Schema } from "../arrow/types.js";
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE } from "../plan/changes.js";
import { sameRow } from "./change-rows.js";
import type { OperatorContext, Output } from "./operator.js";

interface Told {
  /** Whether places stand behind the columns. */
  readonly hasRank: boolean;
  /** Whether rows that are replaced are named. */
  readonly before: boolean;
}

/** Changes of one batch. Rows are numbered through: those that were kept, then those that came. */
export class RankChanges {
  readonly #context: OperatorContext;
  readonly #schema: Schema;
  readonly #told: Told;
  /** Three numbers a change: the row that was there, the row that is there now (−1: none), and its place. */
  readonly #moves: number[] = [];

  /** `schema`: of what is emitted, the kind of change last. */
  constructor(context: OperatorContext, schema: Schema, told: Told) {
    this.#context = context;
    this.#schema = schema;
    this.#told = told;
  }

  /** Row `now` stands where `old` did; −1: none. */
  replace(old: number, now: number, place: number): void {
    this.#moves.push(old, now, place);
  }

  /**
   * Emits what was told, without rows that took the place of equal ones (S79).
   * @param came - columns of the rows that came
   * @param keptCount - how many were kept
   * @param takeKept - the columns of kept rows, by a list of their numbers (u32 in the arena)
   */
  emit(
    came: readonly Column[],
    keptCount: number,
    takeKept: (list: number, count: number) => readonly Column[],
    out: Output,
  ): void {
    if (this.#moves.length === 0) return;
    const { workspace } = this.#context;
    const { length: cameCount } = came[0] as Column;
    const kept: number[] = [];
    // Places in what is emitted: rows that came, then those of the kept ones that are told.
    const sources = this.#moves.map((row, index) => {
      if (index % 3 === 2 || row < 0) return row;
      if (row >= keptCount) return row - keptCount;
      kept.push(row);
      return cameCount + kept.length - 1;
    });
    const columns = came.map((column) => column);
    if (kept.length > 0) {
      const taken = takeKept(listOf(workspace, kept), kept.length);
      taken.forEach((column, index) => {
        columns[index] = concatColumns(workspace, column.type, [came[index] as Column, column]);
      });
    }
    const [kinds, rows, places]: [number[], number[], number[]] = [[], [], []];
    const tell = (kind: number, row: number, place: number) => {
      kinds.push(kind);
      rows.push(row);
      places.push(place);
    };
    for (let at = 0; at < sources.length; at += 3) {
      const [old, now, place] = [sources[at] as number, sources[at + 1] as number, sources[at + 2] as number];
      if (old < 0) tell(INSERT, now, place);
      else if (now < 0) tell(DELETE, old, place);
      else if (!sameRow(workspace, columns, old, columns, now)) {
        if (this.#told.before) tell(UPDATE_BEFORE, old, place);
        tell(UPDATE_AFTER, now, place);
      }
    }
    this.#emit(columns, kinds, rows, places, out);
  }

  #emit(
    columns: readonly Column[],
    kinds: readonly number[],
    rows: readonly number[],
    places: readonly number[],
    out: Output,
  ): void {
    const { workspace, batchRowsMax } = this.#context;
    for (let from = 0; from < rows.length; from += batchRowsMax) {
      const part = rows.slice(from, from + batchRowsMax);
      const list = listOf(workspace, part);
      const taken = columns.map((column) => takeColumn(workspace, column, list, part.length));
      if (this.#told.hasRank) taken.push(longs(workspace, places.slice(from, from + batchRowsMax)));
      const values = workspace.account.arena.allocate(part.length);
      workspace.account.memory.u8.set(kinds.slice(from, from + batchRowsMax), values);
      taken.push(new Column({ type: INT8, length: part.length, values }));
      out.emit(new Batch(workspace, this.#schema, taken, part.length));
    }
  }
}

/** A BIGINT column of whole numbers that 32 bits hold, in the arena. */
export function longs(workspace: Workspace, numbers: readonly number[]): Column {
  const { account, kernels } = workspace;
  const { length } = numbers;
  const values = account.arena.allocate(length * 8);
  kernels.wordsI32(listOf(workspace, numbers), length, values);
  return new Column({ type: INT64, length, values });
}

function listOf({ account }: Workspace, numbers: readonly number[]): number {
  const list = account.arena.allocate(numbers.length * 4);
  account.memory.u32.set(numbers, list >>> 2);
  return list;
}
