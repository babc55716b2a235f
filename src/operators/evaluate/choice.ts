// Choice between values: COALESCE, CASE, GREATEST, LEAST. Each value is evaluated only for the rows that take it.
import { textRoom } from "../../arrow/column.js";
import { widthOf } from "../../arrow/types.js";
import { lessBits } from "./compare.js";
import { constantVector } from "./constants.js";
import { type BoundCall, type Compute, type Evaluation, Vector } from "./evaluation.js";

export function coalesce(_: BoundCall, args: readonly Compute[]): Compute {
  const [first, ...rest] = args as [Compute, ...Compute[]];
  return (run, rows) => {
    let result = first(run, rows);
    for (const arg of rest) {
      if (result.validity === 0) break;
      const open = run.andNot(rows, result.validity);
      if (run.count(open) === 0) break;
      result = choose(run, result.validity, result, arg(run, open));
    }
    return result;
  };
}

/** CASE: each condition for the rows that none before it took, each result for the rows that its condition takes. */
export function caseOf(
  branches: readonly { readonly when: Compute; readonly then: Compute }[],
  otherwise: Compute,
): Compute {
  return (run, rows) => {
    let open = rows;
    const taken: { rows: number; result: Vector }[] = [];
    for (const { when, then } of branches) {
      const holds = run.and(run.truth(when(run, open)), open);
      if (run.count(holds) === 0) continue;
      taken.push({ rows: holds, result: then(run, holds) });
      open = run.andNot(open, holds);
      if (run.count(open) === 0) break;
    }
    let result =
      taken.length > 0 && run.count(open) === 0 ? (taken.pop() as { result: Vector }).result : otherwise(run, open);
    for (const branch of taken) result = choose(run, branch.rows, branch.result, result);
    return result;
  };
}

/** The greatest or least of all; NULL as soon as one is. */
export function extreme(call: BoundCall, args: readonly Compute[]): Compute {
  const greatest = call.fn === "greatest";
  return (run, rows) => {
    const [first, ...rest] = args.map((arg) => arg(run, rows)) as [Vector, ...Vector[]];
    return rest.reduce((best, vector) => {
      const better = greatest ? lessBits(run, best, vector, false) : lessBits(run, vector, best, false);
      const validity = run.and(best.validity, vector.validity);
      return choose(run, better, vector.withValidity(0), best.withValidity(0)).withValidity(validity);
    }, first);
  };
}

/** Row by row: `left` where the bit is set, else `right`. */
export function choose(run: Evaluation, bits: number, left: Vector, right: Vector): Vector {
  const { kernels, arena, n } = run;
  const { type, layout } = left;
  const validity = chooseValidity(run, bits, left, right);
  if (layout === "none") return constantVector(run, null, type);
  if (layout === "bool") return new Vector(type, chooseBits(run, bits, left.values, right.values), validity);
  if (layout === "utf8") {
    const offsets = arena.allocate((n + 1) * 4);
    const values = textRoom(run.workspace, textBytes(run, left) + textBytes(run, right));
    kernels.chooseUtf8(
      bits,
      left.offsets,
      left.values,
      left.step,
      right.offsets,
      right.values,
      right.step,
      n,
      offsets,
      values,
    );
    return new Vector(type, values, validity, offsets);
  }
  const values = run.room(type);
  const width = widthOf(layout);
  if (width === 8) kernels.chooseU64(bits, left.values, left.step, right.values, right.step, n, values);
  else if (width === 4) kernels.chooseU32(bits, left.values, left.step, right.values, right.step, n, values);
  else chooseBytes(run, bits, left, right, width, values);
  return new Vector(type, values, validity);
}

function chooseValidity(run: Evaluation, bits: number, left: Vector, right: Vector): number {
  if (left.validity === 0 && right.validity === 0) return 0;
  return chooseBits(run, bits, left.validity || run.ones, right.validity || run.ones);
}

function chooseBits(run: Evaluation, bits: number, left: number, right: number): number {
  return run.or(run.and(bits, left), run.andNot(right, bits));
}

/** Widths that are rare in results: TINYINT, SMALLINT, decimals beyond 18 digits. */
function chooseBytes(run: Evaluation, bits: number, left: Vector, right: Vector, width: number, out: number): void {
  const { u8 } = run.memory;
  for (let row = 0; row < run.n; row++) {
    const set = (((u8[bits + (row >> 3)] as number) >> (row & 7)) & 1) === 1;
    const from = set ? left.values + row * left.step : right.values + row * right.step;
    u8.copyWithin(out + row * width, from, from + width);
  }
}

/** Bytes that a vector of strings has in all n rows. */
export function textBytes({ memory, n }: Evaluation, { offsets, constant }: Vector): number {
  const at = offsets >>> 2;
  const { i32 } = memory;
  if (constant) return n * ((i32[at + 1] as number) - (i32[at] as number));
  return (i32[at + n] as number) - (i32[at] as number);
}
