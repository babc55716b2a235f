// A join with a side that ends: it is read first and kept, then the other goes past it and is not kept. Nothing is taken back
// but what the passing side takes back itself (S83), and its event time goes on.
import type { Batch } from "../arrow/batch.js";
import { bitmapBytes } from "../arrow/column.js";
import type { Schema } from "../arrow/types.js";
import { hasChanges, INSERT } from "../plan/changes.js";
import type { PhysicalOf } from "../plan/physical.js";
import { JoinRows, NONE } from "../state/join-rows.js";
import { openKeys } from "../state/keys.js";
import type { SnapshotReader, SnapshotWriter } from "../state/snapshot.js";
import { type GroupKeys, StateBlock, StateStore } from "../state/store.js";
import { joinableRows, joinKeySchema } from "./join-keys.js";
import {
  batchReader,
  keptSchema,
  type Origin,
  PairOutput,
  type Pairs,
  type Readers,
  type SideReader,
} from "./join-pairs.js";
import { type OperatorContext, type Output, StatelessOperator } from "./operator.js";

export class HashJoin extends StatelessOperator {
  readonly #node: PhysicalOf<"join">;
  readonly #inputs: readonly Schema[];
  readonly #keySchema: Schema;
  /** The number of the input that is kept. */
  readonly #build: number;
  #store!: StateStore;
  #keys!: GroupKeys;
  #rows!: JoinRows;
  #output!: PairOutput;
  #isBuilt = false;
  /** Where a batch that is not done with stopped: position │ row, then a bit for each row that has found a partner. */
  #progress!: StateBlock;
  #held: Batch | null = null;

  constructor(node: PhysicalOf<"join">, inputs: readonly Schema[]) {
    super();
    this.#node = node;
    this.#inputs = inputs;
    this.#keySchema = joinKeySchema(node, inputs);
    this.#build = node.build === "left" ? 0 : 1;
  }

