// What the tests of windows and watermarks share: physical nodes by hand, and the two operators put in a row.

import type { Batch } from "../../src/arrow/batch.js";
import {
  columnIndex,
  decimal,
  FLOAT64,
  field,
  INT64,
  type Schema,
  schemaOf,
  TIMESTAMP,
} from "../../src/arrow/types.js";
import type { Operator, Output, SplitEvent } from "../../src/operators/operator.js";
import { Watermark } from "../../src/operators/watermark.js";
import type { WindowAggregateOptions } from "../../src/operators/window-aggregate.js";
import { openWindowAggregate } from "../../src/operators/windows.js";
import type { Window } from "../../src/plan/logical.js";
import type { PhysicalAggregate, PhysicalOf } from "../../src/plan/physical.js";
import type { RowPolicy } from "../../src/plan/policy.js";
import type { Judge } from "../../src/plan/window.js";

/** Batch sizes at which everything numbered in SEMANTICS is tested. */
export const BATCH_SIZES = [1, 7, 8192];

export interface WindowSpec {
  /** Of tumbling windows; null: one window over all input. */
  readonly sizeMs?: number | null;
  readonly offsetMs?: number;
  /** Instead of the two. */
  readonly window?: Window;
  readonly latenessMs?: number;
  readonly time?: string;
  readonly keys?: readonly string[];
  /** `"count"`, `"sum v"`, `"avg v"` … */
  readonly aggregates: readonly string[];
  readonly rowPolicy?: RowPolicy;
}

/** A window-aggregate node as the planner makes it. */
export function windowNode(input: Schema, spec: WindowSpec): PhysicalOf<"window-aggregate"> {
  const keys = (spec.keys ?? []).map((name) => columnIndex(input, name));
  const aggregates = spec.aggregates.map((text) => aggregateOf(input, text));
  const { sizeMs = null, offsetMs = 0 } = spec;
  const window = spec.window ?? (sizeMs === null ? null : { kind: "tumble" as const, sizeMs, offsetMs });
  const windowFields = ["windowStart", "windowEnd", "windowTime"].map((name) => field(name, TIMESTAMP, false));
  const keyFields = keys.map((index) => input.fields[index] as Schema["fields"][number]);
  const resultFields = aggregates.map(({ name, fn, type }) => field(name, type, !fn.startsWith("count")));
  return {
    kind: "window-aggregate",
    uid: "window",
    name: "window-aggregate",
    inputs: [{ node: 0, side: null }],
    schema: schemaOf([...(window === null ? [] : windowFields), ...keyFields, ...resultFields]),
    rowPolicy: spec.rowPolicy ?? "fail",
    window,
    timeColumn: window === null ? -1 : columnIndex(input, spec.time ?? "t"),
    latenessMs: spec.latenessMs ?? 0,
    keys,
    aggregates,
  };
}

function aggregateOf(input: Schema, text: string): PhysicalAggregate {
  const [fn, name] = text.split(" ") as [PhysicalAggregate["fn"], string | undefined];
  if (name === undefined) return { name: "n", fn: "count_star", column: -1, type: INT64 };
  const column = columnIndex(input, name);
  const { type } = input.fields[column] as Schema["fields"][number];
  const float = type.kind === "float32" || type.kind === "float64";
  const result = {
    count_star: INT64,
    count: INT64,
    min: type,
    max: type,
    sum: type.kind === "decimal" ? decimal(38, type.scale) : float ? FLOAT64 : INT64,
    avg: type.kind === "decimal" ? decimal(38, Math.max(6, type.scale)) : FLOAT64,
  }[fn];
  return { name: `${fn}_${name}`, fn, column, type: result };
}

export function windowAggregate(input: Schema, spec: WindowSpec, options?: WindowAggregateOptions): Operator {
  return openWindowAggregate(windowNode(input, spec), input, options);
}

export interface WatermarkSpec {
  readonly time?: string;
  readonly delayMs?: number;
  readonly idleMs?: number | null;
  readonly quietMs?: number | null;
  readonly maxFutureDriftMs?: number | null;
  readonly judges?: readonly Judge[];
}

/** A watermark operator over rows of `input`. */
export function watermarkOf(input: Schema, spec: WatermarkSpec = {}): Watermark {
  return new Watermark({
    kind: "watermark",
    uid: "watermark",
    name: "watermark",
    inputs: [{ node: 0, side: null }],
    schema: input,
    rowPolicy: "fail",
    column: columnIndex(input, spec.time ?? "t"),
    delayMs: spec.delayMs ?? 0,
    idleMs: spec.idleMs ?? null,
    quietMs: spec.quietMs ?? null,
    maxFutureDriftMs: spec.maxFutureDriftMs ?? null,
    judges: spec.judges ?? [],
  });
}

/** The elements that a first operator gives a second one, as a task would hand them on. */
function feed(second: Operator, out: Output): Output {
  return {
    emit: (batch) => {
      second.processBatch(batch, 0, out);
      while (second.pending) second.resume(out);
    },
    watermark: (timeMs) => {
      second.processWatermark(timeMs, out);
      while (second.pending) second.resume(out);
    },
    split: (event) => second.processSplit(event, out),
    side: (output, batch) => out.side(output, batch),
    hasSide: (output) => out.hasSide(output),
  };
}

/** Two operators as one. */
export function chain(first: Operator, second: Operator): Operator {
  return {
    pending: false,
    open(context) {
      first.open(context);
      second.open(context);
    },
    processBatch: (batch: Batch, input: number, out: Output) => first.processBatch(batch, input, feed(second, out)),
    processWatermark: (timeMs: number, out: Output) => first.processWatermark(timeMs, feed(second, out)),
    processSplit: (event: SplitEvent, out: Output) => first.processSplit(event, feed(second, out)),
    resume() {
      // Never pending.
    },
    snapshot() {
      throw new Error("snapshot the operators of a chain one by one");
    },
    restore() {
      throw new Error("restore the operators of a chain one by one");
    },
    close() {
      first.close();
      second.close();
    },
  };
}

/** A window that judges rows by a watermark; nobody reads what it refuses unless said otherwise. */
export function judge(sizeMs: number, more: Partial<Judge> = {}): Judge {
  return { window: { kind: "tumble", sizeMs, offsetMs: 0 }, latenessMs: 0, lateRead: false, ...more };
}
