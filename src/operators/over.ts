// OVER: every row goes on with values computed over the rows of its key before it. By event time rows wait for the watermark
// and are gone through in the order of time (S45: a row at or behind the watermark is late); what frames still reach is kept.
// In any other order all rows are needed first: then it happens at the end of the input.
import { Batch } from "../arrow/batch.js";
import { Column, type Workspace } from "../arrow/column.js";
import { concatColumns } from "../arrow/concat.js";
import { takeColumn } from "../arrow/take.js";
import { field, INT64, layoutOf, type Schema, schemaOf, unitsPerMs } from "../arrow/types.js";
import type { PhysicalOf } from "../plan/physical.js";
import { type Chains, RankedRows } from "../state/ranked-rows.js";
import { RowOrder, rowNumbers } from "../state/row-order.js";
import type { SnapshotReader, SnapshotWriter } from "../state/snapshot.js";
import { TimeBuffer } from "../state/time-buffer.js";
import { wordsOf } from "../state/words.js";
import { sameRow } from "./change-rows.js";
import { EventTime } from "./event-time.js";
import { FiringOperator } from "./firing-operator.js";
import { LateRows } from "./late-rows.js";
import type { OperatorContext, Output } from "./operator.js";
import { computeStep, means, type Positions, type Step, stepsOf } from "./over-values.js";

const KEPT = "kept";
const WAITING = "rows";

export class Over extends FiringOperator {
  readonly #node: PhysicalOf<"over">;
  readonly #input: Schema;
  /** Of the rows that are kept: the input's, what each step made of them, and how many there were of their key. */
  readonly #keptSchema: Schema;
  readonly #steps: readonly Step[];
  readonly #results: readonly (readonly number[])[];
  readonly #time: EventTime | null;
  #context!: OperatorContext;
  #late!: LateRows;
  #order!: RowOrder;
  #state!: RankedRows;
  #buffer: TimeBuffer | null = null;
  /** Rows that wait for the end of the input. */
  #waiting: Batch[] = [];
  #done: Batch | null = null;
  #emitted = 0;

  /** `input`: the schema of the rows; behind the columns that go on stand those that were computed for it. */
  constructor(node: PhysicalOf<"over">, input: Schema) {
    super();
    const { steps, results } = stepsOf(node, (column) => (input.fields[column] as Schema["fields"][number]).type);
    this.#node = node;
    this.#input = input;
    this.#steps = steps;
    this.#results = results;
    const made = steps.map(({ type }, index) => field(`$step ${index}`, type));
    this.#keptSchema = schemaOf([...input.fields, ...made, field("$rows", INT64, false)]);
    this.#time = node.timeColumn < 0 ? null : new EventTime(input, node.timeColumn);
  }

