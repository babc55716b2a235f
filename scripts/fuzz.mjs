// `npm run fuzz -- json --execs N [--seed S]`: runs a fuzz test (test/**/NAME-fuzz.test.ts) with more executions than
// `npm test` does, `npm run fuzz -- all` every one of them, on all cores. The same seed damages the same inputs in the same way; a
// finding is made small, printed, and kept in .cache/fuzz.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const ENDING = "-fuzz.test.ts";
const PROGRESS_MS = process.stdout.isTTY ? 500 : 15_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    execs: { type: "string", default: "200000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});
for (const [option, text] of Object.entries(values)) {
  if (!/^\d+$/.test(text)) throw new Error(`--${option} ${text}: a whole number`);
}
const tests = readdirSync(join(root, "test"), { recursive: true })
  .filter((file) => file.endsWith(ENDING))
  .map((file) => ({ name: basename(file).slice(0, -ENDING.length), path: join("test", file) }));
const [name] = positionals;
const chosen = tests.filter((test) => name === "all" || name === test.name);
if (chosen.length === 0) {
  const names = tests.map((test) => test.name).sort();
  console.error(`what to fuzz: npm run fuzz -- all, or one of ${names.join(", ")}`);
  process.exit(2);
}

mkdirSync(join(root, ".cache"), { recursive: true });
const folder = mkdtempSync(join(root, ".cache/fuzzing-"));
const total = chosen.length * Number(values.execs);
const start = performance.now();

/** Executions so far, of all tests: each writes its own into the folder. */
function showProgress() {
  let execs = 0;
  let done = 0;
  for (const file of readdirSync(folder)) {
    const count = Number(readFileSync(join(folder, file), "utf8"));
    execs += count;
    if (count >= Number(values.execs)) done++;
  }
  const seconds = (performance.now() - start) / 1000;
  const line = `${execs.toLocaleString("en")} of ${total.toLocaleString("en")} executions, ${done} of ${chosen.length} parsers done, ${seconds.toFixed(0)} s`;
  process.stdout.write(process.stdout.isTTY ? `\r${line}` : `${line}\n`);
}

console.log(`fuzz ${chosen.map((test) => test.name).join(", ")}: ${values.execs} executions each, seed ${values.seed}`);
const paths = chosen.map((test) => test.path);
const run = spawn(
  process.execPath,
  [join(root, "node_modules/vitest/vitest.mjs"), "run", "--project", "node", "--reporter", "dot", ...paths],
  {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    // Without CI: what it counts as tests is the run of all of them.
    env: { ...process.env, FUZZ_EXECS: values.execs, FUZZ_SEED: values.seed, FUZZ_PROGRESS: folder, CI: "" },
  },
);
let printed = "";
for (const stream of [run.stdout, run.stderr]) stream.on("data", (chunk) => (printed += chunk));
const timer = setInterval(showProgress, PROGRESS_MS);
run.on("close", (status) => {
  clearInterval(timer);
  showProgress();
  rmSync(folder, { recursive: true });
  if (status === 0) console.log(`\nnothing found; seed ${values.seed}`);
  else console.error(`\n${printed}`);
  process.exit(status ?? 1);
});
