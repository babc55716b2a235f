// One column of a row store: values by row number, in blocks that grow. Texts lie in a heap that is packed when half of it is
// garbage; validity is kept from the first NULL on.
import { bitmapBytes, Column, textRoom, type Workspace } from "../arrow/column.js";
import { childFields, type DataType, type Field, isNested, type Layout, layoutOf, widthOf } from "../arrow/types.js";
import { PlanError } from "../errors.js";
import { StateBlock, type StateStore } from "./store.js";

/** Bytes of a text's place in the heap: its start and its length. */
const ENTRY_BYTES = 8;
/** Kernels copy short texts in whole vectors. */
const HEAP_SLACK_BYTES = 16;
/** A heap is not packed for less. */
const GARBAGE_BYTES_MIN = 65_536;

export class KeptColumn {
  readonly #store: StateStore;
  readonly #workspace: Workspace;
  readonly #type: DataType;
  readonly #layout: Layout;
  /** Values; of texts the entries of the heap. */
  readonly #values: StateBlock;
  readonly #validity: StateBlock;
  readonly #children: readonly KeptColumn[];
  #heap: StateBlock;
  #heapUsed = 0;
  #garbageBytes = 0;
  #capacity = 0;

  /** @throws UNSUPPORTED for lists */
  constructor(store: StateStore, { name, type }: Field) {
    this.#store = store;
    this.#workspace = store.workspace;
    this.#type = type;
    this.#layout = layoutOf(type);
    if (this.#layout === "list") {
      throw new PlanError("UNSUPPORTED", `column "${name}" is kept in state, and lists cannot be yet`, {
        hint: "select the columns that are needed, or UNNEST the list first",
      });
    }
    this.#values = new StateBlock(store);
    this.#validity = new StateBlock(store);
    this.#heap = new StateBlock(store);
    const below = isNested(type) ? childFields(type) : [];
    this.#children = below.map((child) => new KeptColumn(store, { ...child, name: `${name}.${child.name}` }));
  }

