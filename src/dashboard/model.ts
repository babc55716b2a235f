// What the page knows: the frames of its feed, put together. Views read it when they draw; it tells them when it has changed.
import type { Counts, Feed, Frame, FrameColumn, Pulse, StartFrame } from "../monitor/frames.js";
import { type Cells, RowStore } from "../monitor/rows.js";

/** Samples that are kept: as many as a start brings. */
const PULSES_MAX = 2400;
/** Rates are taken over so many samples, so that they can be read. */
const RATE_SAMPLES = 4;

/** What went over an edge lately. */
export interface EdgeRate {
  readonly rowsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly rows: number;
  readonly bytes: number;
  readonly queuedRows: number;
  /** Share of the time in which the reader took nothing, 0 to 1. */
  readonly held: number;
}

export class Model {
  start: StartFrame | null = null;
  pulses: Pulse[] = [];
  columns: readonly FrameColumn[] = [];
  rows: Cells[] = [];
  /** Counts the changes of `rows`, so that a view knows whether to look. */
  rowsVersion = 0;
  state = "connecting";
  error: string | null = null;
  /** Why nothing comes any more. */
  lost: string | null = null;
  /** The engine's clock less the page's: they may be different machines' tomorrow, and differ by a frame today. */
  clockOffsetMs = 0;
  readonly #listeners = new Set<() => void>();
  #store = new RowStore([], [], 0);
  #recent: Counts[] = [];

  follow(feed: Feed): () => void {
    return feed.follow(
      (frame) => this.#take(frame),
      (reason) => {
        this.lost = reason;
        this.#changed();
      },
    );
  }

  /** Calls `listener` after every frame. Returns how to stop. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get counts(): Counts | null {
    return this.#recent.at(-1) ?? null;
  }

  get pulse(): Pulse | null {
    return this.pulses.at(-1) ?? null;
  }

  /** Sinks of the job; 0 before its graph is known. */
  get targets(): number {
    return this.start?.graph.nodes.filter(({ kind }) => kind === "sink").length ?? 0;
  }

  /** The engine's clock now. */
  get nowMs(): number {
    return Date.now() + this.clockOffsetMs;
  }

  edgeRate(index: number): EdgeRate | null {
    const last = this.#recent.at(-1);
    const edge = last?.edges[index];
    if (last === undefined || edge === undefined) return null;
    const first = this.#recent[0] ?? last;
    const before = first.edges[index] ?? edge;
    const ms = last.atMs - first.atMs;
    const rate = (total: number, earlier: number) => (ms > 0 ? ((total - earlier) * 1000) / ms : 0);
    return {
      rowsPerSecond: rate(edge.rows, before.rows),
      bytesPerSecond: rate(edge.bytes, before.bytes),
      rows: edge.rows,
      bytes: edge.bytes,
      queuedRows: edge.queuedRows,
      held: ms > 0 ? Math.min(1, (edge.heldMs - before.heldMs) / ms) : 0,
    };
  }

  /** Share of the time that a node worked lately, 0 to 1. */
  busy(index: number): number {
    const last = this.#recent.at(-1);
    const first = this.#recent[0];
    if (last === undefined || first === undefined || last.atMs <= first.atMs) return 0;
    const ms = (last.nodes[index]?.busyMs ?? 0) - (first.nodes[index]?.busyMs ?? 0);
    return Math.min(1, ms / (last.atMs - first.atMs));
  }

  #take(frame: Frame): void {
    this.lost = null;
    switch (frame.kind) {
      case "start":
        this.start = frame;
        this.columns = frame.columns;
        this.pulses = [...frame.pulses];
        this.#recent = frame.counts === null ? [] : [frame.counts];
        this.#store = new RowStore(frame.columns, frame.key, frame.rowsMax);
        this.#addRows(frame.rows);
        this.state = frame.state;
        this.error = frame.error;
        break;
      case "counts":
        this.#recent.push(frame.counts);
        if (this.#recent.length > RATE_SAMPLES + 1) this.#recent.shift();
        this.pulses.push(frame.pulse);
        if (this.pulses.length > PULSES_MAX) this.pulses.shift();
        this.clockOffsetMs = frame.counts.nowMs - Date.now();
        break;
      case "rows":
        this.#addRows(frame.rows);
        break;
      case "state":
        this.state = frame.state;
        this.error = frame.error;
    }
    this.#changed();
  }

  #addRows(rows: readonly Cells[]): void {
    this.#store.add(rows);
    this.rows = this.#store.rows;
    this.rowsVersion++;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
