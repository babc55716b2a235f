// The body of an HTTP answer as chunks, from a byte on. A connection that breaks is opened again where it broke, when the server
// has said by a strong ETag which bytes these are: by `Range` and `If-Range` (RFC 9110, 13.1.5), or, of a server without
// ranges, by reading the same bytes again and passing them over.
import { StateError } from "../errors.js";
import type { ConnectionEvent } from "../operators/operator.js";
import { fetchFailed, redacted } from "../platform/errors.js";
import type { Completion, FetchResult, Platform } from "../platform/platform.js";
import { isRetried, RETRY, Retry, retryAfterMs } from "./retry.js";

const PARTIAL = 206;
const UNSATISFIABLE = 416;
/** What cannot be had is said soon. A chunk that came begins the count anew. */
const BODY_RETRY = { ...RETRY, attempts: 4 };

export interface BodyPlace {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly platform: Platform;
  /** Told how the connection stands. */
  readonly connection?: (event: ConnectionEvent) => void;
}

export class RemoteBody {
  readonly #place: BodyPlace;
  readonly #retry: Retry;
  /** The strong ETag of the bytes; null where there is none, and nothing can be gone on with. */
  version: string | null;
  /** The next byte that is given out. */
  #byte: number;
  /** Some of these bytes were given out: others will not do. */
  #isBound: boolean;
  /** Bytes that come again before it. */
  #skip = 0;
  #response: FetchResult | null = null;
  #giveUp: () => void = () => undefined;
  #closed = false;

  /** @param start - where a run before stopped, and which bytes it read */
  constructor(place: BodyPlace, start: { readonly byte: number; readonly version: string | null }) {
    this.#place = place;
    this.#retry = new Retry(BODY_RETRY, place.platform.random);
    this.#byte = start.byte;
    this.version = start.version;
    this.#isBound = start.version !== null;
  }

  /** The next chunk; null: there are no more. Errors: FETCH, STATE_MISMATCH when the server has other bytes by now. */
  read(done: Completion<Uint8Array | null>): void {
    const response = this.#response;
    if (response === null) {
      this.#ask(done);
      return;
    }
    response.read((error, chunk) => {
      if (this.#closed) return;
      if (error !== null) this.#again(error, 0, done);
      else if (chunk === null) done(null, null);
      else this.#give(chunk, done);
    });
  }

  cancel(): void {
    this.#closed = true;
    this.#giveUp();
    this.#response?.cancel();
  }

  #give(chunk: Uint8Array, done: Completion<Uint8Array | null>): void {
    if (this.#retry.failures > 0) this.#place.connection?.({ status: "open" });
    this.#retry.succeeded();
    this.#isBound = true;
    const skipped = Math.min(this.#skip, chunk.length);
    this.#skip -= skipped;
    this.#byte += chunk.length - skipped;
    if (skipped < chunk.length) done(null, chunk.subarray(skipped));
    else this.read(done);
  }

  #ask(done: Completion<Uint8Array | null>): void {
    const { url, platform, headers } = this.#place;
    const onward: Record<string, string> = { ...headers };
    if (this.#byte > 0 && this.version !== null) {
      onward["range"] = `bytes=${this.#byte}-`;
      onward["if-range"] = this.version;
    }
    this.#giveUp = platform.net.fetch(url, { headers: onward }, (error, response) => {
      this.#giveUp = () => undefined;
      if (this.#closed) response?.cancel();
      else if (error !== null) this.#again(error, 0, done);
      else this.#answered(response, done);
    });
  }

  #answered(response: FetchResult, done: Completion<Uint8Array | null>): void {
    const { url, platform } = this.#place;
    const { status } = response;
    const range = response.header("content-range") ?? "";
    if (status === UNSATISFIABLE && range === `bytes */${this.#byte}`) {
      // It broke off behind the last byte.
      response.cancel();
      done(null, null);
      return;
    }
    if (status < 200 || status >= 300) {
      response.cancel();
      const failed = fetchFailed(url, `the server answered ${status}`);
      if (isRetried(status))
        this.#again(failed, retryAfterMs(response.header("retry-after"), platform.clock.nowMs()), done);
      else done(failed, null);
      return;
    }
    const version = versionOf(response);
    if (!this.#isBound) this.version = version;
    else if (version !== this.version || (status === PARTIAL && !range.startsWith(`bytes ${this.#byte}-`))) {
      response.cancel();
      done(changed(url), null);
      return;
    }
    this.#skip = status === PARTIAL ? 0 : this.#byte;
    this.#response = response;
    this.read(done);
  }

  /** It failed: goes on there, when that is possible and there are attempts left. */
  #again(error: Error, atLeastMs: number, done: Completion<Uint8Array | null>): void {
    this.#response = null;
    const delayMs = this.#byte > 0 && this.version === null ? null : this.#retry.next(atLeastMs);
    if (delayMs === null) {
      this.#place.connection?.({ status: "closed", message: error.message });
      done(error, null);
      return;
    }
    this.#place.connection?.({ status: "waiting", delayMs, message: error.message });
    this.#giveUp = this.#place.platform.scheduler.after(delayMs, () => this.#ask(done));
  }
}

/** What tells these bytes from others: a strong ETag, of bytes that the host hands on as they were sent. */
function versionOf(response: FetchResult): string | null {
  const etag = response.header("etag");
  return etag === null || etag.startsWith("W/") || response.header("content-encoding") !== null ? null : etag;
}

function changed(url: string): StateError {
  return new StateError("STATE_MISMATCH", `${redacted(url)} has other bytes than when reading began`, {
    hint: "start the job anew; publish new files under new names",
  });
}
