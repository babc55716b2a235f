// What a host must supply, and nothing more: time, chance, turns, files, fetch, memory, log. Node, browser and simulator
// each fill it once. I/O answers through callbacks, never promises: the order of promise turns cannot be chosen from
// outside, the order of callbacks can, so one seed replays one run (docs/decisions).

/** Answers one request exactly once: `error` is null on success. */
export type Completion<T> = (error: Error | null, value: T) => void;

export interface Clock {
  /** Milliseconds since the epoch; may jump. For event-time defaults and names only. */
  nowMs(): number;
  /** Milliseconds since some start; never goes back. For budgets, idleness and timers. */
  monotonicMs(): number;
}

interface Random {
  /** 32 random bits. */
  u32(): number;
  /** A random UUID, version 4. */
  uuid(): string;
}

interface Scheduler {
  /** Runs `turn` soon, after the host handled its own events. */
  soon(turn: () => void): void;
  /** Runs `turn` after `delayMs`; the returned function cancels it. */
  after(delayMs: number, turn: () => void): () => void;
}

export interface FileInfo {
  readonly path: string;
  readonly lengthBytes: number;
}

/** An open file or object to read from. */
export interface ReadableFile {
  readonly path: string;
  readonly lengthBytes: number;
  /** Up to `lengthBytes` bytes from `offset`; fewer only at the end of the file. The array is the caller's. */
  read(offset: number, lengthBytes: number, done: Completion<Uint8Array>): void;
  close(done: Completion<void>): void;
}

/** A new file being written from its start. */
export interface WritableFile {
  readonly path: string;
  /** Appends; the bytes may be reused once `done` was called. */
  write(bytes: Uint8Array, done: Completion<void>): void;
  /** Makes the bytes durable. An error is final for this file: never sync again and trust it. */
  sync(done: Completion<void>): void;
  close(done: Completion<void>): void;
}

/** Files. Paths use `/`. Errors are ConnectorErrors with code FILE_NOT_FOUND, FILE_EXISTS or FILE_IO. */
export interface Storage {
  /** Files that match a path or a glob (`*`, `**`, `?`, `[a-z]`, `{a,b}`), sorted by path; a directory means the files in it. */
  list(pattern: string, done: Completion<FileInfo[]>): void;
  open(path: string, done: Completion<ReadableFile>): void;
  /** Creates a file that must not exist yet, and the directories above it. */
  create(path: string, done: Completion<WritableFile>): void;
  /** Gives a complete file its final name; fails with FILE_EXISTS and never overwrites. The old name goes away. */
  publish(temporary: string, final: string, done: Completion<void>): void;
  remove(path: string, done: Completion<void>): void;
}

export interface FetchResult {
  readonly status: number;
  /** The next bytes of the body; null at its end. */
  read(done: Completion<Uint8Array | null>): void;
  cancel(): void;
}

interface Net {
  fetch(url: string, options: { headers?: Readonly<Record<string, string>> }, done: Completion<FetchResult>): void;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface Platform {
  readonly name: "node" | "browser" | "sim";
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly storage: Storage;
  readonly net: Net;
  /** Whether linear memory may be a SharedArrayBuffer that workers can receive. */
  readonly sharedMemory: boolean;
  /** Inflates zlib data (RFC 1950), where the host has a quicker way than a DecompressionStream. */
  inflate?(deflated: Uint8Array, done: Completion<Uint8Array<ArrayBuffer>>): void;
  log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Awaits one platform call; for code that runs before or after a job, never inside it. */
export function promised<T>(call: (done: Completion<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error === null ? resolve(value) : reject(error)));
  });
}

/** Whether a function of the program answered with a promise, or something that is as good as one. */
export function isThenable(answer: unknown): answer is PromiseLike<unknown> {
  return typeof answer === "object" && answer !== null && "then" in answer && typeof answer.then === "function";
}
