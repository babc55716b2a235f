// `npm run setup`: installs what npm cannot, which is one thing: a Chromium for the browser tests, from the system's own
// packages. Everything else needs Node alone.
import { spawnSync } from "node:child_process";
import { findChromium } from "./chromium.mjs";

/** Runs a command in the open: printed first, its output passed through. */
function run(command, ...args) {
  console.log(`setup: ${[command, ...args].join(" ")}`);
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
  if (error ?? status !== 0) fail(`"${command}" ended with ${error?.message ?? `exit code ${status}`}`);
}

function fail(message) {
  console.error(`setup: ${message}`);
  console.error("setup: install Chromium by hand and name it in CHROMIUM_PATH; the tests in Node need nothing of this");
  process.exit(1);
}

const has = (command) => !spawnSync(command, ["--version"], { stdio: "ignore" }).error;

const present = findChromium();
if (present) {
  console.log(`setup: Chromium is at ${present}, nothing to do`);
} else {
  if (!has("apt-get")) fail("no Chromium, and no apt-get to install it with");
  const asRoot = process.getuid?.() === 0 ? [] : ["sudo"];
  if (asRoot.length > 0 && !has("sudo")) fail("installing packages needs root, and there is no sudo");
  console.log("setup: the browser tests need Chromium; installing the system's package");
  run(...asRoot, "apt-get", "update", "-q");
  run(
    ...asRoot,
    "env",
    "DEBIAN_FRONTEND=noninteractive",
    "apt-get",
    "install",
    "-y",
    "-q",
    "--no-install-recommends",
    "chromium",
  );
  const installed = findChromium();
  if (!installed) fail("the package is installed, but no Chromium is at its usual place");
  console.log(`setup: Chromium is at ${installed}`);
}
