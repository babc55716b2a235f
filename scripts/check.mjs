// `npm run check`: every guard that needs no test run. Each prints one line with its time, its whole output when it fails;
// all run even if one fails. With names it runs those alone: `npm run check -- layers types`.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const packed = join(root, ".cache/pack");

/** Runs a program of node_modules/.bin, or any other; resolves to its exit code and all that it printed. */
function run(command, ...args) {
  return new Promise((resolve, reject) => {
    const local = join(root, "node_modules/.bin", command);
    const child = spawn(existsSync(local) ? local : command, args, {
      cwd: root,
      env: { ...process.env, FORCE_COLOR: "0" },
    });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });
}

/** Runs steps until one fails. */
async function sequence(...steps) {
  let output = "";
  for (const step of steps) {
    const result = await step();
    output += result.output;
    if (!result.ok) return { ok: false, output };
  }
  return { ok: true, output };
}

/** The core's program must hold no declarations of a host: one import with Node's types in it would let all of them in. */
async function coreIsHostless() {
  const { output } = await run("tsc", "-p", "tsconfig.core.json", "--listFilesOnly");
  const strays = output
    .split("\n")
    .filter((file) => /node_modules\/@types\/node\/|typescript\/lib\/lib\.dom/.test(file));
  return {
    ok: strays.length === 0,
    output: strays.length ? `host types reached the core, among them ${strays[0]}\n` : "",
  };
}

function pack() {
  rmSync(packed, { recursive: true, force: true });
  mkdirSync(packed, { recursive: true });
  return run("npm", "pack", "--ignore-scripts", "--pack-destination", packed);
}

const tarball = () => join(packed, readdirSync(packed)[0]);

/** Entries of the package, by what .size-limit.json calls them. */
const entries = {
  browser: "browser.js",
  slim: "slim.js",
  node: "node.js",
  arrow: "arrow.js",
  testing: "testing/index.js",
};

/**
 * What a page has fetched, beside the entry and what the entry imports, when it has counted made-up rows in windows: by where
 * the window runs.
 */
const windows = {
  "in-worker": ["platform/start-worker.browser.js", "wasm/kernels.generated.js"],
  "in-page": ["compiler.js", "connectors/generator.js", "wasm/kernels.generated.js"],
};

/**
 * Bundles each entry as a program that imports all of it would: minified, what is imported dynamically in chunks of its own.
 * As in a program, parts that late chunks need too stay in the entry's file, which may export more for them.
 * The files land in .cache/size/NAME/eager (the entry and what it imports statically) and NAME/late, and what a page with a
 * window fetches in .cache/size/in-worker and in-page.
 */
async function bundleEntries() {
  rmSync(join(root, ".cache/size"), { recursive: true, force: true });
  for (const [name, file] of Object.entries(entries)) {
    const { output } = await build({
      root,
      configFile: false,
      logLevel: "error",
      build: {
        write: false,
        target: "es2023",
        modulePreload: false,
        rolldownOptions: {
          input: join(root, "dist", file),
          preserveEntrySignatures: "allow-extension",
          external: [/^node:/, "apache-arrow", /^hyparquet/],
        },
      },
    });
    const eager = fetched(output, []);
    for (const chunk of output) writeChunk(join(name, eager.has(chunk) ? "eager" : "late"), chunk);
    if (name !== "browser") continue;
    for (const [where, parts] of Object.entries(windows)) {
      for (const chunk of fetched(output, parts)) writeChunk(where, chunk);
    }
  }
  return { ok: true, output: "" };
}

/** The entry's chunk, those that begin with the modules `parts` of dist/, and all that these import statically. */
function fetched(output, parts) {
  const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]));
  const found = new Set();
  const add = (chunk) => {
    if (chunk === undefined || found.has(chunk)) return;
    found.add(chunk);
    for (const imported of chunk.imports) add(chunks.get(imported));
  };
  add(output.find(({ isEntry }) => isEntry));
  for (const part of parts) {
    const chunk = output.find(({ facadeModuleId }) => facadeModuleId === join(root, "dist", part));
    if (chunk === undefined) throw new Error(`no chunk begins with dist/${part}`);
    add(chunk);
  }
  return found;
}

function writeChunk(folder, { fileName, code }) {
  const path = join(root, ".cache/size", folder);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, basename(fileName)), code);
}

/** What it found last time is in .cache, so that a change is checked by what it touches. */
const tsc = (config) => () =>
  run(
    "tsc",
    ...["--noEmit", "--pretty", "false", "-p", config],
    ...["--incremental", "--tsBuildInfoFile", `.cache/types/${config}.tsbuildinfo`],
  );

/** Name, what it looks at, and how; those under `packaging` need dist/ and follow the build one after another. */
const source = [
  ["format", "Biome: format, lint, imports", () => run("biome", "check", "--error-on-warnings")],
  ["kernels", "Biome: format of assembly/", () => run("node", "scripts/format-kernels.mjs", "--check")],
  ["types", "tsc: everything", tsc("tsconfig.json")],
  ["core", "tsc: the core without host types", () => sequence(tsc("tsconfig.core.json"), coreIsHostless)],
  ["browser", "tsc: the browser's entry without Node's types", tsc("tsconfig.browser.json")],
  [
    "layers",
    "dependency-cruiser: layers, circles, twins, doors",
    () => run("depcruise", "--config", ".dependency-cruiser.mjs", "src", "test", "bench", "scripts"),
  ],
  ["unused", "knip: dead files, exports, dependencies", () => run("knip", "--no-progress")],
];
const packaging = [
  ["build", "tsc and vite: dist/", () => run("npm", "run", "-s", "build")],
  [
    "package",
    "publint and attw on the packed tarball",
    () =>
      sequence(
        pack,
        () => run("publint", tarball(), "--strict"),
        () =>
          run(
            "attw",
            tarball(),
            "--profile",
            "esm-only",
            "--exclude-entrypoints",
            "./kernels.wasm",
            "./formats.wasm",
            "./worker.js",
          ),
      ),
  ],
  ["size", "size-limit: bytes a subpath", () => sequence(bundleEntries, () => run("size-limit"))],
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => ![...source, ...packaging].some(([known]) => known === name));
if (unknown.length > 0) {
  console.error(`no check "${unknown[0]}"; there are ${[...source, ...packaging].map(([name]) => name).join(", ")}`);
  process.exit(1);
}

let failed = 0;
async function runAll(checks) {
  for (const [name, what, check] of checks.filter(([name]) => wanted.length === 0 || wanted.includes(name))) {
    const startMs = performance.now();
    const { ok, output } = await check().catch((error) => ({ ok: false, output: `${error.message}\n` }));
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    console.log(`${ok ? "ok    " : "FAILED"} ${name.padEnd(8)} ${seconds.padStart(5)} s  ${what}`);
    if (!ok || name === "size") console.log(output.trimEnd().replaceAll(/^/gm, "       "));
    if (!ok) failed++;
  }
}

await Promise.all([runAll(source), runAll(packaging)]);
console.log(failed ? `${failed} checks failed` : "all checks passed");
process.exit(failed ? 1 : 0);
