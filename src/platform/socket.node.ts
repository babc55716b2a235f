// WebSockets in Node: by the optional package `ws` where it is installed, since it can hold the server back; else by Node's
// own, which is there from version 22 on.
import type { ClientOptions, RawData, WebSocket as WsSocket } from "ws";
import { ConnectorError } from "../errors.js";
import { type HostSocket, listenToSocket } from "./io.js";
import type { Socket, SocketEvents, SocketOptions } from "./platform.js";

type WsConstructor = new (url: string, protocols: string[], options: ClientOptions) => WsSocket;
type HostConstructor = new (url: string, protocols: string[]) => HostSocket;

/** RFC 6455 has it for a connection that was lost without a word. */
const ABNORMAL = 1006;
/** RFC 6455: a message is too big to be processed. */
const TOO_BIG = 1009;

/** Opens a WebSocket. Tells `failed` with DEPENDENCY_MISSING where nothing can, or with what is wrong with the URL. */
export function openSocket(url: string, options: SocketOptions, events: SocketEvents): Socket {
  let socket: Socket | null = null;
  let closed = false;
  const open = (ws: WsConstructor | null): void => {
    if (closed) return;
    socket = ws === null ? openHostSocket(url, options, events) : openWs(ws, url, options, events);
  };
  import("ws")
    .then(
      ({ WebSocket }) => open(WebSocket),
      () => open(null),
    )
    .catch((error: Error) => events.failed(error));
  return {
    send: (message) => socket?.send(message),
    pause: () => socket?.pause() ?? false,
    resume: () => socket?.resume(),
    close: () => {
      closed = true;
      socket?.close();
    },
  };
}

function openHostSocket(url: string, { protocols = [] }: SocketOptions, events: SocketEvents): Socket {
  const Host = (globalThis as { WebSocket?: HostConstructor }).WebSocket;
  if (Host === undefined) {
    throw new ConnectorError("DEPENDENCY_MISSING", "this Node has no WebSocket of its own", {
      hint: "npm install ws, or Node 22 or newer",
      domain: "user",
    });
  }
  return listenToSocket(new Host(url, [...protocols]), events);
}

function openWs(Ws: WsConstructor, url: string, options: SocketOptions, events: SocketEvents): Socket {
  const { protocols = [], messageBytesMax } = options;
  const socket = new Ws(url, [...protocols], { maxPayload: messageBytesMax, perMessageDeflate: false });
  let told = true;
  let failure: Error | null = null;
  socket.on("open", () => told && events.open());
  socket.on("message", (data: RawData) => told && events.message(data as Buffer));
  // Without a listener it would be thrown; `close` follows.
  socket.on("error", (error) => {
    failure = error;
  });
  socket.on("close", (code, reason) => {
    if (!told) return;
    const isTooBig = (failure as NodeJS.ErrnoException | null)?.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
    if (failure === null) events.closed(code, reason.toString());
    else events.closed(isTooBig ? TOO_BIG : ABNORMAL, failure.message);
  });
  return {
    send: (message) => socket.send(message),
    pause: () => {
      socket.pause();
      return true;
    },
    resume: () => socket.resume(),
    close: () => {
      told = false;
      socket.terminate();
    },
  };
}