  override open(context: OperatorContext): void {
    super.open(context);
    const { node, input } = this.#side;
    this.#store = new StateStore(context.workspace);
    this.#keys = openKeys(this.#store, this.#keySchema, [...this.#keySchema.fields.keys()]);
    const schema = keptSchema(input, node);
    const options = { schema, keys: this.#keys, keySchema: this.#keySchema, isUpdated: false, isTimed: false };
    this.#rows = new JoinRows(this.#store, options);
    this.#progress = new StateBlock(this.#store, 8);
    this.#output = new PairOutput(context, this.#node, this.#inputs);
    this.#measure();
  }

  /** The side that is kept comes first. */
  get reads(): number {
    return this.#isBuilt ? 1 - this.#build : this.#build;
  }

  endInput(input: number): void {
    if (input === this.#build) this.#isBuilt = true;
  }

  override get pending(): boolean {
    return this.#held !== null;
  }

  processBatch(batch: Batch, input: number, out: Output): void {
    if (batch.rowCount === 0) return;
    if (input === this.#build) {
      this.#keep(batch);
      this.#measure();
      return;
    }
    this.#begin(batch.rowCount);
    if (!this.#pass(batch, out)) this.#held = batch.persist();
  }

  override resume(out: Output): void {
    const batch = this.#held;
    if (batch === null || !this.#pass(batch, out)) return;
    batch.release();
    this.#held = null;
  }

  override snapshot(writer: SnapshotWriter): void {
    writer.value("isBuilt", this.#isBuilt);
    this.#rows.snapshot(writer, "table");
  }

  override restore(reader: SnapshotReader): void {
    this.#isBuilt = reader.value("isBuilt") as boolean;
    this.#rows.restore(reader, "table");
    this.#measure();
  }

  override close(): void {
    this.#held?.release();
    this.#held = null;
    // There is none when opening failed.
    (this.#store as StateStore | undefined)?.release();
  }

  get #side() {
    const of = this.#build === 0 ? this.#node.left : this.#node.right;
    return { node: of, input: this.#inputs[this.#build] as Schema };
  }

  /** Rows of the kept side; those that can have no partner are of no use. */
  #keep(batch: Batch): void {
    const { account, kernels } = this.context.workspace;
    const { node, input } = this.#side;
    const joinable = joinableRows(this.#node, node, batch);
    let rows = batch;
    if (joinable !== 0) {
      const selection = account.arena.allocate(batch.rowCount * 4 + 64);
      rows = batch.select(selection, kernels.bitmapToSelection(joinable, batch.rowCount, selection));
      if (rows.rowCount === 0) return;
    }
    const groups = this.#keys.intern(rows.pick(this.#keySchema, node.keys));
    this.#rows.add(rows.pick(keptSchema(input, node), node.columns), groups, 0);
  }

  #begin(rowCount: number): void {
    this.#progress.reserve(8 + bitmapBytes(rowCount) + 16);
    const { u8, u32 } = this.context.workspace.account.memory;
    const { ptr, bytes } = this.#progress;
    u8.fill(0, ptr, ptr + bytes);
    u32[(ptr >>> 2) + 1] = NONE;
  }

  /** Takes a batch past the kept rows from where it stopped; false when the step's time is up before its end. */
  #pass(batch: Batch, out: Output): boolean {
    const { workspace, batchRowsMax } = this.context;
    const { account, kernels } = workspace;
    const { arena } = account;
    const node = this.#build === 0 ? this.#node.right : this.#node.left;
    const groups = this.#keys.find(batch.pick(this.#keySchema, node.keys));
    const joinable = joinableRows(this.#node, node, batch);
    if (joinable !== 0) kernels.maskGroups(groups, joinable, batch.rowCount);
    const isPaired = this.#node.type !== "semi" && this.#node.type !== "anti";
    const reader = batchReader(batch, node.columns);
    const kept: SideReader = (column, rows, count) => this.#rows.rows.takeColumn(column, rows, count);
    const readers: Readers = this.#build === 0 ? { left: kept, right: reader } : { left: reader, right: kept };
    const positions = arena.allocate(batchRowsMax * 4);
    const numbers = arena.allocate(batchRowsMax * 4);
    for (;;) {
      const count = this.#rows.probe(groups, batch.rowCount, this.#progress.ptr, batchRowsMax, positions, numbers);
      const found: Pairs =
        this.#build === 0 ? { left: numbers, right: positions, count } : { left: positions, right: numbers, count };
      const pairs = this.#output.match(readers, found, out);
      const own = this.#build === 0 ? pairs.right : pairs.left;
      if (this.#node.type !== "inner") kernels.setBits(own, pairs.count, this.#progress.ptr + 8);
      if (isPaired && pairs.count > 0) {
        this.#output.emitPairs(readers, pairs, this.#originOf(batch, own, pairs.count), out);
      }
      if ((account.memory.u32[this.#progress.ptr >>> 2] as number) >= batch.rowCount) break;
      if (this.context.shouldYield()) return false;
    }
    if (this.#node.type !== "inner") this.#passAlone(batch, reader, out);
    return true;
  }

  /** Rows of the passing side on their own: for a semi join those with a partner, else those without. */
  #passAlone(batch: Batch, reader: SideReader, out: Output): void {
    const { account, kernels } = this.context.workspace;
    const bits = this.#progress.ptr + 8;
    let wanted = bits;
    if (this.#node.type !== "semi") {
      wanted = account.arena.allocate(bitmapBytes(batch.rowCount) + 16);
      kernels.notBitmap(bits, batch.rowCount, wanted);
    }
    const ptr = account.arena.allocate(batch.rowCount * 4 + 64);
    const count = kernels.bitmapToSelection(wanted, batch.rowCount, ptr);
    const side = this.#build === 0 ? "right" : "left";
    if (count > 0) this.#output.emitAlone(side, reader, { ptr, count }, this.#originOf(batch, ptr, count), out);
  }

  /** Results are changes as their rows are. */
  #originOf(batch: Batch, rows: number, count: number): Origin {
    const { split, schema } = batch;
    const last = schema.fields.length - 1;
    return { split, kinds: hasChanges(schema) ? batchReader(batch, [last])(0, rows, count) : INSERT };
  }

  #measure(): void {
    this.context.metrics.stateBytes = this.#store.usedBytes;
  }
}
