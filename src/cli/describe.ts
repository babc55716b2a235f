// `millrace describe FILE`: the columns that the engine sees in a file, or in lines of JSON from standard input (`-`), as a
// table, NDJSON or a schema literal.
import { basename } from "node:path";
import { Millrace } from "../node.js";
import { type Format, table } from "./output.js";

export async function describe(path: string, flags: { readonly ts?: boolean; readonly format: Format }): Promise<void> {
  const mill = await Millrace.open();
  const schema = Object.entries(await (path === "-" ? mill.from(process.stdin) : mill.file(path)).schema());
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
