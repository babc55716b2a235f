// The connectors that every host has. What reads and writes bytes comes with its formats, which are a third of all code, and
// is loaded when a program first names it.
import type { Connector, LateConnector } from "../runtime/connector.js";
import { callback } from "./callback.js";
import { memory } from "./memory.js";
import { rows } from "./rows.js";

export const CONNECTORS: readonly (Connector | LateConnector)[] = [
  memory,
  rows,
  callback,
  { name: "file", formats: true, load: async () => (await import("./file.js")).file },
  { name: "stream", formats: true, load: async () => (await import("./stream.js")).stream },
  { name: "fetch", formats: true, load: async () => (await import("./stream.js")).http },
  { name: "generator", load: async () => (await import("./generator.js")).generator },
];
