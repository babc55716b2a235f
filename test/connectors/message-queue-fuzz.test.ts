// Random messages, text and bytes, into the queue that live sources read from: what is taken is every message with its line end, in
// order, and as decoded lines each message has its own rows. `npm run fuzz -- message-queue --execs N --seed S`.
import { MessageQueue } from "../../src/connectors/message-queue.js";
import type { Chance } from "../fuzz/damage.js";
import { expectSame } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";

const BYTES_MAX = 200;
const encoder = new TextEncoder();
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

function run(bytes: Uint8Array, chance: Chance): void {
  const queue = new MessageQueue(BYTES_MAX);
  let waiting: number[] = [];
  let messages = 0;
  let taken = 0;
  for (let at = 0; at < bytes.length; ) {
    const end = at + chance.below(chance.below(4) === 0 ? 300 : 30);
    const part = bytes.subarray(at, end);
    at = end + 1;
    const message = chance.below(2) === 0 ? part : lenient.decode(part);
    queue.push(message);
    waiting.push(...(typeof message === "string" ? encoder.encode(message) : message), 0x0a);
    messages++;
    expectSame([queue.bytes, queue.messages], [waiting.length, messages], "what waits");
    expectSame([queue.full, queue.overrun], [waiting.length >= BYTES_MAX, waiting.length >= 2 * BYTES_MAX], "bounds");
    expectSame(queue.endByte, taken + waiting.length, "offset");
    if (chance.below(3) > 0) continue;
    const chunk = queue.take();
    expectSame(Buffer.compare(chunk, Uint8Array.from(waiting)), 0, "what is taken");
    taken += chunk.length;
    waiting = [];
    messages = 0;
  }
}

fuzz({
  name: "message-queue",
  seeds: ['{"n":1}\0{"s":"é€😀"}', "text ".repeat(100), "\ud83d".repeat(8), "x".repeat(500)],
  pieces: ["é", "😀", "\n", "\0", '{"a":1}', Uint8Array.of(0xff, 0xfe)],
  run,
});
