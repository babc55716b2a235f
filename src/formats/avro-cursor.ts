// The bytes of one Avro block under a cursor: integers, lengths and values to pass over, none of them beyond the end. What is
// wrong is noted, not thrown: the rows before it are good.
import type { AvroType } from "./avro-schema.js";

/** Records may hold themselves, however deep the bytes say. */
const DEPTH_MAX = 64;
const VARINT_BYTES_MAX = 10;

export class AvroCursor {
  bytes = new Uint8Array(0);
  at = 0;
  /** What the bytes are that cannot be read on; null while all is well. */
  problem: string | null = null;
  /** Of the last `long`. */
  low = 0;
  high = 0;

  start(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.at = 0;
    this.problem = null;
  }

  fail(problem: string): void {
    this.problem ??= problem;
  }

  /** A number of 64 bits into `low` and `high`. */
  long(): void {
    let low = 0;
    let high = 0;
    let shift = 0;
    let byte = 0x80;
    for (; byte >= 0x80 && shift < 7 * VARINT_BYTES_MAX; shift += 7) {
      if (this.at >= this.bytes.length) {
        this.fail("it ends within a number");
        break;
      }
      byte = this.bytes[this.at++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else {
        high |= (bits & 1) << 31;
        if (bits > 1) this.fail("a number has more than 64 bits");
      }
    }
    if (byte >= 0x80) this.fail("a number has more than 64 bits");
    const sign = -(low & 1);
    this.low = (((low >>> 1) | (high << 31)) ^ sign) >>> 0;
    this.high = (high >>> 1) ^ sign;
  }

  /** A number of 32 bits. */
  int(): number {
    this.long();
    const value = this.low | 0;
    if (this.high !== value >> 31) this.fail("a number has more than 32 bits");
    return value;
  }

  /** How many bytes follow; 0 with a problem when there are not so many. */
  lengthBytes(): number {
    this.long();
    const left = this.bytes.length - this.at;
    if (this.high === 0 && this.low <= left) return this.low;
    this.fail(`a value claims more than the ${left} bytes that are left`);
    return 0;
  }

  /** Passes over so many bytes. */
  pass(count: number): void {
    if (count > this.bytes.length - this.at) this.fail("it ends within a value");
    else this.at += count;
  }

  /** Passes over a value. */
  skip(type: AvroType, depth = 0): void {
    if (this.problem !== null) return;
    if (depth > DEPTH_MAX) {
      this.fail(`a value is nested more than ${DEPTH_MAX} deep`);
      return;
    }
    switch (type.kind) {
      case "null":
        break;
      case "boolean":
        this.pass(1);
        break;
      case "int":
      case "long":
      case "enum":
        this.long();
        break;
      case "float":
        this.pass(4);
        break;
      case "double":
        this.pass(8);
        break;
      case "bytes":
      case "string":
        this.pass(this.lengthBytes());
        break;
      case "fixed":
        this.pass(type.size);
        break;
      case "record":
        for (const part of type.parts) this.skip(part.type, depth + 1);
        break;
      case "union": {
        const branch = type.parts[this.int()];
        if (branch === undefined) this.fail("a union has no such branch");
        else this.skip(branch.type, depth + 1);
        break;
      }
      case "array":
      case "map":
        this.#skipItems(type, depth);
    }
  }

  /** Blocks of items up to one of none; a negative count tells the block's bytes. */
  #skipItems(type: AvroType, depth: number): void {
    const item = (type.parts[0] as { type: AvroType }).type;
    while (this.problem === null) {
      this.long();
      if (this.high < 0) {
        this.pass(this.lengthBytes());
        continue;
      }
      if (this.low === 0 && this.high === 0) return;
      const count = this.low;
      const from = this.at;
      for (let i = 0; i < count && this.problem === null; i++) {
        if (type.kind === "map") this.pass(this.lengthBytes());
        this.skip(item, depth + 1);
        // Items without bytes can be claimed without end.
        if (this.at === from && i >= this.bytes.length) this.fail("a list claims more items than there can be");
      }
    }
  }
}
