// Every sink passes the shared suite: files, functions, memory, what is shown, requests, and servers that are listened to.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as arrow from "apache-arrow";
import { parquetReadObjects } from "hyparquet";
import { expect } from "vitest";
import { readRows } from "../../src/arrow/rows.js";
import { BatchTable } from "../../src/arrow/table.js";
import { blackhole } from "../../src/connectors/blackhole.js";
import { eventStream } from "../../src/connectors/broadcast-events.node.js";
import { webSocketServer } from "../../src/connectors/broadcast-sockets.node.js";
import { callback } from "../../src/connectors/callback.js";
import { consoleConnector } from "../../src/connectors/console.js";
import { file } from "../../src/connectors/file.js";
import { memory } from "../../src/connectors/memory.js";
import { stdout } from "../../src/connectors/stdout.js";
import { webhook } from "../../src/connectors/webhook.js";
import { nodePlatform } from "../../src/platform/node.js";
import type { Platform } from "../../src/platform/platform.js";
import { SimPlatform } from "../../src/platform/sim.js";
import type { Connector, Table } from "../../src/runtime/connector.js";
import { LiveRows } from "../../src/runtime/live-rows.js";
import { readAvsc } from "../formats/avro-support.js";
import { type Client, known, listen } from "./broadcast-support.js";
import { describeSink, type SinkFixture, type SinkSubject } from "./sink-conformance.js";

const SCHEMA = { n: "INT", key: "STRING" } as const;
const ROWS = Array.from({ length: 50 }, (_, n) => ({ n, key: n % 5 === 0 ? null : `key-${n % 3}-ü` }));
function table(connector: Connector, platform: Platform, live: unknown, options: object = {}, name = "target"): Table {
  return { ref: { id: "t", connector: connector.name, name, options: { ...options } }, live, platform };
}

function simulated(make: (sim: SimPlatform) => Omit<SinkSubject, "wait">): SinkSubject {
  const sim = new SimPlatform(1, { hostTurn: () => new Promise((resolve) => setTimeout(resolve, 1)) });
  return { ...make(sim), wait: (promise) => sim.drive(promise) };
}

