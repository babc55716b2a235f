// The plain truth about watermarks and windows: one row after the other, a Map of groups, nothing clever.
// It answers which rows are late, and what each group of each window comes to once all rows are in.

export interface OracleRow {
  readonly id: number;
  readonly split: number;
  /** Event time in milliseconds, whatever is finer cut off toward the past; null: NULL. */
  readonly timeMs: number | null;
  /** The key as text that is equal for equal keys. */
  readonly key: string;
  readonly float: number | null;
  readonly integer: bigint | null;
}

export interface OracleSpec {
  readonly kind: "tumble" | "hop" | "cumulate" | "session";
  /** The gap of sessions. */
  readonly sizeMs: number;
  /** The slide of hopping windows, the step of cumulating ones, the longest duration of sessions (0: none). */
  readonly everyMs: number;
  readonly offsetMs: number;
  readonly latenessMs: number;
  readonly delayMs: number;
  /** Splits announced as active before the first row. */
  readonly splits: number;
}

export interface OracleGroup {
  count: number;
  floats: number[];
  integers: bigint[];
}

export interface OracleAnswer {
  /** By `start…end|key`. */
  readonly groups: Map<string, OracleGroup>;
  /** Row id → reason. */
  readonly late: Map<number, string>;
}

/** Start of the window, by counting up and down from the offset: no division, so it can hardly be wrong. */
function oracleStart(timeMs: number, sizeMs: number, offsetMs: number): number {
  let start = BigInt(offsetMs);
  const size = BigInt(sizeMs);
  const time = BigInt(timeMs);
  const steps = (time - start) / size;
  start += steps * size;
  while (start > time) start -= size;
  while (start + size <= time) start += size;
  return Number(start);
}

/** The windows that a time is in, [start, end): every end near it is tried. */
function oracleWindows(timeMs: number, { kind, sizeMs, everyMs, offsetMs }: OracleSpec): [number, number][] {
  if (kind !== "hop") {
    const startMs = oracleStart(timeMs, sizeMs, offsetMs);
    const stepMs = kind === "tumble" ? sizeMs : everyMs;
    const ends = Array.from({ length: sizeMs / stepMs }, (_, index) => startMs + (index + 1) * stepMs);
    return ends.filter((endMs) => timeMs < endMs).map((endMs) => [startMs, endMs]);
  }
  const windows: [number, number][] = [];
  for (let startMs = oracleStart(timeMs, everyMs, offsetMs); startMs + sizeMs > timeMs; startMs -= everyMs) {
    windows.push([startMs, startMs + sizeMs]);
  }
  return windows;
}

export function answer(rows: readonly OracleRow[], spec: OracleSpec): OracleAnswer {
  const maxBySplit = Array.from({ length: spec.splits }, () => Number.NEGATIVE_INFINITY);
  const groups = new Map<string, OracleGroup>();
  const late = new Map<number, string>();
  let watermarkMs = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    if (row.timeMs === null) {
      late.set(row.id, "NULL_TIME");
      continue;
    }
    const windows = oracleWindows(row.timeMs, spec);
    const open = windows.filter(([, endMs]) => endMs - 1 + spec.latenessMs > watermarkMs);
    if (windows.length > 0 && open.length === 0) late.set(row.id, "LATE");
    for (const [startMs, endMs] of open) {
      const name = `${startMs}…${endMs}|${row.key}`;
      const group = groups.get(name) ?? { count: 0, floats: [], integers: [] };
      groups.set(name, group);
      group.count++;
      if (row.float !== null) group.floats.push(row.float);
      if (row.integer !== null) group.integers.push(row.integer);
    }
    maxBySplit[row.split] = Math.max(maxBySplit[row.split] as number, row.timeMs);
    watermarkMs = Math.max(watermarkMs, Math.min(...maxBySplit) - spec.delayMs);
  }
  return { groups, late };
}

/** What the aggregates of a group are, by SEMANTICS S49, S52–S55. */
export function results({ count, floats, integers }: OracleGroup) {
  const numbers = floats.filter((value) => !Number.isNaN(value));
  const anyNaN = numbers.length < floats.length;
  const sum = floats.reduce((total, value) => total + value, 0);
  const whole = integers.reduce((total, value) => total + value, 0n);
  const ascending = integers.toSorted((a, b) => (a < b ? -1 : 1));
  const noZeroSign = (value: number) => (value === 0 ? 0 : value);
  return {
    count,
    countFloat: floats.length,
    sumFloat: floats.length === 0 ? null : noZeroSign(sum),
    minFloat: floats.length === 0 ? null : noZeroSign(numbers.length === 0 ? Number.NaN : Math.min(...numbers)),
    maxFloat: floats.length === 0 ? null : noZeroSign(anyNaN ? Number.NaN : Math.max(...numbers)),
    avgFloat: floats.length === 0 ? null : noZeroSign(sum / floats.length),
    countInteger: integers.length,
    sumInteger: integers.length === 0 ? null : whole,
    minInteger: ascending[0] ?? null,
    maxInteger: ascending.at(-1) ?? null,
    avgInteger: integers.length === 0 ? null : Number(whole) / integers.length,
  };
}
