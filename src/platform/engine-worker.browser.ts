// A page's engine in a worker: starts it with the first program that is to run there, sends programs, and feeds what comes back
// to the page's own targets. What finds no worker runs in the page as it would anywhere.
import { EngineError } from "../errors.js";
import type { Catalog } from "../plan/catalog.js";
import type { LogicalPlan } from "../plan/logical.js";
import { type Program, topological } from "../plan/walk.js";
import type { Moved } from "../runner.js";
import { PORT, relayPlan } from "../runtime/port.js";
import {
  type FromWorker,
  keepEnded,
  plainError,
  type RemoteOptions,
  type ToWorker,
} from "../runtime/worker-messages.js";
import type { KernelModules } from "../wasm/kernels.js";
import { messageOf } from "./errors.js";
import { WorkerJob } from "./worker-job.browser.js";

export interface EngineWorkerOptions {
  /** Compiled modules: they are sent to the worker. */
  readonly modules: {
    core(shared: boolean): Promise<WebAssembly.Module>;
    formats(shared: boolean): Promise<WebAssembly.Module>;
  };
  readonly shared: boolean;
  readonly memoryBytes: number;
  readonly start: StartWorker;
}

/** Loads and starts a worker. It may throw what a policy refuses it with. @throws MODULE_MISSING */
export type StartWorker = () => Promise<Worker>;

/** How long a worker may take until it answers: one that a policy holds back may never say so. */
const OPEN_MS_MAX = 10_000;

export class EngineWorker {
  readonly #options: EngineWorkerOptions;
  readonly #jobs = new Map<number, WorkerJob>();
  readonly #ended: number[] = [];
  #worker: Worker | null = null;
  /** Until it was started and told to open. */
  #started: Promise<void> | undefined;
  /** null when it is open, else why there is none; kept, so that one failure decides for all programs. */
  #opened: Promise<string | null> | undefined;
  #hasFormats = false;
  #count = 0;

  constructor(options: EngineWorkerOptions) {
    this.#options = options;
  }

  /**
   * Starts a program there: what stands for it here, or why it could not leave. Never rejects.
   * @param withFormats - it reads bytes: the kernels of formats come while the worker starts, and not when it asks for them
   */
  async move(
    program: Program,
    options: RemoteOptions,
    catalog: Catalog,
    withFormats: boolean,
  ): Promise<Moved | string> {
    const { modules, shared } = this.#options;
    // A failure is told when the worker asks.
    if (withFormats) modules.formats(shared).catch(() => undefined);
    this.#started ??= this.#start();
    await this.#started;
    const worker = this.#worker;
    if (worker === null) return (await this.#opened) ?? "the worker has ended";
    const id = this.#count++;
    const job = new WorkerJob(
      id,
      program.length,
      (message) => worker.postMessage(message),
      () => keepEnded(this.#jobs, this.#ended, id),
    );
    const pairs = job.ports.map((origin, index) => ({
      target: (program[index] as LogicalPlan & { kind: "sink" }).table,
      port: catalog.addTable(PORT, "worker", {}, origin),
      origin,
    }));
    const { name, memoryBytes, batchRows, optimize, availableNow } = options;
    const message: ToWorker = {
      kind: "start",
      job: id,
      program: program.map((node, index) => ({
        ...(node as LogicalPlan & { kind: "sink" }),
        table: { id: `${PORT}-${index}`, connector: PORT, name: "page", options: {} },
      })),
      tables: topological(program).flatMap((node) =>
        "table" in node && node.kind !== "sink" ? [[node.table, absolute(catalog.live(node.table))] as const] : [],
      ),
      options: JSON.parse(JSON.stringify({ name, memoryBytes, batchRows, optimize, availableNow })) as RemoteOptions,
    };
    try {
      worker.postMessage(message);
    } catch (cause) {
      return `the plan cannot be sent: ${messageOf(cause)}`;
    }
    this.#jobs.set(id, job);
    if (withFormats && !this.#hasFormats) {
      this.#hasFormats = true;
      void this.#sendFormats();
    }
    // The program is on its way by now: a worker that answers has it, and one that does not has run nothing of it.
    const why = await this.#opened;
    return typeof why === "string" ? why : { plan: () => relayPlan(pairs), remote: job };
  }

  close(): void {
    this.#fail("the engine was closed");
  }

  /** Starts the worker, and tells it to open. */
  async #start(): Promise<void> {
    const { modules, shared, memoryBytes, start } = this.#options;
    try {
      const core = await modules.core(shared);
      this.#worker = await start();
      this.#opened = this.#answer(this.#worker);
      this.#post({ kind: "open", core, shared, memoryBytes });
    } catch (cause) {
      this.#fail(messageOf(cause));
    }
  }

  /** Listens to the worker; null once it is open, or why it will not be. */
  #answer(worker: Worker): Promise<string | null> {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(this.#fail("the worker did not answer")), OPEN_MS_MAX);
      const answer = (why: string | null) => {
        clearTimeout(late);
        resolve(why);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        answer(this.#fail(event.message === undefined ? "the page's policy forbids the worker" : event.message));
      };
      worker.onmessageerror = () => answer(this.#fail("a message could not be read"));
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if (data.kind === "ready") answer(null);
        else if (data.kind === "broken") answer(this.#fail(data.error.message));
        else this.#receive(data);
      };
    });
  }

  #receive(message: Exclude<FromWorker, { kind: "ready" | "broken" }>): void {
    if (message.kind === "formats") void this.#sendFormats();
    else this.#jobs.get(message.job)?.receive(message);
  }

  async #sendFormats(): Promise<void> {
    const { modules, shared } = this.#options;
    try {
      this.#post({ kind: "formats", module: await modules.formats(shared) });
    } catch (error) {
      this.#post({ kind: "formats-failed", error: plainError(error) });
    }
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  /** Ends the worker and, by an error, whatever still runs in it. */
  #fail(why: string): string {
    this.#worker?.terminate();
    this.#worker = null;
    const error = new EngineError("WORKER", `the worker ended: ${why}`, {
      hint: "run the job again; { worker: false } keeps jobs in the page",
    });
    for (const job of this.#jobs.values()) job.lose(error);
    this.#jobs.clear();
    this.#opened = Promise.resolve(why);
    return why;
  }
}

/** Compiled once, for the page and its workers; what failed is tried again. */
export function compiledModules(modules: KernelModules): EngineWorkerOptions["modules"] {
  const once = (load: (shared: boolean) => ReturnType<KernelModules["core"]>) => {
    let compiled: Promise<WebAssembly.Module> | undefined;
    return (shared: boolean): Promise<WebAssembly.Module> => {
      compiled ??= load(shared)
        .then((source) => (source instanceof Uint8Array ? WebAssembly.compile(source) : source))
        .catch((error: unknown) => {
          compiled = undefined;
          throw error;
        });
      return compiled;
    };
  };
  return { core: once(modules.core), formats: once(modules.formats) };
}

/** The same with addresses as the page means them: a worker has another base. */
function absolute(live: unknown): unknown {
  if (typeof live === "object" && live !== null) {
    return Object.fromEntries(Object.entries(live).map(([name, value]) => [name, absolute(value)]));
  }
  const base = globalThis.document?.baseURI ?? location.href;
  return typeof live === "string" && URL.canParse(live, base) ? new URL(live, base).href : live;
}
