// NDJSON in and out over shared and plain memory, in Node and in Chromium, which refuses shared bytes in TextDecoder.
import { describe, expect, test } from "vitest";
import { readRows, type Value } from "../../src/arrow/rows.js";
import { parseSchema, schemaLiteral } from "../../src/arrow/types.js";
import { json } from "../../src/formats/json.js";
import type { BadRecord } from "../../src/operators/bad-records.js";
import { openTestWorkspace } from "../../src/testing/index.js";

const bytes = new TextEncoder().encode(
  [
    '{"time":"2020-02-29T23:59:59.123Z","name":"Zoë 😀","price":0.30000000000000004,"id":9007199254740993}',
    '{"id":"wrong","name":"é"}',
    '{"name":["raw"],"price":-1e-7}',
  ].join("\n"),
);

describe.each([true, false])("shared memory: %s", async (shared) => {
  const { workspace, account } = await openTestWorkspace({ shared });

  test("decodes, refuses, encodes", () => {
    const schema = json.inferSchema({ bytes: bytes.slice(0, bytes.indexOf(0x0a)), complete: true, source: "x" });
    expect(schemaLiteral(schema)).toEqual({ time: "TIMESTAMP(3)", name: "STRING", price: "DOUBLE", id: "BIGINT" });
    const bad: BadRecord[] = [];
    const decoder = json.createDecoder({
      workspace,
      schema: parseSchema(schemaLiteral(schema)),
      source: "x",
      split: 0,
      batchRowsMax: 100,
      bad: (record) => bad.push(record),
    });
    const encoder = json.createEncoder(schema);
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
      { time: new Date("2020-02-29T23:59:59.123Z"), name: "Zoë 😀", price: 0.30000000000000004, id: 9007199254740993n },
      { time: null, name: '["raw"]', price: -1e-7, id: null },
    ]);
    expect(
      bad.map(({ code, at: place, raw }) => [code, place.line, place.field, new TextDecoder().decode(raw)]),
    ).toEqual([["TYPE", 2, "id", '{"id":"wrong","name":"é"}']]);
    expect(text).toBe(
      '{"time":"2020-02-29 23:59:59.123","name":"Zoë 😀","price":0.30000000000000004,"id":9007199254740993}\n' +
        '{"time":null,"name":"[\\"raw\\"]","price":-1e-7,"id":null}\n',
    );
  });
});
