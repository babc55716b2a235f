// How a shell shows a query. Rows that end are a table; endless ones are shown as they come, and on a terminal results that are
// updated are drawn anew in the same place.
import type { DataStream, RowOptions } from "../node.js";
import { type Format, integer, note, table } from "./output.js";
import { jsonLines } from "./rows.js";

/** Where a shell reads and writes; a terminal gets prompts, completion and results that are drawn anew in place. */
export interface ShellHost {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream & { readonly columns?: number; readonly rows?: number };
  readonly isTerminal: boolean;
  /** The file that lines are kept in; null: nowhere. */
  readonly historyPath: string | null;
}

/** Rows that were shown, by column. */
export interface Result {
  readonly names: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

const SHOWN_MAX = 40;
/** Rows that are kept for charts. */
const KEPT_MAX = 10_000;
const DRAW_MS = 100;
const OP = "op";

type AnyRow = Readonly<Record<string, unknown>>;

/** Runs the query and shows it. @throws what the job throws, and when it is stopped */
export async function showResult(
  stream: DataStream,
  format: Format,
  host: ShellHost,
  options: RowOptions,
): Promise<Result> {
  const { bounded, updating } = await stream.traits();
  const rowOptions = { ...options, bigint: true };
  if (bounded) return await showAll(stream, format, host, rowOptions);
  if (updating && host.isTerminal && format === "table") return await drawLive(stream, host, rowOptions);
  return await showComing(updating ? stream.changelog(OP) : stream, format, host, rowOptions);
}

async function showAll(
  stream: DataStream,
  format: Format,
  { output }: ShellHost,
  options: RowOptions,
): Promise<Result> {
  const schema = await stream.schema();
  const names = Object.keys(schema);
  const line = jsonLines(schema);
  const rows: unknown[][] = [];
  let count = 0;
  for await (const row of stream.rows(options)) {
    if (rows.length < KEPT_MAX) rows.push(names.map((name) => row[name]));
    if (format === "ndjson") output.write(line(row));
    count++;
  }
  if (format === "table") {
    const shown = rows.slice(0, SHOWN_MAX);
    output.write(`${table(names, shown)}\n`);
    if (count > shown.length) output.write(`${note(`… ${integer(count - shown.length)} more rows`)}\n`);
  }
  return { names, rows };
}

/** Rows as they come, aligned with those that came at the same time. */
async function showComing(
  stream: DataStream,
  format: Format,
  { output }: ShellHost,
  options: RowOptions,
): Promise<Result> {
  const schema = await stream.schema();
  const names = Object.keys(schema);
  const line = jsonLines(schema);
  const rows: unknown[][] = [];
  let waiting: unknown[][] = [];
  const show = () => {
    if (waiting.length > 0) output.write(`${table(names, waiting.splice(0))}\n`);
  };
  const timer = setInterval(show, DRAW_MS);
  try {
    for await (const row of stream.rows(options)) {
      const values = names.map((name) => row[name]);
      rows.push(values);
      if (rows.length > KEPT_MAX) rows.shift();
      if (format === "ndjson") output.write(line(row));
      else waiting.push(values);
      if (waiting.length >= SHOWN_MAX) show();
    }
  } finally {
    clearInterval(timer);
    show();
    waiting = [];
  }
  return { names, rows };
}

/** What holds now, drawn anew over what was drawn before. */
async function drawLive(stream: DataStream, { output }: ShellHost, options: RowOptions): Promise<Result> {
  const names = Object.keys(await stream.schema());
  const holding = new Map<string, { readonly values: readonly unknown[]; count: number }>();
  let drawn = 0;
  let isChanged = true;
  const draw = () => {
    if (!isChanged) return;
    isChanged = false;
    const shown = [...holding.values()].slice(0, Math.max(1, Math.min(SHOWN_MAX, (output.rows ?? 24) - 4)));
    const more = holding.size > shown.length ? [note(`… ${integer(holding.size - shown.length)} more rows`)] : [];
    const text = [
      table(
        names,
        shown.map(({ values }) => values),
      ),
      ...more,
      note("Ctrl-C stops it"),
    ].join("\n");
    // Up to the first line that was drawn, and everything below it away.
    output.write(`${drawn > 0 ? `\u001b[${drawn}A\u001b[0J` : ""}${text}\n`);
    drawn = text.split("\n").length;
  };
  const timer = setInterval(draw, DRAW_MS);
  try {
    for await (const { [OP]: op, ...row } of stream.changelog(OP).rows(options) as AsyncIterable<AnyRow>) {
      const values = names.map((name) => row[name]);
      const key = JSON.stringify(values, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
      const known = holding.get(key);
      const count = (known?.count ?? 0) + (op === "+I" || op === "+U" ? 1 : -1);
      if (count === 0) holding.delete(key);
      else if (known === undefined) holding.set(key, { values, count });
      else known.count = count;
      isChanged = true;
    }
  } finally {
    clearInterval(timer);
    draw();
  }
  return { names, rows: [...holding.values()].map(({ values }) => values) };
}
