// Random answers of a server to requests for ranges: status, headers and body from damaged text. Opening a remote file ends in
// the bytes that were asked for or in FETCH, after a bounded number of requests. `npm run fuzz -- ranges --execs N --seed S`.
import { openRemote } from "../../src/connectors/ranges.js";
import type { Completion, FetchResult, Platform } from "../../src/platform/platform.js";
import type { Chance } from "../fuzz/damage.js";
import { codeOf } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";

const REQUESTS_MAX = 12;
/** Where timers of hosts end. */
const TIMER_MS_MAX = 2 ** 31 - 1;
const latin1 = new TextDecoder("latin1");

interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** Answers in a row, each `status\nname: value\n…\n\nbody`, parted by a line of `----`. */
function answersOf(bytes: Uint8Array): Answer[] {
  return latin1
    .decode(bytes)
    .split("\n----\n")
    .map((text) => {
      const [head = "", body = ""] = text.split("\n\n", 2);
      const [status, ...lines] = head.split("\n");
      const headers = new Map<string, string>();
      for (const line of lines) {
        const colon = line.indexOf(":");
        if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
      }
      return { status: Number.parseInt(status ?? "", 10) || 0, headers, body: Buffer.from(body, "latin1") };
    });
}

/** A host that gives these answers in turn, at once, and counts how often it was asked. */
function hostOf(answers: readonly Answer[], chance: Chance): { platform: Platform; asked(): number } {
  let asked = 0;
  const fetch = (_url: string, _options: unknown, done: Completion<FetchResult>): (() => void) => {
    const answer = answers[asked % answers.length] as Answer;
    asked++;
    if (asked > REQUESTS_MAX) throw new Error(`asked ${asked} times`);
    const parts = [answer.body.subarray(0, chance.below(answer.body.length + 1))];
    parts.push(answer.body.subarray((parts[0] as Uint8Array).length));
    done(null, {
      status: answer.status,
      header: (name) => answer.headers.get(name) ?? null,
      read: (next) => next(null, parts.shift() ?? null),
      cancel: () => undefined,
    });
    return () => undefined;
  };
  const platform = {
    net: { fetch },
    scheduler: {
      soon: (turn: () => void) => turn(),
      after: (delayMs: number, turn: () => void) => {
        if (!(delayMs >= 0 && delayMs <= TIMER_MS_MAX)) throw new Error(`a delay of ${delayMs} ms`);
        turn();
        return () => undefined;
      },
    },
    random: { u32: () => chance.u32() },
    clock: { nowMs: () => 1_700_000_000_000 },
  } as unknown as Platform;
  return { platform, asked: () => asked };
}

function run(bytes: Uint8Array, chance: Chance): void {
  const { platform, asked } = hostOf(answersOf(bytes), chance);
  let ended = 0;
  openRemote({ url: "https://host/x.parquet", platform }, (error, file) => {
    ended++;
    if (error !== null) {
      codeOf(error, ["FETCH"]);
      return;
    }
    const { lengthBytes } = file;
    if (!(Number.isSafeInteger(lengthBytes) && lengthBytes >= 0)) throw new Error(`a file of ${lengthBytes} bytes`);
    const offset = chance.below(lengthBytes + 2);
    const wanted = 1 + chance.below(20);
    file.read(offset, wanted, (readError, read) => {
      if (readError !== null) codeOf(readError, ["FETCH"]);
      else if (read.length !== Math.max(0, Math.min(wanted, lengthBytes - offset))) {
        throw new Error(`${read.length} bytes of ${wanted} at ${offset} of ${lengthBytes}`);
      }
    });
    file.close(() => undefined);
  });
  if (ended !== 1) throw new Error(`answered ${ended} times after ${asked()} requests`);
}

fuzz({
  name: "ranges",
  seeds: [
    "206\ncontent-range: bytes 0-9/10\netag: x\n\n0123456789",
    `206\ncontent-range: bytes 0-65535/70000\n\n${"x".repeat(300)}`,
    "200\ncontent-length: 5\n\nhello",
    "503\nretry-after: 2\n\n\n----\n206\ncontent-range: bytes 0-2/3\n\nabc",
    "429\nretry-after: Wed, 21 Oct 2015 07:28:00 GMT\n\n",
    "416\n\n",
  ],
  pieces: ["content-range", "bytes ", "*", "-", "/", "206", "200", "0", "9999999999999999999", "\n", ":", "-1", "1e9"],
  run,
});
