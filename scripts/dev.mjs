// `npm run dev`: recompiles the kernels when assembly/ changes, makes the parser of SQL when its grammar does, and reruns the
// tests that a change touches. Arguments go to vitest: `npm run dev -- test/kernels`.
import { spawn, spawnSync } from "node:child_process";
import { watch } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
/** Both skip what is up to date. */
const generate = () =>
  ["build-wasm", "build-sql"].every(
    (name) => spawnSync(process.execPath, [`scripts/${name}.mjs`], { cwd: root, stdio: "inherit" }).status === 0,
  );

if (!generate()) process.exit(1);

// Editors write a file in several steps: wait until they are through. The generated module then reruns the tests.
let pending;
const watchers = ["assembly", "src/sql"].map((folder) =>
  watch(join(root, folder), (_event, name) => {
    if (name?.includes(".generated.")) return;
    clearTimeout(pending);
    pending = setTimeout(generate, 100);
  }),
);

const vitest = join(root, "node_modules/.bin/vitest");
const tests = spawn(vitest, ["watch", "--project", "node", ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
tests.on("exit", (code) => {
  for (const watcher of watchers) watcher.close();
  clearTimeout(pending);
  process.exitCode = code ?? 1;
});
