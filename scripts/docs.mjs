// `npm run docs`: writes the pages that are tables of the sources, docs/errors.md from src/error-codes.ts and
// docs/reference/functions.md from src/plan/functions.ts, and the tables of options in the pages of the reference.
// test/tidy.test.ts and test/option-tables.test.ts fail when one is stale.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";
import { readDeclarations, withOptionTables } from "./option-tables.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The page of errors: one row a code, in the table's order. */
export function errorsPage(codes) {
  const rows = Object.entries(codes).map(([code, meaning]) => row(`\`${code}\``, meaning));
  return `# Error codes

Every error that Millrace throws is an \`EngineError\` with a \`code\`, a \`message\` that states the fact with its numbers, a
\`hint\` that says what to do next, and \`at\`, the place. Programs match on \`code\`: a code never changes its meaning.
This page is generated from \`src/error-codes.ts\` by \`npm run docs\`.

| code | meaning, and what to do |
|---|---|
${rows.join("\n")}
`;
}

const NULL_RULES = { strict: "any NULL", own: "see text", never: "never" };

/**
 * The page of functions: one row a function, in the table's order. `tables` are the rows of src/plan/functions.ts and their
 * texts in src/plan/function-docs.ts, `functions` are those that the API exports by name,
 * `methods` the names of an expression's methods; what is neither is an operator's inner form and has no row.
 */
export function functionsPage(tables, functions, methods) {
  const { FUNCTIONS, AGGREGATES, FUNCTION_DOCS, AGGREGATE_DOCS } = tables;
  const rows = [...FUNCTIONS.values()].flatMap((entry) => {
    const name = entry.name.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase());
    const api = name in functions ? `${name}(…)` : methods.includes(name) ? `.${name}(…)` : null;
    if (api === null) return [];
    const { doc, example } = FUNCTION_DOCS[entry.name];
    const args = example.over === undefined ? example.args : [example.over.value, ...example.args];
    const shown = `${args.map(exampleText).join(", ")} → ${exampleText(example.result)}`;
    const nulls = entry.expand === undefined ? NULL_RULES[entry.nulls] : NULL_RULES.own;
    return [row(`\`${api}\``, `\`${entry.signature}\``, nulls, doc, `\`${shown}\``)];
  });
  const late = tables.LIBRARY.map((entry) => {
    const { doc, sql, result } = tables.LIBRARY_DOCS[entry.name];
    const nulls = entry.nulls === "strict" ? "any NULL" : NULL_RULES[entry.nulls];
    return row(`\`${entry.flink}\``, `\`${entry.signature}\``, nulls, doc, `\`${sql} → ${exampleText(result)}\``);
  });
  const totals = [...AGGREGATES.values()].map(({ name, signature }) => row(`\`${signature}\``, AGGREGATE_DOCS[name]));
  return `# Functions and aggregates

This page is generated from \`src/plan/functions.ts\` by \`npm run docs\`. How expressions are put together, and how they treat
types, NULL and errors, is in [Expressions](expressions.md).

## Functions

*In the API* a name with a dot is a method of an expression, \`col("a").add(1)\`; the others are imported from \`millrace\`.
*NULL when* says when the result is NULL. In the examples a time is shown as Date or, as a result, in its column's own unit:
milliseconds since 1970-01-01, a DATE in days.

| in the API | takes | NULL when | gives | example |
|---|---|---|---|---|
${rows.join("\n")}

## More functions

They are loaded when a program names one. SQL calls them by their names, the API by \`fn(name, …)\` with the name in small letters:
\`fn("split_index", col("url"), "/", 3)\`. Where a function *may be NULL* its text says when. Patterns of text are Java's regular
expressions as far as they can be matched in linear time: references back, looking around, atomic groups and possessive quantifiers are
refused; \`(?i)\` is about ASCII letters, and \`$\` stands at the end and before a last line feed.

| in SQL | takes | NULL when | gives | example |
|---|---|---|---|---|
${late.join("\n")}

## Aggregates

Rows where the argument is NULL do not count; of no values at all the result is NULL, and \`count\` is 0.

| in the API | gives |
|---|---|
${totals.join("\n")}
`;
}

function row(...cells) {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function exampleText(value) {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return `[${value.map(exampleText).join(", ")}]`;
  if (value instanceof Map) return `{${[...value].map((entry) => entry.map(exampleText).join(": ")).join(", ")}}`;
  if (value instanceof Uint8Array) return `X'${Buffer.from(value).toString("hex")}'`;
  if (typeof value === "object" && value !== null) return exampleText(new Map(Object.entries(value)));
  return typeof value === "string" ? `'${value}'` : String(value);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const load = async (path) => {
    const { module } = await runnerImport(join(root, path), { configFile: false, logLevel: "error" });
    return module;
  };
  const { CODES } = await load("src/error-codes.ts");
  const sources = ["functions", "function-docs", "library/index", "library-docs"];
  const tables = Object.assign({}, ...(await Promise.all(sources.map((name) => load(`src/plan/${name}.ts`)))));
  const functions = await load("src/api/functions.ts");
  const { Expression } = await load("src/api/expression.ts");
  const methods = Object.getOwnPropertyNames(Expression.prototype);
  const pages = {
    "docs/errors.md": errorsPage(CODES),
    "docs/reference/functions.md": functionsPage(tables, functions, methods),
  };
  mkdirSync(join(root, "docs/reference"), { recursive: true });
  for (const [path, text] of Object.entries(pages)) {
    writeFileSync(join(root, path), text);
    console.log(`${path}: ${text.split("\n").filter((line) => line.startsWith("| `")).length} rows`);
  }
  const { OPTION_TABLES } = await load("test/support/option-tables.ts");
  const declarations = readDeclarations(root);
  const reference = join(root, "docs/reference");
  for (const name of readdirSync(reference).filter((file) => file.endsWith(".md"))) {
    const text = readFileSync(join(reference, name), "utf8");
    const filled = withOptionTables(text, OPTION_TABLES, declarations);
    if (filled !== text) console.log(`docs/reference/${name}: its tables of options`);
    writeFileSync(join(reference, name), filled);
  }
}
