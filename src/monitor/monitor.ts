// Follows one job and tells everybody who looks: its counters by the engine's own trace, its results by a live table. It keeps
// a bounded past, so that a page that comes later, or was too slow, begins with all of it.
import type { AnyRow, Job, JobGraph, JobSample, JobState, LiveTable, TableEvent } from "../index.js";
import type { Cell, Counts, Feed, Frame, FrameColumn, Pulse, StartFrame } from "./frames.js";
import { RowStore } from "./rows.js";

/** Results to look at: a table that a job writes, its columns, and as it was opened. */
export interface Results {
  readonly table: LiveTable;
  readonly columns: Readonly<Record<string, string>>;
  readonly key: readonly string[];
  readonly rowsMax: number;
}

export interface Subject {
  readonly title: string;
  readonly job: Job;
  /** null when the job keeps its results to itself. */
  readonly results: Results | null;
}

const SAMPLE_MS = 250;
/** Ten minutes of samples. */
const PULSES_MAX = 2400;
/** Longer texts are cut: a page shows values, it does not archive them. */
const TEXT_MAX = 200;

export class Monitor implements Feed {
  readonly #subject: Subject;
  readonly #columns: readonly FrameColumn[];
  readonly #rows: RowStore;
  readonly #listeners = new Set<(frame: Frame) => void>();
  readonly #pulses: Pulse[] = [];
  #graph: JobGraph = { nodes: [], edges: [] };
  #counts: Counts | null = null;
  #state: JobState;
  #error: string | null = null;
  #stopRows: (() => void) | null = null;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#state = subject.job.state;
    this.#columns = Object.entries(subject.results?.columns ?? {}).map(([name, type]) => ({ name, type }));
    this.#rows = new RowStore(this.#columns, subject.results?.key ?? [], subject.results?.rowsMax ?? 0);
  }

  /** Follows the job to its end, and never fails: how the job ended is told as its state. */
  async watch(): Promise<void> {
    const { job, results } = this.#subject;
    this.#enter(job.state);
    this.#stopRows = results?.table.subscribe((event) => this.#rowsChanged(event)) ?? null;
    for await (const event of job.trace({ kinds: ["state", "sample"], sampleMs: SAMPLE_MS })) {
      if (event.kind === "sample") await this.#sample(event);
      else if (event.kind === "state") this.#enter(event.state);
    }
    await job.done.catch((error: unknown) => {
      if (job.state === "failed") this.#error = error instanceof Error ? error.message : String(error);
    });
    this.#enter(job.state);
    this.#stopRows?.();
  }

  follow(listener: (frame: Frame) => void): () => void {
    this.#listeners.add(listener);
    listener(this.start());
    return () => this.#listeners.delete(listener);
  }

  plan(): Promise<string> {
    return this.#subject.job.explain();
  }

  /** All that is known now. */
  start(): StartFrame {
    const { title, results } = this.#subject;
    return {
      kind: "start",
      title,
      state: this.#state,
      error: this.#error,
      graph: this.#graph,
      counts: this.#counts,
      pulses: [...this.#pulses],
      columns: this.#columns,
      rows: this.#rows.rows,
      key: results?.key ?? [],
      rowsMax: results?.rowsMax ?? 0,
    };
  }

  #rowsChanged({ snapshot, changes }: TableEvent): void {
    const rows = (snapshot ?? [...changes.inserted, ...changes.updated]).map((row) => this.#cells(row));
    if (snapshot !== undefined) {
      this.#rows.replace(rows);
      this.#tell(this.start());
    } else {
      this.#rows.add(rows);
      if (rows.length > 0) this.#tell({ kind: "rows", rows });
    }
  }

  async #sample(sample: JobSample & { readonly atMs: number }): Promise<void> {
    if (sample.nodes.length === 0) return;
    if (this.#graph.nodes.length === 0) {
      this.#graph = await this.#subject.job.graph();
      this.#tell(this.start());
    }
    const counts = countsOf(sample);
    const pulse = this.#pulse(counts);
    this.#counts = counts;
    this.#pulses.push(pulse);
    if (this.#pulses.length > PULSES_MAX) this.#pulses.shift();
    this.#tell({ kind: "counts", counts, pulse });
  }

  #pulse(counts: Counts): Pulse {
    const { nodes } = this.#graph;
    const rowsOf = ({ nodes: at }: Counts) =>
      at.reduce((rows, node, index) => rows + (nodes[index]?.kind === "source" ? node.rowsOut : 0), 0);
    const marks = counts.nodes.flatMap(({ watermarkMs }, index) =>
      nodes[index]?.kind === "watermark" && watermarkMs !== null ? [watermarkMs] : [],
    );
    const before = this.#counts;
    const rowsIn = rowsOf(counts);
    const seconds = before === null ? 0 : (counts.atMs - before.atMs) / 1000;
    return {
      nowMs: counts.nowMs,
      rowsPerSecond: before === null || seconds <= 0 ? 0 : (rowsIn - rowsOf(before)) / seconds,
      lagMs: marks.length === 0 ? null : counts.nowMs - Math.min(...marks),
      rowsIn,
      lateRows: counts.nodes.reduce((rows, node) => rows + node.lateRows, 0),
      badRows: counts.nodes.reduce((rows, node) => rows + node.badRows, 0),
    };
  }

  #enter(state: JobState): void {
    if (state === this.#state && this.#error === null) return;
    this.#state = state;
    this.#tell({ kind: "state", state, error: this.#error });
  }

  #tell(frame: Frame): void {
    for (const listener of this.#listeners) listener(frame);
  }

  #cells(row: AnyRow): Cell[] {
    return this.#columns.map(({ name }) => cellOf(row[name]));
  }
}

function countsOf({ nowMs, atMs, nodes, edges }: JobSample & { readonly atMs: number }): Counts {
  return {
    nowMs,
    atMs,
    edges,
    nodes: nodes.map(({ rowsIn, rowsOut, lateRows, duplicateRows, badRows, stateBytes, busyMs, watermarkMs }) => ({
      rowsIn,
      rowsOut,
      lateRows,
      duplicateRows,
      badRows,
      stateBytes,
      busyMs,
      watermarkMs: Number.isFinite(watermarkMs) ? watermarkMs : null,
    })),
  };
}

function cellOf(value: AnyRow[string] | undefined): Cell {
  if (value === null || value === undefined || typeof value === "boolean") return value ?? null;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.getTime();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = String(value);
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
}
