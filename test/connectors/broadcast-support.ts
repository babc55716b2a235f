// Clients of broadcasts, of either kind, that keep what they are told; and what they know by it.
import { once } from "node:events";
import { type ClientRequest, get, type IncomingMessage } from "node:http";
import { WebSocket } from "ws";

export type Kind = "eventStream" | "webSocketServer";

export type Row = { readonly key: string; readonly n: number };

interface Told {
  readonly kind: string;
  readonly id: string;
  readonly data: unknown;
}

/** A client of either kind. */
export interface Client {
  readonly told: Told[];
  /** Resolves when the connection is over: how a WebSocket ended, or the kind of the last event. */
  readonly ended: Promise<unknown>;
  /** Stops reading, or goes on. */
  pause(): void;
  resume(): void;
  close(): void;
}

export async function listen(kind: Kind, url: string, headers: Record<string, string> = {}): Promise<Client> {
  return kind === "eventStream" ? await listenToEvents(url, headers) : await listenToSocket(url, headers);
}

async function listenToEvents(url: string, headers: Record<string, string>): Promise<Client> {
  const asked: ClientRequest = get(url, { headers, agent: false });
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
  const told: Told[] = [];
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => {
    let from = Math.max(0, text.length - 1);
    text += chunk;
    for (;;) {
      const end = text.indexOf("\n\n", from);
      from = 0;
      if (end < 0) return;
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split("\n")
          .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
      );
      text = text.slice(end + 2);
      if (fields["event"] === undefined) continue;
      told.push({ kind: fields["event"], id: fields["id"] ?? "", data: JSON.parse(fields["data"] as string) });
    }
  });
  response.on("error", () => undefined);
  const ended = new Promise((resolve) => response.once("close", () => resolve(told.at(-1)?.kind)));
  return {
    told,
    ended,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    close: () => asked.destroy(),
  };
}

async function listenToSocket(url: string, headers: Record<string, string>): Promise<Client> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), { headers });
  const told: Told[] = [];
  socket.on("message", (message) => {
    const { version, ...rest } = JSON.parse(String(message)) as Record<string, unknown>;
    const [[kind, data] = ["", null]] = Object.entries(rest);
    told.push({ kind, id: String(version), data });
  });
  const ended = new Promise((resolve) => socket.once("close", resolve));
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("unexpected-response", (_request, { statusCode }) => reject(new Error(`status ${statusCode}`)));
    socket.on("error", reject);
  });
  return {
    told,
    ended,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.terminate(),
  };
}

/** The rows that a client knows, by key, or all of them. */
export function known({ told }: Client, keyed: boolean): Row[] {
  let rows: Row[] = [];
  for (const { kind, data } of told) {
    if (kind === "snapshot") rows = [...(data as Row[])];
    if (kind !== "changes") continue;
    const { inserted, updated, removed } = data as { inserted: Row[]; updated: Row[]; removed: Row[] };
    if (!keyed) rows = [...rows.slice(removed.length), ...inserted];
    else {
      const byKey = new Map(rows.map((row) => [row.key, row]));
      for (const { key } of removed) byKey.delete(key);
      for (const row of [...updated, ...inserted]) byKey.set(row.key, row);
      rows = [...byKey.values()];
    }
  }
  return rows;
}
