// Compressed files, streams and bodies: read as if they were not, whatever is broken, and never beyond their limits.
import { deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import { lines, openSim, ticks, zstdFrame } from "./support.js";

const SCHEMA = { ts: "STRING", key: "STRING", n: "BIGINT" } as const;

describe("a compressed file", () => {
  const rows = ticks(20_000);

  test.each([
    ["gzip", "/in.ndjson.gz", gzipSync(lines(rows))],
    [
      "gzip in members",
      "/in.jsonl.gz",
      Buffer.concat([0, 1, 2, 3].map((part) => gzipSync(lines(rows.slice(part * 5000, part * 5000 + 5000))))),
    ],
    ["zstd", "/in.ndjson.zst", zstdFrame(Buffer.from(lines(rows)))],
  ] as const)("of %s is told by its ending, and its columns are found", async (_, path, bytes) => {
    const { sim, mill, wait } = await openSim();
    sim.files.write(path, bytes);
    expect(await wait(mill.file(path, { schema: SCHEMA }).toArray())).toEqual(rows);
    expect(Object.keys((await wait(mill.file(path).toArray()))[0] ?? {})).toEqual(["ts", "key", "n"]);
    expect(sim.files.openCount).toBe(0);
  });

  test("of any name is told by the option", async () => {
    const { sim, mill, wait } = await openSim();
    sim.files.write("/in.log", gzipSync(lines(rows)));
    const table = mill.file("/in.log", { format: "ndjson", compression: "gzip", schema: SCHEMA });
    expect(await wait(table.toArray())).toEqual(rows);
    sim.files.write("/plain.ndjson.gz", lines(rows));
    const plain = mill.file("/plain.ndjson.gz", { compression: "none", schema: SCHEMA });
    expect(await wait(plain.toArray())).toEqual(rows);
  });

  test("of an unknown kind or limit is OPTION, with the nearest", async () => {
    const { mill, wait, sim } = await openSim();
    sim.files.write("/in.ndjson", "{}\n");
    const wrong = mill.file("/in.ndjson", { compression: "gzp" as "gzip" });
    await expect(wait(wrong.toArray())).rejects.toMatchObject({
      code: "OPTION",
      hint: expect.stringContaining("gzip"),
    });
    sim.files.write("/in.ndjson.gz", gzipSync("{}\n"));
    const unknown = mill.file("/in.ndjson.gz", { decompress: { ratio: 3 } as object });
    await expect(wait(unknown.toArray())).rejects.toMatchObject({
      code: "OPTION",
      hint: expect.stringContaining("ratioMax"),
    });
  });

  test("of zstd without the package that reads it says how to get it", async () => {
    vi.doMock("fzstd", () => {
      throw new Error("Cannot find package 'fzstd'");
    });
    try {
      const { sim, mill, wait } = await openSim();
      sim.files.write("/in.ndjson.zst", zstdFrame(Buffer.from(lines(rows))));
      await expect(wait(mill.file("/in.ndjson.zst").toArray())).rejects.toMatchObject({
        code: "DEPENDENCY_MISSING",
        hint: "npm install fzstd",
      });
      expect(sim.files.openCount).toBe(0);
    } finally {
      vi.doUnmock("fzstd");
    }
  });

  test("reports its progress in bytes of the file", async () => {
    const { sim, mill, wait } = await openSim();
    const packed = gzipSync(lines(rows));
    sim.files.write("/in.ndjson.gz", packed);
    const job = mill
      .file("/in.ndjson.gz", { schema: SCHEMA })
      .to(mill.callback(() => undefined))
      .start();
    await wait(job.done);
    expect(job.progress()).toMatchObject({ doneBytes: packed.length, totalBytes: packed.length });
  });

  test.each(["gzip", "zstd"])(
    "of %s that ends too early fails with the byte, or ends there by the policy",
    async (kind) => {
      const whole = kind === "gzip" ? gzipSync(lines(rows)) : zstdFrame(Buffer.from(lines(rows)));
      const path = kind === "gzip" ? "/b.ndjson.gz" : "/b.ndjson.zst";
      const code = kind === "gzip" ? "GZIP_TRUNCATED" : "ZSTD_CORRUPT";
      const { sim, mill, wait } = await openSim();
      sim.files.write(path, whole.subarray(0, whole.length / 2));
      const at = { source: path, byte: kind === "gzip" ? whole.length >> 1 : expect.any(Number) };
      await expect(wait(mill.file(path, { schema: SCHEMA }).toArray())).rejects.toMatchObject({ code, at });

      const kept = await wait(mill.file(path, { schema: SCHEMA, rowPolicy: "skip" }).toArray());
      expect(kept.length).toBeGreaterThan(5000);
      expect(kept).toEqual(rows.slice(0, kept.length));
    },
  );

  test("that breaks off does not keep the others from being read", async () => {
    const { sim, mill, wait } = await openSim();
    sim.files.write("/in/a.ndjson.gz", gzipSync(lines(rows)).subarray(0, 5000));
    sim.files.write("/in/b.ndjson.gz", gzipSync(lines(rows)));
    const table = mill.file("/in/*.ndjson.gz", { schema: SCHEMA, rowPolicy: "deadLetter" });
    const dead: unknown[] = [];
    let read = 0;
    const counting = table.to(
      mill.callback((batch) => {
        read += batch.length;
      }),
    );
    const job = counting.and(table.deadLetters().to(mill.callback((batch) => void dead.push(...batch)))).start();
    await wait(job.done);
    expect(read).toBeGreaterThanOrEqual(20_000);
    expect(dead).toMatchObject([{ code: "GZIP_TRUNCATED", source: "/in/a.ndjson.gz", byte: 5000 }]);
  });
});

describe("a compression bomb", () => {
  test("of gzip is DECOMPRESS_LIMIT while it grows", async () => {
    const { sim, mill, wait } = await openSim(1, 64 << 20);
    sim.files.write("/bomb.ndjson.gz", gzipSync(Buffer.alloc(300 << 20, 32)));
    await expect(wait(mill.file("/bomb.ndjson.gz", { schema: SCHEMA }).toArray())).rejects.toMatchObject({
      code: "DECOMPRESS_LIMIT",
      message: expect.stringContaining("more than 200 for one"),
    });
  });

  test("of zstd too", async () => {
    const { sim, mill, wait } = await openSim(1, 64 << 20);
    sim.files.write("/bomb.ndjson.zst", zstdFrame(Buffer.from("{}\n"), 500 << 20));
    await expect(wait(mill.file("/bomb.ndjson.zst", { schema: SCHEMA }).toArray())).rejects.toMatchObject({
      code: "DECOMPRESS_LIMIT",
    });
  });

  test("is let through where the limits say so, and stopped by bytes in all", async () => {
    const { sim, mill, wait } = await openSim();
    sim.files.write("/blank.ndjson.gz", gzipSync(Buffer.alloc(4 << 20, 10)));
    const trusted = mill.file("/blank.ndjson.gz", { schema: SCHEMA, decompress: { ratioMax: 2000 } });
    expect(await wait(trusted.toArray())).toEqual([]);
    const bounded = mill.file("/blank.ndjson.gz", { schema: SCHEMA, decompress: { ratioMax: 2000, bytesMax: 1e6 } });
    await expect(wait(bounded.toArray())).rejects.toMatchObject({ code: "DECOMPRESS_LIMIT" });
  });
});

describe("compressed bytes of other origin", () => {
  const rows = ticks(3000);

  test("a body whose address ends in .gz", async () => {
    const { sim, mill, wait } = await openSim();
    sim.serve("http://host/a.ndjson.gz?token=1", gzipSync(lines(rows)));
    expect(await wait(mill.fetch("http://host/a.ndjson.gz?token=1", { schema: SCHEMA }).toArray())).toEqual(rows);
  });

  test("a stream, by option, cut anywhere", async () => {
    const { mill, wait } = await openSim();
    const packed = gzipSync(lines(rows));
    for (const chunkBytes of [1, 1000]) {
      let at = 0;
      const stream = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          if (at >= packed.length) controller.close();
          else controller.enqueue(new Uint8Array(packed.subarray(at, at + chunkBytes)));
          at += chunkBytes;
        },
      });
      const table = mill.from(stream, { compression: "gzip", schema: SCHEMA });
      expect(await wait(table.toArray())).toEqual(rows);
    }
  });

  test("that are no gzip say so", async () => {
    const { sim, mill, wait } = await openSim();
    sim.serve("http://host/a.ndjson.gz", deflateRawSync(lines(rows)));
    await expect(wait(mill.fetch("http://host/a.ndjson.gz").toArray())).rejects.toMatchObject({ code: "GZIP_CORRUPT" });
  });
});
