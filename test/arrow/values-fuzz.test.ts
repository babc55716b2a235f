// Random damage to dates, times, timestamps and decimals: the parsers of single values and the kernels of JSON and CSV take the same
// texts for the same values, and values read back from their own text. `npm run fuzz -- values --execs N --seed S`.
import { parseSchema } from "../../src/arrow/types.js";
import {
  formatDate,
  formatDecimal,
  formatHex,
  formatTime,
  formatTimestamp,
  parseDate,
  parseDecimal,
  parseHex,
  parseTime,
  parseTimestamp,
} from "../../src/arrow/values.js";
import type { ErrorCode } from "../../src/errors.js";
import { json } from "../../src/formats/json.js";
import type { Chance } from "../fuzz/damage.js";
import { expectSame, openFuzzKit, outcomeOf } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";

const CODES: readonly ErrorCode[] = ["TYPE", "TIME_RANGE", "OVERFLOW", "UTF8"];
/** CAST takes a plus and zeros before a year, the kernels zeros behind the ninth digit of a second. */
const OTHER_NOTATION = /^\+|^-?\d{5}|\.\d{10}/;
const lenient = new TextDecoder();
const encoder = new TextEncoder();
const kit = await openFuzzKit();

/** A column's type, and the text of the value that the parser of single values finds; undefined for none. */
const COLUMNS: readonly { type: string; read(text: string): string | undefined }[] = [
  { type: "DATE", read: (text) => shown(parseDate(text), formatDate) },
  { type: "TIME", read: (text) => shown(parseTime(text), formatTime) },
  ...[3, 6].map((precision) => ({
    type: `TIMESTAMP(${precision})`,
    read: (text: string) => shown(parseTimestamp(text, precision, false), (units) => formatTimestamp(units, precision)),
  })),
  ...[3, 6].map((precision) => ({
    type: `TIMESTAMP_LTZ(${precision})`,
    read: (text: string) => shown(parseTimestamp(text, precision, true), (units) => formatTimestamp(units, precision)),
  })),
];

function shown<T>(value: T | undefined, format: (value: T) => string): string | undefined {
  return value === undefined ? undefined : format(value);
}

function checkDecimal(text: string): void {
  const value = parseDecimal(text, 20, 6);
  if (typeof value === "string") return;
  expectSame(parseDecimal(formatDecimal(value, 6), 20, 6), value, "its own text");
  const [, whole, fraction = ""] = /^(-?\d{1,12})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (whole !== undefined) expectSame(value, BigInt(whole + fraction.padEnd(6, "0")), "the number");
}

function run(bytes: Uint8Array, chance: Chance): void {
  const text = lenient.decode(bytes);
  checkDecimal(text);
  const hex = parseHex(text);
  if (hex !== undefined) expectSame(formatHex(hex), text.toLowerCase(), "hex digits");
  const { type, read } = chance.pick(COLUMNS);
  const expected = read(text);
  if (expected !== undefined) expectSame(read(expected), expected, "its own text");
  if (OTHER_NOTATION.test(text)) return;
  const line = encoder.encode(`${JSON.stringify({ v: text })}\n`);
  const schema = parseSchema({ v: type });
  const { rows, bad } = outcomeOf(kit, (options) => json.createDecoder({ ...options, schema }), line, CODES);
  if (expected === undefined) {
    expectSame(bad.length, 1, `${type} refused by the parser of values`);
    return;
  }
  expectSame(rows.length, 1, `${type} taken by the parser of values`);
  const again = encoder.encode(`${JSON.stringify({ v: expected })}\n`);
  const canonical = outcomeOf(kit, (options) => json.createDecoder({ ...options, schema }), again, CODES);
  expectSame(canonical.rows, rows, `${type} and its canonical text`);
}

fuzz({
  name: "values",
  seeds: [
    ...["2020-02-29", "1969-12-31", "-0044-03-15", "9999-12-31", "23:59:59.999", "00:00", "12:30"],
    ...["2020-02-29T23:59:59.123Z", "2020-02-29 23:59:59.123456", "2016-12-31T23:59:60Z", "2024-03-31T02:30+02:00"],
    ...["1970-01-01T00:00:00", "2020-01-01T24:00:00", "-12.50", "1e3", "0.000001", "deadBEEF"],
  ],
  pieces: ["-", ":", ".", "T", " ", "Z", "+02:00", "-0530", "0", "9", "60", "31", "02-29", "e5", "0".repeat(20), "é"],
  run,
  end: kit.check,
});
