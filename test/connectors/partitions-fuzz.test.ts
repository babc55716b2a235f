// Random damage to partitioned paths: columns of distinct names whose types all values fit. `npm run fuzz -- partitions --execs N`.
import { parseSchema } from "../../src/arrow/types.js";
import { Partitions, partitionFields, withPartitions } from "../../src/connectors/partitions.js";
import { attempt, expectSame } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";

const lenient = new TextDecoder();
const OWN = parseSchema({ day: "STRING", n: "BIGINT" });

/** One path a line. */
function run(bytes: Uint8Array): void {
  const paths = lenient.decode(bytes).split("\n");
  const fields = partitionFields(paths);
  const names = fields.map(({ name }) => name);
  expectSame(new Set(names).size, names.length, "names");
  const schema = withPartitions(OWN, fields);
  for (const own of fields) {
    const index = schema.fields.findIndex(({ name }) => name === own.name);
    const partitions = new Partitions(schema, names, { kind: "column", index, ...own });
    for (const path of paths) {
      // What all paths agree on is no value that one of them cannot be cast to.
      const found = attempt([], () => partitions.predicateOf(path));
      expectSame("value" in found && found.value?.kind, "literal", `${own.name} of ${path}`);
    }
  }
}

fuzz({
  name: "partitions",
  seeds: [
    "x/day=2026-01-31/region=eu/part-0.ndjson\nx/day=2026-02-01/region=us/part-0.ndjson",
    "n=1/a.csv\nn=-22/a.csv\nn=__HIVE_DEFAULT_PARTITION__/a.csv",
    "a=%C3%A9/b=x%3Dy/f\na=%zz/b=/f",
    "__proto__=1/constructor=2/f",
  ],
  pieces: [
    "=",
    "/",
    "\n",
    "%",
    "%2F",
    "%00",
    "__proto__=",
    "n=9223372036854775807",
    "day=2020-02-30",
    "0",
    "-",
    "NULL",
    "é",
  ],
  run,
});
