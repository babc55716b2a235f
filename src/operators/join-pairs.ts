// What joins emit: pairs of rows that the rest of the condition lets pass, and rows on their own, the other side's columns
// NULL. Columns that only the condition reads are gathered for what it is asked of, the others for what passes.
import { Batch } from "../arrow/batch.js";
import { bitmapBytes, Column, sliceColumn } from "../arrow/column.js";
import { emptyValues, takeColumn } from "../arrow/take.js";
import { INT8, type Schema, schemaOf } from "../arrow/types.js";
import { hasChanges } from "../plan/changes.js";
import { childrenOf } from "../plan/children.js";
import type { BoundExpr } from "../plan/expr.js";
import type { PhysicalOf, PhysicalSide } from "../plan/physical.js";
import type { RowNumbers } from "../state/row-store.js";
import { RowFailures } from "./evaluate/evaluation.js";
import { Evaluator } from "./evaluate.js";
import type { OperatorContext, Output } from "./operator.js";
import { settleFailures } from "./row-failures.js";

/** A kept column of a side for some of its rows, u32 numbers each. */
export type SideReader = (column: number, rows: number, count: number) => Column;

/** Rows of both sides, as many of the one as of the other: the first with the first, and so on. */
export interface Pairs {
  readonly left: number;
  readonly right: number;
  readonly count: number;
  /** Columns that were gathered already, by their place among those of both sides. */
  readonly columns?: readonly (Column | undefined)[];
}

/** What a batch of results follows from. */
export interface Origin {
  /** The kind of change of all rows, or of each. */
  readonly kinds: number | Column;
  /** The split that the rows count for. */
  readonly split: number;
}

export interface Readers {
  readonly left: SideReader;
  readonly right: SideReader;
}

export class PairOutput {
  readonly #context: OperatorContext;
  readonly #node: PhysicalOf<"join">;
  readonly #kept: { readonly left: Schema; readonly right: Schema };
  readonly #pairs: Schema;
  readonly #residual: Evaluator | null;
  /** Columns that the residual reads, by their place among those of both sides. */
  readonly #read: readonly number[];
  readonly #takesBack: boolean;
  #pairsSeen = 0;

  constructor(context: OperatorContext, node: PhysicalOf<"join">, inputs: readonly Schema[]) {
    this.#context = context;
    this.#node = node;
    this.#kept = {
      left: keptSchema(inputs[0] as Schema, node.left),
      right: keptSchema(inputs[1] as Schema, node.right),
    };
    this.#pairs = { fields: [...this.#kept.left.fields, ...this.#kept.right.fields] };
    this.#residual = node.residual === null ? null : new Evaluator(node.residual);
    this.#read = node.residual === null ? [] : [...columnsOf(node.residual)];
    this.#takesBack = hasChanges(node.schema);
  }

  /** The pairs for which the rest of the condition is TRUE. @throws what a row raises, under the policy `fail` */
  match(readers: Readers, pairs: Pairs, out: Output): Pairs {
    const { workspace } = this.#context;
    const { count } = pairs;
    if (this.#residual === null || count === 0) return pairs;
    const columns: Column[] = [];
    for (const index of this.#read) columns[index] = this.#gather(readers, pairs, index);
    const batch = new Batch(workspace, this.#pairs, columns, count);
    const failures = new RowFailures(workspace, count);
    const passing = this.#residual.truth(batch, failures);
    if (failures.rows !== 0) settleFailures(this.#context, out, this.#whole(readers, pairs), failures, this.#pairsSeen);
    this.#pairsSeen += count;
    const { account, kernels } = workspace;
    const selection = account.arena.allocate(count * 4 + 64);
    const passed = kernels.bitmapToSelection(passing, count, selection);
    if (passed === count) return { ...pairs, columns };
    const [left, right] = [account.arena.allocate(passed * 4), account.arena.allocate(passed * 4)];
    kernels.takeU32(pairs.left, selection, passed, left);
    kernels.takeU32(pairs.right, selection, passed, right);
    return { left, right, count: passed };
  }

  emitPairs(readers: Readers, pairs: Pairs, origin: Origin, out: Output): void {
    const { left, right } = this.#node;
    const width = this.#kept.left.fields.length;
    const places = [...left.output, ...right.output.map((column) => width + column)];
    const columns = places.map((place) => pairs.columns?.[place] ?? this.#gather(readers, pairs, place));
    this.#emit(columns, pairs.count, origin, out);
  }

  /** Rows of one side without the other's columns. */
  emitAlone(side: "left" | "right", read: SideReader, rows: RowNumbers, origin: Origin, out: Output): void {
    const { workspace, batchRowsMax } = this.#context;
    const { schema } = this.#node;
    for (let from = 0; from < rows.count; from += batchRowsMax) {
      const count = Math.min(batchRowsMax, rows.count - from);
      const ptr = rows.ptr + from * 4;
      const own = this.#node[side].output.map((column) => read(column, ptr, count));
      const first = side === "left" ? 0 : this.#node.left.output.length;
      const columns = schema.fields
        .slice(0, this.#node.left.output.length + this.#node.right.output.length)
        .map(({ type }, at) => {
          const mine = own[at - first];
          return (
            mine ?? emptyValues(workspace, type, count, workspace.account.arena.allocateZeroed(bitmapBytes(count) + 16))
          );
        });
      const { kinds } = origin;
      const some = typeof kinds === "number" ? kinds : sliceColumn(workspace, kinds, from, count);
      this.#emit(columns, count, { ...origin, kinds: some }, out);
    }
  }

  #emit(columns: Column[], count: number, { kinds, split }: Origin, out: Output): void {
    const { workspace } = this.#context;
    if (this.#takesBack) columns.push(typeof kinds === "number" ? this.#constant(kinds, count) : kinds);
    out.emit(new Batch(workspace, this.#node.schema, columns, count, split));
  }

  #constant(kind: number, count: number): Column {
    const { arena, memory } = this.#context.workspace.account;
    const values = arena.allocate(count);
    memory.u8.fill(kind, values, values + count);
    return new Column({ type: INT8, length: count, values });
  }

  #gather(readers: Readers, { left, right, count }: Pairs, place: number): Column {
    const width = this.#kept.left.fields.length;
    return place < width ? readers.left(place, left, count) : readers.right(place - width, right, count);
  }

  #whole(readers: Readers, pairs: Pairs): Batch {
    const columns = this.#pairs.fields.map((_, place) => this.#gather(readers, pairs, place));
    return new Batch(this.#context.workspace, this.#pairs, columns, pairs.count);
  }
}

/** The columns of an input that a join keeps. */
export function keptSchema(input: Schema, { columns }: PhysicalSide): Schema {
  return schemaOf(columns.map((column) => input.fields[column] as Schema["fields"][number]));
}

/** Reads rows by their positions in a batch. */
export function batchReader(batch: Batch, columns: readonly number[]): SideReader {
  return (column, rows, count) => takeColumn(batch.workspace, batch.column(columns[column] as number), rows, count);
}

function columnsOf(expr: BoundExpr): Set<number> {
  if (expr.kind === "column") return new Set([expr.index]);
  return new Set(childrenOf(expr).flatMap((child) => [...columnsOf(child)]));
}
