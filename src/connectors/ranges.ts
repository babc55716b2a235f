// A file of an HTTP server, read at any place: GET with `Range: bytes=a-b` (RFC 9110, 14). The first request tells how long the
// file is and which version of it this is; later answers must be of the same one. What fails for a while is asked for again.
import { ConnectorError, EngineError } from "../errors.js";
import { fetchFailed, redacted } from "../platform/errors.js";
import type { Completion, FetchResult, Platform, ReadableFile } from "../platform/platform.js";
import { readBody } from "./body.js";
import { isRetried, RETRY, Retry, retryAfterMs } from "./retry.js";

/** The first request asks for so much: all of a small file, and the mark at its start. */
const HEAD_BYTES = 1 << 16;
/** A server without ranges sends everything: no more than that is taken. */
const WHOLE_BYTES_MAX = 64 << 20;
/** Requests under way at a time; pages have six connections a server. */
const REQUESTS_MAX = 6;

/** A file that cannot be had is said soon: nobody has waited for its rows yet. */
const RANGE_RETRY = { ...RETRY, attempts: 4 };

const OK = 200;
const PARTIAL = 206;
const UNSATISFIABLE = 416;

/** Where the file is. */
export interface RemotePlace {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly platform: Platform;
}

/** Bytes of the file from an offset on, and what the answer said of all of it. */
interface Piece {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The whole file was sent, not the range. */
  readonly isWhole: boolean;
  readonly totalBytes: number;
  readonly version: string | null;
}

/** What a server without ranges is answered to who wants nothing else. */
const NO_RANGES: Piece = { bytes: new Uint8Array(0), isWhole: true, totalBytes: 0, version: null };

/** One range that somebody waits for. */
interface Wanted {
  readonly offset: number;
  readonly lengthBytes: number;
  readonly retry: Retry;
  readonly done: Completion<Piece>;
}

/**
 * Opens a remote file. Errors: FETCH, also when the server has no ranges and the file is too long to be taken whole.
 * @returns how to give it up, or to stop what is under way
 */
export function openRemote(place: RemotePlace, done: Completion<RemoteFile>): () => void {
  return open(place, true, done as Completion<RemoteFile | null>);
}

/** The same; of a server without ranges nothing is taken, and the answer is null. */
export function openRanges(place: RemotePlace, done: Completion<RemoteFile | null>): () => void {
  return open(place, false, done);
}

function open(place: RemotePlace, takesWhole: boolean, done: Completion<RemoteFile | null>): () => void {
  const requests = new Requests(place, takesWhole);
  requests.read(0, HEAD_BYTES, (error, piece) => {
    if (error !== null) done(error, null);
    else done(null, piece === NO_RANGES ? null : new RemoteFile(place.url, requests, piece));
  });
  return () => requests.close();
}

export class RemoteFile implements ReadableFile {
  readonly path: string;
  readonly lengthBytes: number;
  /** By ETag or time of change, where the server tells: two readings of one version are of the same bytes. */
  readonly version: string | null;
  readonly #url: string;
  readonly #requests: Requests;
  /** The file's first bytes, or all of them. */
  readonly #head: Uint8Array;

  constructor(url: string, requests: Requests, first: Piece) {
    this.path = redacted(url);
    this.#url = url;
    this.#requests = requests;
    this.#head = first.bytes;
    this.lengthBytes = first.totalBytes;
    this.version = first.version;
  }

  read(offset: number, lengthBytes: number, done: Completion<Uint8Array>): void {
    const end = Math.min(offset + lengthBytes, this.lengthBytes);
    if (offset >= end || end <= this.#head.length) {
      done(null, this.#head.slice(Math.min(offset, end), end));
      return;
    }
    this.#requests.read(offset, end - offset, (error, piece) => {
      if (error !== null) done(error, undefined as never);
      else if (piece.isWhole || piece.totalBytes !== this.lengthBytes || piece.version !== this.version) {
        done(changed(this.#url), undefined as never);
      } else done(null, piece.bytes);
    });
  }

  close(done: Completion<void>): void {
    this.#requests.close();
    done(null);
  }
}

/** Requests for ranges: a few at a time, each tried again while that may help. */
class Requests {
  readonly #place: RemotePlace;
  readonly #takesWhole: boolean;
  readonly #waiting: Wanted[] = [];
  /** How to give up what is under way, by the range that it is for. */
  readonly #running = new Map<Wanted, () => void>();
  #closed = false;

  constructor(place: RemotePlace, takesWhole: boolean) {
    this.#place = place;
    this.#takesWhole = takesWhole;
  }

  read(offset: number, lengthBytes: number, done: Completion<Piece>): void {
    this.#waiting.push({ offset, lengthBytes, retry: new Retry(RANGE_RETRY, this.#place.platform.random), done });
    this.#next();
  }

