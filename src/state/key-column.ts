// One key column → group numbers, and back to a column. Fixed widths are interned as 64-bit words, strings and 128-bit
// decimals as bytes. Shortcuts come before the table: a dictionary is interned once and its codes are mapped by one gather,
// or are the groups already; 32-bit keys of a small range are mapped too, or are the groups (small-keys.ts).
import type { Batch } from "../arrow/batch.js";
import { bitmapBytes, Column, textRoom, type Workspace } from "../arrow/column.js";
import { decodeDictionary } from "../arrow/take.js";
import { type DataType, layoutOf, type Schema } from "../arrow/types.js";
import { DenseRange, DirectMap } from "./small-keys.js";
import { type GroupKeys, StateBlock, type StateStore } from "./store.js";
import { Utf8Table, WordTable } from "./table.js";
import { valuesOfWords, wordsOf } from "./words.js";

export class KeyColumn implements GroupKeys {
  readonly #workspace: Workspace;
  readonly #index: number;
  readonly #type: DataType;
  readonly #table: WordTable | Utf8Table;
  readonly #direct: DirectMap | null;
  /** undefined before the first keys, null when they are too far apart or have left it. */
  #dense: DenseRange | null | undefined;
  /** Groups of a dictionary's values, then of NULL (0 before the first); held, so that the numbers stay theirs. */
  readonly #mapping: StateBlock;
  #dictionary: Column | null = null;
  /** The dictionary's value i has group i, as that of the first one has: its codes need no mapping. */
  #isIdentity = false;
  #nullMapped = false;

  constructor(store: StateStore, schema: Schema, index: number) {
    const { type } = schema.fields[index] as { type: DataType };
    const layout = layoutOf(type);
    this.#workspace = store.workspace;
    this.#index = index;
    this.#type = type;
    this.#mapping = new StateBlock(store);
    if (layout === "utf8" || layout === "i128") {
      this.#table = new Utf8Table(store);
      this.#direct = null;
      this.#dense = null;
    } else {
      this.#table = new WordTable(store);
      this.#direct = layout === "i32" ? new DirectMap(store, this.#table) : null;
      this.#dense = layout === "i32" ? undefined : null;
    }
  }

  get end(): number {
    return this.#table.end;
  }

  get live(): number {
    return this.#table.live;
  }

  get holders(): number {
    return this.#table.holders;
  }

  /** Address of the table, for kernels that compare keys. */
  get struct(): number {
    return this.#table.struct;
  }

