// Random damage to JSON arrays: the decoder never crashes, refuses something exactly when JSON.parse refuses the document or an
// element is no object, and gives the same however the bytes are cut. `npm run fuzz -- json-array --execs N --seed S`.
import { parseSchema } from "../../src/arrow/types.js";
import type { ErrorCode } from "../../src/errors.js";
import { openJsonDocument } from "../../src/formats/json-array.js";
import type { Chance } from "../fuzz/damage.js";
import { attempt, type Cutting, cutting, expectSame, type Outcome, openFuzzKit, outcomeOf } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";

const SCHEMA = parseSchema({ x: "DOUBLE" });
const CODES: readonly ErrorCode[] = ["JSON", "JSON_DEPTH", "JSON_SHAPE", "UTF8", "TYPE", "OVERFLOW", "ENCODING"];

const kit = await openFuzzKit();
const format = openJsonDocument({}, "fuzz");
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array, cut?: Cutting): Outcome {
  return outcomeOf(kit, (options) => format.createDecoder({ ...options, schema: SCHEMA }), bytes, CODES, cut);
}

const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

function run(bytes: Uint8Array, chance: Chance): void {
  const whole = decode(bytes);
  if (chance.below(3) === 0) expectSame(decode(bytes, cutting(chance, 9)), decode(bytes), "cut into chunks");
  if (chance.below(8) === 0) {
    attempt([...CODES, "SCHEMA_EMPTY", "TOO_MANY_COLUMNS"], () =>
      format.inferSchema({ bytes, complete: true, source: "fuzz" }),
    );
  }
  let elements: unknown[];
  try {
    const document = strict.decode(bytes);
    if (!/^[ \t\r\n]*\[/.test(document)) return;
    elements = JSON.parse(document) as unknown[];
  } catch {
    // What JSON.parse refuses as a whole has at least one thing wrong.
    if (bytes[0] === 0x5b && whole.bad.length === 0 && whole.thrown === null) throw new Error("nothing was refused");
    return;
  }
  if (whole.thrown !== null) throw new Error(`refused with ${whole.thrown}`);
  expectSame(whole.rows.length + whole.bad.length, elements.length, "elements");
  if (!elements.every(isObject) && whole.bad.length === 0) throw new Error("an element that is no object was read");
}

fuzz({
  name: "json-array",
  seeds: [
    '[{"x":1},{"y":"a[b]{c},\\"d"},{"z":[1,[2],{"w":{}}]}]',
    '[\n  {"x": 1.5},\n  {"x": null}\n]\n',
    '[{"x":1e3}, {"s":"\\u00e9\\\\"}, {}]',
    "[]",
    '{"x":1}\n{"x":2}\n',
  ],
  pieces: ['"', "\\", "{", "}", "[", "]", ",", ":", "\n", " ", "1", '{"x":1}', "null", "é", "\ufeff", "[".repeat(140)],
  run,
  end: kit.check,
});
