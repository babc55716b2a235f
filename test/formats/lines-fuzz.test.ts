// Random damage to text: lines as a plain split has them, with the offsets where they begin, and raw blocks that are the bytes
// themselves, however they are cut. `npm run fuzz -- lines --execs N --seed S`.
import { parseSchema } from "../../src/arrow/types.js";
import type { ErrorCode } from "../../src/errors.js";
import { openLines } from "../../src/formats/lines.js";
import { openRaw } from "../../src/formats/raw.js";
import type { Chance } from "../fuzz/damage.js";
import { cutting, expectSame, openFuzzKit, outcomeOf } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";

const CODES: readonly ErrorCode[] = ["ENCODING", "RECORD_TOO_LARGE", "UTF8"];
const LINES = parseSchema({ line: "STRING NOT NULL", offset: "BIGINT NOT NULL" });
const BYTES = parseSchema({ bytes: "BYTES NOT NULL", offset: "BIGINT NOT NULL" });
const LF = 0x0a;
const CR = 0x0d;

const kit = await openFuzzKit();
const lines = openLines({}, "fuzz");
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Every line's bytes, its offset, and its text where it is one. */
function linesOf(bytes: Uint8Array, start: number, recordMax: number): { line: string; offset: bigint }[] {
  const found: { line: string; offset: bigint }[] = [];
  for (let at = start; at < bytes.length; ) {
    const lf = bytes.indexOf(LF, at);
    const next = lf < 0 ? bytes.length : lf;
    const end = lf > at && bytes[lf - 1] === CR ? lf - 1 : next;
    try {
      if (end - at <= recordMax) found.push({ line: strict.decode(bytes.subarray(at, end)), offset: BigInt(at) });
    } catch {
      // Not UTF-8: a bad record.
    }
    at = next + 1;
  }
  return found;
}

function checkBlocks(bytes: Uint8Array, chance: Chance): void {
  const blockBytes = 1 + chance.below(50);
  const format = openRaw({ blockBytes }, "fuzz");
  const { rows } = outcomeOf(
    kit,
    (options) => format.createDecoder({ ...options, schema: BYTES }),
    bytes,
    [],
    cutting(chance),
  );
  const read = Buffer.concat(rows.map((row) => row["bytes"] as Uint8Array));
  expectSame(read.equals(bytes), true, "bytes");
  expectSame(
    rows.map((row) => row["offset"]),
    rows.map((_, row) => BigInt(row * blockBytes)),
    "offsets",
  );
}

function run(bytes: Uint8Array, chance: Chance): void {
  if (chance.below(4) === 0) {
    checkBlocks(bytes, chance);
    return;
  }
  const maxRecordBytes = chance.pick([20, 1000, 1 << 20]);
  const { rows, thrown } = outcomeOf(
    kit,
    (options) => lines.createDecoder({ ...options, schema: LINES, maxRecordBytes }),
    bytes,
    CODES,
    chance.below(2) === 0 ? {} : cutting(chance, 20),
  );
  if (thrown === "ENCODING") return;
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  expectSame(rows, linesOf(bytes, mark, maxRecordBytes), "lines");
}

fuzz({
  name: "lines",
  seeds: ["one\ntwo\r\nthree\n", "\ufefffirst\n\n\r\nlast", "é€😀\n".repeat(4), `${"long ".repeat(30)}\nx`, ""],
  pieces: ["\n", "\r", "\r\n", "\ufeff", "é", "😀", "\0", "x".repeat(30), "\n\n\n", Uint8Array.of(0xed, 0xa0, 0x80)],
  run,
  end: kit.check,
});
