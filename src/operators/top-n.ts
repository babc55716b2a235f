// Top-N: of each key the first rows in an order. Of a batch most rows are passed over at once, by the word of their first sort
// key: they come behind the last row of a key that has all it may. Those that are left are sorted together with the rows
// that their keys have, and what that moves is told, once a batch.
//
// Without its place a row only enters or leaves; with it every row that moves is an update (S77). Where rows of the input are
// taken back all are kept, since a row that goes lets the next one in (S76).
import { Batch } from "../arrow/batch.js";
import type { Column } from "../arrow/column.js";
import { concatColumns } from "../arrow/concat.js";
import type { Schema } from "../arrow/types.js";
import { withoutChanges } from "../plan/changes.js";
import type { PhysicalOf } from "../plan/physical.js";
import { type Chains, RankedRows } from "../state/ranked-rows.js";
import { RowOrder, rowNumbers } from "../state/row-order.js";
import type { SnapshotReader, SnapshotWriter } from "../state/snapshot.js";
import { FiringOperator } from "./firing-operator.js";
import type { OperatorContext, Output } from "./operator.js";
import { longs, RankChanges } from "./rank-changes.js";
import { Withdrawals } from "./withdrawals.js";

const TABLE = "rows";
/** Rows restored at a time. */
const RESTORE_ROWS = 8192;

/** The groups of some rows in the order in which these have them. */
interface Touched {
  readonly groups: readonly number[];
  /** Place in `groups` of each row, u32 in the arena: of the rows that are kept, then of those that came. */
  readonly places: number;
}

/** Rows that touch some groups: those that these have, and behind them those that came. */
interface Step {
  readonly rows: Batch;
  readonly chains: Chains;
  readonly touched: Touched;
  /** All row numbers in order, u32 in the arena. */
  readonly sorted: number;
  readonly total: number;
  /** 1 for rows that are taken back, and for those that take them back; null: there are none. */
  readonly dead: Uint8Array | null;
  /** Of all rows, where groups are bounded. */
  readonly words: number;
}

/** What is left of a step: row numbers, u32 in the arena. */
interface Kept {
  /** Rows that stay, by group, in order; those of group i end at `ends[i]`. */
  readonly staying: number;
  readonly ends: readonly number[];
  /** Numbers of kept rows that go. */
  readonly gone: number;
  readonly goneCount: number;
  /** Those of the rows that came that stay: positions in the batch. */
  readonly came: number;
  readonly cameCount: number;
}

export class TopN extends FiringOperator {
  readonly #node: PhysicalOf<"top-n">;
  /** Of the rows that are kept. */
  readonly #rows: Schema;
  /** Rows that a key may have; all where rows are taken back. */
  readonly #rowsMax: number;
  readonly #withdrawals: Withdrawals | null;
  #context!: OperatorContext;
  #order!: RowOrder;
  #state!: RankedRows;
  /** The group that is emitted next, at the end. */
  #nextGroup = 0;

  /** `input`: the schema of the rows; behind the columns that go on stand those that keys were computed to. */
  constructor(node: PhysicalOf<"top-n">, input: Schema) {
    super();
    this.#node = node;
    this.#rows = withoutChanges(input);
    this.#rowsMax = node.retracting ? Number.POSITIVE_INFINITY : node.limit + node.offset;
    this.#withdrawals = node.retracting ? new Withdrawals(this.#rows) : null;
  }

  open(context: OperatorContext): void {
    const { workspace } = context;
    const { keys, order } = this.#node;
    this.#context = context;
    this.#order = new RowOrder(workspace, this.#rows, order);
    this.#state = new RankedRows(workspace, this.#rows, keys);
    this.measure();
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    this.#enter(batch, this.#node.ties === "first", this.#node.mode === "final" ? null : out);
    this.measure();
  }

