// Every format of records through the suite that all of them share: test/connectors/conformance.ts.

import { openCsv } from "../../src/formats/csv.js";
import { json } from "../../src/formats/json.js";
import { describeFormat } from "../connectors/conformance.js";
import { bytesFrom } from "./json-support.js";

describeFormat("ndjson", {
  schema: { n: "BIGINT", s: "STRING", ok: "BOOLEAN" },
  bytes: bytesFrom(
    [0xef, 0xbb, 0xbf],
    '{"n":1,"s":"é€😀","ok":true}\r\n',
    "\n  \t\r\n",
    String.raw`{"n":9007199254740993,"s":"\ud83d\ude00\n\\\"","x":{"y":[1,{"z":"]}"}]}}`,
    "\n",
    '{"n":"wrong"}\n',
    '{"s":"',
    [0xff],
    '"}\n',
    "nonsense\n",
    '{"ok":false,"s":"the last, without line end"}',
  ),
  rows: [
    { n: 1n, s: "é€😀", ok: true },
    { n: 9007199254740993n, s: '😀\n\\"', ok: null },
    { n: null, s: "the last, without line end", ok: false },
  ],
  bad: [
    { code: "TYPE", at: { source: "subject", line: 5, field: "n" } },
    { code: "UTF8", at: { source: "subject", line: 6, field: "s" } },
    { code: "JSON", at: { source: "subject", line: 7, column: 1 } },
  ],
  decoder: (options) => json.createDecoder(options),
  encoder: (schema) => json.createEncoder(schema),
});

const csv = openCsv({ delimiter: ",", header: ["n", "s", "ok"] }, "subject");
describeFormat("csv", {
  schema: { n: "BIGINT", s: "STRING", ok: "BOOLEAN" },
  bytes: bytesFrom(
    [0xef, 0xbb, 0xbf],
    '1,"é€😀",true\r\n',
    "\n\r\n",
    '9007199254740993,"a ""b""\r\nc, d",false\n',
    "wrong,x,true\r",
    "1,",
    [0xff],
    ",\n",
    '1,"x" y,true\n',
    "too,few\n",
    ",the last without line end,f",
  ),
  rows: [
    { n: 1n, s: "é€😀", ok: true },
    { n: 9007199254740993n, s: 'a "b"\r\nc, d', ok: false },
    { n: null, s: "the last without line end", ok: false },
  ],
  bad: [
    { code: "TYPE", at: { source: "subject", line: 6, field: "n" } },
    { code: "UTF8", at: { source: "subject", line: 7, field: "s" } },
    { code: "CSV_QUOTE", at: { source: "subject", line: 8 } },
    { code: "CSV_WIDTH", at: { source: "subject", line: 9 } },
  ],
  decoder: (options) => csv.createDecoder(options),
  encoder: (schema) => csv.createEncoder(schema),
});
