// Servers of files for the tests of ranges: what RFC 9110 has them answer, and how many bytes they were asked for.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as arrow from "apache-arrow";
import { onTestFinished } from "vitest";
import { http } from "../../src/connectors/fetch.js";
import { SimPlatform } from "../../src/platform/sim.js";
import type { Subject } from "./conformance.js";

interface Served {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What RFC 9110 has a server answer, written here anew. */
export function ranged(bytes: Uint8Array, range: string | undefined, version = '"1"'): Served {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  if (first === undefined) return { status: 200, headers: { etag: version }, body: bytes };
  const [start, end] = [Number(first), Math.min(Number(last) + 1, bytes.length)];
  if (start >= bytes.length) return { status: 416, headers: {}, body: new Uint8Array(0) };
  const headers = { "content-range": `bytes ${start}-${end - 1}/${bytes.length}`, etag: version };
  return { status: 206, headers, body: bytes.subarray(start, end) };
}

type Answer = (asked: IncomingMessage, response: ServerResponse, count: number) => void;

/** A server on loopback; gives the address of its file, and how many bytes of bodies it has sent in how many requests. */
export async function serving(answer: Answer, name = "x.parquet") {
  const sent = { bytes: 0, requests: 0 };
  const server = createServer((asked, response) => answer(asked, response, sent.requests++));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const send = (response: ServerResponse, { status, headers, body }: Served) => {
    sent.bytes += body.length;
    response.writeHead(status, headers).end(body);
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}?secret=1`, sent, send };
}

export const SCHEMA = { n: "BIGINT", key: "STRING" } as const;
export const ROWS = Array.from({ length: 11 }, (_, n) => ({ n, key: n % 3 === 0 ? null : `ключ ${n}` }));

/** Record batches of these rows, their texts by dictionary or not. */
export function recordBatches(
  rows: readonly { n: number; key: string | null }[],
  size: number,
  dictionary = false,
): arrow.Table {
  const text = dictionary ? new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()) : new arrow.Utf8();
  const key = arrow.vectorFromArray(
    rows.map((row) => row.key),
    text,
  );
  const n = arrow.vectorFromArray(
    rows.map((row) => BigInt(row.n)),
    new arrow.Int64(),
  );
  const whole = new arrow.Table({ n, key });
  const parts = Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => whole.slice(i * size, i * size + size));
  return new arrow.Table(parts.flatMap((part) => part.batches));
}

/** A table of a simulated server of one file. */
export function simulatedRanges(bytes: Uint8Array, hasRanges: boolean): Subject {
  const sim = new SimPlatform(1, { hostTurn: () => new Promise((resolve) => setTimeout(resolve, 1)) });
  const url = "https://host/x.arrow";
  sim.net.respond(url, ({ headers }) => {
    const { status, headers: answered, body } = ranged(bytes, hasRanges ? headers["range"] : undefined);
    return { status, headers: answered, chunks: [body] };
  });
  const table = { ref: { id: "t", connector: "fetch", name: url, options: {} }, live: url, platform: sim };
  return { connector: http, table, openCount: () => sim.net.openCount, wait: (promise) => sim.drive(promise) };
}
