// Formats assembly/ with Biome, which cannot parse AssemblyScript's decorators on functions: they are turned into comments,
// the rest is formatted as TypeScript, and they are turned back. With --check it only says which files would change.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const assembly = join(root, "assembly");
const scratch = join(root, ".cache/assembly");

/** `@inline` at the start of a line, alone or before its function. */
const hideDecorators = (text) => text.replaceAll(/^( *)(@\w+)(?= |$)/gm, (_, indent, name) => `${indent}/*${name}*/`);
const showDecorators = (text) => text.replaceAll(/^( *)\/\*(@\w+)\*\//gm, "$1$2");

const names = readdirSync(assembly).filter((name) => name.endsWith(".ts"));
rmSync(scratch, { recursive: true, force: true });
mkdirSync(scratch, { recursive: true });
for (const name of names)
  writeFileSync(join(scratch, name), hideDecorators(readFileSync(join(assembly, name), "utf8")));

const biome = join(root, "node_modules/.bin/biome");
// The scratch folder is git-ignored, which Biome would respect.
const { status } = spawnSync(biome, ["format", "--write", "--vcs-enabled=false", scratch], {
  cwd: root,
  stdio: ["ignore", "ignore", "inherit"],
});
if (status !== 0) process.exit(1);

let changed = 0;
for (const name of names) {
  const formatted = showDecorators(readFileSync(join(scratch, name), "utf8"));
  if (formatted === readFileSync(join(assembly, name), "utf8")) continue;
  changed++;
  if (process.argv.includes("--check")) console.log(`assembly/${name} is not formatted; \`npm run format\` does it`);
  else writeFileSync(join(assembly, name), formatted);
}
if (process.argv.includes("--check") && changed > 0) process.exit(1);
