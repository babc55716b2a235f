// `millrace run` and `millrace explain`: a job file is a module whose default export takes the engine and gives a stream
// (its rows are printed) or a pipeline (it is run).
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConnectorError, DataStream, EngineError, type Job, Millrace, Pipeline, PlanError } from "../node.js";
import { interruptible } from "./interrupt.js";
import { type Format, integer, note, table } from "./output.js";
import { startProgress } from "./progress.js";
import { printRows } from "./rows.js";

interface RunFlags {
  readonly format: Format;
  readonly memory?: number;
  readonly batchRows?: number;
  readonly availableNow?: boolean;
  readonly metrics?: boolean;
  readonly quiet?: boolean;
}

export async function run(path: string, flags: RunFlags): Promise<void> {
  await interruptible(async (signal) => {
    const mill = await Millrace.open();
    const program = await loadJob(path, mill);
    const options = {
      signal,
      ...(flags.memory === undefined ? {} : { memoryBytes: flags.memory }),
      ...(flags.batchRows === undefined ? {} : { batchRows: flags.batchRows }),
      ...(flags.availableNow === undefined ? {} : { availableNow: flags.availableNow }),
    };
    if (isStream(program)) {
      await printRows(program, flags.format, options);
      return;
    }
    const job = program.start(options);
    const stopWatching = watch(job, flags.quiet);
    const result = await job.done.finally(stopWatching);
    if (flags.metrics) process.stderr.write(`${metricsTable(job)}\n`);
    if (flags.quiet) return;
    const seconds = result.elapsedMs / 1000;
    const trouble = [
      result.lateRows > 0 ? `${integer(result.lateRows)} late` : "",
      result.duplicateRows > 0 ? `${integer(result.duplicateRows)} duplicates` : "",
      result.badRows > 0 ? `${integer(result.badRows)} bad` : "",
    ].filter((part) => part !== "");
    process.stderr.write(
      note(
        `${integer(result.rowsIn)} rows in, ${integer(result.rowsOut)} out${trouble.map((part) => `, ${part}`).join("")}, ` +
          `${seconds.toFixed(2)} s, ${integer(Math.round(result.rowsIn / seconds))} rows/s\n`,
      ),
    );
  });
}

export async function explain(
  path: string,
  flags: { readonly stage?: "logical" | "optimized" | "physical"; readonly json?: boolean; readonly dot?: boolean },
): Promise<void> {
  const mill = await Millrace.open();
  const format = flags.json ? "json" : flags.dot ? "dot" : "text";
  const options = { format, ...(flags.stage === undefined ? {} : { stage: flags.stage }) } as const;
  for await (const program of path.endsWith(".sql") ? mill.script(readSql(path)) : [await loadJob(path, mill)]) {
    const text = typeof program === "string" ? program : await program.explain(options);
    process.stdout.write(`${text}\n`);
  }
}

/** @throws FILE_NOT_FOUND */
export function readSql(path: string): string {
  if (existsSync(path)) return readFileSync(path, "utf8");
  const hint = "give the path of a file of SQL, or the text itself with query -e";
  throw new ConnectorError("FILE_NOT_FOUND", `there is no file ${path}`, { domain: "user", hint });
}

/** Shows a progress bar while the job runs; the returned function ends it. */
export function watch(job: Job, quiet = false): () => void {
  let progress: ReturnType<typeof startProgress> | null = null;
  const timer = setInterval(() => {
    const { doneBytes, totalBytes, rows } = job.progress();
    if (totalBytes === null || totalBytes === 0) return;
    progress ??= startProgress("reading", totalBytes, quiet);
    progress.update(doneBytes, rows);
  }, 100);
  return () => {
    clearInterval(timer);
    progress?.stop();
  };
}

/** What every operator did, in the plan's order. */
export function metricsTable(job: Job): string {
  const rows = job
    .metrics()
    .map(({ name, rowsIn, rowsOut, batchesIn, lateRows, duplicateRows, badRows, busyMs, stateBytes }) => [
      name,
      rowsIn,
      rowsOut,
      batchesIn,
      lateRows,
      duplicateRows,
      badRows,
      Math.round(busyMs * 10) / 10,
      stateBytes,
    ]);
  return table(["operator", "rows in", "rows out", "batches", "late", "duplicates", "bad", "ms", "state bytes"], rows);
}

/** What a job file gives. @throws FILE_NOT_FOUND, UNSUPPORTED, OPTION, JOB_FILE; what the engine refused in it as it is */
export async function loadJob(path: string, mill: Millrace): Promise<Pipeline | DataStream> {
  if (!existsSync(path)) {
    throw new ConnectorError("FILE_NOT_FOUND", `there is no file ${path}`, {
      domain: "user",
      hint: "give the path of a JavaScript module that exports a job",
    });
  }
  if (/\.[cm]?ts$/.test(path) && !Reflect.get(process.features, "typescript")) {
    throw new PlanError("UNSUPPORTED", `${path} is TypeScript, which Node ${process.versions.node} does not run`, {
      hint: "compile it first, run the command through tsx (npx tsx), or use Node 22.18 or newer",
    });
  }
  const { href } = pathToFileURL(resolve(path));
  let job: unknown;
  try {
    const module = (await import(href)) as { readonly default?: unknown };
    job = typeof module.default === "function" ? await module.default(mill) : module.default;
  } catch (error) {
    throw error instanceof EngineError ? error : jobFileError(path, href, error);
  }
  if (isStream(job) || isPipeline(job)) return job;
  throw new PlanError("OPTION", `${path} exports no job`, {
    hint:
      "write `export default (mill) => mill.file(…)…` and return a stream or a pipeline; " +
      "a program that runs its jobs by itself is started by node",
  });
}

/** What is wrong with a job file is its author's to mend, whoever threw it. */
function jobFileError(path: string, href: string, cause: unknown): PlanError {
  const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  const stack = cause instanceof Error ? (cause.stack ?? "") : "";
  const [, line, column] = /^:(\d+):(\d+)/.exec(stack.split(href)[1] ?? "") ?? [];
  const place = line === undefined ? {} : { line: Number(line), column: Number(column) };
  return new PlanError("JOB_FILE", `${path} gives no job: ${text}`, {
    at: { source: path, ...place },
    hint:
      cause instanceof SyntaxError
        ? `node --check ${path} shows the place`
        : "mend the file; it is a module that node runs",
    cause,
  });
}

// A job file may bring its own copy of the library, so classes are compared by shape where they differ.
export function isStream(value: unknown): value is DataStream {
  return value instanceof DataStream || (hasMethod(value, "rows") && hasMethod(value, "explain"));
}

function isPipeline(value: unknown): value is Pipeline {
  return value instanceof Pipeline || (hasMethod(value, "start") && hasMethod(value, "explain"));
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, name) === "function";
}
