// The options of targets that are nothing else: what `mill.eventStream`, `mill.webSocketServer` … take. Their values are checked
// by the connector when a program starts, their names at the call.

export interface BroadcastOptions {
  /** 0 takes a free one, which `onListen` tells. */
  readonly port: number;
  /** `/` unless given. */
  readonly path?: string;
  /** The address to listen on; 127.0.0.1 unless given, which is reached from this machine alone. */
  readonly host?: string;
  /** Names by which the server may be asked for besides `localhost`, 127.0.0.1 and [::1]. */
  readonly hosts?: readonly string[];
  /** Origins of pages that may listen, besides the server's own: `http://localhost:5173`. */
  readonly origins?: readonly string[];
  /** A secret of 16 characters or more that clients have to know. Needed where others than this machine are listened to. */
  readonly token?: string;
  /** The columns that tell rows apart: a later row takes the place of an earlier one. */
  readonly key?: string | readonly string[];
  /** Rows that a new client gets at most, the last ones; 1,000 unless given. */
  readonly rowsMax?: number;
  /** Milliseconds from one event to the next, at least; 100 unless given. */
  readonly everyMs?: number;
  /** Clients at a time; more are refused with 503. 1,000 unless given. */
  readonly clientsMax?: number;
  /** A client that takes nothing for so many milliseconds is dropped; 30,000 unless given. */
  readonly slowMs?: number;
  /** Called with the server's address when it listens. */
  readonly onListen?: (url: string) => void;
}

export const BROADCAST_OPTIONS = [
  "port",
  "path",
  "host",
  "hosts",
  "origins",
  "token",
  "key",
  "rowsMax",
  "everyMs",
  "clientsMax",
  "slowMs",
  "onListen",
] as const;
