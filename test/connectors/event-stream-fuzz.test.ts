// Event streams, well-formed and damaged, in any chunks: the same events as a plain reading of the whole text by the lines of
// the HTML standard (9.2.6). `npm run fuzz -- event-stream --execs N --seed S` runs more of it.
import { expect, test } from "vitest";
import { EventStreamParser } from "../../src/connectors/event-stream.js";
import type { Chance } from "../fuzz/damage.js";
import { expectSame } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";

interface Event {
  readonly type: string;
  readonly data: string;
  readonly id: string;
}

/** The standard's words, over text that is all there. */
function oracle(text: string): { events: Event[]; retries: number[] } {
  const events: Event[] = [];
  const retries: number[] = [];
  let data: string[] = [];
  let type = "";
  let id = "";
  // What follows the last line end is no line.
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/);
  for (const line of lines.slice(0, -1)) {
    if (line === "") {
      if (data.length > 0) events.push({ type: type === "" ? "message" : type, data: data.join("\n"), id });
      data = [];
      type = "";
      continue;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else if (name === "event") type = value;
    else if (name === "id" && !value.includes("\0")) id = value;
    else if (name === "retry" && /^[0-9]+$/.test(value)) retries.push(Number(value));
  }
  return { events, retries };
}

function parse(chunks: readonly Uint8Array[]): { events: Event[]; retries: number[] } {
  const events: Event[] = [];
  const retries: number[] = [];
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const parser = new EventStreamParser(
    {
      take: ({ type, data }) => events.push({ type, data: decoder.decode(data), id: parser.lastId }),
      retry: (delayMs) => retries.push(delayMs),
      tooLarge: () => {
        throw new Error("nothing is too large here");
      },
    },
    "",
    1 << 20,
  );
  for (const chunk of chunks) parser.feed(chunk);
  return { events, retries };
}

const encode = (text: string) => new TextEncoder().encode(text);

const TEXTS = [
  "\ufeffdata: first\n\n: comment\n\nid: 1\nevent: trade\ndata: a\ndata: b\n\n",
  "data:no blank\r\n\r\ndata:  two blanks\r\rdata\n\ndata\ndata\n\nretry: 1500\n\n",
  'id: é€😀\ndata: {"n":1,"s":"é€😀"}\n\nid\ndata: after\n\nunknown: field\ndata: x\n\nretry: 15x\nretry:\n',
  "event: only a name\n\ndata: default again\n\nid: 7\n\ndata: with seven\n\ndata: never ended",
];
const PIECES = [
  "\n",
  "\r",
  "\r\n",
  "\n\n",
  ":",
  ": ",
  "data",
  "data: ",
  "id: 3\n",
  "event: e\n",
  "retry: 9\n",
  "\0",
  "\ufeff",
  "x",
  " ",
];

test("a stream cut at any byte gives the same events", () => {
  for (const text of TEXTS) {
    const bytes = encode(text);
    const expected = oracle(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(parse([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(expected);
    }
    expect(parse(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(expected);
  }
});

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** Damaged streams give what the standard says. */
function run(bytes: Uint8Array, chance: Chance): void {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + chance.below(20);
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  expectSame(parse(chunks), oracle(lenient.decode(bytes)), "events");
}

fuzz({ name: "event-stream", seeds: TEXTS, pieces: PIECES, run });

test("what is longer than the bound is told once an event, and passed over to its end", () => {
  let refused = 0;
  const data: string[] = [];
  const parser = new EventStreamParser(
    {
      take: (event) => data.push(new TextDecoder().decode(event.data)),
      retry: () => undefined,
      tooLarge: () => refused++,
    },
    "",
    50,
  );
  const long = `data: ${"x".repeat(200)}\n`;
  const text = `data: a\n\n${long}${long}data: b\n\ndata: c\n\n${"data: 0123456789\n".repeat(6)}\ndata: d\n\n${long}`;
  for (const byte of encode(text)) parser.feed(Uint8Array.of(byte));
  expect(data).toEqual(["a", "c", "d"]);
  expect(refused).toBe(3);
});
