// Connectors over the network as SQL names them: what `mill.fetch`, `mill.poll`, `mill.webSocket`, `mill.eventSource` and
// `mill.webhook` take, as options of a table.
import { redacted } from "../platform/errors.js";
import { type ConnectorSpec, count, milliseconds, names, whole, words } from "./connector-options.js";

type OptionRow = ConnectorSpec["options"][string];

const NUMBER = "a whole number above 0";
const TIME = "a time such as 500 ms, 5 s or 1 min";
const URL: OptionRow = ["url", words, "a URL"];
const RECORDS: Readonly<Record<string, OptionRow>> = {
  url: URL,
  format: ["format", words, "the name of a format, such as ndjson, csv or json"],
  "max-record-bytes": ["maxRecordBytes", count, NUMBER],
  "csv.delimiter": ["csv.delimiter", words, "one character"],
};
const RETRIES: Readonly<Record<string, OptionRow>> = {
  "retry.attempts": ["retry.attempts", whole, "a whole number"],
  "retry.min-delay": ["retry.minDelayMs", milliseconds, TIME],
  "retry.max-delay": ["retry.maxDelayMs", milliseconds, TIME],
};
const RETRY = { attempts: 10, minDelayMs: 500, maxDelayMs: 30_000 };

/** The table is called by its URL, without what is secret in it; the URL itself is kept beside the plan. */
const byUrl = ({ url, ...options }: Readonly<Record<string, unknown>>) => ({
  name: redacted(url as string),
  live: url,
  options,
});

const common = { defaults: {}, required: "url", headers: true, make: byUrl } as const;

export const REMOTE: Readonly<Record<string, ConnectorSpec>> = {
  http: {
    ...common,
    connector: "fetch",
    options: { ...RECORDS, compression: ["compression", words, "gzip, zstd or none"] },
  },
  "http-poll": {
    ...common,
    connector: "poll",
    options: {
      ...RECORDS,
      ...RETRIES,
      "poll.interval": ["everyMs", milliseconds, TIME],
      "poll.max-body-bytes": ["bodyBytesMax", count, NUMBER],
      "cursor.column": ["cursor.column", words, "a column"],
      "cursor.parameter": ["cursor.parameter", words, "a parameter of the URL"],
      "cursor.start": ["cursor.start", words, "the first value"],
    },
    defaults: { everyMs: 5000, retry: RETRY },
  },
  websocket: {
    ...common,
    connector: "websocket",
    headers: false,
    options: {
      ...RECORDS,
      ...RETRIES,
      protocols: ["protocols", names, "names, with commas between"],
      "on-open": ["onOpen", words, "the text that is sent when it is open"],
      "buffer-bytes": ["bufferBytes", count, NUMBER],
    },
    defaults: { retry: RETRY },
    make: ({ onOpen, ...others }) => {
      const { name, live, options } = byUrl(others);
      return { name, live: { url: live, onOpen }, options };
    },
  },
  sse: {
    ...common,
    connector: "event-source",
    options: {
      ...RECORDS,
      ...RETRIES,
      events: ["events", names, "types of events, with commas between"],
      "buffer-bytes": ["bufferBytes", count, NUMBER],
    },
    defaults: { retry: RETRY },
  },
  webhook: {
    ...common,
    connector: "webhook",
    options: {
      ...RETRIES,
      url: URL,
      format: ["format", words, "the name of a format of records, such as ndjson or json"],
      "batch.rows": ["batchRows", count, NUMBER],
      "batch.bytes": ["batchBytes", count, NUMBER],
      "batch.interval": ["batchMs", milliseconds, TIME],
      timeout: ["timeoutMs", milliseconds, TIME],
    },
    make: (all) => {
      const { name, live, options } = byUrl(all);
      return { name, live: { url: live, options }, options: {} };
    },
  },
};
