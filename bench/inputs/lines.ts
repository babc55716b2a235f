// The NDJSON of the decode bench: one order a line, six fields, about 144 bytes; two lines in a hundred hold an escape.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checksum } from "../harness.js";

/** Columns: time TIMESTAMP(3), id BIGINT, item STRING, price DOUBLE, quantity INTEGER, paid BOOLEAN. */
export interface OrderLine {
  readonly time: string;
  readonly id: number;
  readonly item: string;
  readonly price: number;
  readonly quantity: number;
  readonly paid: boolean;
}

export interface Lines {
  readonly rows: number;
  readonly bytes: Uint8Array;
  /** The same bytes as a file, for engines that read files. */
  readonly path: string;
  /** Of the whole input. */
  readonly expected: Checksum;
  dispose(): void;
}

const START_MS = Date.UTC(2026, 0, 1);
const ITEMS = [
  "espresso machine, twin boiler, 230 V, steel",
  "grinder with 64 mm flat burrs, stepless",
  "kettle, gooseneck, 0.9 litre, matt black",
];

function orderOf(row: number): OrderLine {
  const item = ITEMS[row % ITEMS.length] as string;
  return {
    time: new Date(START_MS + row * 37).toISOString(),
    id: 4_000_000_000_000 + row * 13,
    item: row % 50 === 7 ? `${item} "refurbished"` : item,
    price: ((row * 7919) % 100_000) / 100,
    quantity: 1 + (row % 12),
    paid: row % 3 !== 0,
  };
}

export function orderLines(rows: number): Lines {
  const total = { rows: 0, timeMs: 0, id: 0, itemLength: 0, price: 0, quantity: 0, paid: 0 };
  const lines: string[] = [];
  for (let row = 0; row < rows; row++) {
    const order = orderOf(row);
    lines.push(JSON.stringify(order), "\n");
    total.rows++;
    total.timeMs = Math.max(total.timeMs, START_MS + row * 37);
    total.id += order.id;
    total.itemLength += order.item.length;
    total.price += order.price;
    total.quantity += order.quantity;
    total.paid += order.paid ? 1 : 0;
  }
  const bytes = new TextEncoder().encode(lines.join(""));
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const path = join(folder, "orders.ndjson");
  writeFileSync(path, bytes);
  return { rows, bytes, path, expected: total, dispose: () => rmSync(folder, { recursive: true }) };
}
