// `millrace/slim` in workerd, the runtime of Cloudflare's workers: it takes compiled modules only, and the answer to a request
// is a window. Its binary is an npm package of glibc 2.35 and newer; where it does not run, that is said.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fixture, installed, load, project } from "./consumer.mjs";

const binary = join(project, `node_modules/@cloudflare/workerd-${process.platform}-64/bin/workerd`);

/** Why workerd cannot run on this machine; null when it can. */
export function whyNoWorkerd() {
  const { error, status, stderr } = spawnSync(binary, ["--version"], { encoding: "utf8" });
  if (error) return error.message;
  return status === 0 ? null : stderr.trim();
}

/** The worker in one file, its modules beside it: nothing but names of files is resolved by workerd. */
async function bundled() {
  const { build } = await load("esbuild");
  const folder = join(project, "out/workerd");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [join(project, "edge.js")],
    bundle: true,
    format: "esm",
    external: ["*.wasm"],
    outfile: join(folder, "edge.js"),
    logLevel: "error",
  });
  cpSync(join(fixture, "edge.capnp"), join(folder, "edge.capnp"));
  for (const name of ["kernels.wasm", "formats.wasm"]) cpSync(join(installed, "dist", name), join(folder, name));
  return folder;
}

/** Resolves to the port that workerd tells on its control descriptor; rejects with what it says when it ends instead. */
function portOf(child) {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stderr.on("data", (chunk) => (said += chunk));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`workerd ended with ${code}: ${said}`)));
    child.stdio[3].once("data", (line) => resolve(JSON.parse(line).port));
  });
}

export async function inWorkerd() {
  const folder = await bundled();
  const child = spawn(binary, ["serve", "edge.capnp", "--control-fd=3"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  try {
    const port = await portOf(child);
    const body = '{"ts":"2026-01-01T00:00:00","n":1}\n'.repeat(5);
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body });
    const text = await response.text();
    const rows = response.ok ? JSON.parse(text) : [];
    if (rows.length !== 1 || rows[0].n !== 5) throw new Error(`${response.status}: ${text}`);
  } finally {
    child.kill();
  }
}
