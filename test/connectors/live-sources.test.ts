// Live sources through the suite that all sources share, on the simulator: every order of events by chance.

import { listenTo, type PushObserver } from "../../src/api/live.js";
import { eventSource } from "../../src/connectors/event-source.js";
import { poll } from "../../src/connectors/poll.js";
import { push } from "../../src/connectors/push.js";
import { webSocket } from "../../src/connectors/websocket.js";
import type { SimPlatform } from "../../src/platform/sim.js";
import type { SimAnswer, SimRequest } from "../../src/platform/sim-net.js";
import { describeSource, type Subject } from "./conformance.js";
import { BAD_MESSAGES, BAD_ROWS, encode, ndjson, ROWS, SCHEMA, simulated, tableOf } from "./live-support.js";

/** A server that sends these messages and then says that it has no more. */
function socketSubject(messages: readonly (string | Uint8Array)[], options: Record<string, unknown> = {}): Subject {
  return simulated((sim) => {
    const url = "ws://host/rows";
    let sent = 0;
    sim.net.listen(url, (socket) => {
      const count = (message: string | Uint8Array) => {
        socket.send(message);
        sent++;
      };
      for (const message of messages) count(message);
      socket.close(1000, "that is all");
      return {};
    });
    return { connector: webSocket, table: tableOf(webSocket, sim, { url }, options), takenRows: () => sent };
  });
}

const LINES = ROWS.map((row) => JSON.stringify(row));

describeSource("a WebSocket", {
  schema: SCHEMA,
  rows: ROWS,
  // Text, bytes, and several records in one message.
  open: () => socketSubject([...LINES.slice(0, 4), ...LINES.slice(4, 8).map(encode), LINES.slice(8).join("\n")]),
  bad: {
    open: () => socketSubject(BAD_MESSAGES),
    rows: BAD_ROWS,
    places: [
      { code: "JSON", at: { source: "subject", line: 2, byte: 18, column: 1 } },
      { code: "TYPE", at: { source: "subject", line: 3, field: "n" } },
    ],
  },
  replayable: false,
});

/** A server of events with ids, which goes on behind the one that it is told; 204 when there is nothing behind it. */
function eventServer(messages: readonly string[]): (request: SimRequest) => SimAnswer {
  return ({ headers }) => {
    const start = Number(headers["last-event-id"] ?? "-1") + 1;
    if (start >= messages.length) return { status: 204 };
    const text = messages
      .slice(start)
      .map((message, i) => `id: ${start + i}\n${message.replaceAll(/^/gm, "data: ")}\n\n`)
      .join(": a comment\n\n");
    return { headers: { "content-type": "text/event-stream" }, chunks: [encode(text)] };
  };
}

const EVENTS_URL = "http://host/events";

function eventSubject(answer: (request: SimRequest) => SimAnswer): Subject {
  return simulated((sim) => {
    sim.net.respond(EVENTS_URL, answer);
    return { connector: eventSource, table: tableOf(eventSource, sim, EVENTS_URL) };
  });
}

const EVENT_BYTES = encode(LINES.map((line) => `data: ${line}\r\n\r\n`).join(""));
const EVENT_HEADERS = { "content-type": "text/event-stream; charset=utf-8" };

describeSource("an event stream", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => eventSubject(eventServer(LINES)),
  cuts: {
    byteCount: EVENT_BYTES.length,
    open: (_kit, cut) =>
      eventSubject(({ count }) =>
        count > 0
          ? { status: 204 }
          : { headers: EVENT_HEADERS, chunks: [EVENT_BYTES.subarray(0, cut), EVENT_BYTES.subarray(cut)] },
      ),
  },
  bad: {
    open: () => eventSubject(eventServer(BAD_MESSAGES)),
    rows: BAD_ROWS,
    places: [
      { code: "JSON", at: { source: "subject", line: 2, byte: 18 } },
      { code: "TYPE", at: { source: "subject", line: 3, field: "n" } },
    ],
  },
  replayable: true,
});

/** A server that gives up to four rows behind the one that it is told, in order. */
function rowServer({ url }: SimRequest): SimAnswer {
  const after = Number(new URL(url).searchParams.get("after") ?? "-1");
  return { chunks: [encode(ndjson(ROWS.filter(({ n }) => n > after).slice(0, 4)))] };
}

const POLL_URL = "http://host/rows";