  /** Everything under way is given up. Nobody waits for its answer any more. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    const running = [...this.#running.values()];
    this.#running.clear();
    for (const stop of running) stop();
  }

  #next(): void {
    while (this.#running.size < REQUESTS_MAX) {
      const wanted = this.#waiting.shift();
      if (wanted === undefined) return;
      this.#running.set(wanted, () => undefined);
      this.#ask(wanted);
    }
  }

  #ask(wanted: Wanted): void {
    const { offset, lengthBytes } = wanted;
    const { url, headers, platform } = this.#place;
    const range = `bytes=${offset}-${offset + lengthBytes - 1}`;
    const giveUp = platform.net.fetch(url, { headers: { ...headers, range } }, (error, response) => {
      if (this.#closed) response?.cancel();
      else if (error !== null) this.#failed(wanted, error, 0);
      else {
        this.#running.set(wanted, () => response.cancel());
        this.#take(wanted, response);
      }
    });
    if (this.#running.has(wanted)) this.#running.set(wanted, giveUp);
  }

  #take(wanted: Wanted, response: FetchResult): void {
    const { url, platform } = this.#place;
    const { status } = response;
    if (status === OK && wanted.offset === 0 && !this.#takesWhole) {
      response.cancel();
      this.#answer(wanted, null, NO_RANGES);
      return;
    }
    const first = judge(response, wanted, url);
    if (first instanceof EngineError) {
      response.cancel();
      const waitMs = retryAfterMs(response.header("retry-after"), platform.clock.nowMs());
      if (isRetried(status)) this.#failed(wanted, first, waitMs);
      else this.#answer(wanted, first, undefined as never);
      return;
    }
    readBody(response, first.bytesMax, first.tooLong, (error, bytes) => {
      if (this.#closed) return;
      if (error !== null) this.#failed(wanted, error, 0);
      else {
        const { isWhole, version } = first;
        const totalBytes = isWhole ? bytes.length : first.totalBytes;
        const missing = isWhole ? 0 : first.bytesMax - bytes.length;
        if (missing > 0) this.#failed(wanted, fetchFailed(url, `the answer ends ${missing} bytes too early`), 0);
        else this.#answer(wanted, null, { bytes, isWhole, totalBytes, version });
      }
    });
  }

  #failed(wanted: Wanted, error: Error, atLeastMs: number): void {
    const isFinal = error instanceof ConnectorError && error.retry !== "backoff";
    const delayMs = isFinal ? null : wanted.retry.next(atLeastMs);
    if (delayMs === null) this.#answer(wanted, error, undefined as never);
    else
      this.#running.set(
        wanted,
        this.#place.platform.scheduler.after(delayMs, () => this.#ask(wanted)),
      );
  }

  #answer(wanted: Wanted, error: Error | null, piece: Piece): void {
    this.#running.delete(wanted);
    this.#next();
    wanted.done(error, piece);
  }
}

/** How the body of an answer is to be taken, or why it is none. */
interface Judged extends Omit<Piece, "bytes"> {
  readonly bytesMax: number;
  readonly tooLong: () => EngineError;
}

function judge(response: FetchResult, { offset, lengthBytes }: Wanted, url: string): Judged | EngineError {
  const { status } = response;
  const version = response.header("etag") ?? response.header("last-modified");
  if (status === OK) {
    if (offset > 0) return changed(url);
    // Compressed on the way, it may be longer than it says; then reading finds out.
    if (Number(response.header("content-length") ?? 0) > WHOLE_BYTES_MAX) return withoutRanges(url);
    return { bytesMax: WHOLE_BYTES_MAX, tooLong: () => withoutRanges(url), isWhole: true, totalBytes: 0, version };
  }
  if (status === UNSATISFIABLE) return fetchFailed(url, "the file is empty, or shorter than it was");
  if (status !== PARTIAL) return fetchFailed(url, `the server answered ${status}`);
  const [, start, end, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.header("content-range") ?? "") ?? [];
  const totalBytes = Number(total);
  const endBytes = Math.min(offset + lengthBytes, totalBytes);
  if (Number(start) === offset && Number(end) + 1 === endBytes && Number.isSafeInteger(totalBytes)) {
    return { bytesMax: endBytes - offset, tooLong: () => unclear(url), isWhole: false, totalBytes, version };
  }
  return unclear(url);
}

function unclear(url: string): ConnectorError {
  return new ConnectorError("FETCH", `${redacted(url)}: the server does not say which bytes it sent (Content-Range)`, {
    hint: "a server of another origin has to show it to pages: Access-Control-Expose-Headers: Content-Range, ETag",
    at: { source: redacted(url) },
  });
}

function withoutRanges(url: string): ConnectorError {
  return new ConnectorError("FETCH", `${redacted(url)}: more than ${WHOLE_BYTES_MAX} bytes, and no ranges`, {
    hint: "the server has to answer Range requests (206), or download the file and read it with mill.file()",
    at: { source: redacted(url) },
  });
}

function changed(url: string): ConnectorError {
  return new ConnectorError("FETCH", `${redacted(url)}: the file was changed while it was read`, {
    hint: "run it again; publish new files under new names",
    at: { source: redacted(url) },
  });
}
