// CSV in and out over shared and plain memory, in Node and in Chromium, which refuses shared bytes in TextDecoder.
import { describe, expect, test } from "vitest";
import { readRows, type Value } from "../../src/arrow/rows.js";
import { schemaLiteral } from "../../src/arrow/types.js";
import { openCsv } from "../../src/formats/csv.js";
import type { BadRecord } from "../../src/operators/bad-records.js";
import { openTestWorkspace } from "../../src/testing/index.js";

const bytes = new TextEncoder().encode(
  'time;name;price;id\n2020-02-29T23:59:59.123Z;"Zoë ""😀""";0.30000000000000004;9007199254740993\n;é;1;x y\n;plain;-1e-7;\n',
);

describe.each([true, false])("shared memory: %s", async (shared) => {
  const { workspace, account } = await openTestWorkspace({ shared });
  const csv = openCsv({}, "x.csv");

  test("infers, decodes, refuses, encodes", () => {
    const head = bytes.slice(0, bytes.indexOf(0x0a, 40) + 1);
    const schema = csv.inferSchema({ bytes: head, complete: true, source: "x" });
    expect(schemaLiteral(schema)).toEqual({ time: "TIMESTAMP(3)", name: "STRING", price: "DOUBLE", id: "BIGINT" });
    const bad: BadRecord[] = [];
    const decoder = csv.createDecoder({
      workspace,
      schema,
      source: "x",
      split: 0,
      batchRowsMax: 100,
      bad: (record) => bad.push(record),
    });
    const encoder = openCsv({ escapeFormulas: true }, "y.csv").createEncoder(schema);
    const rows: Record<string, Value>[] = [];
    let text = "";
    let at = 0;
    for (let ended = false; ; ) {
      const batch = decoder.next();
      if (batch !== null) {
        rows.push(...readRows(batch, { bigint: true }));
        text += new TextDecoder().decode(encoder.encode(batch));
        account.arena.reset();
      } else if (ended) break;
      else if (at < bytes.length) {
        decoder.feed(bytes.subarray(at, at + 50));
        at += 50;
      } else {
        decoder.finish();
        ended = true;
      }
    }
    decoder.close();
    expect(rows).toEqual([
      {
        time: new Date("2020-02-29T23:59:59.123Z"),
        name: 'Zoë "😀"',
        price: 0.30000000000000004,
        id: 9007199254740993n,
      },
      { time: null, name: "plain", price: -1e-7, id: null },
    ]);
    expect(bad.map(({ code, message, at: place }) => [code, message, place.line, place.column])).toEqual([
      ["TYPE", 'column "id" is BIGINT, found "x y"', 3, 7],
    ]);
    expect(text).toBe(
      'time,name,price,id\n2020-02-29 23:59:59.123,"Zoë ""😀""",0.30000000000000004,9007199254740993\n,plain,-1e-7,\n',
    );
  });
});
