// The orders of the decode benches: one a line, six fields; about 144 bytes of NDJSON, 90 of CSV; two lines in a hundred hold an
// escape.
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
  return written(rows, "orders.ndjson", "", (order) => JSON.stringify(order));
}

/** The same orders as CSV with a header; `quoted` says whether every text holds a delimiter or only the escaped ones do. */
export function orderRecords(rows: number, quoted: boolean): Lines {
  return written(
    rows,
    "orders.csv",
    "time,id,item,price,quantity,paid\n",
    ({ time, id, item, price, quantity, paid }) => {
      const text = /[",]/.test(item) ? `"${item.replaceAll('"', '""')}"` : item;
      return `${time},${id},${text},${price},${quantity},${paid}`;
    },
    quoted ? (item) => item : (item) => item.replaceAll(",", ""),
  );
}

function written(
  rows: number,
  name: string,
  header: string,
  lineOf: (order: OrderLine) => string,
  textOf: (item: string) => string = (item) => item,
): Lines {
  const total = { rows: 0, timeMs: 0, id: 0, itemLength: 0, price: 0, quantity: 0, paid: 0 };
  const lines: string[] = [header];
  for (let row = 0; row < rows; row++) {
    const made = orderOf(row);
    const order = { ...made, item: textOf(made.item) };
    lines.push(lineOf(order), "\n");
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
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return { rows, bytes, path, expected: total, dispose: () => rmSync(folder, { recursive: true }) };
}
