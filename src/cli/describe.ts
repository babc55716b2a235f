// `millrace describe FILE`: the columns that the engine sees in a file, or in standard input (`-`, lines of JSON unless told), as a
// table with the dialect of CSV and the first rows below it, NDJSON or a schema literal.
import { basename } from "node:path";
import { Millrace, type Table } from "../node.js";
import { type Format, heading, table } from "./output.js";

interface DescribeFlags {
  /** The file's format, where its name does not tell. */
  readonly as?: string;
  readonly ts?: boolean;
  readonly format: Format;
  /** Rows that are shown below the columns. */
  readonly rows: number;
}

export async function describe(path: string, flags: DescribeFlags): Promise<void> {
  const mill = await Millrace.open();
  // What it looks at are the columns: a record that is none is passed over.
  const told = flags.as === undefined ? {} : { format: flags.as };
  const source = path === "-" ? mill.from(process.stdin, told) : mill.file(path, { ...told, rowPolicy: "skip" });
  const schema = Object.entries(await source.schema());
  // What has been looked at is enough: whoever writes on is told so by a closed pipe.
  if (path === "-") process.stdin.destroy();
  if (flags.ts) {
    process.stdout.write(`${schemaSource(path, schema)}\n`);
    return;
  }
  const rows = schema.map(([name, text]) => {
    const required = text.endsWith(" NOT NULL");
    return { column: name, type: required ? text.slice(0, -" NOT NULL".length) : text, nullable: !required };
  });
  const text =
    flags.format === "ndjson"
      ? rows.map((row) => JSON.stringify(row)).join("\n")
      : table(
          ["column", "type", "null"],
          rows.map(({ column, type, nullable }) => [column, type, nullable ? "yes" : "no"]),
        );
  process.stdout.write(`${text}\n`);
  if (flags.format === "table" && path !== "-") showDialect(path, await source.dialect());
  if (flags.format === "ndjson" || flags.rows === 0 || path === "-") return;
  const names = schema.map(([name]) => name);
  const sample: unknown[][] = [];
  for await (const row of source.rows({ bigint: true })) {
    sample.push(names.map((name) => Reflect.get(row, name)));
    if (sample.length === flags.rows) break;
  }
  process.stdout.write(`\n${heading(`first rows of ${basename(path)}`)}\n${table(names, sample)}\n`);
}

/** How a CSV file is written, by the names of its options; nothing for other files. */
function showDialect(path: string, dialect: Awaited<ReturnType<Table["dialect"]>>): void {
  if (dialect === null) return;
  const rows = Object.entries(dialect).map(([option, found]) => [option, found === "\t" ? "tab" : found]);
  process.stdout.write(`\n${heading(`dialect of ${basename(path)}`)}\n${table(["option", "found"], rows)}\n`);
}

/** `export const flights = { … } as const;`: what `{ schema }` options take, with the row's type. */
function schemaSource(path: string, schema: readonly (readonly [string, string])[]): string {
  const words = basename(path)
    .replace(/\.[^.]*$/, "")
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "");
  const camel = words.map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join("");
  const name = /^[A-Za-z]/.test(camel) ? camel : `table${camel}`;
  const columns = schema.map(([column, text]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(column) ? column : JSON.stringify(column);
    return `  ${key}: ${JSON.stringify(text)},`;
  });
  return `export const ${name} = {\n${columns.join("\n")}\n} as const;`;
}