  /** Room for the row numbers below `capacity`; the first `used` values stay. @throws MEMORY_LIMIT */
  grow(capacity: number, used: number): void {
    this.#values.resize(this.#bytesOf(capacity), this.#bytesOf(used));
    if (this.#layout === "utf8") this.#zero(used);
    if (this.#validity.bytes > 0) this.#growValidity(capacity, used);
    for (const child of this.#children) child.grow(capacity, used);
    this.#capacity = capacity;
  }

  /** Puts the rows of a plain column under `numbers`, u32 each. @throws MEMORY_LIMIT */
  put(column: Column, numbers: number): void {
    const { kernels } = this.#workspace;
    const { length, validity, values } = column;
    if (validity !== 0 && this.#validity.bytes === 0) this.#growValidity(this.#capacity, 0);
    if (this.#validity.bytes > 0) kernels.scatterBits(validity, 1, numbers, length, this.#validity.ptr);
    switch (this.#layout) {
      case "none":
      case "struct":
        break;
      case "bool":
        kernels.scatterBits(values, 0, numbers, length, this.#values.ptr);
        break;
      case "utf8":
        this.#putTexts(column, numbers);
        break;
      default:
        kernels.scatterValues(values, widthOf(this.#layout), numbers, length, this.#values.ptr);
    }
    this.#children.forEach((child, index) => {
      child.put(column.children[index] as Column, numbers);
    });
  }

  /** The rows of `numbers`, in the arena; a number may come many times. @throws MEMORY_LIMIT */
  take(numbers: number, count: number): Column {
    const { account, kernels } = this.#workspace;
    const { arena } = account;
    const type = this.#type;
    let validity = 0;
    if (this.#validity.bytes > 0) {
      validity = arena.allocate(bitmapBytes(count));
      kernels.takeBits(this.#validity.ptr, numbers, count, validity);
    }
    const plain = { type, length: count, validity };
    switch (this.#layout) {
      case "none":
      case "struct":
        return new Column({ ...plain, values: 0, children: this.#children.map((child) => child.take(numbers, count)) });
      case "bool": {
        const values = arena.allocate(bitmapBytes(count));
        kernels.takeBits(this.#values.ptr, numbers, count, values);
        return new Column({ ...plain, values });
      }
      case "utf8": {
        const offsets = arena.allocate((count + 1) * 4);
        const values = textRoom(this.#workspace, kernels.keptUtf8Size(this.#values.ptr, numbers, count));
        kernels.takeKeptUtf8(this.#values.ptr, this.#heap.ptr, numbers, count, offsets, values);
        return new Column({ ...plain, values, offsets });
      }
      default:
        return new Column({ ...plain, values: this.#gather(widthOf(this.#layout), numbers, count) });
    }
  }

  /** Forgets what the rows of `numbers` hold beside their fixed place. */
  drop(numbers: number, count: number): void {
    for (const child of this.#children) child.drop(numbers, count);
    if (this.#layout !== "utf8") return;
    this.#garbageBytes += this.#workspace.kernels.dropUtf8(this.#values.ptr, numbers, count) >>> 0;
    if (this.#garbageBytes > GARBAGE_BYTES_MIN && this.#garbageBytes > this.#heapUsed / 2) this.#moveHeap(0);
  }

  release(): void {
    for (const block of [this.#values, this.#validity, this.#heap]) block.release();
    for (const child of this.#children) child.release();
    this.#heapUsed = 0;
    this.#garbageBytes = 0;
    this.#capacity = 0;
  }

  #bytesOf(count: number): number {
    switch (this.#layout) {
      case "bool":
        return bitmapBytes(count);
      case "utf8":
        return count * ENTRY_BYTES;
      default:
        return count * widthOf(this.#layout);
    }
  }

  /** Numbers that were never used have no text. */
  #zero(used: number): void {
    const { ptr, bytes } = this.#values;
    this.#workspace.account.memory.u8.fill(0, ptr + used * ENTRY_BYTES, ptr + bytes);
  }

  #growValidity(capacity: number, used: number): void {
    const kept = this.#validity.bytes > 0 ? bitmapBytes(used) : 0;
    this.#validity.resize(bitmapBytes(capacity), kept);
    const { ptr, bytes } = this.#validity;
    this.#workspace.account.memory.u8.fill(0xff, ptr + kept, ptr + bytes);
  }

  #gather(width: number, numbers: number, count: number): number {
    const { account, kernels } = this.#workspace;
    const values = account.arena.allocate(count * width);
    const { ptr } = this.#values;
    if (width === 8) kernels.takeU64(ptr, numbers, count, values);
    else if (width === 4) kernels.takeU32(ptr, numbers, count, values);
    else if (width === 16) kernels.takeU128(ptr, numbers, count, values);
    else if (width === 2) kernels.takeU16(ptr, numbers, count, values);
    else kernels.takeU8(ptr, numbers, count, values);
    return values;
  }

  #putTexts({ offsets, values, length }: Column, numbers: number): void {
    const { account, kernels } = this.#workspace;
    const { i32 } = account.memory;
    const bytes = (i32[(offsets >>> 2) + length] as number) - (i32[offsets >>> 2] as number);
    if (this.#heapUsed + bytes + HEAP_SLACK_BYTES > this.#heap.bytes) this.#moveHeap(bytes);
    const { ptr } = this.#values;
    this.#heapUsed = kernels.keepUtf8(offsets, values, numbers, length, ptr, this.#heap.ptr, this.#heapUsed) >>> 0;
  }

  /** Packs the texts into another heap with room for as much again, and for `bytes` more. */
  #moveHeap(bytes: number): void {
    const wanted = this.#heapUsed - this.#garbageBytes + bytes;
    const heap = new StateBlock(this.#store, 2 * wanted + HEAP_SLACK_BYTES);
    const { kernels } = this.#workspace;
    this.#heapUsed = kernels.packUtf8(this.#values.ptr, this.#capacity, this.#heap.ptr, heap.ptr) >>> 0;
    this.#garbageBytes = 0;
    this.#heap.release();
    this.#heap = heap;
  }
}
