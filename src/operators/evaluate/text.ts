// String functions on vectors. Kernels serve the usual case: constants where a pattern or a length is asked for, ASCII
// letters where case is changed, blanks where something is trimmed. All else goes row by row.
import { textRoom } from "../../arrow/column.js";
import { STRING } from "../../arrow/types.js";
import type { BoundExpr } from "../../plan/expr.js";
import { ANY_TEXT, parseLike } from "../../plan/scalar/text.js";
import { textBytes } from "./choice.js";
import { type BoundCall, type Compute, type Evaluation, Vector } from "./evaluation.js";
import { likeProgram } from "./like.js";
import { callRows, rowByRow } from "./rows.js";

/** The text of a literal argument; undefined when it is none. */
function literalText(arg: BoundExpr | undefined): string | undefined {
  return arg?.kind === "literal" && typeof arg.value === "string" ? arg.value : undefined;
}

function literalNumber(arg: BoundExpr | undefined): number | undefined {
  return arg?.kind === "literal" && typeof arg.value === "number" ? arg.value : undefined;
}

/** Room for n + 1 offsets. */
function offsetsRoom(run: Evaluation): number {
  return run.arena.allocate((run.n + 1) * 4);
}

/** A kernel over one vector of strings; constants, which are rare here, are computed as rows. */
function ofOne(
  compute: (run: Evaluation, vector: Vector) => Vector | null,
): (call: BoundCall, args: readonly Compute[]) => Compute {
  return (call, args) => (run, rows) => {
    const vectors = args.map((arg) => arg(run, rows));
    const [first] = vectors as [Vector];
    return (first.constant ? null : compute(run, first)) ?? callRows(run, rows, call, vectors);
  };
}

/** char_length, upper, lower. */
export function text(call: BoundCall, args: readonly Compute[]): Compute {
  return ofOne((run, vector) =>
    call.fn === "char_length" ? charLength(run, vector, call) : changeCase(run, vector, call.fn === "upper"),
  )(call, args);
}

function charLength(run: Evaluation, vector: Vector, call: BoundCall): Vector {
  const out = run.room(call.type);
  run.kernels.charLengthUtf8(vector.offsets, vector.values, run.n, out);
  return new Vector(call.type, out, vector.validity);
}

/** Null when there are letters beyond ASCII. */
function changeCase(run: Evaluation, vector: Vector, upper: boolean): Vector | null {
  const { arena, kernels, memory, n } = run;
  const bytes = textBytes(run, vector);
  const out = arena.allocate(bytes);
  const first = memory.i32[vector.offsets >>> 2] as number;
  if (kernels.changeCaseUtf8(vector.values + first, bytes, Number(upper), out) !== 0) return null;
  const offsets = offsetsRoom(run);
  kernels.rebaseOffsets(vector.offsets, n, offsets);
  return new Vector(STRING, out, vector.validity, offsets);
}

const SIDES: Readonly<Record<string, number>> = { ltrim: 1, rtrim: 2, trim: 3 };

export function trim(call: BoundCall, args: readonly Compute[]): Compute {
  const set = call.args.length === 1 ? " " : literalText(call.args[1]);
  if (set !== " ") return rowByRow(call, args);
  return ofOne((run, vector) => {
    const offsets = offsetsRoom(run);
    const out = run.arena.allocate(textBytes(run, vector));
    run.kernels.trimUtf8(vector.offsets, vector.values, run.n, SIDES[call.fn] as number, offsets, out);
    return new Vector(STRING, out, vector.validity, offsets);
  })(call, args);
}

export function substring(call: BoundCall, args: readonly Compute[]): Compute {
  const start = literalNumber(call.args[1]);
  const length = call.args.length === 2 ? 2 ** 31 - 1 : literalNumber(call.args[2]);
  if (start === undefined || length === undefined || length < 0) return rowByRow(call, args);
  return ofOne((run, vector) => {
    const offsets = offsetsRoom(run);
    const out = run.arena.allocate(textBytes(run, vector));
    run.kernels.substringUtf8(vector.offsets, vector.values, run.n, start, length, offsets, out);
    return new Vector(STRING, out, vector.validity, offsets);
  })(call, args);
}

/** Two at a time, from the left. */
export function concat(_: BoundCall, args: readonly Compute[]): Compute {
  const [first, ...rest] = args as [Compute, ...Compute[]];
  return (run, rows) => rest.reduce((joined, arg) => join(run, joined, arg(run, rows)), first(run, rows));
}

function join(run: Evaluation, a: Vector, b: Vector): Vector {
  const offsets = offsetsRoom(run);
  const out = textRoom(run.workspace, textBytes(run, a) + textBytes(run, b));
  run.kernels.concatUtf8(a.offsets, a.values, a.step, b.offsets, b.values, b.step, run.n, offsets, out);
  return new Vector(STRING, out, run.and(a.validity, b.validity), offsets);
}

/** starts_with, ends_with, contains. */
export function search(call: BoundCall, args: readonly Compute[]): Compute {
  const part = literalText(call.args[1]);
  if (part === undefined) return rowByRow(call, args);
  if (call.fn === "contains") return matching(call, args, likeProgram([ANY_TEXT, ...part, ANY_TEXT]));
  const bytes = new TextEncoder().encode(part);
  return ofOne((run, vector) => {
    const out = run.bitmap();
    const atEnd = Number(call.fn === "ends_with");
    run.kernels.affixUtf8(vector.offsets, vector.values, run.n, put(run, bytes), bytes.length, atEnd, out);
    return new Vector(call.type, out, vector.validity);
  })(call, args);
}

export function like(call: BoundCall, args: readonly Compute[]): Compute {
  const pattern = literalText(call.args[1]);
  const units = pattern === undefined ? null : parseLike(pattern, literalText(call.args[2]) ?? null);
  return units === null ? rowByRow(call, args) : matching(call, args, likeProgram(units));
}

/** By a LIKE program; without one, which is a stretch of more than 64 characters, row by row. */
function matching(call: BoundCall, args: readonly Compute[], program: Uint8Array | null): Compute {
  if (program === null) return rowByRow(call, args);
  return ofOne((run, vector) => {
    const out = run.bitmap();
    run.kernels.likeUtf8(vector.offsets, vector.values, run.n, put(run, program), out);
    return new Vector(call.type, out, vector.validity);
  })(call, args);
}

function put({ arena, memory }: Evaluation, bytes: Uint8Array): number {
  const ptr = arena.allocate(bytes.length);
  memory.u8.set(bytes, ptr);
  return ptr;
}
