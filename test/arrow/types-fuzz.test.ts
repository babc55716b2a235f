// Random damage to schema literals: a type, which reads back from its own name, or a code. `npm run fuzz -- types --execs N --seed S`.
import { parseSchema, parseType, schemaLiteral } from "../../src/arrow/types.js";
import { attempt, expectSame } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";

const lenient = new TextDecoder();

function run(bytes: Uint8Array): void {
  const text = lenient.decode(bytes);
  const parsed = attempt(["TYPE", "UNSUPPORTED", "COLUMN_DUP"], () => parseType(text));
  if (!("value" in parsed)) return;
  const schema = parseSchema({ v: text });
  expectSame(parseSchema(schemaLiteral(schema)), schema, "its own name");
}

fuzz({
  name: "types",
  seeds: [
    ...["DOUBLE NOT NULL", "DECIMAL(12, 2)", "TIMESTAMP_LTZ(6)", "ARRAY<STRING NOT NULL>", "MAP<STRING, ARRAY<INT>>"],
    ...["ROW<id BIGINT, `a ``b` ROW<x INT>>", "varchar", "INTERVAL", "BYTES"],
  ],
  pieces: [
    ...["ARRAY<", "MAP<", "ROW<", ">", ",", "`", "``", "(", ")", " NOT NULL", "INT", "STRING", "DECIMAL", "a ", "38"],
    ...["999999999999", " ", "\n", "\0", "é", "ARRAY<".repeat(40), "__proto__ INT", "constructor"],
  ],
  run,
});
