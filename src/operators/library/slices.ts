// String functions whose result is a part of their first argument, or whether there is one: over the bytes in memory, without a
// string a row. What is given beside the text is literal; otherwise they go row by row.
import type { BoundExpr } from "../../plan/expr.js";
import { indexOf, Regex, regexOf } from "../../plan/regex/regex.js";
import { ANY_TEXT } from "../../plan/scalar/text.js";
import { textBytes } from "../evaluate/choice.js";
import { hasBit } from "../evaluate/constants.js";
import { type BoundCall, type Compute, type Evaluation, type Family, Vector } from "../evaluate/evaluation.js";
import { likeProgram } from "../evaluate/like.js";
import { rowByRow } from "../evaluate/rows.js";

/** Where the result lies in the text `bytes[start … end)`: its start and end into `place`. False: there is none, NULL. */
type Slice = (bytes: Uint8Array, start: number, end: number, place: Int32Array) => boolean;

/** Rows that are looked at, as a bitmap; 0 for all. */
type Candidates = (run: Evaluation, text: Vector) => number;

/** Below, a loop wins over the fixed price of copyWithin. */
const COPY_MIN = 48;

function literalOf(arg: BoundExpr | undefined): unknown {
  return arg?.kind === "literal" ? arg.value : undefined;
}

function slices(call: BoundCall, args: readonly Compute[], slice: Slice, candidates: Candidates = () => 0): Compute {
  const [text] = args as [Compute];
  const place = new Int32Array(2);
  return (run, rows) => {
    const vector = text(run, rows);
    if (vector.constant) return rowByRow(call, args)(run, rows);
    const { arena, n } = run;
    const counted = run.and(run.and(rows, vector.validity), candidates(run, vector));
    const offsets = arena.allocate((n + 1) * 4);
    const out = arena.allocate(textBytes(run, vector));
    const validity = arena.allocateZeroed((n + 7) >> 3);
    const { u8, i32 } = run.memory;
    const from = vector.offsets >>> 2;
    const to = offsets >>> 2;
    let used = 0;
    i32[to] = 0;
    for (let row = 0; row < n; row++) {
      if (counted === 0 || (((u8[counted + (row >> 3)] as number) >> (row & 7)) & 1) === 1) {
        const start = vector.values + (i32[from + row] as number);
        const end = vector.values + (i32[from + row + 1] as number);
        if (slice(u8, start, end, place)) {
          const first = place[0] as number;
          const last = place[1] as number;
          if (last - first >= COPY_MIN) u8.copyWithin(out + used, first, last);
          else for (let at = first, target = out + used; at < last; at++, target++) u8[target] = u8[at] as number;
          used += last - first;
          u8[validity + (row >> 3)] = (u8[validity + (row >> 3)] as number) | (1 << (row & 7));
        }
      }
      i32[to + row + 1] = used;
    }
    return new Vector(call.type, out, validity, offsets);
  };
}

/** SPLIT_INDEX(text, delimiter, index). */
export const splitIndex: Family = (call, args) => {
  const [delimiter, index] = call.args.slice(1).map(literalOf);
  if (typeof delimiter !== "string" || delimiter === "" || typeof index !== "number") return rowByRow(call, args);
  const mark = new TextEncoder().encode(delimiter);
  const [byte] = mark as unknown as [number];
  const nextMark =
    mark.length > 1
      ? (bytes: Uint8Array, from: number, end: number): number => indexOf(bytes, mark, from, end)
      : (bytes: Uint8Array, from: number, end: number): number => {
          let at = from;
          while (at < end && bytes[at] !== byte) at++;
          return at < end ? at : -1;
        };
  return slices(call, args, (bytes, start, end, place) => {
    if (index < 0 || start === end) return false;
    let from = start;
    for (let left = index; left > 0; left--) {
      const at = nextMark(bytes, from, end);
      if (at < 0) return false;
      from = at + mark.length;
    }
    const at = nextMark(bytes, from, end);
    place[0] = from;
    place[1] = at < 0 ? end : at;
    return true;
  });
};

/** Rows whose text holds what stands in every match. */
function needleRows({ needle }: Regex): Candidates {
  const program = needle === null ? null : likeProgram([ANY_TEXT, ...needle, ANY_TEXT]);
  if (program === null) return () => 0;
  return (run, text) => {
    const ptr = run.arena.allocate(program.length);
    run.memory.u8.set(program, ptr);
    const out = run.bitmap();
    run.kernels.likeUtf8(text.offsets, text.values, run.n, ptr, out);
    return out;
  };
}

function literalRegex({ args }: BoundCall): Regex | null {
  const pattern = literalOf(args[1]);
  const regex = typeof pattern === "string" ? regexOf(pattern) : null;
  return regex instanceof Regex ? regex : null;
}

/** REGEXP_EXTRACT(text, pattern [, group]). */
export const regexpExtract: Family = (call, args) => {
  const regex = literalRegex(call);
  const group = call.args.length === 2 ? 0 : literalOf(call.args[2]);
  if (regex === null || typeof group !== "number" || group < 0 || group > regex.groupCount) return rowByRow(call, args);
  const matcher = regex.matcher([group]);
  const slots = new Int32Array(2 * group + 2);
  const slice: Slice = (bytes, start, end, place) => {
    if (!matcher.find(bytes, start, end, start, slots)) return false;
    place[0] = slots[2 * group] as number;
    place[1] = slots[2 * group + 1] as number;
    return (place[0] as number) >= 0 && (place[1] as number) >= 0;
  };
  return slices(call, args, slice, needleRows(regex));
};

/** REGEXP(text, pattern). */
export const regexp: Family = (call, args) => {
  const regex = literalRegex(call);
  if (regex === null || literalOf(call.args[1]) === "") return rowByRow(call, args);
  const matcher = regex.matcher([]);
  const candidates = needleRows(regex);
  const nothing = new Int32Array(0);
  const [text] = args as [Compute];
  return (run, rows) => {
    const vector = text(run, rows);
    if (vector.constant) return rowByRow(call, args)(run, rows);
    const { memory, n } = run;
    const counted = run.and(run.and(rows, vector.validity), candidates(run, vector));
    const out = run.arena.allocateZeroed((n + 7) >> 3);
    const { u8, i32 } = memory;
    const from = vector.offsets >>> 2;
    for (let row = 0; row < n; row++) {
      if (!hasBit(memory, counted, row)) continue;
      const start = vector.values + (i32[from + row] as number);
      const end = vector.values + (i32[from + row + 1] as number);
      if (matcher.find(u8, start, end, start, nothing))
        u8[out + (row >> 3)] = (u8[out + (row >> 3)] as number) | (1 << (row & 7));
    }
    return new Vector(call.type, out, vector.validity);
  };
};
