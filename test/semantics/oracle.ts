// What a windowed aggregation has to give, worked out one row at a time with Maps, from the numbered semantics alone: S1 and
// S2 the watermark, S11 NULL times, S18 and S21 to S25 the windows of a time, S40 to S42 late rows, S47 to S54 the values,
// S98 the end.

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
  readonly kind: "tumble" | "hop" | "cumulate";
  readonly sizeMs: number;
  /** The slide of hopping windows, the step of cumulating ones. */
  readonly everyMs: number;
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

interface LateRow {
  readonly row: Row;
  readonly reason: "LATE" | "NULL_TIME";
  /** Null while there is no watermark. */
  readonly watermark: number | null;
  /** From the start of the first to the end of the last window it missed. */
  readonly missed: Span | null;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** One key in one window. */
interface Group extends Span {
  readonly rows: Row[];
  fired: boolean;
}

/** What comes out of a window. */
export interface Output {
  /** In order. */
  readonly emitted: Result[];
  /** In order. */
  readonly late: LateRow[];
  /** Rows that missed some of their windows. */
  readonly partiallyLate: number;
}

/** All that is emitted, and all rows that are late, when rows come one at a time. */
export function expectedOutput(rows: readonly Row[], windowing: Windowing): Output {
  const { latenessMs, delayMs } = windowing;
  const groups = new Map<string, Group>();
  const emitted: Result[] = [];
  const late: LateRow[] = [];
  let partiallyLate = 0;
  let watermark = Number.NEGATIVE_INFINITY;
  const fire = (group: Group): void => {
    group.fired = true;
    emitted.push(resultOf(group));
  };
  const fireUpTo = (timeMs: number): void => {
    for (const group of groups.values()) if (!group.fired && group.end - 1 <= timeMs) fire(group);
  };
  for (const row of rows) {
    const known = watermark === Number.NEGATIVE_INFINITY ? null : watermark;
    if (row.ts === null) {
      late.push({ row, reason: "NULL_TIME", watermark: known, missed: null });
      continue;
    }
    const spans = windowsOf(row.ts, windowing);
    const open = spans.filter(({ end }) => end - 1 + latenessMs > watermark);
    const [first, last] = [spans[0], spans.at(-1)];
    if (open.length === 0 && first !== undefined && last !== undefined) {
      late.push({ row, reason: "LATE", watermark: known, missed: { start: first.start, end: last.end } });
    } else if (open.length < spans.length) partiallyLate++;
    for (const span of open) {
      const id = JSON.stringify([span, row.k, row.g]);
      const group = groups.get(id) ?? { ...span, rows: [], fired: false };
      groups.set(id, group);
      group.rows.push(row);
      if (span.end - 1 <= watermark) fire(group);
    }
    watermark = Math.max(watermark, row.ts - delayMs);
    fireUpTo(watermark);
  }
  fireUpTo(Number.POSITIVE_INFINITY);
  return { emitted, late, partiallyLate };
}

/** All windows that a time is in, in the order of their ends: starts and steps are tried one after the other. */
function windowsOf(ts: number, { kind, sizeMs, everyMs, offsetMs }: Windowing): Span[] {
  const spans: Span[] = [];
  if (kind === "hop") {
    const last = ts - floorMod(ts - offsetMs, everyMs);
    for (let start = last; start + sizeMs > ts; start -= everyMs) spans.unshift({ start, end: start + sizeMs });
    return spans;
  }
  const start = ts - floorMod(ts - offsetMs, sizeMs);
  const stepMs = kind === "tumble" ? sizeMs : everyMs;
  for (let end = start + stepMs; end <= start + sizeMs; end += stepMs) if (end > ts) spans.push({ start, end });
  return spans;
}

function floorMod(a: number, b: number): number {
  return ((a % b) + b) % b;
}

function resultOf({ start, end, rows }: Group): Result {
  const [{ k, g }] = rows as [Row];
  const values = rows.flatMap(({ v }) => (v === null ? [] : [v]));
  const integers = rows.flatMap(({ b }) => (b === null ? [] : [b]));
  const ordered = values.toSorted(byValue);
  return {
    start,
    end,
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
