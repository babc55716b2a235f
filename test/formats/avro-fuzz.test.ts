// Random damage to Avro files: the decoder never crashes and never runs without end, gives rows before the damage as they
// were, and gives the same however the bytes are cut. `npm run fuzz -- avro --execs N --seed S`.
import { expect, test } from "vitest";
import { readRows } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import { EngineError } from "../../src/errors.js";
import { openAvro } from "../../src/formats/avro.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { MemoryAccount } from "../../src/wasm/memory.js";
import { seeded } from "../kernels/harness.js";
import { writeAvsc } from "./avro-support.js";

const EXECS = Number(process.env.FUZZ_EXECS ?? 1500);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
const SCHEMA = parseSchema({ n: "BIGINT", s: "STRING", d: "DOUBLE" });
const RECORD = {
  type: "record",
  name: "r",
  fields: [
    { name: "n", type: "long" },
    { name: "s", type: ["null", "string"] },
    { name: "list", type: { type: "array", items: { type: "map", values: "int" } } },
    { name: "d", type: "double" },
  ],
} as const;
const ROWS = Array.from({ length: 40 }, (_, n) => ({
  n: BigInt(n) ** 9n,
  s: n % 3 === 0 ? null : `é ${n}`,
  list: n % 4 === 0 ? [{ a: n, b: -n }] : [],
  d: n / 7,
}));

test("files that are damaged give the rows before, and coded refusals", async () => {
  const { memory, kernels } = await openTestWorkspace();
  const format = openAvro({}, "fuzz");
  const random = seeded(SEED);
  const pick = (count: number) => Math.floor(random() * count);
  const corpus = [
    await writeAvsc(RECORD as never, ROWS, { blockSize: 100 }),
    await writeAvsc(RECORD as never, ROWS, { blockSize: 300, codec: "deflate" }),
  ];

  const decode = (bytes: Uint8Array, chunkBytes: number) => {
    const account = new MemoryAccount(memory);
    const rows: unknown[] = [];
    const bad: string[] = [];
    let thrown: string | null = null;
    let decoder: ReturnType<typeof format.createDecoder> | undefined;
    try {
      decoder = format.createDecoder({
        workspace: { account, kernels },
        schema: SCHEMA,
        source: "fuzz",
        split: 0,
        batchRowsMax: 7,
        bad: ({ code, at }) => void bad.push(`${code} ${at.byte}`),
      });
      let finished = false;
      for (let at = 0; ; ) {
        const batch = decoder.next();
        if (batch !== null) rows.push(...readRows(batch, { bigint: true }));
        else if (finished) break;
        else if (at < bytes.length) {
          decoder.feed(bytes.subarray(at, at + chunkBytes));
          at += chunkBytes;
        } else {
          finished = true;
          decoder.finish();
        }
        account.arena.reset();
      }
    } catch (error) {
      // A header that is none ends it, by a coded error and nothing else.
      if (!(error instanceof EngineError)) throw error;
      thrown = error.code;
    }
    decoder?.close();
    account.arena.release();
    expect(account.usedBytes).toBe(0);
    return { rows, bad, thrown };
  };

  const wholes = corpus.map((bytes) => decode(bytes, bytes.length).rows);
  for (const rows of wholes) expect(rows).toHaveLength(ROWS.length);
  for (let exec = 0; exec < EXECS; exec++) {
    const which = pick(corpus.length);
    const bytes = (corpus[which] as Uint8Array).slice(0, 1 + pick(2 * (corpus[which] as Uint8Array).length));
    let first = bytes.length;
    for (let change = pick(4); change > 0; change--) {
      const at = pick(bytes.length);
      first = Math.min(first, at);
      bytes[at] = pick(3) === 0 ? 0xff : pick(256);
    }
    const whole = decode(bytes, bytes.length);
    expect(decode(bytes, 1 + pick(40)), `exec ${exec}`).toEqual(whole);
    expect(whole.rows.length).toBeLessThanOrEqual(bytes.length);
    // What ends before the first change is as it was.
    const intact = decode((corpus[which] as Uint8Array).slice(0, first), bytes.length);
    if (whole.thrown === null) expect(whole.rows.slice(0, intact.rows.length)).toEqual(intact.rows);
  }
});