const parsed = (text: string): unknown[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

const common = { schema: SCHEMA, rows: ROWS } satisfies Partial<SinkFixture>;

function fileSubject(path: string): SinkSubject {
  return simulated((sim) => ({
    connector: file,
    table: table(file, sim, null, {}, path),
    rows: () => {
      expect(sim.files.paths().filter((name) => name.includes(".tmp"))).toEqual([]);
      return parsed(new TextDecoder().decode(sim.files.read("/out.ndjson") ?? new Uint8Array(0)));
    },
    openCount: () => sim.files.openCount,
  }));
}

describeSink("a file", {
  ...common,
  open: () => fileSubject("/out.ndjson"),
  atomic: true,
  full: null,
  broken: {
    open: () => {
      const subject = fileSubject("/taken.ndjson");
      (subject.table.platform as SimPlatform).files.write("/taken.ndjson", new Uint8Array(1));
      return subject;
    },
    code: "FILE_EXISTS",
  },
});

/** Files below `/out/`, in the order of their parts; `read` makes rows of one of them. */
function directorySubject(options: object, read: (text: string, path: string) => readonly object[]): SinkSubject {
  return simulated((sim) => ({
    connector: file,
    table: table(file, sim, null, options, "/out/"),
    rows: () => {
      const paths = sim.files.paths();
      expect(paths.filter((path) => path.includes(".tmp"))).toEqual([]);
      const rows = paths.flatMap((path) => {
        return read(new TextDecoder().decode(sim.files.read(path) ?? new Uint8Array(0)), path);
      });
      return rows.sort((a, b) => Number(Reflect.get(a, "n")) - Number(Reflect.get(b, "n")));
    },
    openCount: () => sim.files.openCount,
  }));
}

/** Data files, by the libraries of others. */
const DATA_FILES: Readonly<Record<string, (bytes: Uint8Array<ArrayBuffer>) => Promise<readonly object[]>>> = {
  parquet: ({ buffer }) => parquetReadObjects({ file: buffer }),
  arrow: async (bytes) =>
    arrow
      .tableFromIPC(bytes)
      .toArray()
      .map((row: arrow.StructRow) => row.toJSON()),
  avro: readAvsc,
};

for (const [format, read] of Object.entries(DATA_FILES)) {
  const path = `/out.${format}`;
  describeSink(`the file ${path}`, {
    ...common,
    open: () =>
      simulated((sim) => ({
        connector: file,
        table: table(file, sim, null, {}, path),
        rows: () => {
          expect(sim.files.paths().filter((name) => name !== path)).toEqual([]);
          const bytes = sim.files.read(path);
          return bytes === undefined ? [] : read(new Uint8Array(bytes));
        },
        openCount: () => sim.files.openCount,
      })),
    atomic: true,
    full: null,
    broken: null,
  });
}

const csvRows = (text: string): object[] =>
  text
    .split("\n")
    .slice(1)
    .filter((line) => line !== "")
    .map((line) => {
      const [n, key] = line.split(",") as [string, string];
      return { n: Number(n), key: key === "" ? null : key };
    });

const keyOf = (path: string): string | null => {
  const text = /key=([^/]*)\//.exec(path)?.[1] ?? "";
  return text === "__HIVE_DEFAULT_PARTITION__" ? null : decodeURIComponent(text);
};

const DIRECTORIES: readonly (readonly [name: string, open: () => SinkSubject])[] = [
  ["a JSON array", () => directorySubject({ format: "json" }, (text) => JSON.parse(text))],
  ["a CSV file", () => directorySubject({ format: "csv" }, csvRows)],
  ["a file in parts", () => directorySubject({ format: "csv", roll: { rows: 7 } }, csvRows)],
  [
    "a directory in partitions",
    () => {
      const read = (text: string, path: string) =>
        parsed(text).map((row) => ({ ...(row as object), key: keyOf(path) }));
      return directorySubject({ format: "ndjson", partitionBy: ["key"] }, read);
    },
  ],
];
for (const [name, open] of DIRECTORIES) {
  describeSink(name, { ...common, open, atomic: true, full: null, broken: null });
}

/** A function that takes rows, at once or when it is let. */
function callbackSubject(held: boolean): SinkSubject {
  return simulated((sim) => {
    const rows: unknown[] = [];
    let release: () => void = () => undefined;
    const free = new Promise<void>((resolve) => {
      release = resolve;
    });
    const fn = (chunk: readonly unknown[]) => {
      rows.push(...chunk);
      return held ? free : undefined;
    };
    return {
      connector: callback,
      table: table(callback, sim, fn),
      rows: () => rows,
      openCount: () => 0,
      release: () => sim.scheduler.soon(() => release()),
    };
  });
}

describeSink("a function", {
  ...common,
  open: () => callbackSubject(false),
  atomic: false,
  full: { open: () => callbackSubject(true), rowsMax: 50 },
  broken: {
    open: () => {
      const fn = () => {
        throw new Error("no");
      };
      return simulated((sim) => ({
        connector: callback,
        table: table(callback, sim, fn),
        rows: () => [],
        openCount: () => 0,
      }));
    },
    code: "FUNCTION",
  },
});

describeSink("a memory table", {
  ...common,
  open: (kit) =>
    simulated((sim) => {
      const live = new BatchTable(kit.workspace);
      return { connector: memory, table: table(memory, sim, live), rows: () => live.rows(), openCount: () => 0 };
    }),
  atomic: true,
  full: null,
  broken: null,
});

describeSink("a live table", {
  ...common,
  open: () =>
    simulated((sim) => {
      const full = () => undefined;
      const live = new LiveRows({ name: "t", key: [], rowsMax: 100, read: (batch) => readRows(batch), full });
      return { connector: memory, table: table(memory, sim, live), rows: () => live.rows(), openCount: () => 0 };
    }),
  atomic: false,
  full: null,
  broken: null,
});

/** Standard output that takes what it gets, nothing before it is let, or nothing at all. */
function printing(
  connector: Connector,
  does: "take" | "hold" | "fail",
  read: (text: string) => unknown[],
): SinkSubject {
  return simulated((sim) => {
    const held: (() => void)[] = [];
    let open = 0;
    if (does !== "take") {
      const take = sim.output.write;
      sim.output.write = (bytes, done) => {
        if (does === "take") {
          take(bytes, done);
          return;
        }
        open++;
        const answer = () => {
          open--;
          if (does === "fail") done(new Error("broken"));
          else take(bytes, done);
        };
        if (does === "fail") sim.scheduler.soon(answer);
        else held.push(answer);
      };
    }
    return {
      connector,
      table: table(connector, sim, null, { rowsMax: Number.POSITIVE_INFINITY }),
      rows: () => read(sim.printed),
      openCount: () => open,
      release: () => {
        sim.scheduler.soon(() => {
          does = "take";
          for (const answer of held.splice(0)) answer();
        });
      },
    };
  });
}

/** The rows of an aligned table: its cells stand apart by two blanks and more. */
function shownRows(text: string): unknown[] {
  const [, , ...lines] = text.trimEnd().split("\n");
  return lines.map((line) => {
    const [n, key] = line.trim().split(/ {2,}/);
    return { n: Number(n), key: key === "NULL" ? null : key };
  });
}

describeSink("standard output", {
  ...common,
  open: () => printing(stdout, "take", parsed),
  atomic: false,
  full: { open: () => printing(stdout, "hold", parsed), rowsMax: 100_000 },
  broken: null,
});

describeSink("the console", {
  ...common,
  open: () => printing(consoleConnector, "take", shownRows),
  atomic: false,
  full: { open: () => printing(consoleConnector, "hold", shownRows), rowsMax: 10_000 },
  broken: null,
});

describeSink("a blackhole", {
  ...common,
  arrive: [],
  open: () =>
    simulated((sim) => ({
      connector: blackhole,
      table: table(blackhole, sim, null),
      rows: () => [],
      openCount: () => 0,
    })),
  atomic: true,
  full: null,
  broken: null,
});

/** Servers that listen in this process. */
const servers = () => process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length;

/** A broadcast with one client, who listens from the start. */
function broadcastSubject(connector: Connector, kind: "eventStream" | "webSocketServer", port = 0): SinkSubject {
  const before = servers();
  let client: Client | null = null;
  let opened: () => void = () => undefined;
  const listening = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const onListen = (url: string) => {
    void listen(kind, url.replace(/^ws/, "http")).then((listener) => {
      client = listener;
      opened();
    });
  };
  return {
    connector,
    table: table(connector, nodePlatform(), { port, everyMs: 1, onListen }),
    rows: () => (client === null ? [] : known(client, false)),
    openCount: () => servers() - before,
    ...(port === 0 ? { opened: () => listening } : {}),
    ended: async () => {
      await client?.ended;
      // A server is gone some turns after it has said so.
      for (let turn = 0; turn < 50 && servers() > before; turn++)
        await new Promise((resolve) => setTimeout(resolve, 2));
    },
  };
}

const broadcasts = [
  ["an event stream", eventStream, "eventStream"],
  ["a WebSocket server", webSocketServer, "webSocketServer"],
] as const;
for (const [name, connector, kind] of broadcasts) {
  describeSink(name, {
    ...common,
    open: () => broadcastSubject(connector, kind),
    atomic: false,
    full: null,
    broken: {
      open: async () => {
        const taken = createServer();
        await new Promise<void>((resolve) => {
          taken.listen(0, "127.0.0.1", resolve);
        });
        const subject = broadcastSubject(connector, kind, (taken.address() as AddressInfo).port);
        const dispose = () => new Promise<void>((resolve) => void taken.close(() => resolve()));
        return { ...subject, openCount: () => 0, dispose };
      },
      code: "LISTEN",
    },
  });
}

/** A server that takes bodies, keeps those who send them waiting, or refuses them. */
async function webhookSubject(does: "take" | "hold" | "refuse"): Promise<SinkSubject> {
  const taken: unknown[] = [];
  const held: ServerResponse[] = [];
  let open = 0;
  let holding = does === "hold";
  const server = createServer((request, response) => {
    let text = "";
    open++;
    response.on("close", () => open--);
    request.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    request.on("end", () => {
      if (does === "refuse") response.writeHead(400).end();
      else if (holding) held.push(response);
      else {
        taken.push(...parsed(text));
        response.end();
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    connector: webhook,
    table: table(webhook, nodePlatform(), { url, options: { batchRows: 20, batchMs: 5 } }),
    rows: () => taken,
    openCount: () => (does === "take" ? open : 0),
    release: () => {
      holding = false;
      for (const response of held.splice(0)) response.end();
    },
    dispose: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

describeSink("a webhook", {
  ...common,
  open: () => webhookSubject("take"),
  atomic: false,
  full: { open: () => webhookSubject("hold"), rowsMax: 2000 },
  broken: { open: () => webhookSubject("refuse"), code: "DELIVERY" },
});
