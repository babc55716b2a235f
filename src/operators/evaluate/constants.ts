// Values of one row in and out of vectors: constants, and the cells of functions that are computed row by row.
import { bytesWriter } from "../../arrow/strings.js";
import { type DataType, layoutOf, widthOf } from "../../arrow/types.js";
import { formatHex, parseHex } from "../../arrow/values.js";
import { InternalError } from "../../errors.js";
import type { BoundValue } from "../../plan/expr.js";
import type { LinearMemory } from "../../wasm/memory.js";
import { type Evaluation, Vector } from "./evaluation.js";

/** A constant holds its value in so many bytes, so that a kernel may load a whole vector of it. */
const SPLAT_BYTES = 16;

/** The value for every row. */
export function constantVector(run: Evaluation, value: BoundValue, type: DataType): Vector {
  const { arena, memory } = run;
  const layout = layoutOf(type);
  const validity = value === null ? run.zeros : 0;
  if (layout === "none") return new Vector(type, 0, validity, 0, true);
  if (layout === "bool") return new Vector(type, value === true ? run.ones : run.zeros, validity, 0, true);
  if (layout === "utf8") {
    const bytes = bytesOf(value, type);
    const offsets = arena.allocateZeroed(8);
    const values = arena.allocate(bytes.length);
    memory.i32[(offsets >>> 2) + 1] = bytes.length;
    memory.u8.set(bytes, values);
    return new Vector(type, values, validity, offsets, true);
  }
  const values = arena.allocateZeroed(SPLAT_BYTES);
  if (value !== null)
    for (let row = 0; row * widthOf(layout) < SPLAT_BYTES; row++) writeCell(memory, type, values, row, value);
  return new Vector(type, values, validity, 0, true);
}

function bytesOf(value: BoundValue, type: DataType): Uint8Array {
  if (value === null) return new Uint8Array(0);
  return type.kind === "binary" ? (parseHex(value as string) as Uint8Array) : new TextEncoder().encode(value as string);
}

/** Writes a value that is not NULL into a column of fixed width or bits (which are zero before). */
function writeCell(memory: LinearMemory, type: DataType, values: number, row: number, value: BoundValue): void {
  switch (layoutOf(type)) {
    case "bool":
      if (value === true)
        memory.u8[values + (row >> 3)] = (memory.u8[values + (row >> 3)] as number) | (1 << (row & 7));
      break;
    case "i8":
      memory.i8[values + row] = value as number;
      break;
    case "i16":
      memory.i16[(values >>> 1) + row] = value as number;
      break;
    case "i32":
      memory.i32[(values >>> 2) + row] = value as number;
      break;
    case "i64":
      memory.i64[(values >>> 3) + row] = value as bigint;
      break;
    case "i128":
      memory.i64[(values >>> 3) + 2 * row] = BigInt.asIntN(64, value as bigint);
      memory.i64[(values >>> 3) + 2 * row + 1] = (value as bigint) >> 64n;
      break;
    case "f32":
      memory.f32[(values >>> 2) + row] = value as number;
      break;
    case "f64":
      memory.f64[(values >>> 3) + row] = value as number;
      break;
  }
}

/** Values of rows, NULL where they are null, as a vector. */
export function vectorFrom(run: Evaluation, type: DataType, cells: readonly BoundValue[]): Vector {
  const { arena, memory, n } = run;
  const nulls = cells.includes(null);
  const validity = nulls ? run.bitmap() : 0;
  if (nulls) {
    memory.u8.fill(0, validity, validity + ((n + 7) >> 3));
    cells.forEach((value, row) => {
      if (value !== null)
        memory.u8[validity + (row >> 3)] = (memory.u8[validity + (row >> 3)] as number) | (1 << (row & 7));
    });
  }
  if (layoutOf(type) === "utf8") {
    bytesWriter.begin(n);
    for (const value of cells) {
      if (type.kind !== "string" || !bytesWriter.write((value as string | null) ?? ""))
        bytesWriter.append(bytesOf(value, type));
    }
    const offsets = arena.allocate((n + 1) * 4);
    const values = arena.allocate(bytesWriter.byteLength);
    bytesWriter.copyTo(run.workspace, offsets, values);
    return new Vector(type, values, validity, offsets);
  }
  const values = arena.allocateZeroed(layoutOf(type) === "bool" ? (n + 7) >> 3 : n * widthOf(layoutOf(type)));
  cells.forEach((value, row) => {
    if (value !== null) writeCell(memory, type, values, row, value);
  });
  return new Vector(type, values, validity);
}

/** Whether bit `row` is set; 0 stands for all. */
export function hasBit(memory: LinearMemory, bits: number, row: number): boolean {
  return bits === 0 || (((memory.u8[bits + (row >> 3)] as number) >> (row & 7)) & 1) === 1;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads one row of a vector; the reader is chosen once. Nothing may be reserved in between. */
export function cellReader({ memory }: Evaluation, vector: Vector): (row: number) => BoundValue {
  const read = valueReader(memory, vector);
  const { validity } = vector;
  const at = vector.constant ? () => 0 : (row: number) => row;
  return (row) => (hasBit(memory, validity, row) ? read(vector.layout === "bool" ? row : at(row)) : null);
}

function valueReader(memory: LinearMemory, { layout, type, values, offsets }: Vector): (row: number) => BoundValue {
  switch (layout) {
    case "bool":
      return (row) => hasBit(memory, values, row);
    case "i8":
      return (row) => memory.i8[values + row] as number;
    case "i16":
      return (row) => memory.i16[(values >>> 1) + row] as number;
    case "i32":
      return (row) => memory.i32[(values >>> 2) + row] as number;
    case "i64":
      return (row) => memory.i64[(values >>> 3) + row] as bigint;
    case "i128":
      return (row) =>
        ((memory.i64[(values >>> 3) + 2 * row + 1] as bigint) << 64n) |
        (memory.u64[(values >>> 3) + 2 * row] as bigint);
    case "f32":
      return (row) => memory.f32[(values >>> 2) + row] as number;
    case "f64":
      return (row) => memory.f64[(values >>> 3) + row] as number;
    case "utf8":
      return (row) => {
        const at = (offsets >>> 2) + row;
        // A copy: Chromium's TextDecoder refuses views of shared memory.
        const bytes = memory.u8.slice(values + (memory.i32[at] as number), values + (memory.i32[at + 1] as number));
        return type.kind === "binary" ? formatHex(bytes) : decoder.decode(bytes);
      };
    case "none":
      return () => null;
    case "list":
    case "struct":
      throw new InternalError("a nested column as an argument of a function of plain values");
  }
}
