// Bytes that come once: ReadableStreams and fetched bodies, cut anywhere, refused a second time.
import { describe, expect, test } from "vitest";
import { lines, openSim, TICKS, ticks } from "./support.js";

const ROWS = ticks(3000);
const EXPECTED = ROWS.map(({ ts, key, n }) => ({ ts: new Date(ts), key, n }));

/** A stream of the text in chunks of `size` bytes. */
function streamOf(text: string, size: number, onCancel: () => void = () => undefined): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
    cancel: onCancel,
  });
}

describe("a ReadableStream", () => {
  test.each([1, 61, 4096, 1 << 20])("in chunks of %d bytes gives the same rows", async (size) => {
    const { mill, wait } = await openSim();
    const rows = size === 1 ? ROWS.slice(0, 50) : ROWS;
    const table = mill.from(streamOf(lines(rows), size), { schema: TICKS });
    expect(await wait(table.toArray())).toEqual(EXPECTED.slice(0, rows.length));
  });

  test("tells its columns by its first bytes, and loses none of them", async () => {
    const { mill, wait } = await openSim();
    const table = mill.from(streamOf(lines(ROWS), 1000));
    expect(Object.keys(await wait(table.schema()))).toEqual(["ts", "key", "n"]);
    expect(await wait(table.select("n").toArray())).toEqual(EXPECTED.map(({ n }) => ({ n })));
  });

  test("is read once", async () => {
    const { mill, wait } = await openSim();
    const table = mill.from(streamOf(lines(ROWS), 1000), { schema: TICKS });
    await wait(table.toArray());
    await expect(wait(table.toArray())).rejects.toMatchObject({ code: "SOURCE_USED" });
    const locked = streamOf("{}", 1);
    locked.getReader();
    await expect(wait(mill.from(locked, { schema: TICKS }).toArray())).rejects.toMatchObject({ code: "SOURCE_USED" });
  });

  test.each([{ schema: TICKS }, {}])("of text instead of bytes is refused (%j)", async (options) => {
    const { mill, wait } = await openSim();
    const text = new ReadableStream({
      start(controller) {
        controller.enqueue(lines(ROWS));
        controller.close();
      },
    });
    const reading = wait(mill.from(text as ReadableStream<Uint8Array>, options).toArray());
    await expect(reading).rejects.toMatchObject({
      code: "SOURCE_FAILED",
      message: expect.stringContaining("Uint8Array"),
    });
  });

  test("is cancelled when the reader leaves early", async () => {
    const { mill, wait } = await openSim();
    let cancelled = 0;
    const endless = streamOf(lines(ticks(200_000)), 1 << 16, () => cancelled++);
    const first = async () => {
      for await (const row of mill.from(endless, { schema: TICKS })) return row.n;
      return null;
    };
    expect(await wait(first())).toBe(0);
    expect(cancelled).toBe(1);
  });

  test("that fails ends the job with its error as cause", async () => {
    const { mill, wait } = await openSim();
    const broken = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error("reset")) });
    await expect(wait(mill.from(broken, { schema: TICKS }).toArray())).rejects.toMatchObject({
      code: "SOURCE_FAILED",
      cause: expect.objectContaining({ message: "reset" }),
    });
  });

  test("a record that is no JSON has its line and byte", async () => {
    const { mill, wait } = await openSim();
    const text = `${lines(ticks(2))}nonsense\n${lines(ticks(1))}`;
    await expect(wait(mill.from(streamOf(text, 7), { schema: TICKS }).toArray())).rejects.toMatchObject({
      at: { line: 3, byte: lines(ticks(2)).length },
    });
  });
});

describe("a fetch", () => {
  test("gives the rows of the body, however it is cut, to every job anew", async () => {
    for (let seed = 0; seed < 5; seed++) {
      const { mill, sim, wait } = await openSim(seed);
      sim.serve("https://host/ticks.ndjson?token=secret", new TextEncoder().encode(lines(ROWS)));
      const table = mill.fetch("https://host/ticks.ndjson?token=secret");
      expect((await wait(table.select("n").toArray())).length).toBe(3000);
      expect((await wait(table.select("n").toArray())).length).toBe(3000);
    }
  });

  test("that fails says where, without what may be secret", async () => {
    const { mill, wait } = await openSim();
    const table = mill.fetch("https://user:password@host/none?token=secret", { schema: TICKS });
    const error = await wait(table.toArray()).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "FETCH" });
    expect(JSON.stringify(error) + String(error) + (await wait(table.explain()))).not.toMatch(/secret|password/);
  });

  test("of Parquet with options of another format is refused by name", async () => {
    const { mill, wait } = await openSim();
    const table = mill.fetch("https://host/x.parquet", { schema: TICKS, csv: { delimiter: ";" } });
    await expect(wait(table.toArray())).rejects.toMatchObject({ code: "OPTION" });
  });
});

test("a fetched body that there is no memory for ends the job", async () => {
  const { mill, sim, wait } = await openSim();
  sim.serve("http://host/ticks", new TextEncoder().encode(lines(ROWS)));
  const job = mill.fetch("http://host/ticks", { schema: TICKS }).to(mill.memory()).run({ memoryBytes: 1000 });
  await expect(wait(job)).rejects.toMatchObject({ code: "MEMORY_LIMIT" });
});
