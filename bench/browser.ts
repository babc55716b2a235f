// Cold start: from the navigation to the first window's result on a page, beside DuckDB-WASM. Each turn is a page in a browser
// context of its own; time is the page's own clock since its navigation began.
import { type PageContender, PageHost, type Visit } from "./browser/host.js";
import type { Bench, Checksum, Contender } from "./harness.js";
import { rivalContenders } from "./versus/rivals.js";

const ROWS = 10_000;
const KEYS = 10;
/** A row each 60 ms: ten windows of a minute. */
const STEP_MS = 60;
const START_MS = Date.UTC(2026, 0, 1);

function csv(): string {
  const lines = Array.from({ length: ROWS }, (_, i) => {
    return `${new Date(START_MS + i * STEP_MS).toISOString()},sensor-${i % KEYS},${(i % 100) / 4}`;
  });
  return `at,key,value\n${lines.join("\n")}\n`;
}

const OURS: readonly PageContender[] = [
  { name: "millrace, in a worker", html: "bench/browser/millrace.html", thread: "worker" },
  { name: "millrace, in the page", html: "bench/browser/millrace.html", query: "?worker=false", thread: "main" },
];

function contender(host: PageHost, warm: boolean, { name, html, query = "", thread }: PageContender): Contender {
  let path = "";
  let last: Visit | undefined;
  return {
    name,
    prepare: async () => {
      path = `${await host.addPage(html)}${query}`;
    },
    run: async (): Promise<Checksum> => {
      last = await host.visit(path, warm);
      const { rows, total, thread: ran } = last.result;
      if (ran !== thread) throw new Error(`${name} ran in ${ran}`);
      return { rows, total };
    },
    lastMs: () => last?.result.firstMs ?? Number.NaN,
    lastBytes: () => last?.bytes ?? Number.NaN,
    close: () => host.close(),
  };
}

function bench(name: string, title: string, warm: boolean): Bench {
  return {
    name: `browser/${name}`,
    title: `${title}, from the navigation to the first result: windows by key of ${ROWS.toLocaleString("en-US")} rows of CSV, in headless Chromium, files by loopback with gzip.`,
    rows: ROWS,
    rounds: 9,
    baseline: "millrace, in a worker",
    expected: (rows) => ({ rows, total: (rows / 100) * (4950 / 4) }),
    contenders: async () => {
      const host = new PageHost();
      await host.open();
      host.addData("/events.csv", csv());
      const rivals = rivalContenders((rival) => rival.page?.((page) => contender(host, warm, page)));
      return [...OURS.map((page) => contender(host, warm, page)), ...rivals];
    },
  };
}

export const benches: readonly Bench[] = [
  bench("cold", "A page that was never seen", false),
  bench("warm", "A page whose files are in the browser's cache", true),
];
