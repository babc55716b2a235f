// The Snappy kernel: blocks made of random literals and copies give what they say, and blocks that lie give CORRUPT without
// a byte written past the output and its slack.
import { expect, test } from "vitest";
import { Status } from "../../src/wasm/kernels.js";
import { forEachVariant, seeded } from "./harness.js";

/** A block and what it means, made element by element as format_description.txt says. */
function makeBlock(random: () => number, elements: number): { block: Uint8Array; plain: Uint8Array } {
  const bytes: number[] = [];
  const plain: number[] = [];
  const little = (value: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => Math.floor(value / 2 ** (8 * i)) & 0xff);
  for (let e = 0; e < elements; e++) {
    if (plain.length === 0 || random() < 0.4) {
      const length = 1 + Math.floor(random() ** 3 * 400);
      const short = length <= 60 && random() < 0.8;
      const extra = short ? 0 : Math.max(length > 256 ? 2 : 1, 1 + Math.floor(random() * 4));
      bytes.push(...(short ? [(length - 1) << 2] : [(59 + extra) << 2, ...little(length - 1, extra)]));
      for (let i = 0; i < length; i++) {
        const byte = Math.floor(random() * 256);
        bytes.push(byte);
        plain.push(byte);
      }
      continue;
    }
    // Near copies overlap themselves and repeat.
    const distance = 1 + Math.floor(random() ** 2 * Math.min(plain.length, random() < 0.5 ? 20 : 60_000));
    const capped = Math.min(distance, plain.length);
    const form = capped < 2048 && random() < 0.4 ? 1 : capped < 65536 && random() < 0.7 ? 2 : 3;
    const length = form === 1 ? 4 + Math.floor(random() * 8) : 1 + Math.floor(random() * 64);
    if (form === 1) bytes.push(1 | ((length - 4) << 2) | ((capped >> 8) << 5), capped & 0xff);
    else bytes.push(form | ((length - 1) << 2), ...little(capped, form === 2 ? 2 : 4));
    for (let i = 0; i < length; i++) plain.push(plain[plain.length - capped] as number);
  }
  const header: number[] = [];
  let size = plain.length;
  for (; size >= 0x80; size >>= 7) header.push((size & 0x7f) | 0x80);
  return { block: new Uint8Array([...header, size, ...bytes]), plain: new Uint8Array(plain) };
}

forEachVariant(({ kernels, memory, account, put, room }) => {
  test("blocks of literals and copies of every form", () => {
    const random = seeded(1);
    for (let round = 0; round < 100; round++) {
      const { block, plain } = makeBlock(random, Math.floor(random() * 300));
      const out = room(plain.length);
      expect(kernels.decodeSnappy(put(block), block.length, out, plain.length)).toBe(plain.length);
      expect(Buffer.compare(memory.u8.slice(out, out + plain.length), plain)).toBe(0);
      account.arena.reset();
    }
  });

  test("a block of another length than declared, cut or changed, is CORRUPT or another text of that length", () => {
    const random = seeded(2);
    let corrupt = 0;
    for (let round = 0; round < 3000; round++) {
      const { block, plain } = makeBlock(random, 1 + Math.floor(random() * 20));
      const size = plain.length;
      const changed = random() < 0.3 ? block.slice(0, random() * block.length) : block.slice();
      for (let i = 0; i < 3 && changed.length > 0; i++) {
        const at = Math.floor(random() * changed.length);
        changed[at] = (changed[at] as number) ^ (1 << (random() * 8));
      }
      // Guards behind the slack of the output: the kernel may write 15 bytes past it, never more.
      const out = room(size + 64);
      const status = kernels.decodeSnappy(put(changed), changed.length, out, size);
      expect([size, Status.CORRUPT]).toContain(status);
      expect(memory.u8.slice(out + size + 16, out + size + 64).every((byte) => byte === 0xaa)).toBe(true);
      corrupt += status === Status.CORRUPT ? 1 : 0;
      account.arena.reset();
    }
    expect(corrupt).toBeGreaterThan(1000);
  });

  test("sizes that do not fit, distances into nothing and endless lengths are CORRUPT", () => {
    const decode = (size: number, ...block: number[]): number =>
      kernels.decodeSnappy(put(new Uint8Array(block)), block.length, room(size), size);
    expect(decode(0, 0)).toBe(0);
    expect(decode(0)).toBe(Status.CORRUPT);
    expect(decode(1, 1, 0, 65)).toBe(1);
    expect(decode(2, 1, 0, 65)).toBe(Status.CORRUPT);
    expect(decode(5, 5, 0, 65, 1, 2)).toBe(Status.CORRUPT); // a distance before the start
    expect(decode(5, 5, 0, 65, 1, 0)).toBe(Status.CORRUPT); // a distance of 0
    expect(decode(5, 5, 0xfc, 0xff, 0xff, 0xff, 0xff, 65)).toBe(Status.CORRUPT); // a literal of 2^32 bytes
    expect(decode(5, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80)).toBe(Status.CORRUPT);
  });
});
