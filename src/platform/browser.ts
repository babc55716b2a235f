// A page or a web worker as a host: turns by MessageChannel, fetch, linear memory shared where the page is isolated.
// There are no paths in a page: bytes come by fetch, streams, or the File objects that the user picked.
import { ConnectorError } from "../errors.js";
import { fetchBody, type HostSocket, listenToSocket } from "./io.js";
import type { Completion, LogLevel, Platform, Storage } from "./platform.js";

type Log = Platform["log"];

/** @param options.log receives every message; without it warnings and errors go to the console. */
export function browserPlatform(options: { log?: Log } = {}): Platform {
  return {
    name: "browser",
    clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
    random: {
      u32: () => crypto.getRandomValues(new Uint32Array(1))[0] as number,
      uuid: randomUuid,
    },
    scheduler: {
      soon: messageTurns(),
      after: (delayMs, turn) => {
        const timer = setTimeout(turn, delayMs);
        return () => clearTimeout(timer);
      },
    },
    storage: noStorage,
    net: {
      fetch: (url, options, done) => fetchBody((address, init) => fetch(address, init), url, options, done),
      webSocket: (url, { protocols = [] }, events) => {
        return listenToSocket(new WebSocket(url, [...protocols]) as HostSocket, events);
      },
    },
    output: { table: (rows) => console.table(rows), line: (text) => console.log(text) },
    // Shared memory constructs in other pages too, but cannot be posted to a worker there.
    sharedMemory: globalThis.crossOriginIsolated === true,
    log: options.log ?? logToConsole,
  };
}

/** `crypto.randomUUID` exists in secure contexts only; the random bits exist everywhere (RFC 9562, version 4). */
function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Timers wait at least 4 ms once they nest (HTML, timers); a message to oneself does not, and still lets the page paint. */
function messageTurns(): (turn: () => void) => void {
  if (typeof MessageChannel === "undefined") return (turn) => void setTimeout(turn);
  const turns: (() => void)[] = [];
  let port: MessagePort | null = null;
  return (turn) => {
    turns.push(turn);
    // Opened with the first turn: a program that only imports the platform is not kept alive by it.
    if (port === null) {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => turns.shift()?.();
      port = channel.port2;
    }
    port.postMessage(null);
  };
}

function logToConsole(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  if (level === "warn") console.warn(`millrace: ${message}`, fields);
  else if (level === "error") console.error(`millrace: ${message}`, fields);
}

const noStorage: Storage = {
  list: refuse,
  open: refuse,
  create: refuse,
  publish: (_temporary, final, done) => refuse(final, done),
  remove: refuse,
};

function refuse<T>(path: string, done: Completion<T>): void {
  const error = new ConnectorError("UNSUPPORTED", `a page cannot open the path "${path}"`, {
    hint: "read with mill.fetch(url), mill.from(file.stream()) or mill.from(response.body)",
    at: { source: path },
    domain: "user",
  });
  done(error, undefined as never);
}