  intern(batch: Batch): number {
    const column = batch.column(this.#index);
    const { dictionary, length } = column;
    if (dictionary === null) return this.#internPlain(column);
    if (dictionary !== this.#dictionary) {
      // A dictionary much longer than the batch costs more than it saves: only the values in use are interned.
      if (dictionary.length > 2 * length) return this.#internPlain(decodeDictionary(this.#workspace, column));
      this.#internDictionary(dictionary);
    }
    const { validity, values } = column;
    if (validity === 0 && this.#isIdentity) return values;
    const { account, kernels } = this.#workspace;
    const groups = account.arena.allocate(length * 4);
    const mapping = this.#mapping;
    if (validity === 0) {
      kernels.mapWords(values, length, mapping.ptr, 0, dictionary.length, groups, 0);
    } else {
      if (!this.#nullMapped) this.#mapNull(dictionary.length);
      kernels.mapCodes(values, validity, length, mapping.ptr, dictionary.length, groups);
    }
    return groups;
  }

  find(batch: Batch): number {
    const column = batch.plainColumn(this.#index);
    const { length, validity, values, offsets, layout } = column;
    if (this.#table instanceof WordTable) return this.#table.find(wordsOf(this.#workspace, column), validity, length);
    return this.#table.find(layout === "utf8" ? offsets : this.#strides(length), values, validity, length);
  }

  hold(list: number, count: number): void {
    this.#table.hold(list, count);
  }

  drop(list: number, count: number): void {
    const released = this.#workspace.account.arena.allocate(count * 4);
    const releasedCount = this.#table.drop(list, count, released);
    if (releasedCount === 0) return;
    this.#direct?.forget(released, releasedCount);
    this.#table.remove(released, releasedCount);
  }

  columns(list: number, count: number): Column[] {
    return [this.#table instanceof WordTable ? this.#wordColumn(list, count) : this.#byteColumn(list, count)];
  }

  shrink(): void {
    this.#table.shrink();
  }

  release(): void {
    this.#mapping.release();
    this.#direct?.release();
    this.#table.release();
  }

  #internPlain(column: Column): number {
    const { length, validity, values, offsets, layout } = column;
    if (length === 0) return this.#workspace.account.arena.allocate(0);
    if (this.#table instanceof Utf8Table) {
      if (layout === "utf8") return this.#table.intern(offsets, values, validity, length);
      return this.#table.intern(this.#strides(length), values, validity, length);
    }
    const groups = validity === 0 ? this.#internSmall(this.#table, values, length) : 0;
    return groups === 0 ? this.#table.intern(wordsOf(this.#workspace, column), validity, length) : groups;
  }

  /** 128-bit numbers as bytes: one every 16. */
  #strides(length: number): number {
    const strides = this.#workspace.account.arena.allocate((length + 1) * 4);
    this.#workspace.kernels.strideOffsets(length, 16, strides);
    return strides;
  }

  /** Groups of keys that a shortcut knows; 0 when none does. */
  #internSmall(table: WordTable, keys: number, count: number): number {
    if (this.#dense === undefined) this.#dense = DenseRange.open(this.#workspace, table, keys, count);
    if (this.#dense !== null) {
      const groups = this.#dense.intern(keys, count);
      if (groups !== 0) return groups;
      this.drop(this.#dense.groups(), this.#dense.span);
      this.#dense = null;
    }
    return this.#direct?.intern(keys, count) ?? 0;
  }

  #internDictionary(dictionary: Column): void {
    const { length } = dictionary;
    const groups = this.#internPlain(dictionary);
    // Held before the old ones are dropped: values in both keep their groups.
    this.#table.hold(groups, length);
    if (this.#dictionary !== null) this.drop(this.#mapping.ptr, this.#dictionary.length + (this.#nullMapped ? 1 : 0));
    this.#dictionary = dictionary;
    this.#nullMapped = false;
    this.#mapping.reserve((length + 1) * 4);
    const { memory } = this.#workspace.account;
    memory.u8.copyWithin(this.#mapping.ptr, groups, groups + length * 4);
    const mapping = memory.u32.subarray(this.#mapping.ptr >>> 2, (this.#mapping.ptr >>> 2) + length + 1);
    mapping[length] = 0;
    this.#isIdentity = mapping.every((group, code) => group === code || code === length);
  }

  /** Interns NULL and makes it entry `index` of the mapping. */
  #mapNull(index: number): void {
    const { memory } = this.#workspace.account;
    const group = this.#internPlain(nullColumn(this.#workspace, this.#type));
    this.#table.hold(group, 1);
    memory.u32[(this.#mapping.ptr >>> 2) + index] = memory.u32[group >>> 2] as number;
    this.#nullMapped = true;
  }

  #wordColumn(list: number, count: number): Column {
    const { account, kernels } = this.#workspace;
    const { arena } = account;
    const words = arena.allocate(count * 8);
    kernels.takeU64(this.#table.keys, list, count, words);
    let validity = 0;
    if (this.#table.nullGroup >= 0) {
      validity = arena.allocate(bitmapBytes(count));
      if (kernels.differBits(list, count, this.#table.nullGroup, validity) === 0) validity = 0;
    }
    const values = valuesOfWords(this.#workspace, this.#type, words, count);
    return new Column({ type: this.#type, length: count, values, validity });
  }

  #byteColumn(list: number, count: number): Column {
    const { account, kernels } = this.#workspace;
    const { arena } = account;
    const { struct } = this.#table;
    let validity = arena.allocate(bitmapBytes(count));
    if (kernels.validUtf8(struct, list, count, validity) === 0) validity = 0;
    if (layoutOf(this.#type) === "i128") {
      const values = arena.allocate(count * 16);
      kernels.gatherI128(struct, list, count, values);
      return new Column({ type: this.#type, length: count, values, validity });
    }
    const offsets = arena.allocate((count + 1) * 4);
    const values = textRoom(this.#workspace, kernels.sizeOfUtf8(struct, list, count));
    kernels.gatherUtf8(struct, list, count, offsets, values);
    return new Column({ type: this.#type, length: count, values, offsets, validity });
  }
}

/** One NULL of the type. */
function nullColumn({ account }: Workspace, type: DataType): Column {
  const zeros = account.arena.allocateZeroed(32);
  return new Column({ type, length: 1, validity: zeros, values: zeros + 16, offsets: zeros });
}
