// `millrace demo monitor` and `millrace monitor JOB`: runs a job and shows it live on a page of this machine.
import { fileURLToPath } from "node:url";
import { demoJob, EVENTS_PER_SECOND, paced } from "../monitor/demo.js";
import { Monitor, type Subject } from "../monitor/monitor.js";
import { Millrace, type RunOptions } from "../node.js";
import { interruptible } from "./interrupt.js";
import { MonitorServer } from "./monitor-server.js";
import { heading, note } from "./output.js";
import { isStream, loadJob } from "./run.js";

interface MonitorFlags {
  readonly port: number;
  readonly quiet?: boolean;
}

/** The page as the build left it beside the command line. */
const PAGE = fileURLToPath(new URL("../monitor/", import.meta.url));
/** Results of a job file that the page can look back at. */
const ROWS_MAX = 5000;

export async function demoMonitor(flags: MonitorFlags & { readonly seed: number }): Promise<void> {
  await interruptible(async (signal) => {
    const mill = await Millrace.open();
    const pace = {
      nowMs: () => Date.now(),
      sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    };
    const options = { seed: flags.seed, startMs: Date.now(), eventsPerSecond: EVENTS_PER_SECOND };
    const { pipeline, results } = await demoJob(mill, paced(options, pace));
    await show({ title: "50 servers", job: pipeline.start({ signal, name: "demo" }), results }, flags, signal);
  });
}

export async function monitor(path: string, flags: MonitorFlags & { readonly memory?: number }): Promise<void> {
  await interruptible(async (signal) => {
    const mill = await Millrace.open();
    const program = await loadJob(path, mill);
    const options: RunOptions = {
      signal,
      name: path,
      ...(flags.memory === undefined ? {} : { memoryBytes: flags.memory }),
    };
    if (!isStream(program)) {
      await show({ title: path, job: program.start(options), results: null }, flags, signal);
      return;
    }
    // Whatever a job's numbers are, looking at them must not end it.
    const table = mill.memory({ name: "results", rowsMax: ROWS_MAX, bigint: true });
    const columns = (await program.schema()) as Record<string, string>;
    const results = { table, columns, key: [], rowsMax: ROWS_MAX };
    await show({ title: path, job: program.to(table).start(options), results }, flags, signal);
  });
}

/** Serves the page until Ctrl-C: a job that has ended is still looked at. */
async function show(subject: Subject, flags: MonitorFlags, signal: AbortSignal): Promise<void> {
  const monitor = new Monitor(subject);
  const server = new MonitorServer(monitor, PAGE);
  await server.listen(flags.port);
  const watching = monitor.watch();
  process.stdout.write(`${flags.quiet ? server.url : `${heading("The monitor is at")} ${server.url}`}\n`);
  if (!flags.quiet)
    process.stderr.write(note("for this machine only; the link holds its key. Ctrl-C stops the job and the page\n"));
  try {
    await subject.job.done;
    await watching;
    if (!flags.quiet) process.stderr.write(note("the job has ended; the page stays until Ctrl-C\n"));
    await aborted(signal);
  } finally {
    await server.close();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
