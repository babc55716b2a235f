// Random damage to Avro files: the decoder never crashes and never runs without end, gives rows before the damage as they
// were, and gives the same however the bytes are cut. `npm run fuzz -- avro --execs N --seed S`.
import { parseSchema } from "../../src/arrow/types.js";
import type { ErrorCode } from "../../src/errors.js";
import { openAvro } from "../../src/formats/avro.js";
import type { Chance } from "../fuzz/damage.js";
import { attempt, type Cutting, cutting, expectSame, type Outcome, openFuzzKit, outcomeOf } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";
import { writeAvsc } from "./avro-support.js";

const CODES: readonly ErrorCode[] = [
  ...(["AVRO_CORRUPT", "AVRO_HEADER", "AVRO_TRUNCATED", "COLUMN_DUP", "DECOMPRESS_LIMIT"] as const),
  ...(["DEPENDENCY_MISSING", "OVERFLOW", "RECORD_TOO_LARGE", "TIME_RANGE", "TYPE", "UNKNOWN_COLUMN"] as const),
  ...(["UNSUPPORTED", "UTF8", "TOO_MANY_COLUMNS", "SCHEMA_EMPTY"] as const),
];
const SCHEMA = parseSchema({
  n: "BIGINT",
  s: "STRING",
  list: "ARRAY<MAP<STRING, INT NOT NULL> NOT NULL>",
  d: "DOUBLE",
});
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
const ROWS = Array.from({ length: 12 }, (_, n) => ({
  n: BigInt(n) ** 9n,
  s: n % 3 === 0 ? null : `é ${n}`,
  list: n % 4 === 0 ? [{ a: n, b: -n }] : [],
  d: n / 7,
}));

const seeds = [
  await writeAvsc(RECORD as never, ROWS, { blockSize: 100 }),
  await writeAvsc(RECORD as never, ROWS, { blockSize: 300, codec: "deflate" }),
];

const kit = await openFuzzKit();
const format = openAvro({}, "fuzz");

function decode(bytes: Uint8Array, cut?: Cutting): Outcome {
  return outcomeOf(kit, (options) => format.createDecoder({ ...options, schema: SCHEMA }), bytes, CODES, cut);
}

/** Offset of the first byte that is another than in the seed which begins most alike. */
function firstChange(bytes: Uint8Array): { seed: Uint8Array; at: number } {
  const found = seeds.map((seed) => {
    const at = seed.findIndex((byte, index) => byte !== bytes[index]);
    return { seed, at: at < 0 ? seed.length : at };
  });
  return found.reduce((best, one) => (one.at > best.at ? one : best));
}

function run(bytes: Uint8Array, chance: Chance): void {
  const whole = decode(bytes);
  if (whole.rows.length > bytes.length) throw new Error(`${whole.rows.length} rows of ${bytes.length} bytes`);
  const choice = chance.below(8);
  if (choice < 2) expectSame(decode(bytes, cutting(chance)), whole, "cut into chunks");
  if (choice === 2) attempt(CODES, () => format.inferSchema({ bytes, complete: true, source: "fuzz" }));
  if (choice !== 3 || whole.thrown !== null) return;
  // What ends before the first change is as it was.
  const { seed, at } = firstChange(bytes);
  const intact = decode(seed.slice(0, at));
  expectSame(whole.rows.slice(0, intact.rows.length), intact.rows, "rows before the damage");
}

fuzz({ name: "avro", seeds, run, end: kit.check });
