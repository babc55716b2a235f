// The record formats that byte sources and file sinks know, by name and by file ending.
import { ConnectorError, hintNames } from "../errors.js";
import type { Format } from "../formats/format.js";
import { json } from "../formats/json.js";

export const FORMATS: readonly Format[] = [json];

/** Files that are no stream of records: they are read by their own reader. */
export const PARQUET = "parquet";

const NAMES = [...FORMATS.map(({ name }) => name), PARQUET];

/** A format of records. @throws OPTION naming the formats */
export function formatNamed(name: string, where: string): Format {
  const format = FORMATS.find((candidate) => candidate.name === name);
  if (format !== undefined) return format;
  if (name === PARQUET) {
    throw new ConnectorError("UNSUPPORTED", `${where}: Parquet is read from files only`, {
      hint: "Parquet files are read from their end: give mill.file() the path",
      domain: "user",
    });
  }
  throw new ConnectorError("OPTION", `${where}: there is no format "${name}"`, {
    hint: hintNames(name, NAMES, "formats"),
    domain: "user",
  });
}

/** The format's name, by option or by the path's ending. @throws OPTION when neither tells */
export function formatOf(path: string, option: string | undefined): string {
  if (option !== undefined) {
    if (option !== PARQUET) formatNamed(option, path);
    return option;
  }
  const lower = path.toLowerCase();
  const format = FORMATS.find(({ extensions }) => extensions.some((ending) => lower.endsWith(ending)));
  if (format !== undefined) return format.name;
  if (lower.endsWith(".parquet") || lower.endsWith(".pq")) return PARQUET;
  throw new ConnectorError("OPTION", `the name "${path}" does not tell its format`, {
    hint: `give { format }: ${NAMES.join(", ")}`,
    domain: "user",
  });
}
