// The tables of options that the reference shows: where the options are declared, and what they are checked against. Read by
// `npm run docs`, and by the test that looks for options without a row.

import { TABLE_OPTIONS } from "../../src/api/table.js";
import { BYTES_OPTIONS, FILE_OPTIONS, FORMAT_OPTIONS } from "../../src/api/tables.js";
import { BROADCAST_OPTIONS, STDOUT_OPTIONS, WEBHOOK_OPTIONS } from "../../src/api/targets.js";
import { BROADCAST_SCHEMA } from "../../src/connectors/broadcast-sink.node.js";
import { INGEST_SCHEMA } from "../../src/connectors/ingest.node.js";
import { WEBHOOK_SCHEMA } from "../../src/connectors/webhook.js";
import { ARROW_OPTIONS } from "../../src/formats/arrow-format.js";
import { AVRO_OPTIONS } from "../../src/formats/avro.js";
import { CSV_OPTIONS } from "../../src/formats/csv-options.js";
import type { OptionsSchema } from "../../src/formats/options.js";
import { PARQUET_OPTIONS } from "../../src/formats/parquet.js";
import { PARQUET_WRITER_OPTIONS } from "../../src/formats/parquet-encoder.js";
import { RAW_OPTIONS } from "../../src/formats/raw.js";

/** One table of options. */
export interface OptionTable {
  /** As the pages name it: `<!-- options of webhook -->`. */
  readonly noun: string;
  /** The interface that declares them, and the property of it that holds them where it is not the interface itself. */
  readonly type: string;
  readonly property?: string;
  /** Interfaces whose options have a table of their own, and options that have. */
  readonly without?: readonly string[];
  readonly omit?: readonly string[];
  /** What the options are checked against when a program starts; ranges and defaults are taken from it. */
  readonly schemas?: readonly OptionsSchema[];
  /** The names that are let in at the call. */
  readonly names?: readonly string[];
}

const SHARED = ["TableOptions"];

export const OPTION_TABLES: readonly OptionTable[] = [
  { noun: "every source", type: "TableOptions", names: TABLE_OPTIONS },
  { noun: "bytes", type: "BytesOptions", without: SHARED, omit: FORMAT_OPTIONS, names: BYTES_OPTIONS },
  { noun: "file", type: "FileOptions", without: ["BytesOptions"], omit: FORMAT_OPTIONS, names: FILE_OPTIONS },
  { noun: "fetch", type: "FetchOptions", without: ["BytesOptions"] },
  { noun: "rows", type: "RowsOptions", without: SHARED },
  { noun: "columns", type: "ColumnsOptions", without: SHARED },
  { noun: "generate", type: "GenerateOptions", without: SHARED },
  { noun: "nexmark", type: "NexmarkOptions", without: SHARED, omit: ["time"] },
  { noun: "webSocket", type: "WebSocketOptions", without: SHARED, omit: FORMAT_OPTIONS },
  { noun: "eventSource", type: "EventSourceOptions", without: SHARED, omit: FORMAT_OPTIONS },
  { noun: "poll", type: "PollOptions", without: SHARED, omit: FORMAT_OPTIONS },
  { noun: "ingest", type: "IngestOptions", without: SHARED, schemas: [INGEST_SCHEMA] },
  { noun: "events", type: "EventsOptions", without: SHARED },
  { noun: "observable", type: "PushOptions", without: SHARED },
  { noun: "csv", type: "CsvOptions", schemas: [CSV_OPTIONS] },
  { noun: "bytes format", type: "BytesOptions", property: "bytes", schemas: [RAW_OPTIONS] },
  { noun: "arrow", type: "BytesOptions", property: "arrow", schemas: [ARROW_OPTIONS] },
  { noun: "avro", type: "BytesOptions", property: "avro", schemas: [AVRO_OPTIONS] },
  {
    noun: "parquet",
    type: "BytesOptions",
    property: "parquet",
    schemas: [PARQUET_OPTIONS, PARQUET_WRITER_OPTIONS],
  },
  { noun: "webhook", type: "WebhookOptions", schemas: [WEBHOOK_SCHEMA], names: WEBHOOK_OPTIONS },
  { noun: "broadcast", type: "BroadcastOptions", schemas: [BROADCAST_SCHEMA], names: BROADCAST_OPTIONS },
  { noun: "stdout", type: "StdoutOptions", omit: FORMAT_OPTIONS, names: STDOUT_OPTIONS },
  { noun: "console", type: "ConsoleOptions" },
  { noun: "callback", type: "ReadOptions" },
  { noun: "live table", type: "LiveOptions" },
  { noun: "subscribe", type: "SubscribeOptions" },
];
