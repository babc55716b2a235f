// Rows over WebSockets (RFC 6455): every client gets the table, then what changes, as JSON texts. The token comes in the
// Authorization header, or, since pages cannot send one, as the first message.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket, WebSocketServer } from "ws";
import type { Schema } from "../arrow/types.js";
import { ConnectorError } from "../errors.js";
import type { Connector, Table } from "../runtime/connector.js";
import type { TableEvent } from "../runtime/live-rows.js";
import { BroadcastSink, type Client, deadline, eventJson, prepareBroadcast } from "./broadcast-sink.node.js";

type Ws = typeof import("ws");

let loaded: Ws | null = null;

export const webSocketServer: Connector = {
  name: "web-socket-server",
  async prepareSink(table) {
    await prepareBroadcast(table);
    loaded ??= await loadWs();
  },
  sink: (table, schema) => new WebSocketSink(table, schema, loaded as Ws),
};

/** @throws DEPENDENCY_MISSING */
async function loadWs(): Promise<Ws> {
  try {
    return await import("ws");
  } catch (cause) {
    throw new ConnectorError("DEPENDENCY_MISSING", "WebSocket servers need the package ws, which does not load", {
      hint: "npm install ws",
      domain: "user",
      cause,
    });
  }
}

/** What clients have to say: a token. */
const MESSAGE_BYTES_MAX = 4096;
const TOKEN_MS = 5000;
const ALIVE_MS = 30_000;

/** Close codes of RFC 6455, 7.4.1. */
const NORMAL = 1000;
const POLICY = 1008;

class WebSocketSink extends BroadcastSink {
  readonly #server: WebSocketServer;
  readonly #texts = new WeakMap<TableEvent<string>, string>();

  constructor(table: Table, schema: Schema, { WebSocketServer: Server }: Ws) {
    super(table, schema, "ws");
    this.#server = new Server({
      noServer: true,
      clientTracking: false,
      maxPayload: MESSAGE_BYTES_MAX,
      perMessageDeflate: false,
    });
  }

  protected override serve(_request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(426, { upgrade: "websocket", connection: "upgrade, close", "content-length": 0 }).end();
  }

  protected override upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      // Without a listener it would be thrown; `close` follows.
      ws.on("error", () => ws.terminate());
      const client: Client = {
        // Taken when it is with the operating system, which takes it as fast as the client does.
        send: (event) => this.taken(client, (done) => ws.send(this.#textOf(event), done)),
        end: (well) => {
          if (well) ws.close(NORMAL, "end");
          else ws.terminate();
        },
        drop: () => ws.terminate(),
      };
      ws.on("close", this.admit(client));
      if (this.guard.carriesToken(request)) this.#tell(ws, client);
      else this.#askToken(ws, client);
    });
  }

  #askToken(ws: WebSocket, client: Client): void {
    const close = () => ws.close(POLICY, 'the first message is the token: {"token":"…"}');
    const cancel = deadline(TOKEN_MS, close);
    ws.once("close", cancel);
    ws.once("message", (data) => {
      cancel();
      if (this.guard.isToken(tokenOf(String(data)))) this.#tell(ws, client);
      else close();
    });
  }

  #tell(ws: WebSocket, client: Client): void {
    ws.on("close", this.tell(client, null));
    let answered = true;
    ws.on("pong", () => {
      answered = true;
    });
    const alive = setInterval(() => {
      if (!answered) ws.terminate();
      else ws.ping();
      answered = false;
    }, ALIVE_MS);
    ws.on("close", () => clearInterval(alive));
  }

  #textOf(event: TableEvent<string>): string {
    let text = this.#texts.get(event);
    if (text === undefined) {
      const kind = event.snapshot === undefined ? "changes" : "snapshot";
      text = `{"version":${event.version},"${kind}":${eventJson(event)}}`;
      this.#texts.set(event, text);
    }
    return text;
  }
}

function tokenOf(message: string): unknown {
  try {
    const parsed: unknown = JSON.parse(message);
    return typeof parsed === "object" && parsed !== null && "token" in parsed ? parsed.token : null;
  } catch {
    // What is no JSON carries no token.
    return null;
  }
}
