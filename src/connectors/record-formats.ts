// The record formats: how they are called, which names tell them, and where their code is. They stand apart from what opens
// them, so that a format which the name of a table tells is asked for together with the connector, and not after it.
import type { OpenFormat } from "../formats/format.js";
import type { LateConnector } from "../runtime/connector.js";
import { FILE_FORMATS } from "./file-formats.js";

/** What is known of a record format before its code is loaded. */
export interface RecordFormat {
  readonly name: string;
  /** File name endings, with the dot; the first is what new files get. */
  readonly extensions: readonly string[];
  load(): Promise<OpenFormat>;
}

export const RECORD_FORMATS: readonly RecordFormat[] = [
  {
    name: "ndjson",
    extensions: [".ndjson", ".jsonl"],
    load: async () => (await import("../formats/json.js")).openJson,
  },
  {
    name: "csv",
    extensions: [".csv", ".tsv"],
    load: async () => (await import("../formats/csv.js")).openCsv,
  },
  {
    name: "json",
    extensions: [".json"],
    load: async () => (await import("../formats/json-array.js")).openJsonDocument,
  },
  {
    name: "lines",
    extensions: [".txt"],
    load: async () => (await import("../formats/lines.js")).openLines,
  },
  {
    name: "avro",
    extensions: FILE_FORMATS.avro,
    load: async () => (await import("../formats/avro.js")).openAvro,
  },
  {
    name: "bytes",
    extensions: [".bin"],
    load: async () => (await import("../formats/raw.js")).openRaw,
  },
  {
    name: "arrow",
    extensions: FILE_FORMATS.arrow,
    load: async () => (await import("../formats/arrow-format.js")).openArrow,
  },
];

/**
 * Loads a connector, and at the same time the format that its table names. A format which does not load is asked for again, and
 * reported, where it is opened.
 */
export function withFormat(load: LateConnector["load"]): LateConnector["load"] {
  return (table) => {
    const option = table?.options["format"];
    const name = table?.name.toLowerCase() ?? "";
    const told = RECORD_FORMATS.find((format) => {
      return option === undefined ? format.extensions.some((ending) => name.endsWith(ending)) : format.name === option;
    });
    told?.load().catch(() => undefined);
    return load(table);
  };
}
