// Random damage to durations: whole milliseconds, or a code; what is given reads back from its own text.
// `npm run fuzz -- duration --execs N --seed S`.
import { isWeeks, parseDurationMs } from "../../src/api/duration.js";
import { attempt, expectSame } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";

const lenient = new TextDecoder();
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** One amount and a short unit, worked out apart from the parser; undefined for whatever else. */
function simpleMs(text: string): number | undefined {
  const match = /^(-?)(\d{1,6})(ms|s|m|h|d|w)$/.exec(text);
  if (match === null) return undefined;
  return Number(match[2]) * (UNIT_MS[match[3] as string] as number) * (match[1] === "-" ? -1 : 1) + 0;
}

function run(bytes: Uint8Array): void {
  const text = lenient.decode(bytes);
  isWeeks(text);
  const parsed = attempt(["TIME_UNIT", "UNSUPPORTED"], () => parseDurationMs(text));
  const simple = simpleMs(text);
  if (simple !== undefined) expectSame("value" in parsed && parsed.value + 0 === simple, true, "a simple duration");
  if (!("value" in parsed)) return;
  if (!Number.isSafeInteger(parsed.value)) throw new Error(`${parsed.value} ms`);
  expectSame(parseDurationMs(`${parsed.value}ms`) + 0, parsed.value + 0, "its own text");
}

fuzz({
  name: "duration",
  seeds: ["5s", "250ms", "1h 30m", "-8h", "1 day", "2 weeks", "1.5 h", "90 min", "3 months", "+ 7d 1 ms"],
  pieces: [
    "1",
    "9".repeat(20),
    ".",
    "-",
    "+",
    " ",
    "ms",
    "s",
    "w",
    "days",
    "year",
    "e5",
    "µs",
    "\u00a0",
    "0.".repeat(5),
  ],
  run,
});
