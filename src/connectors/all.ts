// The connectors that every host has. What reads and writes bytes comes with its formats, which are a third of all code, and
// is loaded when a program first names it.
import type { Connector, LateConnector } from "../runtime/connector.js";
import { callback } from "./callback.js";
import { memory } from "./memory.js";
import { rows } from "./rows.js";

/** Those whose tables a worker can read. */
export const PORTABLE: readonly LateConnector[] = [
  { name: "fetch", formats: true, load: async () => (await import("./stream.js")).http },
  { name: "websocket", formats: true, load: async () => (await import("./websocket.js")).webSocket },
  { name: "event-source", formats: true, load: async () => (await import("./event-source.js")).eventSource },
  { name: "poll", formats: true, load: async () => (await import("./poll.js")).poll },
  { name: "generator", load: async () => (await import("./generator.js")).generator },
];

export const CONNECTORS: readonly (Connector | LateConnector)[] = [
  memory,
  rows,
  callback,
  { name: "console", load: async () => (await import("./console.js")).consoleConnector },
  { name: "stdout", load: async () => (await import("./stdout.js")).stdout },
  { name: "webhook", load: async () => (await import("./webhook.js")).webhook },
  { name: "file", formats: true, load: async () => (await import("./file.js")).file },
  { name: "stream", formats: true, load: async () => (await import("./stream.js")).stream },
  { name: "push", load: async () => (await import("./push.js")).push },
  ...PORTABLE,
];
