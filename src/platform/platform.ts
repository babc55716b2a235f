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
  /** Whose bytes they are, whatever their name; where the host can tell. */
  readonly id?: string;
  readonly lengthBytes: number;
}

/** An open file or object to read from. */
export interface ReadableFile {
  readonly path: string;
  /** As in `FileInfo`. */
  readonly id?: string;
  readonly lengthBytes: number;
  /**
   * Up to `lengthBytes` bytes from `offset`; fewer only at the end of the file. The array is the caller's. `room` is memory
   * that the caller needs no more: a host that can reads into it, which spares it new memory, and the collector the old.
   */
  read(offset: number, lengthBytes: number, done: Completion<Uint8Array>, room?: ArrayBufferLike): void;
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

export interface FetchOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** What is sent, by POST. Redirects are not followed then: they would drop it. */
  readonly body?: Uint8Array<ArrayBuffer>;
}

export interface FetchResult {
  readonly status: number;
  /** One header of the answer; null when it is not there, or in a page not shown to it (CORS). */
  header(name: string): string | null;
  /** The next bytes of the body; null at its end. */
  read(done: Completion<Uint8Array | null>): void;
  cancel(): void;
}

/** What a WebSocket tells. */
export interface SocketEvents {
  /** It is connected. */
  open(): void;
  /** One message: text as a string or its UTF-8 bytes, whichever the host has; what is binary as bytes. */
  message(data: string | Uint8Array): void;
  /** Told once, and nothing after it; also when it never opened. `code` is the WebSocket's own (RFC 6455), 1006 for none. */
  closed(code: number, reason: string): void;
  /** Told instead of `closed` when this host can never open it, whatever the server does. */
  failed(error: Error): void;
}

/** A WebSocket that was opened, or is being opened. */
export interface Socket {
  /** Only after `open` was told. */
  send(message: string | Uint8Array): void;
  /** Stops messages from coming, so that the server is held back. False where the host cannot: pages, for one. */
  pause(): boolean;
  resume(): void;
  /** Closes it; nothing is told from now on. */
  close(): void;
}

export interface SocketOptions {
  readonly protocols?: readonly string[];
  /** Longest message that is taken, where the host can bound it. */
  readonly messageBytesMax?: number;
}

interface Net {
  /** Any status is an answer, a redirect of what is sent too. Gives how to give the request up; `done` is then told an error. */
  fetch(url: string, options: FetchOptions, done: Completion<FetchResult>): () => void;
  /** @throws what the host says of a URL that is none; elsewhere `events.failed` is told */
  webSocket(url: string, options: SocketOptions, events: SocketEvents): Socket;
}

/** Where the host shows results. One that has no standard output shows tables and lines its own way. */
export interface HostOutput {
  /** Appends bytes to standard output. Fails with CANCELLED when nobody reads it any more. */
  write?(bytes: Uint8Array, done: Completion<void>): void;
  table?(rows: readonly object[]): void;
  line?(text: string): void;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface Platform {
  readonly name: "node" | "browser" | "sim";
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly storage: Storage;
  readonly net: Net;
  readonly output: HostOutput;
  /** Whether linear memory may be a SharedArrayBuffer that workers can receive. */
  readonly sharedMemory: boolean;
  /** Inflates zlib data (RFC 1950), where the host has a quicker way than a DecompressionStream. */
  inflate?(deflated: Uint8Array, done: Completion<Uint8Array<ArrayBuffer>>): void;
  /** Compresses bytes into one member of gzip (RFC 1952), where the host can. */
  gzip?(bytes: Uint8Array, done: Completion<Uint8Array>): void;
  /** Compresses bytes into one frame of Zstandard (RFC 8878), where the host can. */
  zstd?(bytes: Uint8Array, done: Completion<Uint8Array>): void;
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