  open(context: OperatorContext): void {
    const { workspace } = context;
    const { keys, order } = this.#node;
    this.#context = context;
    this.#late = new LateRows(context);
    this.#order = new RowOrder(workspace, this.#input, order);
    this.#state = new RankedRows(workspace, this.#keptSchema, keys);
    if (this.#time !== null) this.#buffer = new TimeBuffer(workspace, this.#input, this.#time);
    this.measure();
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    if (batch.rowCount === 0) return;
    if (this.#time === null) this.#waiting.push(batch.persist());
    else {
      const rows = this.#late.inTime(batch, this.#time, this.watermarkMs + 1, this.watermarkMs, out);
      if (rows.rowCount > 0) this.#buffer?.add(rows);
    }
    this.measure();
  }

  /** Without event time nothing goes out before the end, watermarks neither. */
  override processWatermark(timeMs: number, out: Output): void {
    if (this.#time !== null || timeMs === Number.POSITIVE_INFINITY) super.processWatermark(timeMs, out);
  }

  snapshot(writer: SnapshotWriter): void {
    writer.value("watermarkMs", this.watermarkMs);
    this.#buffer?.snapshot(writer);
    if (this.#time === null) writer.table(WAITING, this.#joined(this.#waiting));
    const groups = Array.from({ length: this.#state.end }, (_, group) => group);
    const { ids, count } = this.#state.chains(groups);
    writer.table(KEPT, this.#state.rows.rows(ids, count));
  }

  restore(reader: SnapshotReader): void {
    const { workspace } = this.#context;
    this.reach(reader.value("watermarkMs") as number);
    this.#buffer?.restore(reader);
    const waiting = reader.table(WAITING, workspace);
    if (waiting !== undefined && waiting.rowCount > 0) this.#waiting.push(waiting.persist());
    const kept = reader.table(KEPT, workspace);
    if (kept !== undefined && kept.rowCount > 0) {
      const groups = this.#state.groupsOf(kept);
      const ids = this.#state.rows.append(kept);
      this.#state.reserveLinks();
      const { u32 } = workspace.account.memory;
      const born: number[] = [];
      for (let start = 0, end = 0; start < kept.rowCount; start = end) {
        const group = u32[(groups >>> 2) + start] as number;
        for (end = start + 1; end < kept.rowCount && u32[(groups >>> 2) + end] === group; ) end++;
        this.#state.link(group, (ids >>> 2) + start, end - start);
        born.push(group);
      }
      this.#state.hold(born);
    }
    this.measure();
  }

  close(): void {
    for (const batch of this.#waiting) batch.release();
    this.#waiting = [];
    this.#done?.release();
    this.#done = null;
    this.#buffer?.release();
    // There is none when opening failed.
    (this.#state as RankedRows | undefined)?.release();
  }

  protected fire(out: Output): boolean {
    const { batchRowsMax } = this.#context;
    this.#done ??= this.#compute();
    const rows = this.#done;
    while (rows !== null && this.#emitted < rows.rowCount) {
      const end = Math.min(this.#emitted + batchRowsMax, rows.rowCount);
      out.emit(rows.slice(this.#emitted, end));
      this.#emitted = end;
      if (this.#context.shouldYield() && end < rows.rowCount) return false;
    }
    this.#done?.release();
    this.#done = null;
    this.#emitted = 0;
    return true;
  }

  protected measure(): void {
    const waiting = this.#waiting.reduce((sum, batch) => sum + batch.sizeBytes, 0);
    this.#context.metrics.stateBytes = this.#state.usedBytes + waiting + (this.#buffer?.usedBytes ?? 0);
  }

  /** The rows that are due, with their values, persisted; null when there are none. */
  #compute(): Batch | null {
    const due = this.#takeDue();
    if (due.rowCount === 0) return null;
    const { workspace } = this.#context;
    const { account, kernels } = workspace;
    const groups = this.#state.groupsOf(due);
    const list = [...new Set(account.memory.u32.subarray(groups >>> 2, (groups >>> 2) + due.rowCount))];
    const chains = this.#state.chains(list);
    const before = chains.count;
    const total = before + due.rowCount;
    const kept = before === 0 ? null : this.#state.rows.rows(chains.ids, before);
    const all = (index: number): Column => {
      const column = due.plainColumn(index);
      return kept === null ? column : concatColumns(workspace, column.type, [kept.column(index), column]);
    };
    // Group of every row, then the rows by group and order.
    const owners = account.arena.allocate(total * 4);
    const { u32 } = account.memory;
    list.forEach((group, index) => {
      u32.fill(
        group,
        (owners >>> 2) + (chains.starts[index] as number),
        (owners >>> 2) + (chains.starts[index + 1] as number),
      );
    });
    u32.copyWithin((owners >>> 2) + before, groups >>> 2, (groups >>> 2) + due.rowCount);
    const sorted = rowNumbers(workspace, total);
    const orderColumns = this.#node.order.map(({ column }) => all(column));
    this.#order.sort(orderColumns, sorted, total);
    const words = account.arena.allocate(total * 8);
    kernels.wordsI32(owners, total, words);
    kernels.sortWords(words, sorted, total, account.arena.allocate(total * 32 + 8192));
    const inOrder = (column: Column): Column => takeColumn(workspace, column, sorted, total);
    const at = this.#positions(orderColumns.map(inOrder), owners, sorted, before, total);
    const results = this.#steps.map((step, index) => this.#result(step, index, at, all, kept, due.rowCount, inOrder));
    const rowsBefore = this.#before(kept, this.#keptSchema.fields.length - 1, due.rowCount, inOrder);
    const numbers = computeStep(workspace, { fn: "row_number", column: -1, other: -1, distance: 0, type: INT64 }, at, {
      argument: null,
      other: null,
      before: null,
      rowsBefore,
      goesOn: false,
    });
    // Where the rows that came stand in the order.
    const stands = account.arena.allocate(due.rowCount * 4);
    const memory = account.memory.u32;
    for (let place = 0; place < total; place++) {
      const row = memory[(sorted >>> 2) + place] as number;
      if (row >= before) memory[(stands >>> 2) + row - before] = place;
    }
    const own = (column: Column): Column => takeColumn(workspace, column, stands, due.rowCount);
    if (this.#time !== null && this.targetMs !== Number.POSITIVE_INFINITY) {
      const made = [...results, numbers].map(own);
      const columns = [...this.#input.fields.map((_, index) => due.column(index)), ...made];
      this.#keep(new Batch(workspace, this.#keptSchema, columns, due.rowCount), at, { chains, list, sorted, before });
    }
    const shown = this.#node.schema.fields.length - this.#node.calls.length;
    const values = this.#results.map(([first, second]) => {
      const column = results[first as number] as Column;
      return own(second === undefined ? column : means(workspace, column, results[second] as Column));
    });
    const columns = [...Array.from({ length: shown }, (_, index) => due.column(index)), ...values];
    const done = new Batch(workspace, this.#node.schema, columns, due.rowCount).persist();
    this.#buffer?.sweep();
    for (const batch of this.#waiting) batch.release();
    this.#waiting = [];
    return done;
  }

  #takeDue(): Batch {
    if (this.#buffer === null) return this.#joined(this.#waiting);
    const parts: Batch[] = [];
    for (;;) {
      // Runs stay until they are swept, at the end too, when there is nothing left in them.
      const rows = this.#buffer.take(this.targetMs);
      if (rows === null || rows.rowCount === 0) return this.#joined(parts);
      parts.push(rows);
    }
  }

  #joined(parts: readonly Batch[]): Batch {
    const { workspace } = this.#context;
    const columns = this.#input.fields.map(({ type }, index) =>
      concatColumns(
        workspace,
        type,
        parts.map((part) => part.column(index)),
      ),
    );
    const rowCount = parts.reduce((sum, part) => sum + part.rowCount, 0);
    return new Batch(workspace, this.#input, columns, rowCount);
  }

  /** A column that only the rows that went before have, in the order of all; null when there are none. */
  #before(kept: Batch | null, index: number, came: number, inOrder: (column: Column) => Column): Column | null {
    if (kept === null) return null;
    const { workspace } = this.#context;
    const column = kept.column(index);
    const rest = takeColumn(workspace, column, workspace.account.arena.allocateZeroed(came * 4), came);
    return inOrder(concatColumns(workspace, column.type, [column, rest]));
  }

  #result(
    step: Step,
    index: number,
    at: Positions,
    all: (index: number) => Column,
    kept: Batch | null,
    came: number,
    inOrder: (column: Column) => Column,
  ): Column {
    const { workspace } = this.#context;
    const { fn, column, other } = step;
    const made = this.#input.fields.length + index;
    const before = this.#before(kept, made, came, inOrder);
    const rowsBefore = this.#before(kept, this.#keptSchema.fields.length - 1, came, inOrder);
    const goesOn = this.#node.frame.preceding === null;
    let argument = column < 0 ? null : all(column);
    if (argument !== null && kept !== null && goesOn && CARRIED.has(fn)) {
      const own = takeColumn(workspace, argument, rangeOf(workspace, kept.rowCount, came), came);
      argument = concatColumns(workspace, step.type, [kept.column(made), this.#as(own, step)]);
    }
    return computeStep(workspace, step, at, {
      argument: argument === null ? null : inOrder(argument),
      other: other < 0 ? null : inOrder(all(other)),
      before,
      rowsBefore,
      goesOn,
    });
  }

  /** Arguments in the type of the results that go before them. */
  #as(column: Column, { type }: Step): Column {
    const { workspace } = this.#context;
    const layout = layoutOf(type);
    if (column.layout === layout) return column;
    const words = wordsOf(workspace, column);
    const { length, validity } = column;
    if (layout !== "i128") return new Column({ type, length, validity, values: words });
    const values = workspace.account.arena.allocate(length * 16);
    const { i64 } = workspace.account.memory;
    for (let row = 0; row < length; row++) {
      const word = i64[(words >>> 3) + row] as bigint;
      i64[(values >>> 3) + 2 * row] = word;
      i64[(values >>> 3) + 2 * row + 1] = word >> 63n;
    }
    return new Column({ type, length, validity, values });
  }

  #positions(order: readonly Column[], owners: number, sorted: number, before: number, count: number): Positions {
    const { workspace } = this.#context;
    const { frame } = this.#node;
    const times = this.#timesOf(order);
    const { u32 } = workspace.account.memory;
    const rowAt = (at: number): number => u32[(sorted >>> 2) + at] as number;
    const groupAt = (at: number): number => u32[(owners >>> 2) + rowAt(at)] as number;
    const [starts, ends, news] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
    const [peerStarts, peerEnds] = [new Int32Array(count), new Int32Array(count)];
    const [frameStarts, frameEnds] = [new Int32Array(count), new Int32Array(count)];
    for (let start = 0, end = 0; start < count; start = end) {
      const group = groupAt(start);
      let first = start;
      for (end = start; end < count && groupAt(end) === group; end++) if (rowAt(end) < before) first = end + 1;
      starts.fill(start, start, end);
      ends.fill(end, start, end);
      news.fill(first, start, end);
      for (let from = start, to = start; from < end; from = to) {
        for (to = from + 1; to < end && sameRow(workspace, order, from, order, to); ) to++;
        peerStarts.fill(from, from, to);
        peerEnds.fill(to, from, to);
      }
      // Where frames have no beginning the last row that went before stands for all before it.
      const all = Math.max(first - 1, start);
      for (let at = start, reach = start; at < end; at++) {
        const peers = peerStarts[at] as number;
        if (frame.preceding === null) reach = at < all ? start : all;
        else if (frame.unit === "rows") reach = Math.max(start, at - frame.preceding);
        else if (frame.preceding === 0 || times === null || Number.isNaN(times[at])) reach = peers;
        else
          while (reach < peers && !(Math.abs((times[at] as number) - (times[reach] as number)) <= this.#rangeOf))
            reach++;
        frameStarts[at] = reach;
        frameEnds[at] = frame.unit === "rows" ? at + 1 : (peerEnds[at] as number);
      }
    }
    const groups = Int32Array.from({ length: count }, (_, at) => groupAt(at));
    return { count, groups, starts, ends, news, peerStarts, peerEnds, frameStarts, frameEnds, times };
  }

  /** How far frames go back, in units of the first sort key. */
  get #rangeOf(): number {
    const { frame, order } = this.#node;
    const [key] = order;
    const { type } = this.#input.fields[key?.column ?? 0] as Schema["fields"][number];
    return (frame.preceding ?? 0) * unitsPerMs(type);
  }

  /** The first sort key as numbers, NaN for NULL, where frames go by it; else null. */
  #timesOf([key]: readonly Column[]): Float64Array | null {
    const { frame } = this.#node;
    if (key === undefined || frame.unit === "rows" || frame.preceding === null || frame.preceding === 0) return null;
    const { i64, u8 } = this.#context.workspace.account.memory;
    const isValid = (row: number): boolean =>
      key.validity === 0 || (((u8[key.validity + (row >> 3)] as number) >> (row & 7)) & 1) === 1;
    return Float64Array.from({ length: key.length }, (_, row) =>
      isValid(row) ? Number(i64[(key.values >>> 3) + row]) : Number.NaN,
    );
  }

  /** Keeps of each key the rows that later frames reach, the last one at least. */
  #keep(made: Batch, at: Positions, { chains, sorted, before, list }: Due): void {
    const { account } = this.#context.workspace;
    const { calls, frame } = this.#node;
    const { unit, preceding } = frame;
    const far = Math.max(1, unit === "rows" ? (preceding ?? 1) : 1, ...calls.map(({ distance }) => distance));
    const ids = account.arena.allocate((before + made.rowCount) * 4);
    const gone = account.arena.allocate(before * 4);
    const came = account.arena.allocate(made.rowCount * 4);
    const { u32 } = account.memory;
    u32.copyWithin(ids >>> 2, chains.ids >>> 2, (chains.ids >>> 2) + before);
    const stays = new Uint8Array(before + made.rowCount);
    for (let start = 0; start < at.count; start = at.ends[start] as number) {
      const end = at.ends[start] as number;
      let from = Math.max(start, end - far);
      const { times } = at;
      const isNear = (row: number) =>
        Math.abs((times?.[end - 1] as number) - (times?.[row] as number)) <= this.#rangeOf;
      while (times !== null && from > start && isNear(from - 1)) from--;
      for (let place = from; place < end; place++) stays[u32[(sorted >>> 2) + place] as number] = 1;
    }
    let [goneCount, cameCount] = [0, 0];
    for (let row = 0; row < before; row++)
      if (stays[row] === 0) u32[(gone >>> 2) + goneCount++] = u32[(ids >>> 2) + row] as number;
    for (let row = 0; row < made.rowCount; row++) if (stays[before + row] === 1) u32[(came >>> 2) + cameCount++] = row;
    this.#state.rows.remove(gone, goneCount);
    const numbers = this.#state.rows.append(made.select(came, cameCount));
    this.#state.reserveLinks();
    const memory = account.memory.u32;
    for (let i = 0; i < cameCount; i++) {
      memory[(ids >>> 2) + before + (memory[(came >>> 2) + i] as number)] = memory[(numbers >>> 2) + i] as number;
    }
    this.#state.hold(list.filter((group) => this.#state.countOf(group) === 0));
    const links = account.arena.allocate(at.count * 4);
    const after = account.memory.u32;
    for (let start = 0; start < at.count; start = at.ends[start] as number) {
      let count = 0;
      for (let place = start; place < (at.ends[start] as number); place++) {
        const row = after[(sorted >>> 2) + place] as number;
        if (stays[row] === 1) after[(links >>> 2) + count++] = after[(ids >>> 2) + row] as number;
      }
      this.#state.link(at.groups[start] as number, links >>> 2, count);
    }
  }
}

/** What goes on from the results before where frames have no beginning. */
const CARRIED: ReadonlySet<Step["fn"]> = new Set(["sum", "min", "max", "first_value"]);

/** Rows that are due, and those of their keys that went before. */
interface Due {
  readonly chains: Chains;
  readonly list: readonly number[];
  readonly sorted: number;
  readonly before: number;
}

/** `count` row numbers from `first`, u32 in the arena. */
function rangeOf({ account }: Workspace, first: number, count: number): number {
  const list = account.arena.allocate(count * 4);
  const { u32 } = account.memory;
  for (let i = 0; i < count; i++) u32[(list >>> 2) + i] = first + i;
  return list;
}
