// A leaf inside of ARRAY, MAP or ROW: its pages hold entries, of which a row may have many or go on in the next page. It gives the
// entries of whole rows: their levels, and the values of those that are instances of the leaf.
import { bitmapBytes, type Column } from "../arrow/column.js";
import { concatColumns } from "../arrow/concat.js";
import type { Codec } from "./parquet-codec.js";
import { type ColumnContext, copyToArena, limited, PageMemory, type Rows, type Values } from "./parquet-context.js";
import { levelsAt, uncompress } from "./parquet-page.js";
import { type ColumnReaderOptions, type OpenChunk, PageReader, type RawPage } from "./parquet-pages.js";
import type { Level } from "./parquet-tree.js";
import type { ColumnPlan } from "./parquet-types.js";
import { decodeValues, openHybrid } from "./parquet-values.js";

/** Entries of whole rows. Levels are u32 in the arena; address 0 stands for zeros. */
export interface Entries {
  readonly count: number;
  readonly repetitions: number;
  readonly definitions: number;
  /** The leaf's instances. */
  readonly values: Column;
}

/** A data page being read: entries come out in order. */
class LevelPage {
  readonly #context: ColumnContext;
  readonly #level: Level;
  readonly #memory: PageMemory;
  readonly #values: Values;
  readonly #repetitions: number;
  readonly #definitions: number;
  #at = 0;
  #left: number;
  /** Rows that begin in what is left. */
  rowsLeft: number;

  constructor(context: ColumnContext, level: Level, raw: RawPage, codec: Codec, dictionary: Column | null) {
    const { header, bytes } = raw;
    const { kernels } = context.workspace;
    const { maxRepetition, maxDefinition } = context.plan;
    this.#context = context;
    this.#level = level;
    this.#left = header.count;
    const memory = new PageMemory(context.workspace);
    this.#memory = memory;
    try {
      const start = uncompress(context, memory, header, bytes, codec);
      const end = start + header.size;
      const isV2 = header.levelBytes >= 0;
      let ptr = start;
      const read = (max: number, told: number): number => {
        if (max === 0) return 0;
        const at = levelsAt(context, ptr, end - ptr, told);
        ptr = at.start + at.bytes;
        return this.#decode(at.start, at.bytes, max);
      };
      this.#repetitions = read(maxRepetition, isV2 ? header.repetitionBytes : -1);
      this.#definitions = read(maxDefinition, isV2 ? header.levelBytes - header.repetitionBytes : -1);
      const { count, encoding } = header;
      this.rowsLeft = kernels.countLevelRows(this.#repetitions, count);
      const { validCount } = this.#instances(count);
      this.#values = decodeValues(context, memory, { encoding, ptr, bytes: end - ptr, count: validCount }, dictionary);
    } catch (error) {
      memory.free();
      throw error;
    }
  }

  /** Whether the entries begin inside of a row. */
  get goesOn(): boolean {
    return this.#left > 0 && this.#entriesOf(0) > 0;
  }

  /** The entries before the one that row number `rows`, counted from 0 and from here, begins with: all when none does. */
  takeRows(rows: number): Entries {
    const count = this.#entriesOf(rows);
    const { workspace } = this.#context;
    const values = this.#values.take(this.#instances(count));
    const copy = (levels: number): number =>
      levels === 0 ? 0 : copyToArena(workspace, levels + this.#at * 4, count * 4);
    const entries = { count, repetitions: copy(this.#repetitions), definitions: copy(this.#definitions), values };
    this.#leave(count, rows);
    return entries;
  }

  skipRows(rows: number): void {
    const count = this.#entriesOf(rows);
    this.#values.skip(this.#instances(count).validCount);
    this.#leave(count, rows);
  }

  get isEmpty(): boolean {
    return this.#left === 0;
  }

  free(): void {
    this.#memory.free();
  }

  #leave(count: number, rows: number): void {
    this.#at += count;
    this.#left -= count;
    this.rowsLeft -= Math.min(rows, this.rowsLeft);
  }

  #entriesOf(rows: number): number {
    return this.#context.workspace.kernels.levelRow(this.#from(this.#repetitions), this.#left, rows);
  }

  #from(levels: number): number {
    return levels === 0 ? 0 : levels + this.#at * 4;
  }

  /** The leaf's instances among the next entries, as rows of values. */
  #instances(entries: number): Rows {
    const { account, kernels } = this.#context.workspace;
    const { repetition, floor, definition } = this.#level;
    const validity = account.arena.allocateZeroed(bitmapBytes(entries));
    const [repetitions, definitions] = [this.#from(this.#repetitions), this.#from(this.#definitions)];
    const count = kernels.levelBits(repetitions, definitions, entries, repetition, floor, definition, validity);
    const ranks = account.arena.allocate(count * 4);
    const validCount = kernels.rankRows(validity, count, ranks);
    return { count, validCount, validity: validCount === count ? 0 : validity, ranks };
  }

  #decode(start: number, bytes: number, max: number): number {
    const { workspace } = this.#context;
    const count = this.#left;
    const levels = this.#memory.allocate(limited(this.#context, (count + 1) * 4));
    const state = openHybrid(workspace, this.#memory, start, bytes, 32 - Math.clz32(max));
    const status = workspace.kernels.decodeIndexes(state, count, max + 1, levels);
    if (status < 0) throw this.#context.fail("its levels do not cover their page, or are too high");
    return levels;
  }
}

export class LeafReader {
  readonly plan: ColumnPlan;
  readonly #level: Level;
  readonly #pages: PageReader;
  /** Pages with entries left, in order. */
  #queue: LevelPage[] = [];
  /** Entries that no page has brought yet, and rows: begun in pages, of the chunk, to pass over. */
  #entriesAhead = 0;
  #rowsBegun = 0;
  #rowCount = 0;
  #rowsToSkip = 0;

