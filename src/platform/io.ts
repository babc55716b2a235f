// What the hosts share: reading until a request is complete, fetch over a WHATWG body, and WebSockets as pages have them.
import { fetchFailed, messageOf, redacted } from "./errors.js";
import type { Completion, FetchOptions, FetchResult, Socket, SocketEvents } from "./platform.js";

/** One attempt to read into `target` from `offset`: how many bytes came, 0 at the end of the file. */
export type ReadSome = (offset: number, target: Uint8Array, done: Completion<number>) => void;

/** Reads until `lengthBytes` are there or the file ends; operating systems may give less at a time. See `ReadableFile.read`. */
export function readFully(
  readSome: ReadSome,
  offset: number,
  lengthBytes: number,
  done: Completion<Uint8Array>,
  room: ArrayBufferLike = new ArrayBuffer(lengthBytes),
): void {
  const bytes = new Uint8Array(room.byteLength < lengthBytes ? new ArrayBuffer(lengthBytes) : room, 0, lengthBytes);
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

interface HostRequest {
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
  readonly method?: "POST";
  readonly redirect?: "manual";
  readonly body?: Uint8Array<ArrayBuffer>;
}

/** The part of `fetch` that a host hands in. */
export type HostFetch = (
  url: string,
  options: HostRequest,
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: ReadableStream<Uint8Array> | null;
}>;

/** A fetch by the host's own `fetch`; any status is an answer, only the network fails. */
export function fetchBody(
  hostFetch: HostFetch,
  url: string,
  { headers, body: sent }: FetchOptions,
  done: Completion<FetchResult>,
): () => void {
  const controller = new AbortController();
  // Hosts write the whole URL into some of their messages.
  const failed = (cause: unknown) => fetchFailed(url, messageOf(cause).replaceAll(url, redacted(url)), cause);
  const given = { headers: { ...headers }, signal: controller.signal };
  const options: HostRequest =
    sent === undefined ? given : { ...given, method: "POST", redirect: "manual", body: sent };
  const result = hostFetch(url, options).then(({ status, headers: answered, body }): FetchResult => {
    const reader = body?.getReader();
    return {
      status,
      header: (name) => answered.get(name),
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
  return () => controller.abort();
}

/** The part of a WHATWG WebSocket that is used. */
export interface HostSocket {
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(message: string | Uint8Array): void;
  close(): void;
}

/** Listens to a WebSocket as the WHATWG has it, which cannot be paused. Its `error` says nothing that `close` does not. */
export function listenToSocket(socket: HostSocket, events: SocketEvents): Socket {
  socket.binaryType = "arraybuffer";
  socket.onopen = () => events.open();
  socket.onmessage = ({ data }) =>
    events.message(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer));
  socket.onclose = ({ code, reason }) => events.closed(code, reason);
  return {
    send: (message) => socket.send(message),
    pause: () => false,
    resume: () => undefined,
    close: () => {
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    },
  };
}
