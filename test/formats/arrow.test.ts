// A real Arrow file, written by others: what comes in is what apache-arrow itself reads in it.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { readColumn } from "../../src/arrow/rows.js";
import { schemaLiteral } from "../../src/arrow/types.js";
import { fromArrow, readIpc, writeIpc } from "../../src/arrow.js";
import { openTestWorkspace } from "../../src/testing/index.js";

const bytes = readFileSync(new URL("../../node_modules/vega-datasets/data/flights-200k.arrow", import.meta.url));

test("flights-200k.arrow", async () => {
  const { workspace, account } = await openTestWorkspace();
  const table = readIpc(bytes);
  const batches = fromArrow(workspace, table);
  const [first] = batches as [Batch, ...Batch[]];
  expect(batches.map((batch) => batch.rowCount)).toEqual(table.batches.map((batch) => batch.numRows));
  expect(batches.reduce((rows, batch) => rows + batch.rowCount, 0)).toBe(200_000);
  expect(schemaLiteral(first.schema)).toEqual({ delay: "SMALLINT", distance: "SMALLINT", time: "FLOAT" });
  for (const [index, { name }] of first.schema.fields.entries()) {
    const ours = batches.flatMap((batch) => readColumn(batch, index));
    expect(ours).toEqual([...(table.getChild(name) ?? [])]);
  }
  const again = readIpc(writeIpc(first.schema, batches, "file"));
  expect([...(again.getChild("time") ?? [])]).toEqual([...(table.getChild("time") ?? [])]);
  for (const batch of batches) batch.release();
  expect(account.usedBytes).toBeLessThanOrEqual(2 ** 20);
});
