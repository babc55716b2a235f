// Numbers, sizes and times as the page shows them.
import type { Cell } from "../monitor/frames.js";

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const decimal = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });

/** `12,345`. */
export function count(value: number): string {
  return whole.format(value);
}

/** `12.3K`. */
export function compact(value: number): string {
  return short.format(value);
}

/** `1.2 MB`. */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  return `${decimal.format(Number((value / 1000 ** power).toPrecision(3)))} ${units[power]}`;
}

/** `850 ms`, `2.4 s`, `3 h`. */
export function duration(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1000) return `${Math.round(ms)} ms`;
  if (size < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (size < 3_600_000) return `${(ms / 60_000).toFixed(1)} min`;
  if (size < 172_800_000) return `${(ms / 3_600_000).toFixed(1)} h`;
  return `${count(ms / 86_400_000)} days`;
}

/** `34 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** One value of a result, by its column's SQL type. Times are told in UTC, as the engine knows them. */
export function cell(value: Cell | undefined, type: string): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "number" && isTime(type)) return new Date(value).toISOString().slice(0, 19).replace("T", " ");
  return typeof value === "number" ? decimal.format(value) : String(value);
}

export function clock(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}

export function isTime(type: string): boolean {
  return type.startsWith("TIMESTAMP");
}

export function isNumber(type: string): boolean {
  return /^(TINYINT|SMALLINT|INT|INTEGER|BIGINT|FLOAT|DOUBLE|REAL)\b/.test(type);
}
