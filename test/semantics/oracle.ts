// What a windowed aggregation has to give, worked out one row at a time with Maps, from the numbered semantics alone: S1 and
// S2 the watermark, S11 NULL times, S18 the window of a time, S40 and S41 late rows, S47 to S54 the values, S98 the end.

export interface Row {
  /** Milliseconds. */
  readonly ts: number | null;
  readonly k: string | null;
  readonly g: number | null;
  readonly v: number | null;
  readonly b: bigint | null;
  readonly s: string | null;
}

export interface Windowing {
  readonly sizeMs: number;
  readonly offsetMs: number;
  readonly latenessMs: number;
  readonly delayMs: number;
}

export interface Result {
  readonly start: number;
  readonly end: number;
  readonly k: string | null;
  readonly g: number | null;
  readonly n: number;
  readonly sumV: number | null;
  readonly minV: number | null;
  readonly maxV: number | null;
  readonly sumB: bigint | null;
  readonly countS: number;
}

export interface LateRow {
  readonly row: Row;
  readonly reason: "LATE" | "NULL_TIME";
  /** Null while there is no watermark. */
  readonly watermark: number | null;
}

/** One key in one window. */
interface Group {
  readonly start: number;
  readonly rows: Row[];
  fired: boolean;
}

/** All that is emitted, in order, and all rows that are late, in order, when rows come one at a time. */
export function expectedOutput(rows: readonly Row[], windowing: Windowing): { emitted: Result[]; late: LateRow[] } {
  const { sizeMs, offsetMs, latenessMs, delayMs } = windowing;
  const groups = new Map<string, Group>();
  const emitted: Result[] = [];
  const late: LateRow[] = [];
  let watermark = Number.NEGATIVE_INFINITY;
  const fireUpTo = (timeMs: number): void => {
    for (const group of groups.values()) {
      if (group.fired || group.start + sizeMs - 1 > timeMs) continue;
      group.fired = true;
      emitted.push(resultOf(group, sizeMs));
    }
  };
  for (const row of rows) {
    const known = watermark === Number.NEGATIVE_INFINITY ? null : watermark;
    if (row.ts === null) {
      late.push({ row, reason: "NULL_TIME", watermark: known });
      continue;
    }
    const start = row.ts - floorMod(row.ts - offsetMs, sizeMs);
    const last = start + sizeMs - 1;
    if (last + latenessMs <= watermark) {
      late.push({ row, reason: "LATE", watermark: known });
    } else {
      const id = JSON.stringify([start, row.k, row.g]);
      const group = groups.get(id) ?? { start, rows: [], fired: false };
      groups.set(id, group);
      group.rows.push(row);
      if (last <= watermark) {
        group.fired = true;
        emitted.push(resultOf(group, sizeMs));
      }
    }
    watermark = Math.max(watermark, row.ts - delayMs);
    fireUpTo(watermark);
  }
  fireUpTo(Number.POSITIVE_INFINITY);
  return { emitted, late };
}

function floorMod(a: number, b: number): number {
  return ((a % b) + b) % b;
}

function resultOf({ start, rows }: Group, sizeMs: number): Result {
  const [{ k, g }] = rows as [Row];
  const values = rows.flatMap(({ v }) => (v === null ? [] : [v]));
  const integers = rows.flatMap(({ b }) => (b === null ? [] : [b]));
  const ordered = values.toSorted(byValue);
  return {
    start,
    end: start + sizeMs,
    k,
    g,
    n: rows.length,
    sumV: values.length === 0 ? null : values.reduce((a, b) => a + b, 0),
    minV: unsigned(ordered[0]),
    maxV: unsigned(ordered.at(-1)),
    sumB: integers.length === 0 ? null : integers.reduce((a, b) => a + b, 0n),
    countS: rows.filter(({ s }) => s !== null).length,
  };
}

/** NaN is the greatest, and both zeros are equal (S52, S53). */
function byValue(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

function unsigned(value: number | undefined): number | null {
  return value === undefined ? null : value + 0;
}
