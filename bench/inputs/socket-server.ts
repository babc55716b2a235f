// A WebSocket server that sends trades at a steady rate to whoever connects: its event time is the time of sending. Started by
// bench/websocket.ts in a process of its own, so that it is not held up by what it measures.
import { WebSocketServer } from "ws";

const [perSecond = 0, rows = 0] = process.argv.slice(2).map(Number);
/** How often it sends what is due. */
const TICK_MS = 2;
/** Keys of the rows. */
const KEYS = 20;

const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
server.on("listening", () => process.send?.((server.address() as { port: number }).port));
server.on("connection", (socket) => {
  const startMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.min(rows, Math.floor(((performance.now() - startMs) / 1000) * perSecond));
    const at = new Date(performance.timeOrigin + performance.now()).toISOString();
    for (; sent < due; sent++) socket.send(`{"at":"${at}","key":"sensor-${sent % KEYS}","value":${sent % 100}}`);
    if (sent < rows) return;
    clearInterval(timer);
    socket.close(1000);
  }, TICK_MS);
  socket.on("close", () => clearInterval(timer));
  socket.on("error", () => clearInterval(timer));
});
