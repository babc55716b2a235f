// The demo's job: a thousand events a second, cleaned, deduplicated, and analysed in windows of event time by host.
import { avg, col, count, type Engine, max, type Pipeline, sum, tumble } from "../index.js";
import { EVENT_SCHEMA, type EventOptions, type ServerEvent, serverEvents } from "./events.js";
import type { Results } from "./monitor.js";

export const EVENTS_PER_SECOND = 1000;
/** Windows that the page shows: ten minutes of 50 hosts. */
const WINDOW_ROWS_MAX = 6000;
/** How often events are handed over, in milliseconds. */
const PACE_MS = 20;

export interface DemoJob {
  readonly pipeline: Pipeline;
  /** One row a host and window. */
  readonly results: Results;
}

/** What the job needs of its host. */
export interface Pace {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

/** The events one by one, each when it is due. What is overdue comes at once: a host that slept catches up. */
export async function* paced(options: EventOptions, pace: Pace): AsyncGenerator<ServerEvent, void, undefined> {
  for (const { dueMs, event } of serverEvents(options)) {
    while (pace.nowMs() < dueMs) await pace.sleep(PACE_MS);
    yield event;
  }
}

/** The program over any stream of such events. */
export async function demoJob(
  mill: Engine,
  events: AsyncIterable<ServerEvent> | Iterable<ServerEvent>,
): Promise<DemoJob> {
  const metrics = mill.from(events, { schema: EVENT_SCHEMA, name: "servers", rowPolicy: "deadLetter", bounded: false });
  const once = metrics
    .where(col("host").isNotNull().and(col("cpu").between(0, 100)).and(col("latency").ge(0)))
    .withWatermark("at", "2s")
    .deduplicate("id", { within: "1m" });
  const byHost = once
    .window(tumble("5s"))
    .groupBy("host")
    .aggregate({
      cpu: avg("cpu"),
      memory: avg("memory"),
      requests: sum("requests"),
      latency: avg("latency"),
      worst: max("latency"),
      events: count(),
    });
  const key = ["windowStart", "host"];
  const windows = mill.memory({ name: "windows", key, rowsMax: WINDOW_ROWS_MAX });
  const late = mill.memory({ name: "late", rowsMax: 100 });
  const refused = mill.memory({ name: "refused", rowsMax: 100 });
  const pipeline = byHost.to(windows).and(byHost.late().to(late)).and(byHost.deadLetters().to(refused));
  const columns = await byHost.schema();
  return { pipeline, results: { table: windows, columns, key, rowsMax: WINDOW_ROWS_MAX } };
}
