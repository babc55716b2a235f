// Error classes: what went wrong, where, and what to do next. Programs match on `code`, which never changes; `message` states
// the fact with its numbers; `hint` says what to do. The codes and their meanings are listed in error-codes.ts.
import type { CODES } from "./error-codes.js";

/** Where in the input or the program it happened. All fields optional; lines and columns are 1-based, rows 0-based. */
export interface Place {
  readonly source?: string;
  readonly line?: number;
  readonly column?: number;
  readonly byte?: number;
  readonly row?: number;
  readonly field?: string;
  readonly operator?: string;
}

export interface ErrorDetails {
  readonly hint?: string;
  readonly at?: Place;
  readonly cause?: unknown;
}

/** Every code; the key is part of the public API. */
export type ErrorCode = keyof typeof CODES;

/** Root of all errors the engine throws. */
export class EngineError extends Error {
  // In words, here and below: a minifier renames classes, and a program may match on names.
  override readonly name: string = "EngineError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly at: Place | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.at = details.at;
  }

  /** Adds what is known further out, such as the operator; what the error already says of itself stays. */
  locate(at: Place): this {
    (this as { at: Place | undefined }).at = { ...at, ...this.at };
    return this;
  }

  /** `CODE: message`, the place and the hint on lines of their own: what the command line prints. */
  format(): string {
    const lines = [`${this.code}: ${this.message}`];
    if (this.at !== undefined) lines.push(`  at ${formatPlace(this.at)}`);
    if (this.hint !== undefined) lines.push(`  hint: ${this.hint}`);
    return lines.join("\n");
  }
}

/** A plan that cannot be built: unknown names, types, options. */
export class PlanError extends EngineError {
  override readonly name = "PlanError";
}
/** A schema that is not usable or does not fit the data. */
export class SchemaError extends EngineError {
  override readonly name = "SchemaError";
}
/** A record that cannot be read or a row that cannot be computed. `at` names row, line, field. */
export class DataError extends EngineError {
  override readonly name = "DataError";
}
/** The outside world failed: `domain` says whose fault, `retry` whether trying again can help. */
export class ConnectorError extends EngineError {
  override readonly name = "ConnectorError";
  readonly domain: "user" | "external" | "internal";
  readonly retry: "none" | "backoff";

  constructor(
    code: ErrorCode,
    message: string,
    details: ErrorDetails & { domain?: "user" | "external" | "internal"; retry?: "none" | "backoff" } = {},
  ) {
    super(code, message, details);
    this.domain = details.domain ?? "external";
    this.retry = details.retry ?? "none";
  }
}
/** State that cannot be restored or does not belong to this plan. */
export class StateError extends EngineError {
  override readonly name = "StateError";
}
/** Memory, files or other means ran out. */
export class ResourceError extends EngineError {
  override readonly name = "ResourceError";
}
/** The job was stopped from outside; its name is `AbortError`, as everywhere in JavaScript. */
export class AbortError extends EngineError {
  override readonly name = "AbortError";
}
/** Our bug. */
export class InternalError extends EngineError {
  override readonly name = "InternalError";
  constructor(message: string, details: ErrorDetails = {}) {
    super("INTERNAL", message, { hint: "this is a bug in Millrace: please report it with this message", ...details });
  }
}

/** Stops on a broken invariant. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InternalError(message);
}

/** `source:line:column, row 3, field price`: only the parts that are known. */
function formatPlace(at: Place): string {
  const parts: string[] = [];
  const position = [at.source, at.line, at.column].filter((part) => part !== undefined).join(":");
  if (position !== "") parts.push(position);
  if (at.byte !== undefined) parts.push(`byte ${at.byte}`);
  if (at.row !== undefined) parts.push(`row ${at.row}`);
  if (at.field !== undefined) parts.push(`field ${at.field}`);
  if (at.operator !== undefined) parts.push(`operator ${at.operator}`);
  return parts.join(", ");
}

/** The names nearest to a wrong one (Damerau-Levenshtein up to a third of its length), best first. */
export function nearest(wrong: string, names: Iterable<string>): string[] {
  const limit = Math.max(1, Math.floor(wrong.length / 3));
  const scored: [number, string][] = [];
  for (const name of names) {
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase());
    if (distance <= limit) scored.push([distance, name]);
  }
  return scored.sort((a, b) => a[0] - b[0]).map(([, name]) => name);
}

/** A hint for a wrong name: the nearest ones, or all legal ones (up to 20). */
export function hintNames(wrong: string, names: readonly string[], what = "known"): string {
  const near = nearest(wrong, names);
  if (near.length > 0)
    return `did you mean ${near
      .slice(0, 3)
      .map((name) => `"${name}"`)
      .join(" or ")}?`;
  const shown = names.slice(0, 20).join(", ");
  return `${what}: ${shown}${names.length > 20 ? `, … (${names.length})` : ""}`;
}

function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, (last[j - 1] as number) + swap);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] as number) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}
