// DuckDB in a page, compiled to WebAssembly: the analytical database that comes with a page.
import type { Rival } from "./rival.js";

export const duckdbWasm: Rival = {
  package: "@duckdb/duckdb-wasm",
  page: (open) => [open({ name: "DuckDB-WASM", html: "bench/versus/duckdb-page.html", thread: "worker" })],
};
