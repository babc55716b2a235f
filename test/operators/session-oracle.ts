// The plain truth about sessions: one row after the other, a list of open sessions for each key, nothing clever. S29 to S34
// without a longest duration; with one, rows wait until the watermark is one millisecond before them and go in the order of time.
import type { OracleAnswer, OracleGroup, OracleRow, OracleSpec } from "./window-oracle.js";

interface Session {
  readonly key: string;
  start: number;
  last: number;
  readonly rows: OracleRow[];
}

export function sessionAnswer(rows: readonly OracleRow[], spec: OracleSpec): OracleAnswer {
  const { sizeMs: gap, everyMs, delayMs, splits } = spec;
  const max = everyMs === 0 ? Number.POSITIVE_INFINITY : everyMs;
  const maxBySplit = Array.from({ length: splits }, () => Number.NEGATIVE_INFINITY);
  const groups = new Map<string, OracleGroup>();
  const late = new Map<number, string>();
  let open: Session[] = [];
  let waiting: OracleRow[] = [];
  let watermark = Number.NEGATIVE_INFINITY;
  const endOf = ({ start, last }: Session) => Math.min(last + gap, start + max);

  const add = (row: OracleRow, judged: boolean): void => {
    const time = row.timeMs as number;
    const own = open.filter(({ key }) => key === row.key).sort((a, b) => a.start - b.start);
    const earlier = own.findLast(({ start }) => start <= time);
    const later = own.find(({ start }) => start > time);
    const merged: Session = { key: row.key, start: time, last: time, rows: [row] };
    const take = (session: Session): void => {
      merged.start = Math.min(merged.start, session.start);
      merged.last = Math.max(merged.last, session.last);
      merged.rows.push(...session.rows);
      open = open.filter((other) => other !== session);
    };
    if (earlier !== undefined && time <= earlier.last + gap && time < earlier.start + max) take(earlier);
    if (later !== undefined && later.start <= time + gap && later.last < merged.start + max) take(later);
    if (merged.rows.length === 1 && !judged && time + gap - 1 <= watermark) late.set(row.id, "LATE");
    else open.push(merged);
  };
  const reach = (timeMs: number): void => {
    if (timeMs <= watermark) return;
    const due = waiting.filter((row) => (row.timeMs as number) <= timeMs + 1);
    waiting = waiting.filter((row) => !due.includes(row));
    for (const row of due.sort((a, b) => (a.timeMs as number) - (b.timeMs as number))) add(row, true);
    watermark = timeMs;
    for (const session of open) if (endOf(session) - 1 <= timeMs) fire(session);
    open = open.filter((session) => endOf(session) - 1 > timeMs);
  };
  const fire = (session: Session): void => {
    const ordered = session.rows.toSorted((a, b) => a.id - b.id);
    groups.set(`${session.start}…${endOf(session)}|${session.key}`, {
      count: ordered.length,
      floats: ordered.flatMap(({ float }) => (float === null ? [] : [float])),
      integers: ordered.flatMap(({ integer }) => (integer === null ? [] : [integer])),
    });
  };

  for (const row of rows) {
    if (row.timeMs === null) {
      late.set(row.id, "NULL_TIME");
      continue;
    }
    if (everyMs > 0 && row.timeMs > watermark + 1) waiting.push(row);
    else add(row, false);
    maxBySplit[row.split] = Math.max(maxBySplit[row.split] as number, row.timeMs);
    reach(Math.min(...maxBySplit) - delayMs);
  }
  reach(Number.POSITIVE_INFINITY);
  return { groups, late };
}
