// The blocks of an Arrow file, read by ranges: small ones that stand behind each other at once, of a large one first its
// metadata and then the buffers of the columns that are wanted.
import * as arrow from "apache-arrow";
import type { Completion, ReadableFile } from "../platform/platform.js";
import { arrowIpcInvalid, decodeHeader, type IpcMessage } from "./arrow-messages.js";
import { arrowName } from "./arrow-types.js";
import type { Block } from "./arrow-verify.js";

/** Blocks are put together up to so many bytes; and so much between two ranges is read with them. */
const UNIT_BYTES = 256 << 10;
const GAP_BYTES = 16 << 10;
/** Longest range of one request. */
const RANGE_BYTES = 8 << 20;

/** Blocks that are read together. */
export interface Unit {
  readonly blocks: readonly Block[];
  readonly byte: number;
  readonly bytes: number;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

const sizeOf = ({ metadataBytes, bodyBytes }: Block): number => metadataBytes + bodyBytes;

/** Blocks in their order, those that stand behind each other together while they are small. */
export function unitsOf(blocks: readonly Block[]): Unit[] {
  const units: Unit[] = [];
  for (const block of blocks) {
    const last = units.at(-1);
    const end = block.byte + sizeOf(block);
    if (last !== undefined && block.byte >= last.byte + last.bytes && end - last.byte <= UNIT_BYTES) {
      units[units.length - 1] = { blocks: [...last.blocks, block], byte: last.byte, bytes: end - last.byte };
    } else units.push({ blocks: [block], byte: block.byte, bytes: sizeOf(block) });
  }
  return units;
}

export class BlockReader {
  readonly #file: ReadableFile;
  readonly #isWhole: boolean;
  /** Of each column how many buffers it has, and whether they are wanted; null where the types do not tell. */
  readonly #columns: readonly { readonly count: number; readonly wanted: boolean }[] | null;
  readonly #dictionaryIds: ReadonlySet<number>;

  /** @param names - the columns that are wanted */
  constructor(file: ReadableFile, { fields }: arrow.Schema, names: readonly string[]) {
    this.#file = file;
    this.#isWhole = fields.every(({ name }) => names.includes(name));
    const columns = fields.map((field) => ({
      count: bufferCount(field.type),
      wanted: names.includes(arrowName(field)),
    }));
    this.#columns = columns.some(({ count }) => Number.isNaN(count)) ? null : columns;
    const wanted = fields.filter(({ name }) => names.includes(name));
    this.#dictionaryIds = new Set(wanted.flatMap(({ type }) => dictionaryIds(type)));
  }

