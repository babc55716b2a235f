// The connectors that every host has. What reads and writes bytes comes with its formats, which are a third of all code, and
// is loaded when a program first names it.
import type { Connector, LateConnector } from "../runtime/connector.js";
import { callback } from "./callback.js";
import { PORTABLE } from "./portable.js";
import { withFormat } from "./record-formats.js";

export const CONNECTORS: readonly (Connector | LateConnector)[] = [
  { name: "memory", load: async () => (await import("./memory.js")).memory },
  callback,
  { name: "rows", load: async () => (await import("./rows.js")).rows },
  { name: "console", load: async () => (await import("./console.js")).consoleConnector },
  { name: "stdout", load: async () => (await import("./stdout.js")).stdout },
  { name: "webhook", load: async () => (await import("./webhook.js")).webhook },
  { name: "file", formats: true, load: withFormat(async () => (await import("./file.js")).file) },
  { name: "stream", formats: true, load: withFormat(async () => (await import("./stream.js")).stream) },
  { name: "blackhole", load: async () => (await import("./blackhole.js")).blackhole },
  { name: "nexmark", load: async () => (await import("./nexmark.js")).nexmark },
  { name: "push", load: async () => (await import("./push.js")).push },
  ...PORTABLE,
];
