// Results as series over time: what is drawn is found by the columns' types, so that any job's results can be.
import type { FrameColumn } from "../monitor/frames.js";
import type { Cells } from "../monitor/rows.js";
import { isNumber, isTime } from "./format.js";

/** Which columns are drawn: one series a name, its values over the time. */
export interface Shape {
  readonly time: number;
  /** −1: one series alone. */
  readonly name: number;
  /** Columns of numbers, any of which can be shown. */
  readonly values: readonly number[];
}

/** More would be a carpet. */
const SERIES_MAX = 100;

/** null where there is no time or no number to draw. */
export function shapeOf(columns: readonly FrameColumn[]): Shape | null {
  const find = (wanted: (column: FrameColumn) => boolean) => columns.findIndex(wanted);
  const start = find(({ name }) => name === "windowStart");
  const time = start >= 0 ? start : find(({ type }) => isTime(type));
  const values = columns.flatMap(({ type }, index) => (isNumber(type) ? [index] : []));
  if (time < 0 || values.length === 0) return null;
  return { time, name: find(({ type }) => type.startsWith("STRING")), values };
}

export interface Series {
  /** Seconds, ascending. */
  readonly times: readonly number[];
  readonly names: readonly string[];
  /** By series, then by time; null where it has none. */
  readonly values: readonly (readonly (number | null)[])[];
}

export function seriesOf(rows: readonly Cells[], shape: Shape, value: number): Series {
  const names = new Map<string, number>();
  const times = new Set<number>();
  for (const row of rows) {
    const name = nameOf(row, shape);
    if (!names.has(name) && names.size < SERIES_MAX) names.set(name, 0);
    const time = row[shape.time];
    if (typeof time === "number") times.add(time / 1000);
  }
  const sorted = [...names.keys()].sort((a, b) => a.localeCompare(b));
  sorted.forEach((name, index) => {
    names.set(name, index);
  });
  const order = [...times].sort((a, b) => a - b);
  const place = new Map(order.map((time, index) => [time, index]));
  const values = sorted.map(() => new Array<number | null>(order.length).fill(null));
  for (const row of rows) {
    const at = place.get(Number(row[shape.time]) / 1000);
    const series = values[names.get(nameOf(row, shape)) ?? -1];
    const cell = row[value];
    if (at !== undefined && series !== undefined && typeof cell === "number") series[at] = cell;
  }
  return { times: order, names: sorted, values };
}

function nameOf(row: Cells, { name }: Shape): string {
  return name < 0 ? "all" : String(row[name] ?? "NULL");
}
