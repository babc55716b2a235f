// The options of targets that are nothing else: what `mill.stdout`, `mill.eventStream` … take. Those of servers
// are checked by their connectors when a program starts, their names at the call.
import type { EngineError } from "../errors.js";
import { type FileOptions, FORMAT_OPTIONS } from "./tables.js";

export const STDOUT_OPTIONS = ["format", ...FORMAT_OPTIONS] as const;

/** `format` is one of records, `ndjson` unless given; its own options as tables take them. */
export type StdoutOptions = Pick<FileOptions, (typeof STDOUT_OPTIONS)[number]>;

/** Rows that a webhook did not take. */
export interface WebhookFailure {
  /** The body as it was sent. */
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** The Idempotency-Key that it was sent with. */
  readonly key: string;
  /** What the server answered last; null: nothing. */
  readonly status: number | null;
  readonly attempts: number;
  readonly error: EngineError;
}

export interface WebhookOptions {
  /** A format of records; `ndjson` unless given. `json` makes each body an array. */
  readonly format?: string;
  /** Sent with every body. Credentials belong here: they are in no plan, message or metric. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Rows of one body at most; 1,000 unless given. */
  readonly batchRows?: number;
  /** Milliseconds that a row waits for others; 1,000 unless given. */
  readonly batchMs?: number;
  /** A body that has so many bytes is sent; 1 MiB unless given. */
  readonly batchBytes?: number;
  /** Milliseconds that an answer may take; 30,000 unless given. */
  readonly timeoutMs?: number;
  /** How a body that was not taken is sent again. */
  readonly retry?: {
    /** Failures in a row after which it is tried again; 10 unless given. */
    readonly attempts?: number;
    /** The first pause in milliseconds; it doubles with each failure, and half of it is chance. 500 unless given. */
    readonly minDelayMs?: number;
    /** The longest pause; 30,000 unless given. */
    readonly maxDelayMs?: number;
  };
  /** What happens to rows that are not taken; `fail` unless given. A function keeps them, and the job goes on. */
  readonly giveUp?: "fail" | ((failure: WebhookFailure) => unknown);
}

export const WEBHOOK_OPTIONS = [
  "format",
  "headers",
  "batchRows",
  "batchMs",
  "batchBytes",
  "timeoutMs",
  "retry",
  "giveUp",
] as const;

export interface BroadcastOptions {
  /** The port to listen on; 0 takes a free one, which `onListen` tells. */
  readonly port: number;
  /** The path that is answered; `/` unless given. */
  readonly path?: string;
  /** The address to listen on; 127.0.0.1, which this machine alone reaches, unless given. */
  readonly host?: string;
  /** Names by which the server may be asked for besides `localhost`, 127.0.0.1 and [::1]. */
  readonly hosts?: readonly string[];
  /** Origins of pages that may listen, besides the server's own: `http://localhost:5173`. */
  readonly origins?: readonly string[];
  /** A secret of 16 characters or more that clients have to know; none, on this machine alone, unless given. */
  readonly token?: string;
  /** The columns that tell rows apart: a later row takes the place of an earlier one. */
  readonly key?: string | readonly string[];
  /** Rows that a new client gets at most, the last ones; 1,000 unless given. */
  readonly rowsMax?: number;
  /** Milliseconds from one event to the next, at least; 100 unless given. */
  readonly everyMs?: number;
  /** Clients at a time; more are refused with 503. 1,000 unless given. */
  readonly clientsMax?: number;
  /** A client that takes nothing for so many milliseconds is dropped; 30,000 unless given. */
  readonly slowMs?: number;
  /** Called with the server's address when it listens. */
  readonly onListen?: (url: string) => void;
}

export const BROADCAST_OPTIONS = [
  "port",
  "path",
  "host",
  "hosts",
  "origins",
  "token",
  "key",
  "rowsMax",
  "everyMs",
  "clientsMax",
  "slowMs",
  "onListen",
] as const;
