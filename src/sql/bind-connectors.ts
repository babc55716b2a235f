// WITH (…): the connectors that SQL names, their options in SQL and what the tables of the engine call them.
import { hintNames } from "../errors.js";
import type { Option, Span } from "./ast.js";
import { REMOTE } from "./bind-remote.js";
import type { Places } from "./bind-scope.js";
import {
  above,
  bytes,
  type ConnectorSpec,
  count,
  date,
  flag,
  oneOf,
  type Read,
  share,
  whole,
  words,
} from "./connector-options.js";

const CONNECTORS: Readonly<Record<string, ConnectorSpec>> = {
  filesystem: {
    connector: "file",
    named: "path",
    options: {
      path: ["path", words, "a path or a pattern"],
      format: ["format", words, "the name of a format, such as ndjson, csv or parquet"],
      compression: ["compression", words, "gzip, zstd or none"],
      recursive: ["recursive", flag, "true or false"],
      "max-record-bytes": ["maxRecordBytes", count, "a whole number above 0"],
      "csv.delimiter": ["csv.delimiter", words, "one character"],
      "csv.header": ["csv.header", flag, "true or false"],
    },
    defaults: {},
  },
  datagen: {
    connector: "generator",
    options: {
      "number-of-rows": ["rows", whole, "a whole number"],
      "rows-per-second": ["rowsPerSecond", above, "a number above 0"],
      seed: ["seed", whole, "a whole number"],
      distinct: ["distinct", count, "a whole number above 0"],
      nulls: ["nulls", share, "a share from 0 to 1"],
    },
    defaults: {
      rows: null,
      seed: 1,
      startMs: Date.UTC(2026, 0, 1),
      rowsPerSecond: 1000,
      disorderMs: 0,
      distinct: 100,
      nulls: 0,
    },
  },
  nexmark: {
    connector: "nexmark",
    options: {
      "events.num": ["events", count, "a whole number above 0"],
      seed: ["seed", whole, "a whole number"],
      start: ["start", date, "a time such as 2026-01-01 12:00:00"],
      only: ["only", oneOf("person", "auction", "bid"), "person, auction or bid"],
      "first-event.rate": ["rate", count, "a whole number above 0"],
      "next-event.rate": ["nextRate", count, "a whole number above 0"],
      "person.proportion": ["persons", count, "a whole number above 0"],
      "auction.proportion": ["auctions", count, "a whole number above 0"],
      "bid.proportion": ["bids", count, "a whole number above 0"],
      "auction.hot-ratio.sellers": ["hotSellers", count, "a whole number above 0"],
      "bid.hot-ratio.auctions": ["hotAuctions", count, "a whole number above 0"],
      "bid.hot-ratio.bidders": ["hotBidders", count, "a whole number above 0"],
      "person.avg-size": ["personBytes", bytes, "a number of bytes"],
      "auction.avg-size": ["auctionBytes", bytes, "a number of bytes"],
      "bid.avg-size": ["bidBytes", bytes, "a number of bytes"],
    },
    defaults: {},
  },
  memory: { connector: "memory", options: {}, defaults: {} },
  blackhole: { connector: "blackhole", options: {}, defaults: {} },
  ...REMOTE,
  stdout: {
    connector: "stdout",
    options: {
      format: ["format", words, "the name of a format of records, such as ndjson or csv"],
      "csv.delimiter": ["csv.delimiter", words, "one character"],
    },
    defaults: {},
  },
  print: {
    connector: "console",
    options: { "rows-max": ["rowsMax", count, "a whole number above 0"] },
    defaults: {},
    takes: "retract",
  },
};

export const CONNECTOR_NAMES: readonly string[] = Object.keys(CONNECTORS);

interface ConnectorTable {
  readonly connector: string;
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** What is kept beside the plan. */
  readonly live?: unknown;
  /** Which changes it takes as a target; rows are only added unless given. */
  readonly takes?: "retract";
}

const HEADER = /^header\.(.+)$/;

/** @throws SqlError OPTION for unknown connectors and options, naming the nearest, and for values that are not legal */
export function connectorTable(name: string, options: readonly Option[], span: Span, places: Places): ConnectorTable {
  const naming = options.find(({ key }) => key === "connector");
  if (naming === undefined) {
    const hint = "WITH ('connector' = 'filesystem', 'path' = 'orders.ndjson')";
    throw places.error("OPTION", `table "${name}" has no connector`, span, hint);
  }
  if (!Object.hasOwn(CONNECTORS, naming.value)) {
    const hint = hintNames(naming.value, CONNECTOR_NAMES, "connectors");
    throw places.error("OPTION", `no connector '${naming.value}' in SQL`, naming.span, hint);
  }
  const spec = CONNECTORS[naming.value] as ConnectorSpec;
  const table: Record<string, unknown> = { ...spec.defaults };
  const seen = new Set<string>();
  for (const { key, value, span: place } of options) {
    if (seen.has(key)) throw places.error("OPTION", `'${key}' is given twice`, place, "give it once");
    seen.add(key);
    if (key === "connector") continue;
    const header = spec.headers ? HEADER.exec(key)?.[1] : undefined;
    if (header !== undefined) {
      table["headers"] = { ...(table["headers"] as object | undefined), [header]: value };
      continue;
    }
    if (!Object.hasOwn(spec.options, key)) {
      const known = ["connector", ...Object.keys(spec.options), ...(spec.headers ? ["header.NAME"] : [])];
      const hint = hintNames(key, known, "options");
      throw places.error("OPTION", `'${naming.value}' has no option '${key}'`, place, hint);
    }
    const [target, read, takes] = spec.options[key] as readonly [string, Read, string];
    const result = read(value);
    if (result === undefined) throw places.error("OPTION", `'${key}' = '${value}'`, place, `it takes ${takes}`);
    const [outer, inner] = target.split(".") as [string, string?];
    table[outer] = inner === undefined ? result : { ...(table[outer] as object | undefined), [inner]: result };
  }
  if (spec.required !== undefined && table[spec.required] === undefined) {
    const hint = `'${spec.required}' = 'https://example.com/orders'`;
    throw places.error("OPTION", `'${naming.value}' has no '${spec.required}'`, span, hint);
  }
  if (spec.make !== undefined) return { connector: spec.connector, ...spec.make(table) };
  if (spec.named === undefined) {
    return { connector: spec.connector, name, options: table, ...(spec.takes ? { takes: spec.takes } : {}) };
  }
  const { [spec.named]: path, ...others } = table;
  if (path !== undefined) return { connector: spec.connector, name: String(path), options: others };
  throw places.error("OPTION", `'${naming.value}' has no '${spec.named}'`, span, `'${spec.named}' = 'orders.ndjson'`);
}
