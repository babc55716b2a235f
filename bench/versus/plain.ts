// What a careful JavaScript programmer writes without a library: a Map of windows, each a Map of accumulators; JSON.parse a
// line. The loops follow the watermark and close windows as they go, as the stream engines do.
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import type { Checksum, Contender } from "../harness.js";
import { DISORDER_MS, type EventObject, WINDOW_MS } from "../inputs/events.js";
import type { Lines, OrderLine } from "../inputs/lines.js";
import { type Reading, type Readings, takeResults } from "../inputs/readings.js";
import type { Rival } from "./rival.js";

/** Running COUNT, SUM, MIN, MAX of one key in one window. */
export class Accumulator {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    this.count++;
    this.sum += value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }
}

export type OpenWindow = Map<number | string, Accumulator>;

/** Adds up the rows of closed windows, so that nobody can skip computing them. */
export class WindowTotals {
  readonly total = { groups: 0, count: 0, sum: 0, min: 0, max: 0, avg: 0 };

  add(window: OpenWindow): void {
    const { total } = this;
    for (const { count, sum, min, max } of window.values()) {
      total.groups++;
      total.count += count;
      total.sum += sum;
      total.min += min;
      total.max += max;
      total.avg += sum / count;
    }
  }
}

/** Tumbling windows under a bounded-disorder watermark, over Maps; `closed` gets each with its start. */
class MapWindows {
  readonly #closed: (window: OpenWindow, start: number) => void;
  readonly #open = new Map<number, OpenWindow>();
  #maxTime = Number.NEGATIVE_INFINITY;
  /** End of the oldest open window: nothing closes before the watermark is there. */
  #nextEnd = Number.POSITIVE_INFINITY;

  constructor(closed: (window: OpenWindow, start: number) => void) {
    this.#closed = closed;
  }

  add(time: number, key: number | string, value: number): void {
    const start = time - (time % WINDOW_MS);
    let window = this.#open.get(start);
    if (window === undefined) {
      window = new Map();
      this.#open.set(start, window);
      this.#nextEnd = Math.min(this.#nextEnd, start + WINDOW_MS);
    }
    let accumulator = window.get(key);
    if (accumulator === undefined) {
      accumulator = new Accumulator();
      window.set(key, accumulator);
    }
    accumulator.add(value);
    if (time > this.#maxTime) {
      this.#maxTime = time;
      if (time - DISORDER_MS >= this.#nextEnd) this.#close(time - DISORDER_MS);
    }
  }

  finish(): void {
    this.#close(Number.POSITIVE_INFINITY);
  }

  #close(watermark: number): void {
    this.#nextEnd = Number.POSITIVE_INFINITY;
    for (const [start, window] of this.#open) {
      const end = start + WINDOW_MS;
      if (end <= watermark) {
        this.#closed(window, start);
        this.#open.delete(start);
      } else {
        this.#nextEnd = Math.min(this.#nextEnd, end);
      }
    }
  }
}

function loopOverObjects(objects: readonly EventObject[]): Contender {
  return {
    name: "plain Map loop",
    run: () =>
      totalsOf((windows) => {
        for (const event of objects) windows.add(event.time, event.key, event.value);
      }),
  };
}

function totalsOf(fill: (windows: MapWindows) => void): Checksum {
  const totals = new WindowTotals();
  const windows = new MapWindows((window) => totals.add(window));
  fill(windows);
  windows.finish();
  return totals.total;
}

/** Lines through windows into a file: a chunk of results is written whenever windows have closed. */
async function runPipeline(lines: AsyncIterable<readonly string[]>, path: string): Promise<void> {
  const output = createWriteStream(path);
  let results = "";
  const windows = new MapWindows((window, start) => {
    const windowStart = new Date(start).toISOString();
    const windowEnd = new Date(start + WINDOW_MS).toISOString();
    for (const [key, { count: n, sum: total, min: low, max: high }] of window) {
      results += `${JSON.stringify({ windowStart, windowEnd, key, n, total, low, high, mean: total / n })}\n`;
    }
  });
  for await (const some of lines) {
    for (const line of some) {
      const { time, key, value } = JSON.parse(line) as Reading;
      windows.add(Date.parse(time), key, value);
    }
    if (results !== "" && !output.write(results)) await once(output, "drain");
    results = "";
  }
  windows.finish();
  output.end(results);
  await finished(output);
}

/** The lines of a file, as many at a time as a chunk of it has. */
async function* splitChunks(path: string): AsyncGenerator<string[]> {
  let rest = "";
  for await (const chunk of createReadStream(path, { encoding: "utf8", highWaterMark: 1 << 20 })) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield lines;
  }
  if (rest !== "") yield [rest];
}

async function* readLines(path: string): AsyncGenerator<string[]> {
  for await (const line of createInterface({ input: createReadStream(path) })) yield [line];
}

function pipeline(
  name: string,
  { path, output }: Readings,
  lines: (path: string) => AsyncIterable<string[]>,
): Contender {
  const results = output(name);
  return {
    name,
    run: async () => {
      await runPipeline(lines(path), results);
      return undefined;
    },
    outcome: () => takeResults(results),
  };
}

/** JSON.parse a line, then each field into its typed column. */
function parseIntoColumns({ rows, bytes }: Lines): Checksum {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const times = new Float64Array(rows);
  const ids = new Float64Array(rows);
  const items: string[] = new Array(rows);
  const prices = new Float64Array(rows);
  const quantities = new Int32Array(rows);
  const paid = new Uint8Array(rows);
  let row = 0;
  for (let start = 0; start < buffer.length; row++) {
    const end = buffer.indexOf(10, start);
    const order = JSON.parse(buffer.toString("utf8", start, end)) as OrderLine;
    times[row] = Date.parse(order.time);
    ids[row] = order.id;
    items[row] = order.item;
    prices[row] = order.price;
    quantities[row] = order.quantity;
    paid[row] = order.paid ? 1 : 0;
    start = end + 1;
  }
  return {
    rows: row,
    timeMs: times.reduce((left, right) => Math.max(left, right), 0),
    id: ids.reduce((left, right) => left + right, 0),
    itemLength: items.reduce((length, item) => length + item.length, 0),
    price: prices.reduce((left, right) => left + right, 0),
    quantity: quantities.reduce((left, right) => left + right, 0),
    paid: paid.reduce((left, right) => left + right, 0),
  };
}

export const plain: Rival = {
  package: null,
  window: ({ times, values, keys, rows }) => [
    {
      name: "plain Map loop",
      run: () =>
        totalsOf((windows) => {
          for (let row = 0; row < rows; row++) {
            windows.add(times[row] as number, keys[row] as number | string, values[row] as number);
          }
        }),
    },
  ],
  windowObjects: (objects) => [loopOverObjects(objects)],
  pipeline: (files) => [
    pipeline("plain loop, split chunks", files, splitChunks),
    pipeline("plain loop, readline", files, readLines),
  ],
  ndjson: (lines) => [{ name: "JSON.parse a line", run: () => parseIntoColumns(lines) }],
};
