// The Zstandard kernel: frames of libzstd at many levels against another decoder, frames made by hand, and frames that lie.
import { readFileSync } from "node:fs";
import { decompress } from "fzstd";
import { expect, test } from "vitest";
import { Status } from "../../src/wasm/kernels.js";
import { forEachVariant, seeded } from "./harness.js";

interface Fixture {
  readonly name: string;
  readonly size: number;
  readonly frame: string;
}
const fixtures: readonly Fixture[] = JSON.parse(
  readFileSync(new URL("data/zstd/frames.json", import.meta.url), "utf8"),
);
const frames = fixtures.map(({ name, size, frame }) => {
  const bytes = new Uint8Array(Buffer.from(frame, "base64"));
  return { name, size, bytes, plain: decompress(bytes) };
});
const SCRATCH_BYTES = 147_488;

/** A frame of raw and repeated blocks: descriptor 0x20 is one segment with a size of one byte. */
function frameOf(
  size: number,
  ...blocks: { readonly type: number; readonly size: number; readonly bytes: number[] }[]
): Uint8Array {
  const parts = blocks.flatMap((block, i) => {
    const head = (i === blocks.length - 1 ? 1 : 0) | (block.type << 1) | (block.size << 3);
    return [head & 0xff, (head >> 8) & 0xff, (head >> 16) & 0xff, ...block.bytes];
  });
  return new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x20, size, ...parts]);
}

forEachVariant(({ kernels, memory, account, put, room }) => {
  const decode = (bytes: Uint8Array, size: number): { status: number; plain: Uint8Array; guarded: boolean } => {
    const scratch = room(SCRATCH_BYTES + 64);
    const out = room(size + 64);
    const status = kernels.decodeZstd(put(bytes), bytes.length, out, size, scratch);
    const untouched = (from: number, to: number): boolean =>
      memory.u8.subarray(from, to).every((byte) => byte === 0xaa);
    const guarded =
      untouched(out + size + 16, out + size + 64) &&
      untouched(scratch + SCRATCH_BYTES + 16, scratch + SCRATCH_BYTES + 64);
    const plain = memory.u8.slice(out, out + size);
    account.arena.reset();
    return { status, plain, guarded };
  };

  test.each(frames)("$name", ({ bytes, size, plain }) => {
    const found = decode(bytes, size);
    expect(found.status).toBe(size);
    expect(found.guarded).toBe(true);
    expect(plain.length).toBe(size);
    expect(Buffer.compare(found.plain, plain)).toBe(0);
    // The size is the page's, and must be right.
    expect(decode(bytes, size + 1).status).toBe(Status.CORRUPT);
    if (size > 0) expect(decode(bytes, size - 1).status).toBe(Status.CORRUPT);
  });

  test("raw and repeated blocks", () => {
    const frame = frameOf(8, { type: 0, size: 3, bytes: [1, 2, 3] }, { type: 1, size: 5, bytes: [9] });
    const { status, plain } = decode(frame, 8);
    expect(status).toBe(8);
    expect(Array.from(plain)).toEqual([1, 2, 3, 9, 9, 9, 9, 9]);
    expect(decode(new Uint8Array(0), 0).status).toBe(0);
  });

  test("frames that lie are CORRUPT", () => {
    const good = frameOf(3, { type: 0, size: 3, bytes: [1, 2, 3] });
    expect(decode(good, 3).status).toBe(3);
    const changed = (at: number, value: number): Uint8Array => good.map((byte, i) => (i === at ? value : byte));
    expect(decode(changed(0, 0), 3).status).toBe(Status.CORRUPT); // no magic number
    expect(decode(changed(4, 0x21), 3).status).toBe(Status.CORRUPT); // a dictionary
    expect(decode(changed(4, 0x28), 3).status).toBe(Status.CORRUPT); // a reserved bit
    expect(decode(changed(6, 0x1f), 3).status).toBe(Status.CORRUPT); // a reserved block type
    expect(decode(frameOf(3, { type: 0, size: 200, bytes: [1] }), 3).status).toBe(Status.CORRUPT);
    expect(decode(frameOf(3, { type: 1, size: 1 << 20, bytes: [1] }), 3).status).toBe(Status.CORRUPT);
    expect(decode(frameOf(3, { type: 2, size: 0, bytes: [] }), 3).status).toBe(Status.CORRUPT);
    const note = new Uint8Array([0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff, 1]);
    expect(decode(note, 0).status).toBe(Status.CORRUPT);
  });

  test("every frame cut anywhere is CORRUPT", () => {
    for (const { bytes, size } of frames) {
      const step = 1 + Math.floor(bytes.length / 40);
      for (let cut = 0; cut < bytes.length; cut += step) {
        const { status, guarded } = decode(bytes.subarray(0, cut), size);
        if (size > 0) expect(status).toBe(Status.CORRUPT);
        expect(guarded).toBe(true);
      }
    }
  });

  test("a frame with changed bits is CORRUPT or another text of its size, and never written outside its memory", () => {
    const random = seeded(4);
    let corrupt = 0;
    const rounds = 3000;
    const small = frames.filter(({ bytes, size }) => bytes.length > 12 && size < 20_000);
    for (let round = 0; round < rounds; round++) {
      const { bytes, size } = small[Math.floor(random() * small.length)] as (typeof small)[number];
      const changed = bytes.slice();
      for (let i = 0; i < 1 + random() * 3; i++) {
        const at = Math.floor(random() * changed.length);
        changed[at] = (changed[at] as number) ^ (1 << (random() * 8));
      }
      const { status, guarded } = decode(changed, size);
      expect([size, Status.CORRUPT]).toContain(status);
      expect(guarded).toBe(true);
      corrupt += status === Status.CORRUPT ? 1 : 0;
    }
    expect(corrupt).toBeGreaterThan(rounds / 4);
  });
});
