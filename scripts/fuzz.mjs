// `npm run fuzz -- json --execs N [--seed S]`: runs a fuzz test (test/**/NAME-fuzz.test.ts) with more executions than
// `npm test` does. The same seed damages the same texts in the same way; a failure prints the text.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    execs: { type: "string", default: "200000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});
const [name] = positionals;
for (const [option, text] of Object.entries(values)) {
  if (!/^\d+$/.test(text)) throw new Error(`--${option} ${text}: a whole number`);
}
if (name === undefined) throw new Error("what to fuzz: npm run fuzz -- json");

console.log(`fuzz ${name}: ${values.execs} executions, seed ${values.seed}`);
const { status } = spawnSync(
  process.execPath,
  [join(root, "node_modules/vitest/vitest.mjs"), "run", "--project", "node", `${name}-fuzz`],
  { cwd: root, stdio: "inherit", env: { ...process.env, FUZZ_EXECS: values.execs, FUZZ_SEED: values.seed } },
);
process.exit(status ?? 1);
