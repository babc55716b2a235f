// `npm run docs`: writes docs/errors.md from the table of codes in src/errors.ts. test/tidy.test.ts fails when it is stale.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The page: one row a code, in the table's order. */
export function errorsPage(codes) {
  const rows = Object.entries(codes).map(([code, meaning]) => `| \`${code}\` | ${meaning.replaceAll("|", "\\|")} |`);
  return `# Error codes

Every error that Millrace throws is an \`EngineError\` with a \`code\`, a \`message\` that states the fact with its numbers, a
\`hint\` that says what to do next, and \`at\`, the place. Programs match on \`code\`: a code never changes its meaning.
This page is generated from \`src/errors.ts\` by \`npm run docs\`.

| code | meaning, and what to do |
|---|---|
${rows.join("\n")}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { module } = await runnerImport(join(root, "src/errors.ts"), { configFile: false, logLevel: "error" });
  mkdirSync(join(root, "docs"), { recursive: true });
  writeFileSync(join(root, "docs/errors.md"), errorsPage(module.CODES));
  console.log(`docs/errors.md: ${Object.keys(module.CODES).length} codes`);
}
