// What the hosts share: reading until a request is complete, and fetch over a WHATWG body.
import { fetchFailed, messageOf } from "./errors.js";
import type { Completion, FetchResult } from "./platform.js";

/** One attempt to read into `target` from `offset`: how many bytes came, 0 at the end of the file. */
export type ReadSome = (offset: number, target: Uint8Array, done: Completion<number>) => void;

/** Reads until `lengthBytes` are there or the file ends; operating systems may give less at a time. */
export function readFully(readSome: ReadSome, offset: number, lengthBytes: number, done: Completion<Uint8Array>): void {
  const bytes = new Uint8Array(lengthBytes);
  const from = (at: number): void => {
    if (at === lengthBytes) {
      done(null, bytes);
      return;
    }
    readSome(offset + at, bytes.subarray(at), (error, count) => {
      if (error !== null) done(error, undefined as never);
      else if (count === 0) done(null, bytes.subarray(0, at));
      else from(at + count);
    });
  };
  from(0);
}

/** Answers a completion from a promise, once. */
export function settle<T>(promise: Promise<T>, done: Completion<T>, wrap: (cause: unknown) => Error): void {
  promise.then(
    (value) => done(null, value),
    (cause: unknown) => done(wrap(cause), undefined as never),
  );
}

/** The part of `fetch` that a host hands in. */
export type HostFetch = (
  url: string,
  options: { headers?: Record<string, string>; signal: AbortSignal },
) => Promise<{ readonly status: number; readonly body: ReadableStream<Uint8Array> | null }>;

/** A fetch by the host's own `fetch`; any status is an answer, only the network fails. */
export function fetchBody(
  hostFetch: HostFetch,
  url: string,
  headers: Readonly<Record<string, string>> | undefined,
  done: Completion<FetchResult>,
): void {
  const controller = new AbortController();
  const failed = (cause: unknown) => fetchFailed(url, messageOf(cause), cause);
  const options = { headers: { ...headers }, signal: controller.signal };
  const result = hostFetch(url, options).then(({ status, body }): FetchResult => {
    const reader = body?.getReader();
    return {
      status,
      read: (answer) => {
        if (reader === undefined) answer(null, null);
        else
          settle(
            reader.read().then(({ value }) => value ?? null),
            answer,
            failed,
          );
      },
      cancel: () => controller.abort(),
    };
  });
  settle(result, done, failed);
}
