// The window benches' events as a file of NDJSON, and what a pipeline writes for them: a line a window and key.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checksum } from "../harness.js";
import { windowEvents } from "./events.js";

/** One line of the input. */
export interface Reading {
  /** ISO 8601 with milliseconds. */
  readonly time: string;
  readonly key: string;
  readonly value: number;
}

export interface Readings {
  readonly rows: number;
  readonly path: string;
  /** A name for a new file of results beside the input. */
  readonly output: (rival: string) => string;
  dispose(): void;
}

/** One line of the output, beside its window. */
interface Result {
  readonly n: number;
  readonly total: number;
  readonly low: number;
  readonly high: number;
  readonly mean: number;
}

export function readings(rows: number): Readings {
  const { times, keys, values } = windowEvents(rows, "strings");
  const lines = Array.from({ length: rows }, (_, row) => {
    const time = new Date(times[row] as number).toISOString();
    return `${JSON.stringify({ time, key: keys[row], value: values[row] })}\n`;
  });
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const path = join(folder, "readings.ndjson");
  writeFileSync(path, lines.join(""));
  return {
    rows,
    path,
    output: (rival) => join(folder, `${rival}.ndjson`),
    dispose: () => rmSync(folder, { recursive: true }),
  };
}

/** What `expectedWindows` computes, of a file of results, which goes. */
export function takeResults(path: string): Checksum {
  const total = { groups: 0, count: 0, sum: 0, min: 0, max: 0, avg: 0 };
  for (const line of readFileSync(path, "utf8").trimEnd().split("\n")) {
    const { n, total: sum, low, high, mean } = JSON.parse(line) as Result;
    total.groups++;
    total.count += n;
    total.sum += sum;
    total.min += low;
    total.max += high;
    total.avg += mean;
  }
  rmSync(path);
  return total;
}
