// The same program on every host, in pages isolated and not: bytes of NDJSON through windows to rows.
import { avg, count, Millrace, tumble } from "millrace";
import { describe, expect, test } from "vitest";

const SCHEMA = { ts: "TIMESTAMP(3)", origin: "STRING", delay: "DOUBLE" } as const;

/** 20,000 departures over two hours from 2026-01-01, up to 40 s out of order, delays of quarter minutes, as NDJSON. */
function departures(): { text: string; expected: unknown[] } {
  const startMs = Date.UTC(2026, 0, 1);
  const origins = ["ATL", "JFK", "København", "東京"];
  const groups = new Map<string, { n: number; sum: number; delays: number }>();
  const lines: string[] = [];
  for (let i = 0; i < 20_000; i++) {
    const ms = startMs + i * 360 - ((i * 7919) % 40_000);
    const origin = origins[(i * 31) % 4] as string;
    const delay = i % 11 === 0 ? null : ((i * 13) % 400) / 4;
    lines.push(JSON.stringify({ ts: new Date(ms).toISOString().replace("Z", ""), origin, delay }));
    const key = `${Math.floor(ms / 3_600_000) * 3_600_000} ${origin}`;
    const group = groups.get(key) ?? { n: 0, sum: 0, delays: 0 };
    group.n++;
    group.sum += delay ?? 0;
    group.delays += delay === null ? 0 : 1;
    groups.set(key, group);
  }
  const expected = [...groups].map(([key, { n, sum, delays }]) => {
    const [ms, origin] = key.split(" ");
    return { windowStart: new Date(Number(ms)), origin, flights: n, delay: sum / delays };
  });
  return { text: lines.join("\n"), expected: sorted(expected) };
}

interface Result {
  readonly windowStart: Date;
  readonly origin: string | null | undefined;
}

function sorted<R extends Result>(rows: readonly R[]): R[] {
  const key = ({ windowStart, origin }: R) => `${windowStart.toISOString()} ${origin}`;
  return rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** The text as a stream of bytes, cut at odd places. */
function streamOf(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      const size = 1 + ((at * 7) % 50_021);
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

describe("NDJSON through hourly windows", () => {
  const { text, expected } = departures();

  test.each([100, 8192])("gives the rows that a loop gives (batches of %d)", async (batchRows) => {
    await using mill = await Millrace.open();
    const flights = mill.from(streamOf(text), { schema: SCHEMA, time: "ts", outOfOrder: "40s" });
    const hours = flights
      .window(tumble("1h"))
      .groupBy("origin")
      .aggregate({ flights: count(), delay: avg("delay") })
      .select("windowStart", "origin", "flights", "delay");
    const rows = await hours.toArray({ batchRows });
    expect(sorted(rows)).toEqual(expected);
  });

  test("stops when the loop is left", async () => {
    await using mill = await Millrace.open();
    for await (const { origin } of mill.from(streamOf(text), { schema: SCHEMA })) {
      expect(origin).toBe("ATL");
      break;
    }
  });
});
