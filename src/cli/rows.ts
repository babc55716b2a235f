// Rows on standard output: an aligned table of the first ones, or exact NDJSON of all.
import type { DataStream, RowOptions } from "../node.js";
import { integer, note, table, timestampText } from "./output.js";

const TABLE_ROWS_MAX = 40;

/** Prints a stream's rows. Standard output that is not read holds the stream back. */
export async function printRows(stream: DataStream, format: "table" | "ndjson", options: RowOptions): Promise<void> {
  const schema = (await stream.schema()) as Record<string, string>;
  if (format === "ndjson") {
    const line = jsonLines(schema);
    for await (const row of stream.rows({ ...options, bigint: true })) {
      if (process.stdout.write(line(row))) continue;
      await new Promise((resolve) => process.stdout.once("drain", resolve));
    }
    return;
  }
  const names = Object.keys(schema);
  const shown: unknown[][] = [];
  let count = 0;
  for await (const row of stream.rows({ ...options, bigint: true })) {
    if (count++ < TABLE_ROWS_MAX) shown.push(names.map((name) => row[name]));
  }
  process.stdout.write(`${table(names, shown)}\n`);
  if (count > shown.length) {
    process.stdout.write(`${note(`… ${integer(count - shown.length)} more rows (--format ndjson prints all)`)}\n`);
  }
}

/** A writer of rows with these columns as NDJSON lines. BIGINT columns are bigint or number. */
export function jsonLines(
  schema: Readonly<Record<string, string>>,
): (row: Readonly<Record<string, unknown>>) => string {
  const columns = Object.entries(schema).map(([name, type]) => ({
    name,
    key: `${JSON.stringify(name)}:`,
    write: jsonWriter(type),
  }));
  return (row) => `{${columns.map(({ name, key, write }) => key + write(row[name])).join(",")}}\n`;
}

type JsonWriter = (value: unknown) => string;

/** As files have it (docs/decisions/0003): BIGINT and DECIMAL as numbers with all digits, NaN and infinities as text. */
function jsonWriter(type: string): JsonWriter {
  const nested = /^(ARRAY|MAP|ROW)<(.*)>(?: NOT NULL)?$/s.exec(type);
  if (nested !== null) {
    const write = nestedWriter(nested[1] as string, partsOf(nested[2] as string));
    return (value) => (value === null ? "null" : write(value));
  }
  if (type.startsWith("DECIMAL")) return (value) => (value === null ? "null" : String(value));
  if (type.startsWith("TIMESTAMP")) {
    const zone = type.startsWith("TIMESTAMP_LTZ") ? "Z" : "";
    return (value) => (value === null ? "null" : `"${instant(value)}${zone}"`);
  }
  if (type.startsWith("BYTES")) {
    return (value) => (value === null ? "null" : `"${Buffer.from(value as Uint8Array).toString("base64")}"`);
  }
  return (value) => {
    if (typeof value === "bigint") return String(value);
    if (typeof value === "number" && !Number.isFinite(value)) return `"${value}"`;
    return JSON.stringify(value);
  };
}

/** @param parts - the types between the brackets, of ROW behind their names */
function nestedWriter(kind: string, parts: readonly string[]): JsonWriter {
  if (kind === "ARRAY") {
    const write = jsonWriter(parts[0] as string);
    return (value) => `[${(value as readonly unknown[]).map(write).join(",")}]`;
  }
  if (kind === "MAP") {
    const [writeKey, write] = parts.map(jsonWriter) as [JsonWriter, JsonWriter];
    const quoted = (key: string): string => (key.startsWith('"') ? key : `"${key}"`);
    return (value) => {
      const entries = [...(value as ReadonlyMap<unknown, unknown>)];
      return `{${entries.map(([key, inner]) => `${quoted(writeKey(key))}:${write(inner)}`).join(",")}}`;
    };
  }
  const columns = parts.map((part) => {
    const [, quoted, plain, type] = /^(?:`((?:[^`]|``)*)`|(\S+)) (.*)$/s.exec(part) as RegExpExecArray;
    const name = plain ?? (quoted as string).replaceAll("``", "`");
    return { name, key: `${JSON.stringify(name)}:`, write: jsonWriter(type as string) };
  });
  return (value) => {
    const row = value as Readonly<Record<string, unknown>>;
    return `{${columns.map(({ name, key, write }) => key + write(row[name])).join(",")}}`;
  };
}

/** A type's inner text cut at the commas that stand in no brackets and no backticks. */
function partsOf(text: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const [token] of text.matchAll(/`(?:[^`]|``)*`|[<(]|[>)]|,|[^`<>(),]+/gs)) {
    if (token === "<" || token === "(") depth++;
    else if (token === ">" || token === ")") depth--;
    if (token === "," && depth === 0) parts.push("");
    else parts.push((parts.pop() as string) + token);
  }
  return parts.map((part) => part.trim());
}

function instant(value: unknown): string {
  return value instanceof Date ? timestampText(value) : String(value).replace("T", " ").replace(/Z$/, "");
}
