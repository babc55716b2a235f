// What the tests of Arrow IPC share: a table of apache-arrow's, and bytes through the decoder.
import * as arrow from "apache-arrow";
import { readRows, type Value } from "../../src/arrow/rows.js";
import type { Schema } from "../../src/arrow/types.js";
import { DataError } from "../../src/errors.js";
import { openArrow } from "../../src/formats/arrow-format.js";
import type { DecoderPosition } from "../../src/formats/format.js";
import { openTestWorkspace } from "../../src/testing/index.js";

export const kit = await openTestWorkspace();
export const format = openArrow({}, "test");

export const COLUMNS = { n: "BIGINT", s: "STRING", ok: "BOOLEAN", d: "DOUBLE" } as const;

/** Five rows with NULLs, in record batches of two. */
export function table(): arrow.Table {
  const part = (n: (bigint | null)[], s: (string | null)[], ok: (boolean | null)[], d: (number | null)[]) => {
    const vectors = {
      n: arrow.vectorFromArray(n, new arrow.Int64()),
      s: arrow.vectorFromArray(s, new arrow.Utf8()),
      ok: arrow.vectorFromArray(ok, new arrow.Bool()),
      d: arrow.vectorFromArray(d, new arrow.Float64()),
    };
    return new arrow.Table(vectors).batches;
  };
  const batches = [
    ...part([1n, null], ["é€😀", ""], [true, false], [0.5, Number.NaN]),
    ...part([9007199254740993n, -1n], [null, "x"], [null, true], [null, -0]),
    ...part([4n], ["the last"], [false], [Number.POSITIVE_INFINITY]),
  ];
  return new arrow.Table(batches);
}

interface Options {
  readonly schema?: Schema;
  readonly batchRowsMax?: number;
  readonly start?: DecoderPosition;
  readonly rowsMax?: number;
}

export function decode(bytes: Uint8Array, options: Options = {}) {
  const { account, kernels } = kit;
  const schema = options.schema ?? format.inferSchema({ bytes, complete: true, source: "bytes" });
  const decoder = format.createDecoder({
    workspace: { account, kernels },
    schema,
    source: "bytes",
    split: 0,
    batchRowsMax: options.batchRowsMax ?? 8192,
    start: options.start,
    bad: ({ code, message }) => {
      throw new DataError(code, message);
    },
  });
  const rows: Record<string, Value>[] = [];
  try {
    decoder.feed(bytes);
    for (let finished = false; rows.length < (options.rowsMax ?? Number.POSITIVE_INFINITY); ) {
      const batch = decoder.next();
      if (batch !== null) rows.push(...readRows(batch, { bigint: true }));
      else if (finished) break;
      else {
        decoder.finish();
        finished = true;
      }
      account.arena.reset();
    }
    return { rows, position: decoder.position };
  } finally {
    decoder.close();
    account.arena.reset();
  }
}

/** The code that work fails with. */
export const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as { code?: string }).code ?? `no code: ${(error as Error).stack}`;
  }
  return "none";
};
