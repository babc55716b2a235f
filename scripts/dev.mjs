// `npm run dev`: recompiles the kernels when assembly/ changes and reruns the tests that a change touches. Arguments go to
// vitest: `npm run dev -- test/kernels`.
import { spawn, spawnSync } from "node:child_process";
import { watch } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const compileKernels = () =>
  spawnSync(process.execPath, ["scripts/build-wasm.mjs"], { cwd: root, stdio: "inherit" }).status === 0;

if (!compileKernels()) process.exit(1);

// Editors write a file in several steps: wait until they are through. The generated module then reruns the tests.
let pending;
const watcher = watch(join(root, "assembly"), () => {
  clearTimeout(pending);
  pending = setTimeout(compileKernels, 100);
});

const vitest = join(root, "node_modules/.bin/vitest");
const tests = spawn(vitest, ["watch", "--project", "node", ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
tests.on("exit", (code) => {
  watcher.close();
  clearTimeout(pending);
  process.exitCode = code ?? 1;
});
