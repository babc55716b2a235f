// `millrace demo`: three million real flights through hourly event-time windows. They arrive in the order of scheduled
// departure; event time is the actual departure, so the stream is truly out of order and some flights are hopelessly late.
import { existsSync, mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { avg, ConnectorError, col, count, interval, type JobResult, Millrace, tumble } from "../node.js";
import { interruptible } from "./interrupt.js";
import { chart, type Format, heading, integer, note, table, timestampText } from "./output.js";
import { jsonLines } from "./rows.js";
import { watch } from "./run.js";

interface DemoFlags {
  readonly file?: string;
  readonly bound: string;
  readonly late?: string;
  readonly format: Format;
  readonly quiet?: boolean;
}

/** One hour at one airport, as the windows give it. */
interface Hour {
  windowStart: Date;
  origin: string | null;
  departures: number;
  delay: number | null;
}

const FLIGHTS = {
  date: "TIMESTAMP(6)",
  delay: "BIGINT",
  distance: "BIGINT",
  origin: "STRING",
  destination: "STRING",
} as const;

const DAY_MS = 86_400_000;

export async function demo(flags: DemoFlags): Promise<void> {
  await interruptible(async (signal) => {
    const mill = await Millrace.open();
    const path = flags.file ?? flightsPath();
    const latePath = flags.late ?? join(mkdtempSync(join(tmpdir(), "millrace-demo-")), "late.ndjson");
    const departures = mill
      .file(path, { schema: FLIGHTS })
      .withColumn("departed", col("date").add(interval("1m").mul(col("delay"))))
      .withWatermark("departed", flags.bound);
    const hourly = departures
      .window(tumble("1h"))
      .groupBy("origin")
      .aggregate({ departures: count(), delay: avg("delay") });

    const talk = flags.format === "table" && !flags.quiet;
    if (talk) {
      say(heading("Hourly departures and average delay, by airport"));
      say(
        note(
          `${path}\nin order of scheduled departure; event time is the actual one, up to ${flags.bound} out of order\n`,
        ),
      );
    }
    const summary = new Summary();
    const line = flags.format === "ndjson" ? jsonLines(await hourly.schema()) : null;
    const results = mill.callback<Hour>((rows) => {
      for (const row of rows) summary.add(row);
      if (line !== null) process.stdout.write(rows.map((row) => line({ ...row })).join(""));
    });
    const late: Record<string, unknown>[] = [];
    const lateRows = hourly.late().inspect((row) => {
      if (late.length < 5) late.push(row);
    });

    const job = hourly
      .to(results)
      .and(lateRows.to(mill.file(latePath)))
      .start({ signal, name: "demo" });
    const result = await job.done.finally(watch(job, flags.quiet));
    if (talk) report(summary, late, result, latePath);
    if (flags.format === "table") say(pace(result));
  });
}

/** What the terminal shows of some hundred thousand results. */
class Summary {
  readonly busiest: Hour[] = [];
  readonly byDay = new Map<number, number>();
  readonly delayByHour = Array.from({ length: 24 }, () => ({ minutes: 0, flights: 0 }));
  results = 0;

  add(hour: Hour): void {
    this.results++;
    const startMs = hour.windowStart.getTime();
    const day = Math.floor(startMs / DAY_MS);
    this.byDay.set(day, (this.byDay.get(day) ?? 0) + hour.departures);
    const slot = this.delayByHour[hour.windowStart.getUTCHours()];
    if (slot !== undefined && hour.delay !== null) {
      slot.minutes += hour.delay * hour.departures;
      slot.flights += hour.departures;
    }
    const last = this.busiest[this.busiest.length - 1];
    if (this.busiest.length < 8 || (last !== undefined && hour.departures > last.departures)) {
      this.busiest.push(hour);
      this.busiest.sort((a, b) => b.departures - a.departures);
      this.busiest.length = Math.min(this.busiest.length, 8);
    }
  }
}

function report(summary: Summary, late: readonly Record<string, unknown>[], result: JobResult, latePath: string): void {
  const busiest = summary.busiest.map(({ windowStart, origin, departures, delay }) => [
    timestampText(windowStart),
    origin,
    departures,
    delay,
  ]);
  say(`${heading("The busiest hours")}\n${table(["hour", "origin", "departures", "avg delay (min)"], busiest)}\n`);
  const days = [...summary.byDay].sort(([a], [b]) => a - b);
  const dayText = (index: number) => new Date((days[index]?.[0] ?? 0) * DAY_MS).toISOString().slice(0, 10);
  const flown = days.map(([, departures]) => departures);
  say(`${chart("Departures a day", flown, { height: 8, from: dayText(0), to: dayText(days.length - 1) })}\n`);
  const delays = summary.delayByHour.map(({ minutes, flights }) => (flights === 0 ? 0 : minutes / flights));
  const wide = delays.flatMap((delay) => [delay, delay, delay]);
  say(`${chart("Average delay by hour of day (minutes)", wide, { height: 8, from: "00:00", to: "23:00" })}\n`);

  say(heading(`${integer(result.lateRows)} departures came too late for their window`));
  if (late.length > 0) {
    const rows = late.map(({ date, delay, origin, departed, lateWatermark }) => [
      toTheSecond(date),
      delay,
      origin,
      toTheSecond(departed),
      lateWatermark,
    ]);
    say(table(["scheduled", "delay (min)", "origin", "departed", "watermark then"], rows));
    say(note(`all of them, with the watermark that judged them: ${latePath}\n`));
  }
  say(`${integer(summary.results)} results`);
}

/** Microsecond times come as ISO text. */
function toTheSecond(time: unknown): string {
  return String(time).replace("T", " ").slice(0, 19);
}

function pace({ rowsIn, elapsedMs }: JobResult): string {
  const rate = integer(Math.round((rowsIn / elapsedMs) * 1000));
  return `${integer(rowsIn)} rows in ${(elapsedMs / 1000).toFixed(2)} s: ${heading(`${rate} rows/s`)}`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The flights that come with the development dependency vega-datasets. @throws DEPENDENCY_MISSING */
function flightsPath(): string {
  // The package exports its scripts only, so its folder is looked for where Node would look for the package.
  const folders = createRequire(join(process.cwd(), "package.json")).resolve.paths("vega-datasets") ?? [];
  const found = folders.map((folder) => join(folder, "vega-datasets/data/flights-3m.parquet")).find(existsSync);
  if (found !== undefined) return found;
  throw new ConnectorError("DEPENDENCY_MISSING", "the demo's flights are not installed", {
    domain: "user",
    hint: "npm install vega-datasets, or give a Parquet file: millrace demo --file flights.parquet",
  });
}
