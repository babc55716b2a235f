// One column of a batch from row objects, written a few rows at a time: the plain cells by the loops of row-loops.ts, the
// others one by one (cells.ts).
import { DataError } from "../errors.js";
import { fieldOf, markNull, refuse, Target, writeCell } from "./cells.js";
import type { Column, Workspace } from "./column.js";
import { columnOf, nestedColumn, refuseText, reserveBlock, reserveValues, textColumn } from "./columns.js";
import {
  type Key,
  type KeyedRow,
  type RowLoop,
  writeInts,
  writeKnownCodes,
  writeLongs,
  writeNone,
  writeNumbers,
  writeTimes,
} from "./row-loops.js";
import { NOT_UTF8, type StringDictionary, TOO_MANY } from "./strings.js";
import { type Field, isNested, layoutOf } from "./types.js";

/** `count` rows from `start`, which messages call `firstRow`. */
export interface RowSlice {
  readonly rows: readonly KeyedRow[];
  readonly start: number;
  readonly count: number;
  readonly firstRow: number;
}

/** A column being written. Memory is reserved when it is made and by `finish`, not by `write`. */
export interface RowColumn {
  /** Writes rows `from` to `end` of the slice; the calls follow each other. */
  write(from: number, end: number): void;
  finish(): Column;
}

/** The way to write a column: by its layout, and with a dictionary if there is one. */
export function rowColumn(
  workspace: Workspace,
  slice: RowSlice,
  field: Field,
  key: Key,
  dictionary: StringDictionary | null,
): RowColumn {
  if (dictionary !== null && !dictionary.abandoned) return codeColumn(workspace, slice, field, key, dictionary);
  if (isNested(field.type)) {
    const cell = (row: number) => cellOf(slice, key, row);
    const { firstRow, count } = slice;
    return {
      write: () => undefined,
      finish: () => nestedColumn(workspace, field, cell, firstRow, count, "arena"),
    };
  }
  if (layoutOf(field.type) !== "utf8") return valueColumn(workspace, slice, field, key);
  // The bytes of strings that do not repeat are gathered outside memory, for the whole column at once.
  return { write: () => undefined, finish: () => plainText(workspace, slice, field, key) };
}

/** A field of a row. @throws TYPE when there is no row. */
function cellOf({ rows, start, firstRow }: RowSlice, key: Key, row: number): unknown {
  const object = rows[start + row] as KeyedRow;
  if (typeof object !== "object" || object === null) throw noRow(object, firstRow + row);
  return fieldOf(object, key);
}

export function noRow(value: unknown, row: number): DataError {
  return new DataError("TYPE", `row ${row}: ${String(value)} is neither an object nor an array`, { at: { row } });
}

function plainText(workspace: Workspace, slice: RowSlice, field: Field, key: Key): Column {
  return textColumn(workspace, field, (row) => cellOf(slice, key, row), slice.firstRow, slice.count, "arena");
}

// Closures and not classes: what `write` sees of its column are then no objects whose hidden class dies with the builder
// (row-loops.ts says why that matters).

/** Numbers, times and truth values. */
function valueColumn(workspace: Workspace, slice: RowSlice, field: Field, key: Key): RowColumn {
  const { rows, start, count, firstRow } = slice;
  const { memory } = workspace.account;
  const block = reserveValues(workspace, "arena", field, count);
  const { values } = block;
  const target = new Target(memory, field, block, firstRow);
  const loop = loopOf(field);
  return {
    write(from, end) {
      for (let row = from; row < end; row++) {
        row = loop(memory, values, rows, start, end, key, row);
        if (row < end) writeCell(target, row, cellOf(slice, key, row));
      }
    },
    finish: () => columnOf(target, block, count),
  };
}

function loopOf({ type }: Field): RowLoop {
  switch (type.kind) {
    case "float64":
      return writeNumbers;
    case "int32":
      return writeInts;
    case "int64":
      return writeLongs;
    case "timestamp":
    case "timestamp_ltz":
      return type.precision === 3 ? writeTimes : writeNone;
    default:
      return writeNone;
  }
}

/** Codes into a dictionary; plain text when the strings turn out not to repeat. */
function codeColumn(
  workspace: Workspace,
  slice: RowSlice,
  field: Field,
  key: Key,
  dictionary: StringDictionary,
): RowColumn {
  const { rows, start, count, firstRow } = slice;
  const { memory } = workspace.account;
  const block = reserveBlock(workspace, "arena", count, { offsets: 0, values: count * 4 });
  const { values } = block;
  const target = new Target(memory, field, block, firstRow);
  const { codes } = dictionary;
  dictionary.begin(count);
  return {
    write(from, end) {
      for (let row = from; row < end; row++) {
        row = writeKnownCodes(memory, values, rows, start, end, key, row, codes);
        if (row === end) return;
        const cell = cellOf(slice, key, row);
        if (typeof cell !== "string") writeNull(target, row, cell);
        else if (!writeNewCode(target, row, cell, dictionary)) return;
      }
    },
    finish() {
      if (dictionary.abandoned) return plainText(workspace, slice, field, key);
      return columnOf(target, block, count, dictionary.column());
    },
  };
}

/** False when the dictionary does not take the string: the column will be written again as plain text. */
function writeNewCode(target: Target, row: number, text: string, dictionary: StringDictionary): boolean {
  const code = dictionary.add(text);
  if (code === NOT_UTF8) refuseText(target, row, text);
  if (code === TOO_MANY) return false;
  target.memory.i32[(target.values >>> 2) + row] = code;
  return true;
}

function writeNull(target: Target, row: number, value: unknown): void {
  if (value !== null && value !== undefined) refuse(target, row, value);
  markNull(target, row);
}
