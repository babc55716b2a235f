// The end of .ci/run: vitest's summary of every run, from the reports that vitest.config.ts leaves in .cache/tests/ under CI,
// and one closing line over all. A failed step that is no test run counts as one failure.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../.cache/tests");
const failedSteps = join(folder, "failed-steps");

/** `3 passed | 1 failed (4)`, as vitest prints it. */
const counted = (passed, failed) => `${failed ? `${failed} failed | ` : ""}${passed} passed (${passed + failed})`;

let passed = 0;
let failed = 0;
for (const name of readdirSync(folder).filter((file) => file.endsWith(".json"))) {
  const report = JSON.parse(readFileSync(join(folder, name), "utf8"));
  const filesFailed = report.testResults.filter((file) => file.status === "failed").length;
  console.log(`\nNode ${name.replace(".json", "")}`);
  console.log(` Test Files  ${counted(report.testResults.length - filesFailed, filesFailed)}`);
  console.log(`      Tests  ${counted(report.numPassedTests, report.numFailedTests)}`);
  passed += report.numPassedTests;
  failed += report.numFailedTests;
}
const steps = existsSync(failedSteps) ? readFileSync(failedSteps, "utf8").trim().split("\n") : [];
if (steps.length > 0) {
  console.log(`\nfailed steps: ${steps.join(", ")}`);
  // A test run that broke off before its tests could fail must not look clean.
  failed = Math.max(failed, steps.length);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
