// A join of which both sides are kept: each row that comes meets those of the other side that came before. Rows are gone through
// a batch at a time: what it takes back first, then what it adds, so that a key that changes leaves before it comes (S72).
//
// Rows without partner that go on all the same: where the result may take back, at once, to be taken back with the first
// partner (S66); where rows expire, once the watermark has passed all that they could meet (S69); else at the end.
import type { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import { DELETE, hasChanges, INSERT, UPDATE_AFTER } from "../plan/changes.js";
import { isHalf, keepsUnmatched } from "../plan/join.js";
import type { PhysicalOf, PhysicalSide } from "../plan/physical.js";
import { JoinRows, NONE } from "../state/join-rows.js";
import { openKeys } from "../state/keys.js";
import type { RowNumbers } from "../state/row-store.js";
import type { SnapshotReader, SnapshotWriter } from "../state/snapshot.js";
import { type GroupKeys, StateBlock, StateStore } from "../state/store.js";
import { EventTime } from "./event-time.js";
import { joinableRows, joinKeySchema } from "./join-keys.js";
import { batchReader, keptSchema, type Origin, PairOutput, type Readers, type SideReader } from "./join-pairs.js";
import type { Operator, OperatorContext, Output, SplitEvent } from "./operator.js";

/** Rows that no other row of the side waits for are looked for when the watermark has gone on by this part of their time. */
const EXPIRE_STEPS = 8;
/** The smallest i64: the time of rows that have none, which expire first. */
const NO_TIME = -(2 ** 63);

interface JoinSide {
  readonly name: "left" | "right";
  readonly node: PhysicalSide;
  readonly input: Schema;
  readonly kept: Schema;
  readonly rows: JoinRows;
  readonly read: SideReader;
  readonly time: EventTime | null;
  /** Whether its rows may go on alone: without partner, or for a semi join with one. */
  readonly isCounted: boolean;
  /** Numbers of rows whose partners changed in this batch. */
  readonly touched: StateBlock;
  touchedCount: number;
  expiredMs: number;
}

/** Rows that wait for their turn; the list is the task's own. */
interface Turn {
  readonly kind: "add" | "take" | "leave";
  readonly side: JoinSide;
  readonly list: StateBlock;
  readonly count: number;
}

export class Join implements Operator {
  readonly #node: PhysicalOf<"join">;
  readonly #inputs: readonly Schema[];
  readonly #keySchema: Schema;
  readonly #takesBack: boolean;
  #context!: OperatorContext;
  #store!: StateStore;
  #keys!: GroupKeys;
  #sides!: readonly [JoinSide, JoinSide];
  #readers!: Readers;
  #output!: PairOutput;
  /** Where the first turn stopped: position │ row. */
  #cursor!: StateBlock;
  #turns: Turn[] = [];
  /** Of the last batch: results count for it. */
  #split = 0;
  #watermarkMs = Number.NEGATIVE_INFINITY;
  /** The watermark that is passed on when all turns are done. */
  #targetMs = Number.NEGATIVE_INFINITY;

  constructor(node: PhysicalOf<"join">, inputs: readonly Schema[]) {
    this.#node = node;
    this.#inputs = inputs;
    this.#keySchema = joinKeySchema(node, inputs);
    this.#takesBack = hasChanges(node.schema);
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#store = new StateStore(context.workspace);
    this.#keys = openKeys(this.#store, this.#keySchema, [...this.#keySchema.fields.keys()]);
    this.#cursor = new StateBlock(this.#store, 8);
    this.#sides = [this.#openSide("left", 0), this.#openSide("right", 1)];
    this.#readers = { left: this.#sides[0].read, right: this.#sides[1].read };
    this.#output = new PairOutput(context, this.#node, this.#inputs);
    this.#measure();
  }

  get pending(): boolean {
    return this.#turns.length > 0 || this.#targetMs > this.#watermarkMs;
  }

  processBatch(batch: Batch, input: number, out: Output): void {
    const side = this.#sides[input] as JoinSide;
    this.#split = batch.split;
    const rows = this.#joinable(side, batch, out);
    if (rows.rowCount > 0) this.#plan(side, rows);
    this.resume(out);
  }

  processWatermark(timeMs: number, out: Output): void {
    if (timeMs <= this.#watermarkMs) return;
    this.#targetMs = timeMs;
    for (const side of this.#sides) this.#expire(side);
    this.resume(out);
  }

  processSplit(event: SplitEvent, out: Output): void {
    out.split(event);
  }

  resume(out: Output): void {
    while (this.#turns.length > 0) {
      const turn = this.#turns[0] as Turn;
      const isDone = turn.kind === "leave" ? this.#leave(turn, out) : this.#meet(turn, out);
      if (!isDone) return;
      turn.list.release();
      this.#turns.shift();
      this.#rewind();
    }
    if (this.#takesBack || this.#node.type === "semi") this.#settle(out);
    this.#measure();
    if (this.#targetMs === this.#watermarkMs) return;
    this.#watermarkMs = this.#targetMs;
    out.watermark(this.#watermarkMs - this.#node.holdMs);
  }

  snapshot(writer: SnapshotWriter): void {
    writer.value("watermarkMs", this.#watermarkMs);
    for (const { name, rows } of this.#sides) rows.snapshot(writer, name);
  }

  restore(reader: SnapshotReader): void {
    this.#watermarkMs = reader.value("watermarkMs") as number;
    this.#targetMs = this.#watermarkMs;
    for (const { name, rows } of this.#sides) rows.restore(reader, name);
    this.#measure();
  }

  close(): void {
    this.#turns = [];
    // There is none when opening failed.
    (this.#store as StateStore | undefined)?.release();
  }

  #openSide(name: "left" | "right", index: number): JoinSide {
    const node = this.#node[name];
    const input = this.#inputs[index] as Schema;
    const kept = keptSchema(input, node);
    const isTimed = node.keep !== null;
    const options = {
      schema: kept,
      keys: this.#keys,
      keySchema: this.#keySchema,
      isUpdated: hasChanges(input),
      isTimed,
    };
    const rows = new JoinRows(this.#store, options);
    return {
      name,
      node,
      input,
      kept,
      rows,
      read: (column, numbers, count) => rows.rows.takeColumn(column, numbers, count),
      time: node.keep === null ? null : new EventTime(input, node.keep.column),
      isCounted: keepsUnmatched(this.#node.type, name) || (this.#node.type === "semi" && name === "left"),
      touched: new StateBlock(this.#store),
      touchedCount: 0,
      expiredMs: Number.NEGATIVE_INFINITY,
    };
  }

  /** The rows whose keys can have a partner; the others go on alone at once, or are of no use. */
  #joinable(side: JoinSide, batch: Batch, out: Output): Batch {
    const { account, kernels } = this.#context.workspace;
    const { rowCount } = batch;
    const joinable = this.#node.never
      ? account.arena.allocateZeroed(rowCount)
      : joinableRows(this.#node, side.node, batch);
    if (joinable === 0) return batch;
    const list = account.arena.allocate(rowCount * 4 + 64);
    if (keepsUnmatched(this.#node.type, side.name)) {
      const without = account.arena.allocate(((rowCount + 7) >> 3) + 16);
      kernels.notBitmap(joinable, rowCount, without);
      const alone = account.arena.allocate(rowCount * 4 + 64);
      const count = kernels.bitmapToSelection(without, rowCount, alone);
      const last = side.input.fields.length - 1;
      const kinds = hasChanges(side.input) ? batchReader(batch, [last])(0, alone, count) : INSERT;
      const read = batchReader(batch, side.node.columns);
      this.#output.emitAlone(side.name, read, { ptr: alone, count }, this.#origin(kinds), out);
    }
    return batch.select(list, kernels.bitmapToSelection(joinable, rowCount, list));
  }

  /** Keeps what a batch adds and finds what it takes back; both get their turns. */
  #plan(side: JoinSide, batch: Batch): void {
    const { node, kept, rows } = side;
    const { adds, takes } = this.#byKind(side, batch);
    let added: RowNumbers = { ptr: 0, count: 0 };
    if (adds.rowCount > 0) {
      const groups = this.#keys.intern(adds.pick(this.#keySchema, node.keys));
      const numbers = rows.add(adds.pick(kept, node.columns), groups, this.#timesOf(side, adds));
      added = { ptr: numbers, count: adds.rowCount };
    }
    if (takes !== null && takes.rowCount > 0) {
      const groups = this.#keys.find(takes.pick(this.#keySchema, node.keys));
      const found = this.#found(rows.takeEqual(takes.pick(kept, node.columns), groups), takes.rowCount);
      // Rows of this batch that it takes back itself never were.
      const { gone, left } = this.#cancelled(found, added);
      rows.remove(gone.ptr, gone.count);
      this.#enqueue("take", side, { ptr: found.ptr, count: found.count - gone.count });
      added = left;
    }
    this.#enqueue("add", side, added);
  }

  #byKind({ input }: JoinSide, batch: Batch): { adds: Batch; takes: Batch | null } {
    if (!hasChanges(input)) return { adds: batch, takes: null };
    const { account } = this.#context.workspace;
    const { rowCount } = batch;
    const { values } = batch.column(input.fields.length - 1);
    const [adds, takes] = [account.arena.allocate(rowCount * 4), account.arena.allocate(rowCount * 4)];
    const { u8, u32 } = account.memory;
    let [addCount, takeCount] = [0, 0];
    for (let row = 0; row < rowCount; row++) {
      const kind = u8[values + row];
      if (kind === INSERT || kind === UPDATE_AFTER) u32[(adds >>> 2) + addCount++] = row;
      else u32[(takes >>> 2) + takeCount++] = row;
    }
    return { adds: batch.select(adds, addCount), takes: batch.select(takes, takeCount) };
  }

  /** Without the rows that there are none of, which are counted (S74). */
  #found(numbers: number, count: number): RowNumbers {
    const { u32 } = this.#context.workspace.account.memory;
    const at = numbers >>> 2;
    let found = 0;
    for (let i = 0; i < count; i++) {
      const number = u32[at + i] as number;
      if (number !== NONE) u32[at + found++] = number;
    }
    if (found < count) {
      this.#context.metrics.lateRows += count - found;
      this.#context.warnOnce(
        "absent",
        `${this.#context.name}: rows are taken back that never came; they are counted as late`,
      );
    }
    return { ptr: numbers, count: found };
  }

  /** Of the found rows those that were just added, moved behind the others; and what is left of these. */
  #cancelled(found: RowNumbers, added: RowNumbers): { gone: RowNumbers; left: RowNumbers } {
    const { u32 } = this.#context.workspace.account.memory;
    const fresh = new Set(u32.subarray(added.ptr >>> 2, (added.ptr >>> 2) + added.count));
    const list = u32.subarray(found.ptr >>> 2, (found.ptr >>> 2) + found.count);
    const gone = list.filter((number) => fresh.has(number));
    if (gone.length === 0) return { gone: { ptr: found.ptr, count: 0 }, left: added };
    list.set([...list.filter((number) => !fresh.has(number)), ...gone]);
    const taken = new Set(gone);
    const left = u32.subarray(added.ptr >>> 2, (added.ptr >>> 2) + added.count).filter((number) => !taken.has(number));
    u32.set(left, added.ptr >>> 2);
    const start = found.ptr + (found.count - gone.length) * 4;
    return { gone: { ptr: start, count: gone.length }, left: { ptr: added.ptr, count: left.length } };
  }

  /** Times of the rows, i64 milliseconds in the arena; 0 where rows do not expire. Late rows are counted. */
  #timesOf({ time, node }: JoinSide, batch: Batch): number {
    if (time === null || node.keep === null) return 0;
    const { account, kernels } = this.#context.workspace;
    const { rowCount } = batch;
    const { validity } = batch.column(node.keep.column);
    const given = time.milliseconds(batch);
    const times = account.arena.allocate(rowCount * 8);
    account.memory.u8.copyWithin(times, given, given + rowCount * 8);
    if (validity !== 0) {
      const none = account.arena.allocate(((rowCount + 7) >> 3) + 16);
      kernels.notBitmap(validity, rowCount, none);
      const rows = account.arena.allocate(rowCount * 4 + 64);
      const count = kernels.bitmapToSelection(none, rowCount, rows);
      const nothing = account.arena.allocate(count * 8);
      kernels.fillI64(NO_TIME, count, nothing);
      kernels.scatterValues(nothing, 8, rows, count, times);
    }
    this.#countLate(times, rowCount, node.keep.ms);
    return times;
  }

  /** Rows behind the watermark that are not kept any more once they have met what is there (S46). */
  #countLate(times: number, count: number, keepMs: number): void {
    const boundMs = this.#watermarkMs - Math.max(0, keepMs);
    if (boundMs === Number.NEGATIVE_INFINITY) return;
    const { account, kernels } = this.#context.workspace;
    const copy = account.arena.allocate(count * 8);
    account.memory.u8.copyWithin(copy, times, times + count * 8);
    const [list, least] = [account.arena.allocate(count * 4), account.arena.allocate(8)];
    this.#context.metrics.lateRows += kernels.expireRows(copy, count, boundMs, least, list);
  }

  #enqueue(kind: Turn["kind"], side: JoinSide, { ptr, count }: RowNumbers): void {
    if (count === 0) return;
    const list = new StateBlock(this.#store, count * 4);
    this.#context.workspace.account.memory.u8.copyWithin(list.ptr, ptr, ptr + count * 4);
    if (this.#turns.length === 0) this.#rewind();
    this.#turns.push({ kind, side, list, count });
  }

  #rewind(): void {
    const { u32 } = this.#context.workspace.account.memory;
    u32[this.#cursor.ptr >>> 2] = 0;
    u32[(this.#cursor.ptr >>> 2) + 1] = NONE;
  }

  /** Has rows meet the other side's, from where it stopped; false when the step's time is up before the end. */
  #meet(turn: Turn, out: Output): boolean {
    const { workspace, batchRowsMax } = this.#context;
    const { account, kernels } = workspace;
    const { side, list, count } = turn;
    const other = side === this.#sides[0] ? this.#sides[1] : this.#sides[0];
    const groups = side.rows.groupsOf(list.ptr, count);
    const positions = account.arena.allocate(batchRowsMax * 4);
    const numbers = account.arena.allocate(batchRowsMax * 4);
    for (;;) {
      const found = other.rows.probe(groups, count, this.#cursor.ptr, batchRowsMax, positions, numbers);
      if (found > 0) {
        const own = account.arena.allocate(found * 4);
        kernels.takeU32(list.ptr, positions, found, own);
        this.#pair(turn, other, own, numbers, found, out);
      }
      if ((account.memory.u32[this.#cursor.ptr >>> 2] as number) >= count) break;
      if (this.#context.shouldYield()) return false;
    }
    if (turn.kind === "take") this.#forget(side, { ptr: list.ptr, count }, out);
    else if (side.isCounted && this.#settles) this.#touch(side, list.ptr, count, 0);
    return true;
  }

  /** Whether rows that go on alone are told of with each batch. */
  get #settles(): boolean {
    return this.#takesBack || this.#node.type === "semi";
  }

  #pair(turn: Turn, other: JoinSide, own: number, numbers: number, count: number, out: Output): void {
    const { kind, side } = turn;
    const found = side.name === "left" ? { left: own, right: numbers, count } : { left: numbers, right: own, count };
    const pairs = this.#output.match(this.#readers, found, out);
    if (pairs.count === 0) return;
    const isAdded = kind === "add";
    const others = pairs[other.name];
    const isPaired = !isHalf(this.#node.type);
    if (other.isCounted) {
      if (isAdded && isPaired && this.#takesBack) {
        this.#output.emitAlone(other.name, other.read, other.rows.hide(others, pairs.count), this.#origin(DELETE), out);
      }
      this.#touch(other, others, pairs.count, isAdded ? 1 : -1);
    }
    if (side.isCounted && isAdded) this.#touch(side, pairs[side.name], pairs.count, 1);
    if (isPaired) this.#output.emitPairs(this.#readers, pairs, this.#origin(isAdded ? INSERT : DELETE), out);
  }

  #touch(side: JoinSide, rows: number, count: number, more: number): void {
    if (this.#settles) side.touched.reserve((side.touchedCount + count) * 4);
    const { ptr } = side.touched;
    side.touchedCount = side.rows.countPartners(rows, count, more, this.#settles ? ptr : 0, side.touchedCount);
  }

  /** Rows that were taken back leave, and what stood for them alone. */
  #forget(side: JoinSide, rows: RowNumbers, out: Output): void {
    if (side.isCounted) {
      this.#output.emitAlone(side.name, side.read, side.rows.hide(rows.ptr, rows.count), this.#origin(DELETE), out);
    }
    side.rows.remove(rows.ptr, rows.count);
  }

  /** Rows that now stand alone, or no longer do. */
  #settle(out: Output): void {
    const matched = this.#node.type === "semi" ? 1 : 0;
    for (const shows of [0, 1]) {
      for (const side of this.#sides) {
        if (side.touchedCount === 0) continue;
        const rows = side.rows.settle(side.touched.ptr, side.touchedCount, matched, shows);
        this.#output.emitAlone(side.name, side.read, rows, this.#origin(shows === 1 ? INSERT : DELETE), out);
      }
    }
    for (const side of this.#sides) side.touchedCount = 0;
  }

  /** Rows that nothing to come can meet have their turn to leave; at the end of input all without partner. */
  #expire(side: JoinSide): void {
    const { keep } = side.node;
    const isEnd = this.#targetMs === Number.POSITIVE_INFINITY;
    if (keep === null) {
      const stays = !isEnd || this.#takesBack || !keepsUnmatched(this.#node.type, side.name);
      if (!stays) this.#enqueue("leave", side, side.rows.rows.numbers());
      return;
    }
    const boundMs = this.#targetMs - keep.ms;
    if (side.rows.leastMs >= boundMs) return;
    // Nobody waits for rows of an inner join to go: they are looked for now and then.
    const spanMs = Math.abs(this.#node.left.keep?.ms ?? 0) + Math.abs(this.#node.right.keep?.ms ?? 0);
    const isDue = keepsUnmatched(this.#node.type, side.name) || boundMs >= side.expiredMs + spanMs / EXPIRE_STEPS;
    if (!isDue) return;
    side.expiredMs = boundMs;
    this.#enqueue("leave", side, side.rows.expire(boundMs));
  }

  /** Rows leave, some at a time; those without partner go on. */
  #leave({ side, list, count }: Turn, out: Output): boolean {
    const { batchRowsMax, workspace } = this.#context;
    const at = this.#cursor.ptr >>> 2;
    for (;;) {
      const from = workspace.account.memory.u32[at] as number;
      const end = Math.min(from + batchRowsMax, count);
      const some = { ptr: list.ptr + from * 4, count: end - from };
      if (keepsUnmatched(this.#node.type, side.name)) {
        const alone = side.rows.unmatched(some.ptr, some.count);
        this.#output.emitAlone(side.name, side.read, alone, this.#origin(INSERT), out);
      }
      side.rows.remove(some.ptr, some.count);
      workspace.account.memory.u32[at] = end;
      if (end === count) return true;
      if (this.#context.shouldYield()) return false;
    }
  }

  #origin(kinds: Origin["kinds"]): Origin {
    return { kinds, split: this.#split };
  }

  #measure(): void {
    this.#context.metrics.stateBytes = this.#store.usedBytes;
  }
}
