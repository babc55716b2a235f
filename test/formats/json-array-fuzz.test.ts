// Random damage to JSON arrays: the decoder never crashes, refuses something exactly when JSON.parse refuses the document or an
// element is no object, and gives the same however the bytes are cut. `npm run fuzz -- json-array --execs N --seed S`.
import { expect, test } from "vitest";
import { parseSchema } from "../../src/arrow/types.js";
import { openJsonDocument } from "../../src/formats/json-array.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { MemoryAccount } from "../../src/wasm/memory.js";
import { seeded } from "../kernels/harness.js";

const EXECS = Number(process.env.FUZZ_EXECS ?? 1500);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
const SCHEMA = parseSchema({ x: "DOUBLE" });
const PIECES = ['"', "\\", "{", "}", "[", "]", ",", ":", "\n", " ", "1", '{"x":1}', "null", "é"];
const CORPUS = [
  '[{"x":1},{"y":"a[b]{c},\\"d"},{"z":[1,[2],{"w":{}}]}]',
  '[\n  {"x": 1.5},\n  {"x": null}\n]\n',
  '[{"x":1e3}, {"s":"\\u00e9\\\\"}, {}]',
  "[]",
];

test("arrays that are damaged are read as JSON.parse reads them", async () => {
  const { memory, kernels } = await openTestWorkspace();
  const format = openJsonDocument({}, "fuzz");
  const random = seeded(SEED);
  const pick = (count: number) => Math.floor(random() * count);
  const encoder = new TextEncoder();

  const decode = (bytes: Uint8Array, chunkBytes: number) => {
    const account = new MemoryAccount(memory);
    const bad: string[] = [];
    let rows = 0;
    const decoder = format.createDecoder({
      workspace: { account, kernels },
      schema: SCHEMA,
      source: "fuzz",
      split: 0,
      batchRowsMax: 100,
      bad: ({ code, at }) => bad.push(`${code} ${at.byte}`),
    });
    let finished = false;
    for (let at = 0; ; ) {
      const batch = decoder.next();
      if (batch !== null) rows += batch.rowCount;
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
    decoder.close();
    account.arena.release();
    expect(account.usedBytes).toBe(0);
    return { rows, bad };
  };

  for (let exec = 0; exec < EXECS; exec++) {
    let document = CORPUS[pick(CORPUS.length)] as string;
    for (let change = pick(4); change > 0; change--) {
      const at = pick(document.length + 1);
      document = document.slice(0, at) + (PIECES[pick(PIECES.length)] as string) + document.slice(at + pick(3));
    }
    const bytes = encoder.encode(document);
    const whole = decode(bytes, bytes.length + 1);
    expect(decode(bytes, 1 + pick(9)), document).toEqual(whole);
    if (!document.trimStart().startsWith("[")) continue;
    let elements: unknown[] | null = null;
    try {
      elements = JSON.parse(document) as unknown[];
    } catch {
      // What JSON.parse refuses as a whole has at least one thing wrong.
      expect(whole.bad.length, document).toBeGreaterThan(0);
    }
    if (elements === null) continue;
    const isRecord = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
    expect(whole.rows + whole.bad.length, document).toBe(elements.length);
    if (elements.some((value) => !isRecord(value))) expect(whole.bad.length, document).toBeGreaterThan(0);
  }
});
