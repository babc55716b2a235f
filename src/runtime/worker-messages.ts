// What an engine in a page and its worker say to each other. Plans and options go in as plain data, batches come back as
// transferred buffers, a few at a time: the page gives a credit for each batch that it has used up.
//
//     page                                         worker
//     open (modules, memory) ────────────────────▶
//     start (program, tables), formats ─────────▶ ◀── ready
//                                                 bind, run
//                                                   ◀── schema, once a target
//     credit ───────────────────────────────────▶ ◀── batch
//                                                   ◀── status, now and then
//     ask, trace, cancel ───────────────────────▶ ◀── answer, event
//                                                   ◀── done │ failed
import type { PackedBatch } from "../arrow/packed.js";
import type { Schema } from "../arrow/types.js";
import {
  AbortError,
  ConnectorError,
  DataError,
  EngineError,
  type ErrorCode,
  InternalError,
  type Place,
  PlanError,
  ResourceError,
  SchemaError,
  StateError,
} from "../errors.js";
import type { TableRef } from "../plan/logical.js";
import type { Program } from "../plan/walk.js";
import type { JobTotals, Progress } from "./job.js";
import type { NodeReport, TraceEvent, TraceOptions } from "./trace.js";

/** Batches of one target that may be under way, so that the worker makes the next one while the page uses one. */
export const CREDITS = 2;

/** Jobs that have ended and can still be asked what they did. */
const ENDED_KEPT = 16;

/** Keeps `id` as the newest of those that have ended; the oldest beyond `ENDED_KEPT` is forgotten. */
export function keepEnded(jobs: Map<number, unknown>, ended: number[], id: number): void {
  ended.push(id);
  if (ended.length > ENDED_KEPT) jobs.delete(ended.shift() as number);
}

/** How a program runs, beside what the page keeps to itself (its signal). */
export interface RemoteOptions {
  readonly name?: string;
  readonly memoryBytes?: number;
  readonly batchRows?: number;
  readonly optimize?: boolean;
  readonly availableNow?: boolean;
}

export type ToWorker =
  | { readonly kind: "open"; readonly core: WebAssembly.Module; readonly shared: boolean; readonly memoryBytes: number }
  | { readonly kind: "formats"; readonly module: WebAssembly.Module }
  | { readonly kind: "formats-failed"; readonly error: PlainError }
  | {
      readonly kind: "start";
      readonly job: number;
      /** Its targets are tables of the connector `port`, in the order of the page's own. */
      readonly program: Program;
      /** What the catalog keeps with tables, by the references that stand in the program. */
      readonly tables: readonly (readonly [TableRef, unknown])[];
      readonly options: RemoteOptions;
    }
  | { readonly kind: "credit"; readonly job: number; readonly port: number }
  | { readonly kind: "cancel"; readonly job: number }
  | { readonly kind: "advance"; readonly job: number; readonly ms: number }
  | { readonly kind: "ask"; readonly job: number; readonly question: "explain" | "graph"; readonly id: number }
  | { readonly kind: "trace"; readonly job: number; readonly id: number; readonly options: Partial<TraceOptions> }
  | { readonly kind: "untrace"; readonly job: number; readonly id: number };

export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "broken"; readonly error: PlainError }
  | { readonly kind: "formats" }
  | { readonly kind: "schema"; readonly job: number; readonly port: number; readonly schema: Schema }
  | { readonly kind: "batch"; readonly job: number; readonly port: number; readonly batch: PackedBatch }
  | ({ readonly kind: "status"; readonly job: number } & RemoteStatus)
  | { readonly kind: "answer"; readonly job: number; readonly id: number; readonly value: unknown }
  | { readonly kind: "refused"; readonly job: number; readonly id: number; readonly error: PlainError }
  | { readonly kind: "event"; readonly job: number; readonly id: number; readonly event: TraceEvent }
  | { readonly kind: "done"; readonly job: number; readonly totals: JobTotals }
  | { readonly kind: "failed"; readonly job: number; readonly error: PlainError };

/** What a job in a worker counted, as it was a moment ago. */
export interface RemoteStatus {
  readonly metrics: readonly NodeReport[];
  readonly progress: Progress;
}

/** An error as it crosses: everything that a program may look at. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly code?: ErrorCode;
  readonly hint?: string;
  readonly at?: Place;
  readonly domain?: ConnectorError["domain"];
  readonly retry?: ConnectorError["retry"];
  readonly cause?: PlainError;
}

const CLASSES = { AbortError, DataError, EngineError, PlanError, ResourceError, SchemaError, StateError } as const;

export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, cause } = error;
  return {
    name,
    message,
    ...(cause === undefined ? {} : { cause: plainError(cause) }),
    ...(error instanceof EngineError ? { code: error.code } : {}),
    ...(error instanceof EngineError && error.hint !== undefined ? { hint: error.hint } : {}),
    ...(error instanceof EngineError && error.at !== undefined ? { at: error.at } : {}),
    ...(error instanceof ConnectorError ? { domain: error.domain, retry: error.retry } : {}),
  };
}

export function revivedError(plain: PlainError): Error {
  const { name, message, code, cause: plainCause, ...rest } = plain;
  const cause = plainCause === undefined ? {} : { cause: revivedError(plainCause) };
  if (code === undefined) return Object.assign(new Error(message, cause), { name });
  const details = { ...rest, ...cause };
  if (name === "ConnectorError") return new ConnectorError(code, message, details);
  if (name === "InternalError") return new InternalError(message, details);
  return new (CLASSES[name as keyof typeof CLASSES] ?? EngineError)(code, message, details);
}
