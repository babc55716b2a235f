// Which programs of a page leave it, and to which of its two workers: the light one knows the formats of streams, the other one
// those of data files too, with the libraries behind them, and the functions that few programs name. Each is loaded and started with the first program that it is for.
import type { Catalog } from "../plan/catalog.js";
import { callsLate, callsUser } from "../plan/late-functions.js";
import type { TableRef } from "../plan/logical.js";
import { type Program, topological } from "../plan/walk.js";
import type { Moved, Offload } from "../runner.js";
import type { LateConnector } from "../runtime/connector.js";
import type { RemoteOptions } from "../runtime/worker-messages.js";
import { EngineWorker, type EngineWorkerOptions, type StartWorker } from "./engine-worker.browser.js";
import { loadPart } from "./errors.js";

export interface PageOffloadOptions extends Omit<EngineWorkerOptions, "start"> {
  /** The connectors whose tables a worker can read. */
  readonly portable: readonly LateConnector[];
  /** Whether reading a table may take a format of data files. */
  readonly mayBeDataFile: (table: TableRef) => boolean;
  /** The worker's file, of all formats, where the page's policy forbids a Blob URL. */
  readonly url: string | URL | undefined;
}

/** Loads the light worker's text; it starts nothing. @throws MODULE_MISSING */
export const loadStreamWorker = () => loadPart("the worker", () => import("./start-worker.browser.js"));

const startStreams: StartWorker = async () => (await loadStreamWorker()).startWorker();

const startFiles: StartWorker = async () =>
  (await loadPart("the worker of data files", () => import("./start-file-worker.browser.js"))).startWorker();

export class PageOffload implements Offload {
  readonly #portable: ReadonlyMap<string, LateConnector>;
  readonly #mayBeDataFile: PageOffloadOptions["mayBeDataFile"];
  readonly #streams: EngineWorker;
  readonly #files: EngineWorker;

  constructor({ portable, mayBeDataFile, url, ...options }: PageOffloadOptions) {
    this.#portable = new Map(portable.map((connector) => [connector.name, connector]));
    this.#mayBeDataFile = mayBeDataFile;
    if (url === undefined) {
      this.#streams = new EngineWorker({ ...options, start: startStreams });
      this.#files = new EngineWorker({ ...options, start: startFiles });
    } else {
      const start = async () => new Worker(url, { type: "module", name: "millrace" });
      this.#streams = new EngineWorker({ ...options, start });
      this.#files = this.#streams;
    }
  }

  refusal(program: Program, catalog: Catalog): string | null {
    if (callsUser(program)) return "a function of its own is in the page";
    for (const node of topological(program)) {
      if ("fn" in node) return `the function ${node.fn.name} is in the page`;
      if (node.kind !== "scan" && node.kind !== "unresolved-scan") continue;
      const { name, connector } = node.table;
      if (!this.#portable.has(connector)) return `${name} (${connector}) is in the page`;
      if (!isPlain(catalog.live(node.table))) return `${name} (${connector}) has a function in the page`;
    }
    return null;
  }

  move(program: Program, options: RemoteOptions, catalog: Catalog): Promise<Moved | string> {
    const tables = topological(program).flatMap((node) => {
      return node.kind === "scan" || node.kind === "unresolved-scan" ? [node.table] : [];
    });
    const isRare = tables.some(this.#mayBeDataFile) || callsLate(program);
    const worker = isRare ? this.#files : this.#streams;
    const withFormats = tables.some(({ connector }) => this.#portable.get(connector)?.formats);
    return worker.move(program, options, catalog, withFormats);
  }

  close(): void {
    this.#streams.close();
    this.#files.close();
  }
}

/** Whether what a table keeps beside its options is an address, alone or by name, and nothing that only the page has. */
function isPlain(live: unknown): boolean {
  if (live === undefined || typeof live === "string") return true;
  if (typeof live !== "object" || live === null) return false;
  return Object.values(live).every((value) => value === undefined || typeof value === "string");
}
