// The engine's worker: runs the programs that a page sends, each as any host would, and sends back what their targets get
// (runtime/worker-messages.ts). The page gives it the compiled kernels; it fetches nothing by itself.
import type { Job } from "./api/runner.js";
import * as compiler from "./compiler.js";
import { PORTABLE } from "./connectors/portable.js";
import { prepareEngine } from "./engine.js";
import { assert } from "./errors.js";
import { browserPlatform } from "./platform/browser.js";
import { ProgramRunner } from "./runner.js";
import type { PortTarget } from "./runtime/port.js";
import { type FromWorker, keepEnded, plainError, revivedError, type ToWorker } from "./runtime/worker-messages.js";

/** What a worker's global scope has of what TypeScript knows of a window's. */
interface WorkerScope {
  postMessage(message: FromWorker, transfer?: readonly ArrayBuffer[]): void;
  onmessage: ((event: { readonly data: ToWorker }) => void) | null;
}

/** How often the page hears what running jobs have counted. */
const STATUS_MS = 100;

const scope = globalThis as unknown as WorkerScope;
const platform = browserPlatform();

interface Running {
  readonly job: Job;
  readonly ports: PortTarget[];
  readonly traces: Map<number, AsyncIterableIterator<unknown>>;
}

const ended: number[] = [];
const running = new Map<number, Running>();
let runner: ProgramRunner | null = null;
/** The page sends programs without waiting for this. */
let opened: Promise<void> = Promise.resolve();
let formats: WebAssembly.Module | null = null;
let formatsArrived: { resolve(module: WebAssembly.Module): void; reject(error: Error): void } | null = null;

scope.onmessage = ({ data }) => {
  if (data.kind === "open") opened = open(data);
  void opened
    .then(() => handle(data))
    .catch((error: unknown) => scope.postMessage({ kind: "broken", error: plainError(error) }));
};

async function handle(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case "open":
      scope.postMessage({ kind: "ready" });
      return;
    case "formats":
      formats = message.module;
      formatsArrived?.resolve(formats);
      return;
    case "formats-failed":
      formatsArrived?.reject(revivedError(message.error));
      return;
    case "start":
      start(message);
      return;
    case "credit":
      running.get(message.job)?.ports[message.port]?.credit();
      return;
    case "cancel":
      await running.get(message.job)?.job.cancel();
      return;
    case "advance":
      running.get(message.job)?.job.advanceTime(message.ms);
      return;
    case "ask":
      await answer(message, async ({ job }) => {
        const value = await job[message.question]();
        scope.postMessage({ kind: "answer", job: message.job, id: message.id, value });
      });
      return;
    case "trace":
      await answer(message, (found) => trace(message, found));
      return;
    case "untrace":
      await running.get(message.job)?.traces.get(message.id)?.return?.();
      return;
  }
}

async function open({ core, shared, memoryBytes }: Extract<ToWorker, { kind: "open" }>): Promise<void> {
  const modules = {
    core: () => Promise.resolve(core),
    formats: async () => {
      if (formats !== null) return formats;
      const arrived = new Promise<WebAssembly.Module>((resolve, reject) => {
        formatsArrived = { resolve, reject };
      });
      scope.postMessage({ kind: "formats" });
      return await arrived;
    },
  };
  const options = Number.isFinite(memoryBytes) ? { memoryBytes } : {};
  const host = { ...platform, sharedMemory: shared };
  runner = new ProgramRunner(await prepareEngine(host, PORTABLE, modules, options, async () => compiler));
}

function start({ job: id, program, tables, options }: Extract<ToWorker, { kind: "start" }>): void {
  assert(runner !== null, "a program before the worker was opened");
  const { catalog } = runner;
  for (const [ref, live] of tables) catalog.adopt(ref, live);
  const ports = program.map((node, port): PortTarget => {
    assert(node.kind === "sink", "a program is its targets");
    const target: PortTarget = {
      schema: (schema) => scope.postMessage({ kind: "schema", job: id, port, schema }),
      batch: (batch) => scope.postMessage({ kind: "batch", job: id, port, batch }, [batch.bytes]),
      credit: () => undefined,
    };
    catalog.adopt(node.table, target);
    return target;
  });
  const job = runner.run(program, options);
  running.set(id, { job, ports, traces: new Map() });
  const stopStatus = reportStatus(id, job);
  job.done.then(
    (totals) => {
      stopStatus();
      scope.postMessage({ kind: "done", job: id, totals });
      keepEnded(running, ended, id);
    },
    (error: unknown) => {
      stopStatus();
      scope.postMessage({ kind: "failed", job: id, error: plainError(error) });
      keepEnded(running, ended, id);
    },
  );
}

/** Sends the job's counters now and then; the function given back sends them once more and stops. */
function reportStatus(id: number, job: Job): () => void {
  const send = () => scope.postMessage({ kind: "status", job: id, metrics: job.metrics(), progress: job.progress() });
  let cancel: () => void = () => undefined;
  const arm = () => {
    cancel = platform.scheduler.after(STATUS_MS, () => {
      send();
      arm();
    });
  };
  arm();
  return () => {
    cancel();
    send();
  };
}

/** Works on a job that is known still; what goes wrong is told to who asked. */
async function answer(
  { job, id }: { readonly job: number; readonly id: number },
  work: (found: Running) => Promise<void>,
): Promise<void> {
  const found = running.get(job);
  if (found === undefined) scope.postMessage({ kind: "answer", job, id, value: undefined });
  else
    await work(found).catch((error: unknown) =>
      scope.postMessage({ kind: "refused", job, id, error: plainError(error) }),
    );
}

async function trace(
  { job: number, id, options }: Extract<ToWorker, { kind: "trace" }>,
  { job, traces }: Running,
): Promise<void> {
  const events = job.trace(options);
  traces.set(id, events);
  for await (const event of events) scope.postMessage({ kind: "event", job: number, id, event });
  traces.delete(id);
}
