// `npm run bench -- …`: compiles the benches together with the sources to build/run/ (plain tsc, so that what is measured is
// what ships) and starts them with the garbage collector at hand.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

run("scripts/build-wasm.mjs");
// Pages are built of the package.
if (process.argv.slice(2).some((name) => name.startsWith("browser"))) run("scripts/build.mjs");
run("node_modules/typescript/bin/tsc", "-p", "tsconfig.bench.json");
run("--expose-gc", "--max-old-space-size=8192", "build/run/bench/main.js", ...process.argv.slice(2));