  constructor(plan: ColumnPlan, level: Level, options: ColumnReaderOptions) {
    this.plan = plan;
    this.#level = level;
    this.#pages = new PageReader(plan, options);
  }

  get context(): ColumnContext {
    return this.#pages.context;
  }

  open(chunk: OpenChunk): void {
    this.#free();
    this.#pages.open(chunk);
    this.#entriesAhead = chunk.valueCount;
    this.#rowsBegun = 0;
    this.#rowCount = chunk.rowCount;
    this.#rowsToSkip = chunk.skip;
  }

  /** Rows whose end is known. The last one of a page may go on in the next. */
  get rowsReady(): number {
    const rows = this.#queue.reduce((sum, { rowsLeft }) => sum + rowsLeft, 0);
    const isWhole = this.#entriesAhead === 0 || this.plan.maxRepetition === 0;
    return isWhole ? rows : Math.max(0, rows - 1);
  }

  prepare(): boolean {
    while (true) {
      const ready = this.rowsReady;
      if (ready > this.#rowsToSkip) break;
      this.#skip(ready);
      if (this.#rowsToSkip === 0 && this.rowsReady > 0) break;
      const raw = this.#pages.next(`${this.#entriesAhead} values`);
      if (raw === null) return false;
      this.#read(raw);
    }
    this.#skip(this.#rowsToSkip);
    return true;
  }

  /** The entries of the next `count` rows, at most `rowsReady`. */
  take(count: number): Entries {
    const parts: Entries[] = [];
    this.#eachPage(count, (page, rows) => parts.push(page.takeRows(rows)));
    return joined(this.context, parts);
  }

  close(): void {
    this.#free();
    this.#pages.close();
  }

  #free(): void {
    for (const page of this.#queue) page.free();
    this.#queue = [];
  }

  #skip(count: number): void {
    if (count === 0) return;
    this.#eachPage(count, (page, rows) => page.skipRows(rows));
    this.#rowsToSkip -= count;
  }

  /** Goes through the pages that the next `count` rows have entries in. */
  #eachPage(count: number, act: (page: LevelPage, rows: number) => void): void {
    let rows = count;
    for (const page of this.#queue) {
      const before = page.rowsLeft;
      act(page, rows);
      rows -= before - page.rowsLeft;
      if (!page.isEmpty) break;
    }
    while (this.#queue[0]?.isEmpty === true) this.#queue.shift()?.free();
  }

  #read(raw: RawPage): void {
    const { context, codec, dictionary } = this.#pages;
    const { count } = raw.header;
    if (count > this.#entriesAhead) {
      throw context.fail(`a page has ${count} values where ${this.#entriesAhead} are left`);
    }
    if (count === 0) return;
    const page = new LevelPage(context, this.#level, raw, codec, dictionary);
    this.#queue.push(page);
    this.#entriesAhead -= count;
    if (this.#rowsBegun === 0 && page.goesOn) throw context.fail("its first entry goes on in a row that has not begun");
    this.#rowsBegun += page.rowsLeft;
    const isWrong = this.#entriesAhead === 0 ? this.#rowsBegun !== this.#rowCount : this.#rowsBegun > this.#rowCount;
    if (isWrong) throw context.fail(`its pages have ${this.#rowsBegun} of ${this.#rowCount} rows`);
  }
}

/** Entries that follow each other. */
function joined({ workspace, plan }: ColumnContext, parts: readonly Entries[]): Entries {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const { arena, memory } = workspace.account;
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const join = (levels: (part: Entries) => number): number => {
    if (parts.every((part) => levels(part) === 0)) return 0;
    const start = arena.allocate(count * 4);
    let at = start;
    for (const part of parts) {
      memory.u8.copyWithin(at, levels(part), levels(part) + part.count * 4);
      at += part.count * 4;
    }
    return start;
  };
  const values = concatColumns(
    workspace,
    plan.field.type,
    parts.map((part) => part.values),
  );
  return {
    count,
    repetitions: join((part) => part.repetitions),
    definitions: join((part) => part.definitions),
    values,
  };
}
