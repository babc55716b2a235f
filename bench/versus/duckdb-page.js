// The page of bench/browser.ts that is DuckDB-WASM's, as its documentation has it for Vite, with the rows on their way while
// the engine comes, and types given so that none are guessed. Its engine runs in a worker.
import { AsyncDuckDB, VoidLogger } from "@duckdb/duckdb-wasm";
import workerUrl from "@duckdb/duckdb-wasm/dist/duckdb-browser-eh.worker.js?url";
import wasmUrl from "@duckdb/duckdb-wasm/dist/duckdb-eh.wasm?url";

const database = new AsyncDuckDB(new VoidLogger(), new Worker(workerUrl));
const [bytes] = await Promise.all([
  fetch("/events.csv").then((response) => response.arrayBuffer()),
  database.instantiate(wasmUrl),
]);
await database.registerFileBuffer("events.csv", new Uint8Array(bytes));
const connection = await database.connect();
const reader = await connection.send(`
  SELECT time_bucket(INTERVAL 1 MINUTE, "at") AS w, key, count(*)::DOUBLE AS n, sum(value) AS total
  FROM read_csv('events.csv', header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', new_line = '\\n',
    timestampformat = '%Y-%m-%dT%H:%M:%S.%gZ', columns = {'at': 'TIMESTAMP', 'key': 'VARCHAR', 'value': 'DOUBLE'})
  GROUP BY w, key`);
let firstMs = null;
let [rows, total] = [0, 0];
for await (const batch of reader) {
  for (const window of batch) {
    firstMs ??= performance.now();
    rows += window.n;
    total += window.total;
  }
}
console.log(JSON.stringify({ firstMs, lastMs: performance.now(), rows, total, thread: "worker" }));
