// The connectors whose tables a worker can read: they need an address or nothing, and nothing that only the page has.
import type { LateConnector } from "../runtime/connector.js";
import { withFormat } from "./record-formats.js";

export const PORTABLE: readonly LateConnector[] = [
  { name: "fetch", formats: true, load: withFormat(async () => (await import("./fetch.js")).http) },
  { name: "websocket", formats: true, load: async () => (await import("./websocket.js")).webSocket },
  { name: "event-source", formats: true, load: async () => (await import("./event-source.js")).eventSource },
  { name: "poll", formats: true, load: async () => (await import("./poll.js")).poll },
  { name: "generator", load: async () => (await import("./generator.js")).generator },
];
