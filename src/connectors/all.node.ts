// The connectors that only Node has, beside those of every host.
import type { LateConnector } from "../runtime/connector.js";

export const NODE_CONNECTORS: readonly LateConnector[] = [
  { name: "ingest", formats: true, load: async () => (await import("./ingest.node.js")).ingest },
  { name: "event-stream", load: async () => (await import("./broadcast-events.node.js")).eventStream },
  { name: "web-socket-server", load: async () => (await import("./broadcast-sockets.node.js")).webSocketServer },
];