  /** At the end all goes out at once, and no watermark before. */
  override processWatermark(timeMs: number, out: Output): void {
    if (this.#node.mode !== "final" || timeMs === Number.POSITIVE_INFINITY) super.processWatermark(timeMs, out);
  }

  snapshot(writer: SnapshotWriter): void {
    const groups = Array.from({ length: this.#state.end }, (_, group) => group);
    const { ids, count } = this.#state.chains(groups);
    writer.table(TABLE, this.#state.rows.rows(ids, count));
  }

  restore(reader: SnapshotReader): void {
    const { workspace } = this.#context;
    const table = reader.table(TABLE, workspace);
    for (let row = 0; table !== undefined && row < table.rowCount; row += RESTORE_ROWS) {
      const rows = table.slice(row, Math.min(row + RESTORE_ROWS, table.rowCount));
      // Rows of a key were written in their order, whichever of equal ones came first.
      this.#enter(rows, true, null);
    }
    this.measure();
  }

  close(): void {
    // There is none when opening failed.
    (this.#state as RankedRows | undefined)?.release();
  }

  protected fire(out: Output): boolean {
    const { mode, limit, offset, rank, schema } = this.#node;
    if (mode !== "final") return true;
    const { workspace, batchRowsMax } = this.#context;
    while (this.#nextGroup < this.#state.end) {
      const groups: number[] = [];
      for (let rows = 0; rows < batchRowsMax && this.#nextGroup < this.#state.end; this.#nextGroup++) {
        rows += this.#state.countOf(this.#nextGroup);
        groups.push(this.#nextGroup);
      }
      const { ids, starts } = this.#state.chains(groups);
      const ranks: number[] = [];
      const { u32 } = workspace.account.memory;
      let kept = ids >>> 2;
      for (let at = 0; at < groups.length; at++) {
        const start = (starts[at] as number) + offset;
        const end = Math.min(starts[at + 1] as number, start + limit);
        for (let row = start; row < end; row++) {
          u32[kept++] = u32[(ids >>> 2) + row] as number;
          ranks.push(offset + 1 + row - start);
        }
      }
      const columns = this.#shown((index) => this.#state.rows.takeColumn(index, ids, ranks.length));
      if (rank) columns.push(longs(workspace, ranks));
      const rows = new Batch(workspace, schema, columns, ranks.length);
      for (let row = 0; row < ranks.length; row += batchRowsMax) {
        out.emit(rows.slice(row, Math.min(row + batchRowsMax, ranks.length)));
      }
      if (this.#context.shouldYield()) return this.#nextGroup >= this.#state.end;
    }
    return true;
  }

  protected measure(): void {
    this.#context.metrics.stateBytes = this.#state.usedBytes;
  }

  /** Columns that go on, of the kept ones. */
  #shown(column: (index: number) => Column): Column[] {
    const { schema, rank, mode } = this.#node;
    const count = schema.fields.length - (rank ? 1 : 0) - (mode === "final" ? 0 : 1);
    return Array.from({ length: count }, (_, index) => column(index));
  }

  /**
   * Takes rows in, or back.
   * @param isStable - whether of equal rows the one that came first comes first
   * @param out - where changes go; null: nothing is told
   */
  #enter(batch: Batch, isStable: boolean, out: Output | null): void {
    if (batch.rowCount === 0) return;
    const { workspace } = this.#context;
    const all = this.#state.groupsOf(batch);
    const { rows, groups } = this.#candidates(batch, all, isStable);
    if (rows.rowCount === 0) return;
    const { chains, touched } = this.#touch(groups, rows.rowCount);
    const stored = chains.count;
    const total = stored + rows.rowCount;
    const both = (index: number): Column => {
      const came = rows.plainColumn(index);
      if (stored === 0) return came;
      return concatColumns(workspace, came.type, [this.#state.rows.takeColumn(index, chains.ids, stored), came]);
    };
    const dead = this.#withdrawals?.match(this.#context, both, rows, stored) ?? null;
    const columns = this.#node.order.map(({ column }) => both(column));
    const sorted = this.#inOrder(columns, touched, stored, total, isStable);
    const words = dead === null ? this.#order.firstWords(columns, total) : 0;
    this.#settle({ rows, chains, touched, sorted, total, dead, words }, out);
  }

  /** The rows that may change something, and their groups. */
  #candidates(batch: Batch, groups: number, isStable: boolean): { rows: Batch; groups: number } {
    if (this.#withdrawals !== null) return { rows: batch, groups };
    const { account, kernels } = this.#context.workspace;
    const { rowCount } = batch;
    const columns = this.#node.order.map(({ column }) => batch.plainColumn(column));
    const words = this.#order.firstWords(columns, rowCount);
    const list = account.arena.allocate(rowCount * 4 + 16);
    const strict = isStable && this.#order.isOneWord ? 1 : 0;
    const count = kernels.selectBelow(words, groups, rowCount, this.#state.bounds, strict, list);
    if (count === rowCount) return { rows: batch, groups };
    const own = account.arena.allocate(count * 4);
    kernels.takeU32(groups, list, count, own);
    return { rows: batch.select(list, count), groups: own };
  }

  /** The groups of the rows, what they have, and the places of all rows among them. */
  #touch(groups: number, count: number): { chains: Chains; touched: Touched } {
    const { account } = this.#context.workspace;
    const seen = new Map<number, number>();
    const came = new Uint32Array(count);
    for (let row = 0; row < count; row++) {
      const group = account.memory.u32[(groups >>> 2) + row] as number;
      let place = seen.get(group);
      if (place === undefined) {
        place = seen.size;
        seen.set(group, place);
      }
      came[row] = place;
    }
    const list = [...seen.keys()];
    const chains = this.#state.chains(list);
    const places = account.arena.allocate((chains.count + count) * 4);
    const { u32 } = account.memory;
    const { starts } = chains;
    for (let place = 0; place < list.length; place++) {
      const from = (places >>> 2) + (starts[place] as number);
      u32.fill(place, from, (places >>> 2) + (starts[place + 1] as number));
    }
    u32.set(came, (places >>> 2) + chains.count);
    return { chains, touched: { groups: list, places } };
  }

  /** All rows by group, in a group by order: u32 in the arena. */
  #inOrder(columns: readonly Column[], { places, groups }: Touched, stored: number, total: number, isStable: boolean) {
    const { workspace } = this.#context;
    const { account, kernels } = workspace;
    const rows = rowNumbers(workspace, total);
    if (!isStable) {
      // The last to come stands first, then what came before.
      const { u32 } = account.memory;
      const at = rows >>> 2;
      for (let i = 0; i < total - stored; i++) u32[at + i] = total - 1 - i;
      for (let i = 0; i < stored; i++) u32[at + total - stored + i] = i;
    }
    this.#order.sort(columns, rows, total);
    if (groups.length > 1) {
      const words = account.arena.allocate(total * 8);
      kernels.wordsI32(places, total, words);
      kernels.sortWords(words, rows, total, account.arena.allocate(total * 32 + 8192));
    }
    return rows;
  }

  /** Keeps what is among the first of its group, tells what that changes, and forgets what no longer is. */
  #settle(step: Step, out: Output | null): void {
    const kept = this.#cut(step);
    if (out !== null) this.#tell(step, kept, out);
    const { account } = this.#context.workspace;
    const { rows, chains, touched, total, words } = step;
    const { staying, ends, came, cameCount } = kept;
    const stored = chains.count;
    const ids = account.arena.allocate(total * 4);
    this.#state.rows.remove(kept.gone, kept.goneCount);
    const numbers = cameCount === 0 ? 0 : this.#state.rows.append(rows.select(came, cameCount));
    this.#state.reserveLinks();
    const { u32 } = account.memory;
    // Numbers of all rows, then those of the groups' rows in their order.
    const idsAt = ids >>> 2;
    u32.copyWithin(idsAt, chains.ids >>> 2, (chains.ids >>> 2) + stored);
    for (let i = 0; i < cameCount; i++) {
      u32[idsAt + stored + (u32[(came >>> 2) + i] as number)] = u32[(numbers >>> 2) + i] as number;
    }
    const born: number[] = [];
    const died: number[] = [];
    let from = staying >>> 2;
    touched.groups.forEach((group, place) => {
      const end = (staying >>> 2) + (ends[place] as number);
      const count = end - from;
      if (this.#state.countOf(group) === 0) born.push(group);
      if (count === 0) died.push(group);
      if (count === this.#rowsMax) this.#state.bind(group, words + (u32[end - 1] as number) * 8);
      for (let at = from; at < end; at++) u32[at] = u32[idsAt + (u32[at] as number)] as number;
      this.#state.link(group, from, count);
      from = end;
    });
    this.#state.hold(born);
    this.#state.drop(died);
  }

  #cut({ rows, chains, touched, sorted, total, dead }: Step): Kept {
    const { account } = this.#context.workspace;
    const stored = chains.count;
    const staying = account.arena.allocate(total * 4);
    const gone = account.arena.allocate(stored * 4);
    const came = account.arena.allocate(rows.rowCount * 4);
    const { u32 } = account.memory;
    const placeOf = (at: number): number =>
      u32[(touched.places >>> 2) + (u32[(sorted >>> 2) + at] as number)] as number;
    const stays = new Uint8Array(total);
    const ends: number[] = [];
    let stayCount = 0;
    for (let at = 0; at < total; ) {
      const place = placeOf(at);
      const full = stayCount + this.#rowsMax;
      for (; at < total && placeOf(at) === place; at++) {
        const row = u32[(sorted >>> 2) + at] as number;
        if (stayCount === full || dead?.[row] === 1) continue;
        u32[(staying >>> 2) + stayCount++] = row;
        stays[row] = 1;
      }
      ends[place] = stayCount;
    }
    let goneCount = 0;
    let cameCount = 0;
    for (let row = 0; row < stored; row++) {
      if (stays[row] === 0) u32[(gone >>> 2) + goneCount++] = u32[(chains.ids >>> 2) + row] as number;
    }
    for (let row = stored; row < total; row++) if (stays[row] === 1) u32[(came >>> 2) + cameCount++] = row - stored;
    return { staying, ends, gone, goneCount, came, cameCount };
  }

  /** Tells what changes: by place where places are told or there is one, else rows that enter and leave. */
  #tell({ rows, chains, touched, total }: Step, { staying, ends }: Kept, out: Output): void {
    const { limit, offset, rank, mode, schema } = this.#node;
    const { u32 } = this.#context.workspace.account.memory;
    const changes = new RankChanges(this.#context, schema, { hasRank: rank, before: mode === "retract" });
    const ranks = rank || limit === 1 ? null : new Int32Array(total).fill(-1);
    let from = staying >>> 2;
    touched.groups.forEach((_, group) => {
      const start = chains.starts[group] as number;
      const end = (staying >>> 2) + (ends[group] as number);
      const before = Math.min((chains.starts[group + 1] as number) - start, offset + limit);
      const after = Math.min(end - from, offset + limit);
      if (ranks === null) {
        for (let place = offset; place < Math.max(before, after); place++) {
          const old = place < before ? start + place : -1;
          const now = place < after ? (u32[from + place] as number) : -1;
          if (old !== now) changes.replace(old, now, place + 1);
        }
      } else {
        for (let place = offset; place < after; place++) ranks[u32[from + place] as number] = place;
        for (let place = offset; place < before; place++) {
          if (ranks[start + place] === -1) changes.replace(start + place, -1, 0);
        }
        for (let place = offset; place < after; place++) {
          const row = u32[from + place] as number;
          const wasThere = row < chains.count && row - start >= offset && row - start < before;
          if (!wasThere) changes.replace(-1, row, 0);
        }
      }
      from = end;
    });
    const shown = (column: (index: number) => Column) => this.#shown(column);
    changes.emit(
      shown((index) => rows.plainColumn(index)),
      chains.count,
      (list, count) => {
        const ids = this.#context.workspace.account.arena.allocate(count * 4);
        this.#context.workspace.kernels.takeU32(chains.ids, list, count, ids);
        return shown((index) => this.#state.rows.takeColumn(index, ids, count));
      },
      out,
    );
  }
}
