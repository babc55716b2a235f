// The formats that byte sources and file sinks know, by name and by file ending. A record format's code is loaded when a table
// first names it, and opened with the options that the table keeps under the format's name: `{ csv: { delimiter: ";" } }`.
import { assert, ConnectorError, hintNames } from "../errors.js";
import type { Format, OpenFormat } from "../formats/format.js";
import type { TableRef } from "../plan/logical.js";
import { loadPart } from "../platform/errors.js";
import { uncompressedPath } from "./compression.js";
import { FILE_FORMATS } from "./file-formats.js";
import { RECORD_FORMATS, type RecordFormat } from "./record-formats.js";

/** Files that are no stream of records: they have a reader and a writer of their own. */
export const PARQUET = "parquet";

/** Names of all formats. */
export const FORMAT_NAMES = [...RECORD_FORMATS.map(({ name }) => name), PARQUET];

/** Those that were loaded, by name. */
const loaded = new Map<string, OpenFormat>();
let parquetWriter: typeof import("../formats/parquet-encoder.js") | undefined;

/**
 * Loads a record format, so that `openFormat` need not wait.
 * @throws OPTION naming the formats, UNSUPPORTED for Parquet, MODULE_MISSING
 */
export async function loadFormat(name: string, where: string): Promise<void> {
  const format = recordFormat(name, where);
  if (!loaded.has(name)) loaded.set(name, await loadPart(`the format "${name}"`, format.load));
}

/** A record format that was loaded, with the table's options of it. @throws OPTION */
export function openFormat(name: string, { name: where, options }: Pick<TableRef, "name" | "options">): Format {
  const open = loaded.get(name);
  assert(open !== undefined, `the format "${name}" was not loaded`);
  checkOthers(name, where, options);
  return open(options[name] ?? {}, where);
}

/** `loadFormat`, then `openFormat`. */
export async function loadAndOpen(name: string, table: Pick<TableRef, "name" | "options">): Promise<Format> {
  await loadFormat(name, table.name);
  return openFormat(name, table);
}

/** Loads what writes a format, so that `openWriter` need not wait. @throws OPTION, MODULE_MISSING */
export async function loadWriter(name: string, where: string): Promise<void> {
  if (name !== PARQUET) await loadFormat(name, where);
  else parquetWriter ??= await loadPart("the Parquet writer", () => import("../formats/parquet-encoder.js"));
}

/** What makes the encoders of a table. */
export type Writer = Pick<Format, "createEncoder">;

/** The writer of a format that was loaded by `loadWriter`, with the table's options of it. @throws OPTION */
export function openWriter(name: string, table: Pick<TableRef, "name" | "options">): Writer {
  if (name !== PARQUET) return openFormat(name, table);
  assert(parquetWriter !== undefined, "the Parquet writer was not loaded");
  checkOthers(name, table.name, table.options);
  return parquetWriter.openParquetWriter(table.options[name] ?? {}, table.name);
}

/** Options of another format than the table's would go unheard. @throws OPTION */
export function checkOthers(name: string, where: string, options: Readonly<Record<string, unknown>>): void {
  const other = FORMAT_NAMES.find((candidate) => candidate !== name && options[candidate] !== undefined);
  if (other === undefined) return;
  throw new ConnectorError("OPTION", `${where} has options of "${other}", but its format is "${name}"`, {
    hint: `give { ${name}: … }, or { format: "${other}" }`,
    domain: "user",
  });
}

function recordFormat(name: string, where: string): RecordFormat {
  const format = RECORD_FORMATS.find((candidate) => candidate.name === name);
  if (format !== undefined) return format;
  if (name === PARQUET) {
    throw new ConnectorError("UNSUPPORTED", `${where}: Parquet is read from files only`, {
      hint: "Parquet files are read from their end: give mill.file() the path, or mill.fetch() the URL",
      domain: "user",
    });
  }
  throw new ConnectorError("OPTION", `${where}: there is no format "${name}"`, {
    hint: hintNames(name, FORMAT_NAMES, "formats"),
    domain: "user",
  });
}

/** The ending that a new file of a format gets, with the dot. @throws OPTION */
export function extensionOf(name: string, where: string): string {
  return name === PARQUET ? FILE_FORMATS.parquet[0] : (recordFormat(name, where).extensions[0] as string);
}

/** The name of the format that a path's ending tells, null for none. */
export function endingFormat(path: string): string | null {
  const lower = uncompressedPath(path).toLowerCase();
  const endsWith = (endings: readonly string[]) => endings.some((ending) => lower.endsWith(ending));
  if (endsWith(FILE_FORMATS.parquet)) return PARQUET;
  return RECORD_FORMATS.find(({ extensions }) => endsWith(extensions))?.name ?? null;
}

/** The format's name, by option or by the path's ending. @throws OPTION when neither tells */
export function formatOf(path: string, option: string | undefined): string {
  if (option !== undefined) {
    if (option !== PARQUET) recordFormat(option, path);
    return option;
  }
  const told = endingFormat(path);
  if (told !== null) return told;
  throw new ConnectorError("OPTION", `the name "${path}" does not tell its format`, {
    hint: `give { format }: ${FORMAT_NAMES.join(", ")}`,
    domain: "user",
  });
}