  /** The messages of a unit's blocks. */
  read({ blocks, byte, bytes }: Unit, done: Completion<IpcMessage[]>): void {
    const [block] = blocks as [Block];
    if (blocks.length === 1 && bytes > UNIT_BYTES && !this.#isWhole) {
      this.#readBlock(
        block,
        (header) => this.#wanted(header),
        (error, message) => done(error, message && [message]),
      );
      return;
    }
    const whole = new Uint8Array(bytes);
    this.#fill(whole, byte, [{ start: 0, end: bytes }], (error) => {
      if (error !== null) return done(error, []);
      return answer(done, () => {
        return blocks.map((each) => {
          const start = each.byte - byte;
          return this.#message(each, whole.subarray(start, start + sizeOf(each)));
        });
      });
    });
  }

  /** The messages of the dictionaries that the wanted columns have, in their order. */
  readDictionaries(blocks: readonly Block[], done: Completion<Uint8Array[]>): void {
    const messages: Uint8Array[] = [];
    const isWanted = ({ id }: { readonly id: number }): boolean => this.#dictionaryIds.has(id);
    const next = (index: number): void => {
      const block = blocks[index];
      if (block === undefined || this.#dictionaryIds.size === 0) {
        done(null, messages);
        return;
      }
      const wanted = (header: IpcMessage["header"]): Range[] | null => {
        if (!header.isDictionaryBatch()) {
          throw arrowIpcInvalid(this.#file.path, "the footer names a dictionary that is none", block.byte);
        }
        return isWanted(header.header() as unknown as { id: number }) ? null : [];
      };
      this.#readBlock(block, wanted, (error, message) => {
        if (error !== null) return done(error, []);
        if (isWanted(message.header.header() as unknown as { id: number })) messages.push(message.bytes);
        return next(index + 1);
      });
    };
    next(0);
  }

  /** @param wanted - ranges of the body that are read; null: all of it */
  #readBlock(
    block: Block,
    wanted: (header: IpcMessage["header"]) => readonly Range[] | null,
    done: Completion<IpcMessage>,
  ): void {
    const { byte, metadataBytes, bodyBytes } = block;
    // Pages that are never written to take no memory, where the host has such.
    const whole = new Uint8Array(sizeOf(block));
    this.#fill(whole, byte, [{ start: 0, end: metadataBytes }], (error) => {
      if (error !== null) return done(error, undefined as never);
      let ranges: readonly Range[];
      try {
        const header = decodeHeader(whole.subarray(0, metadataBytes), this.#file.path, byte);
        ranges = wanted(header) ?? [{ start: 0, end: bodyBytes }];
      } catch (cause) {
        return done(cause as Error, undefined as never);
      }
      const inFile = ranges.map(({ start, end }) => ({ start: metadataBytes + start, end: metadataBytes + end }));
      return this.#fill(whole, byte, inFile, (failure) => {
        if (failure !== null) done(failure, undefined as never);
        else answer(done, () => this.#message(block, whole));
      });
    });
  }

  /** The ranges of a record batch's body that hold wanted buffers; null for all of it. */
  #wanted(header: IpcMessage["header"]): Range[] | null {
    if (!header.isRecordBatch() || this.#columns === null) return null;
    const { buffers } = header.header() as unknown as { buffers: { offset: number; length: number }[] };
    const columns = this.#columns.flatMap(({ count, wanted }) => new Array<boolean>(count).fill(wanted));
    if (columns.length !== buffers.length) return null;
    const ranges = buffers
      .filter(({ length }, index) => length > 0 && columns[index])
      .map(({ offset, length }) => ({ start: Number(offset), end: Number(offset) + Number(length) }));
    return merged(ranges);
  }

  #message(block: Block, bytes: Uint8Array): IpcMessage {
    const { byte, metadataBytes, bodyBytes } = block;
    const header = decodeHeader(bytes.subarray(0, metadataBytes), this.#file.path, byte);
    const { bodyLength } = header;
    if (bodyLength > bodyBytes) {
      throw arrowIpcInvalid(this.#file.path, `a body of ${bodyLength} bytes where the footer says ${bodyBytes}`, byte);
    }
    return { header, byte, bytes };
  }

  /** Reads ranges of `target`, which stands at `byte` of the file, each in pieces; answers when all are there, or once with an error. */
  #fill(target: Uint8Array, byte: number, ranges: readonly Range[], done: Completion<void>): void {
    const pieces = ranges.flatMap(({ start, end }) => {
      const count = Math.ceil((end - start) / RANGE_BYTES);
      return Array.from({ length: count }, (_, index) => {
        const from = start + index * RANGE_BYTES;
        return { start: from, end: Math.min(end, from + RANGE_BYTES) };
      });
    });
    let left = pieces.length;
    if (left === 0) done(null);
    for (const { start, end } of pieces) {
      this.#file.read(byte + start, end - start, (error, bytes) => {
        if (left <= 0) return;
        const short = error === null && bytes.length < end - start;
        const failed = short ? arrowIpcInvalid(this.#file.path, "it ends too early", byte + start) : error;
        if (failed !== null) {
          left = 0;
          done(failed);
          return;
        }
        target.set(bytes, start);
        if (--left === 0) done(null);
      });
    }
  }
}

function answer<T>(done: Completion<T>, work: () => T): void {
  let value: T;
  try {
    value = work();
  } catch (error) {
    done(error as Error, undefined as never);
    return;
  }
  done(null, value);
}

/** Ranges in their order, those with little between them as one. */
function merged(ranges: readonly Range[]): Range[] {
  const sorted = [...ranges].sort((a, b) => a.start - b.start);
  const out: Range[] = [];
  for (const range of sorted) {
    const last = out.at(-1);
    if (last === undefined || range.start > last.end + GAP_BYTES) out.push(range);
    else out[out.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
  }
  return out;
}

/** Buffers of a column in a record batch, its children's among them; NaN where the type alone does not tell. */
function bufferCount(type: arrow.DataType): number {
  const { DataType } = arrow;
  if (DataType.isNull(type)) return 0;
  if (DataType.isDictionary(type)) return 2;
  if (DataType.isUnion(type) || DataType.isUtf8View(type) || DataType.isBinaryView(type)) return Number.NaN;
  const isText = [DataType.isUtf8, DataType.isLargeUtf8, DataType.isBinary, DataType.isLargeBinary].some((is) =>
    is(type),
  );
  const own = DataType.isStruct(type) || DataType.isFixedSizeList(type) ? 1 : isText ? 3 : 2;
  return (type.children ?? []).reduce((sum, child) => sum + bufferCount(child.type), own);
}

/** Ids of the dictionaries that a column's values, or values inside of them, are numbers of. */
function dictionaryIds(type: arrow.DataType): number[] {
  const own = arrow.DataType.isDictionary(type) ? [type.id] : [];
  return [...own, ...(type.children ?? []).flatMap((child) => dictionaryIds(child.type))];
}
