// Bytes of NDJSON by fetch and by streams → windows → rows: the same results in Node, in a page, and in an isolated page.
import { Millrace } from "millrace";
import { afterAll, beforeAll, expect, test } from "vitest";
import text from "../fixtures/page.ndjson?raw";
import { PAGE_OPTIONS, PAGE_RESULT, runPage } from "../support/page.js";

const bytes = new TextEncoder().encode(text);

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

/** The bytes in chunks of that size, each a copy that the reader may keep. */
function streamed(chunkBytes: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + chunkBytes));
      at += chunkBytes;
    },
  });
}

test.each([1, 7, 8192])("fetch → window → rows (batches of %i)", async (batchRows) => {
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/x-ndjson" }));
  expect(await runPage(mill, mill.fetch(url, PAGE_OPTIONS), batchRows)).toEqual(PAGE_RESULT);
  URL.revokeObjectURL(url);
});

test.each([1, 7, 8192])("the body of a response → window → rows (batches of %i)", async (batchRows) => {
  const body = new Response(bytes).body as ReadableStream<Uint8Array>;
  expect(await runPage(mill, mill.from(body, PAGE_OPTIONS), batchRows)).toEqual(PAGE_RESULT);
});

test.each([1, 2, 3, 5, 64, 100_000])("a stream in chunks of %i bytes gives the same rows", async (chunkBytes) => {
  expect(await runPage(mill, mill.from(streamed(chunkBytes), PAGE_OPTIONS))).toEqual(PAGE_RESULT);
});

test("rows keep their order and their integers, in every host", async () => {
  const stream = mill.from(streamed(10), { ...PAGE_OPTIONS, rowPolicy: "skip" }).select("k", "b");
  const rows = await stream.toArray({ bigint: true });
  // All but the record that is none and the row without a time (S11).
  expect(rows).toHaveLength(11);
  expect(rows[0]).toEqual({ k: "a", b: 9007199254740993n });
  expect(rows.at(-1)).toEqual({ k: "\uffff", b: 4n });
});
