// The demo's stream and job: the same for the same seed, as broken as it says, and windows that a plain loop agrees with.
import { Millrace } from "millrace";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoJob, paced } from "../../src/monitor/demo.js";
import { type ServerEvent, serverEvents } from "../../src/monitor/events.js";

const START_MS = Date.UTC(2026, 0, 1, 12);
const COUNT = 60_000;

function taken(seed: number, count: number): ServerEvent[] {
  const events: ServerEvent[] = [];
  for (const { event } of serverEvents({ seed, startMs: START_MS, eventsPerSecond: 1000 })) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

test("the same seed gives the same events, another one others", () => {
  expect(taken(1, 2000)).toEqual(taken(1, 2000));
  expect(taken(2, 2000)).not.toEqual(taken(1, 2000));
});

test("a minute of it has 50 hosts, spikes, disorder, repeats, holes and wrong types", () => {
  const events = taken(1, COUNT);
  expect(new Set(events.map(({ host }) => host).filter((host) => host !== null)).size).toBe(50);
  expect(events.some(({ cpu }) => typeof cpu === "number" && cpu > 85)).toBe(true);
  const times = events.map(({ at }) => Number(at));
  expect(times.filter((time, index) => index > 0 && time < (times[index - 1] ?? 0)).length).toBeGreaterThan(COUNT / 10);
  expect(events.length - new Set(events.map(({ id }) => id)).size).toBeGreaterThan(COUNT / 200);
  expect(events.filter(({ host, cpu }) => host === null || cpu === null).length).toBeGreaterThan(20);
  expect(events.filter(({ latency }) => typeof latency === "string").length).toBeGreaterThan(20);
});

test("paced events come when they are due, overdue ones at once", async () => {
  let nowMs = START_MS;
  const sleeps: number[] = [];
  const pace = {
    nowMs: () => nowMs,
    sleep: (ms: number) => {
      sleeps.push(ms);
      nowMs += ms;
      return Promise.resolve();
    },
  };
  const got: number[] = [];
  for await (const _ of paced({ seed: 1, startMs: START_MS, eventsPerSecond: 1000 }, pace)) {
    got.push(nowMs);
    if (got.length === 100) break;
    if (got.length === 50) nowMs += 1000;
  }
  expect(sleeps.length).toBeGreaterThanOrEqual(3);
  expect(got[50]).toBe(got[99]);
});

/** Windows by a plain loop: cleaned, the first of each id, late by the watermark that the rows before made. */
function byHand(events: readonly ServerEvent[]): Map<string, { events: number; cpu: number; worst: number }> {
  const seen = new Set<unknown>();
  const windows = new Map<string, { events: number; cpu: number; worst: number }>();
  let watermarkMs = Number.NEGATIVE_INFINITY;
  for (const { id, at, host, cpu, latency } of events) {
    if (typeof latency !== "number" || typeof cpu !== "number" || host === null) continue;
    const atMs = Number(at);
    const windowEnd = (Math.floor(atMs / 5000) + 1) * 5000;
    const late = atMs < watermarkMs || windowEnd - 1 <= watermarkMs;
    watermarkMs = Math.max(watermarkMs, atMs - 2000);
    if (late || seen.has(id)) continue;
    seen.add(id);
    const key = `${Math.floor(atMs / 5000) * 5000} ${host}`;
    const window = windows.get(key) ?? { events: 0, cpu: 0, worst: 0 };
    window.events++;
    window.cpu += cpu;
    window.worst = Math.max(window.worst, latency);
    windows.set(key, window);
  }
  return windows;
}

test.each([1, 7, 8192])("the job's windows are those of a plain loop (batches of %i)", async (batchRows) => {
  const events = taken(3, batchRows === 8192 ? COUNT : 12_000);
  const { pipeline, results } = await demoJob(mill, events);
  const { badRows, lateRows, duplicateRows } = await pipeline.run({ batchRows });
  expect(badRows).toBe(events.filter(({ latency }) => typeof latency === "string").length);
  expect(lateRows).toBeGreaterThan(0);
  expect(duplicateRows).toBeGreaterThan(events.length / 200);
  const want = byHand(events);
  const rows = results.table.toRows();
  expect(rows.length).toBe(want.size);
  for (const { windowStart, host, events: count, cpu, worst } of rows) {
    const window = want.get(`${Number(windowStart)} ${host}`);
    expect([count, worst]).toEqual([window?.events, window?.worst]);
    expect(cpu).toBeCloseTo((window?.cpu ?? 0) / (window?.events ?? 1), 9);
  }
});
