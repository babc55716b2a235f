// No connector and no format without the shared suites: what can be named has a fixture in conformance.ts or sink-conformance.ts,
// or this test says which one is missing.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CONNECTORS } from "../../src/connectors/all.js";
import { NODE_CONNECTORS } from "../../src/connectors/all.node.js";
import { FORMAT_NAMES } from "../../src/connectors/formats.js";
import type { Connector } from "../../src/runtime/connector.js";

/** How the calls of the suites begin, in the files that have them. */
type Fixtures = Readonly<Record<string, readonly string[]>>;

const SOURCES = "connectors/sources.test.ts";
const LIVE = "connectors/live-sources.test.ts";
const SINKS = "connectors/sinks.test.ts";

const READ: Readonly<Record<string, Fixtures>> = {
  memory: { [SOURCES]: ['describeSource("columns in memory"'] },
  rows: {
    [SOURCES]: ['describeSource("an array"', 'describeSource(kind === "sync" ? "an iterable" : "an async iterable"'],
  },
  file: {
    [SOURCES]: ['describeSource("one file"', 'describeSource("a directory of files"'],
  },
  stream: { [SOURCES]: ['describeSource("a ReadableStream"', 'describeSource("a stream of Node"'] },
  push: { [LIVE]: ['describeSource("an observable"', 'describeSource("events of an EventTarget"'] },
  fetch: {
    [SOURCES]: ['describeSource("a fetch"'],
    "connectors/fetch.test.ts": ['describeSource("a fetch of a body with an ETag'],
    "connectors/ranges.test.ts": ['describeSource("Parquet by ranges"'],
    "connectors/arrow-ranges.test.ts": ['describeSource("Arrow by ranges"'],
  },
  websocket: { [LIVE]: ['describeSource("a WebSocket"'] },
  "event-source": { [LIVE]: ['describeSource("an event stream"'] },
  poll: { [LIVE]: ['describeSource("a polled URL"', 'describeSource("a polled URL with a cursor"'] },
  generator: { [SOURCES]: ['describeSource("a generator"'] },
  nexmark: { [SOURCES]: ['describeSource("events of Nexmark"'] },
  ingest: { "connectors/ingest.test.ts": ['describeSource("an endpoint"'] },
};

const WRITTEN: Readonly<Record<string, Fixtures>> = {
  memory: { [SINKS]: ['describeSink("a memory table"', 'describeSink("a live table"'] },
  callback: { [SINKS]: ['describeSink("a function"'] },
  blackhole: { [SINKS]: ['describeSink("a blackhole"'] },
  console: { [SINKS]: ['describeSink("the console"'] },
  stdout: { [SINKS]: ['describeSink("standard output"'] },
  webhook: { [SINKS]: ['describeSink("a webhook"'] },
  file: { [SINKS]: ['describeSink("a file"', '["a file in parts"', '"a directory in partitions",'] },
  "event-stream": { [SINKS]: ['["an event stream", eventStream'] },
  "web-socket-server": { [SINKS]: ['["a WebSocket server", webSocketServer'] },
};

/** Parquet is no stream of records: its files are fixtures of the suites of sources and sinks. */
const FORMATS: Readonly<Record<string, Fixtures>> = {
  ndjson: { "formats/formats.test.ts": ['describeFormat("ndjson"'] },
  csv: { "formats/formats.test.ts": ['describeFormat("csv"'], [SOURCES]: ['"/a.csv"'], [SINKS]: ['["a CSV file"'] },
  json: {
    "formats/plain.test.ts": ['describeFormat("a JSON array"'],
    [SOURCES]: ['"/a.json"'],
    [SINKS]: ['["a JSON array"'],
  },
  lines: { "formats/plain.test.ts": ['describeFormat("lines"'] },
  bytes: { "formats/plain.test.ts": ['describeFormat("bytes"'] },
  arrow: {
    "formats/arrow-format.test.ts": ["describeFormat(`arrow $"],
    [SOURCES]: ['"/a.arrow"', '"/a.arrows"'],
    [SINKS]: ["  arrow: async (bytes) =>"],
  },
  avro: { "formats/avro.test.ts": ['describeFormat("avro"'], [SOURCES]: ['"/a.avro"'], [SINKS]: ["  avro: readAvsc"] },
  parquet: { [SOURCES]: ['"/a.parquet"'], [SINKS]: ["  parquet: ({ buffer }) =>"] },
};

function expectFixtures(fixtures: Fixtures | undefined): void {
  expect(fixtures, "no fixture of the shared suite").toBeDefined();
  for (const [path, calls] of Object.entries(fixtures ?? {})) {
    const text = readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
    for (const call of calls) expect(text.includes(call), `${path} has ${call}`).toBe(true);
  }
}

const all = await Promise.all(
  [...CONNECTORS, ...NODE_CONNECTORS].map(async (known): Promise<Connector> => {
    return "load" in known ? await known.load() : known;
  }),
);

describe("the shared suites are passed", () => {
  test.each(all.filter(({ source }) => source !== undefined))("by the source $name", ({ name }) => {
    expectFixtures(READ[name]);
  });

  test.each(all.filter(({ sink }) => sink !== undefined))("by the sink $name", ({ name }) => {
    expectFixtures(WRITTEN[name]);
  });

  test.each(FORMAT_NAMES)("by the format %s", (name) => {
    expectFixtures(FORMATS[name]);
  });

  test("by nothing that there is no more", () => {
    const named = (has: (connector: Connector) => unknown) => all.filter(has).map(({ name }) => name);
    expect(Object.keys(READ).sort()).toEqual(named(({ source }) => source).sort());
    expect(Object.keys(WRITTEN).sort()).toEqual(named(({ sink }) => sink).sort());
    expect(Object.keys(FORMATS).sort()).toEqual([...FORMAT_NAMES].sort());
  });
});
