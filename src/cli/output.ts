// What the command line shows: tables, charts, numbers. Colours only where the terminal has them.
import { plot } from "asciichart";
import Table from "cli-table3";
import pc from "picocolors";

export type Format = "table" | "ndjson";

const NO_LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** Rows as an aligned table with a bold head; numbers stand right. */
export function table(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const numeric = head.map((_, column) => rows.every((row) => typeof row[column] === "number" || row[column] === null));
  const text = new Table({
    head: head.map((name) => pc.bold(name)),
    chars: NO_LINES,
    colAligns: numeric.map((right) => (right ? "right" : "left")),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
  });
  for (const row of rows) text.push(row.map(cell));
  return text.toString();
}

/** One value as a person reads it: dates without zone, numbers with at most two decimals, NULL dimmed. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return pc.dim("NULL");
  if (value instanceof Date) return timestampText(value);
  if (typeof value === "number") return Number.isInteger(value) ? integer(value) : value.toFixed(2);
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString("hex")}'`;
  if (Array.isArray(value)) return `[${value.map(cell).join(", ")}]`;
  if (typeof value !== "object") return String(value);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return `{${entries.map(([key, inner]) => `${cell(key)}: ${cell(inner)}`).join(", ")}}`;
}

/** `2001-01-01 00:05:00`, milliseconds only where there are any. */
export function timestampText(date: Date): string {
  const iso = date.toISOString().replace("T", " ").slice(0, -1);
  return iso.endsWith(".000") ? iso.slice(0, -4) : iso;
}

/** `3,000,000`. */
export function integer(value: number): string {
  return value.toLocaleString("en-US");
}

/** A line chart with a title, `height` lines high, narrowed to the terminal by averaging neighbours. */
export function chart(
  title: string,
  values: readonly number[],
  options: { height?: number; from?: string; to?: string } = {},
): string {
  const width = Math.max(20, Math.min(values.length, (process.stdout.columns ?? 100) - 14));
  const shown = Array.from({ length: width }, (_, i) => {
    const start = Math.floor((i * values.length) / width);
    const end = Math.max(start + 1, Math.floor(((i + 1) * values.length) / width));
    const part = values.slice(start, end);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const lines = plot(shown, {
    height: options.height ?? 10,
    format: (value) => integer(Math.round(value)).padStart(9),
  });
  const gap = Math.max(1, width - (options.from?.length ?? 0) - (options.to?.length ?? 0));
  const axis = `${" ".repeat(11)}${options.from ?? ""}${" ".repeat(gap)}${options.to ?? ""}`;
  return `${pc.bold(title)}\n${pc.cyan(lines)}\n${pc.dim(axis)}`;
}

export function heading(text: string): string {
  return pc.bold(text);
}

export function note(text: string): string {
  return pc.dim(text);
}