function pollSubject(answer: (request: SimRequest) => SimAnswer, options: Record<string, unknown>): Subject {
  return simulated((sim) => {
    sim.net.respond(POLL_URL, answer);
    return { connector: poll, table: tableOf(poll, sim, POLL_URL, { everyMs: 100, ...options }) };
  });
}

describeSource("a polled URL with a cursor", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => pollSubject(rowServer, { cursor: { column: "n", parameter: "after" } }),
  endless: true,
  replayable: true,
});

const POLL_BYTES = encode(ndjson(ROWS));

describeSource("a polled URL", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => pollSubject(({ count }) => (count === 0 ? { chunks: [POLL_BYTES] } : { status: 304 }), {}),
  cuts: {
    byteCount: POLL_BYTES.length,
    open: (_kit, cut) => pollSubject(() => ({ chunks: [POLL_BYTES.subarray(0, cut), POLL_BYTES.subarray(cut)] }), {}),
  },
  bad: {
    open: () => pollSubject(() => ({ chunks: [encode(BAD_MESSAGES.join("\n"))] }), {}),
    rows: BAD_ROWS,
    places: [
      { code: "JSON", at: { source: "subject", line: 2, byte: 18 } },
      { code: "TYPE", at: { source: "subject", line: 3, field: "n" } },
    ],
  },
  endless: true,
  replayable: false,
});

/** Rows that come by themselves, a few at a time; it counts who listens. */
function pushSubject(values: readonly unknown[]): Subject {
  return simulated((sim) => {
    let open = 0;
    const subscribe = (observer: PushObserver) => {
      let on = true;
      open++;
      const give = (at: number): void => {
        if (!on) return;
        for (const value of values.slice(at, at + 3)) observer.next(value);
        if (at + 3 >= values.length) observer.complete();
        else sim.scheduler.after(7, () => give(at + 3));
      };
      sim.scheduler.after(7, () => give(0));
      return () => {
        on = false;
        open--;
      };
    };
    const live = { subscribe, bufferRows: 1000, repeats: true };
    return { connector: push, table: tableOf(push, sim, live), openCount: () => open };
  });
}

describeSource("an observable", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => pushSubject(ROWS),
  bad: {
    open: () => pushSubject([{ n: 0, key: "a" }, { n: "x" }, 17, { n: 3, key: "b" }]),
    rows: BAD_ROWS,
    places: [
      { code: "TYPE", at: { source: "subject", row: 1, field: "n" } },
      { code: "TYPE", at: { source: "subject", row: 2 } },
    ],
  },
  // A cold one gives the same rows to everybody, and what was delivered is passed over.
  replayable: true,
});

/** An `EventTarget` that fires once somebody listens, a few events at a time; it counts who listens. */
class Firing extends EventTarget {
  listeners = 0;
  readonly #fire: () => void;

  constructor(sim: SimPlatform, values: readonly unknown[]) {
    super();
    let at = 0;
    this.#fire = () => {
      for (const detail of values.slice(at, at + 3)) this.dispatchEvent(new CustomEvent("row", { detail }));
      at += 3;
      if (at < values.length && this.listeners > 0) sim.scheduler.after(7, this.#fire);
    };
    sim.scheduler.after(7, this.#fire);
  }

  override addEventListener(...given: Parameters<EventTarget["addEventListener"]>): void {
    super.addEventListener(...given);
    this.listeners++;
  }

  override removeEventListener(...given: Parameters<EventTarget["removeEventListener"]>): void {
    super.removeEventListener(...given);
    this.listeners--;
  }
}

function eventsSubject(values: readonly unknown[]): Subject {
  return simulated((sim) => {
    const target = new Firing(sim, values);
    const subscribe = listenTo(target, ["row"], (event) => (event as CustomEvent).detail);
    const live = { subscribe, bufferRows: 1000, repeats: false };
    return { connector: push, table: tableOf(push, sim, live), openCount: () => target.listeners };
  });
}

describeSource("events of an EventTarget", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => eventsSubject(ROWS),
  bad: {
    open: () => eventsSubject([{ n: 0, key: "a" }, { n: "x" }, 17, { n: 3, key: "b" }]),
    rows: BAD_ROWS,
    places: [
      { code: "TYPE", at: { source: "subject", row: 1, field: "n" } },
      { code: "TYPE", at: { source: "subject", row: 2 } },
    ],
  },
  endless: true,
  replayable: false,
});
