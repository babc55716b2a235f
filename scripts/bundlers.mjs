// `npm run test:bundlers`: the packed tarball, untouched and without configuration, in Node, in every bundler of
// test/bundlers/, in a page without any, under a strict policy, in workerd, and in the front ends of examples/. Each runs a
// window, pages in headless Chromium. With names it runs those alone. Needs dist/.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  closeBrowser,
  eventually,
  fixture,
  installed,
  load,
  prepare,
  project,
  run,
  serve,
  withPage,
} from "./consumer.mjs";
import { inWorkerd, whyNoWorkerd } from "./edge.mjs";
import { FRONT_ENDS } from "./frontends.mjs";
import { fetchNode } from "./node-matrix.mjs";

/** A host that this machine cannot run. */
class Skipped extends Error {}

const EXPECTED = { here: ["even 5", "even 5", "even 5", "odd 5", "odd 5", "odd 5"], made: 10_000 };

/** Checks what the page at an address makes; `thread` is where its second program has to have run. */
function inPage(url, thread = "worker", options = undefined) {
  const script = options === undefined ? undefined : `globalThis.millraceOptions = ${JSON.stringify(options)}`;
  const visit = async (page) => {
    check(await eventually("result", () => page.evaluate("globalThis.millraceResult")), thread);
  };
  return withPage(url, visit, script);
}

function check(result, thread) {
  const { here, made, thread: actual } = result;
  if (JSON.stringify({ here, made }) !== JSON.stringify(EXPECTED) || actual !== thread) {
    throw new Error(`expected ${JSON.stringify(EXPECTED)} in ${thread}, got ${JSON.stringify(result)}`);
  }
}

async function inFolder(folder, thread, headers, options) {
  const { url, close } = await serve(folder, headers);
  await inPage(url, thread, options).finally(close);
}

/** A page of its own around a bundled file. */
function pageOf(name) {
  const folder = join(project, "out", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "index.html"), readFileSync(join(fixture, "index.html")));
  return folder;
}

async function viteDev(name) {
  const { createServer: createDev } = await load(name);
  const server = await createDev({ root: project, configFile: false, logLevel: "error", cacheDir: `.vite-${name}` });
  await server.listen();
  await inPage(server.resolvedUrls.local[0]).finally(() => server.close());
}

/** @param page - the script of test/bundlers/ that the page is */
async function esbuilt(name, page = "page.js") {
  const { build } = await load("esbuild");
  const outdir = pageOf(name);
  const entryPoints = { page: join(project, page) };
  await build({ entryPoints, bundle: true, splitting: true, format: "esm", outdir, logLevel: "error" });
  return outdir;
}

const NODE_PROGRAM = `import("./window.js").then(({ runWindows }) => runWindows()).then((r) => console.log(JSON.stringify(r)))`;
/** A program of CommonJS: only the library is required, its own code is as it was before there were modules. */
const REQUIRED = `
  const { count, Millrace, tumble } = require("millrace");
  const rows = Array.from({ length: 30 }, (_, i) => ({ ts: new Date(i * 1000) }));
  Millrace.open().then(async (mill) => {
    const windows = mill.rows(rows, { time: "ts" }).window(tumble("10s")).aggregate({ n: count() });
    console.log((await windows.toArray()).map(({ n }) => n).join());
    await mill.close();
  });`;

function required(node) {
  const printed = run(node, ["-e", REQUIRED]).trim();
  if (printed !== "10,10,10") throw new Error(`expected windows of 10, got ${printed}`);
}

const HOSTS = {
  "Node, import": () => check(JSON.parse(run(process.execPath, ["-e", NODE_PROGRAM])), "main"),
  "Node 22, require": () => required(fetchNode("22")),
  "Node 24, require": () => required(fetchNode("24")),
  esbuild: async () => inFolder(await esbuilt("esbuild")),
  "a strict policy, with worker.js": async () => {
    const folder = await esbuilt("policy");
    cpSync(join(installed, "dist/worker.js"), join(folder, "worker.js"));
    const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";
    await inFolder(folder, "worker", { "content-security-policy": policy }, { worker: "/worker.js" });
    await inFolder(folder, "main", { "content-security-policy": policy });
  },
  "an isolated page": async () => {
    const headers = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
    await inFolder(await esbuilt("isolated"), "worker", headers);
  },
  "data files": async () => {
    const folder = await esbuilt("files", "files.js");
    const names = ["arrow", "avro", "parquet"].map((ending) => `made.${ending}`);
    const program = `import("millrace").then(async ({ Millrace }) => {
      const mill = await Millrace.open();
      const made = mill.generate({ schema: { n: "INT", key: "STRING" }, rows: 100 });
      for (const name of ${JSON.stringify(names)}) await made.to(mill.file(${JSON.stringify(folder)} + "/" + name)).run();
      await mill.close();
    })`;
    run(process.execPath, ["-e", program]);
    const { url, close } = await serve(folder);
    const visit = async (page) => {
      const results = await eventually("result", () => page.evaluate("globalThis.millraceResult"));
      const expected = names.map((name) => ({ name, rows: 100, thread: "worker" }));
      if (JSON.stringify(results) !== JSON.stringify(expected)) throw new Error(JSON.stringify(results));
    };
    await withPage(url, visit, `globalThis.millraceFiles = ${JSON.stringify(names)}`).finally(close);
  },
  "Vite 7, dev": () => viteDev("vite7"),
  "Vite 8, dev": () => viteDev("vite"),
  "Vite 8, build": async () => {
    const { build } = await load("vite");
    const outDir = join(project, "out/vite8");
    await build({ root: project, configFile: false, logLevel: "error", build: { outDir, emptyOutDir: true } });
    await inFolder(outDir);
  },
  "webpack 5": async () => {
    const { default: webpack } = await load("webpack");
    const path = pageOf("webpack");
    const configuration = {
      mode: "production",
      entry: join(project, "page.js"),
      context: project,
      output: { path, filename: "page.js" },
    };
    await new Promise((resolve, reject) => {
      webpack(configuration, (error, stats) => {
        if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString("errors-only")));
        else resolve();
      });
    });
    await inFolder(path);
  },
  "a page without bundler": async () => {
    // Bare names are all that a page cannot resolve by itself: an import map says where they lie.
    const at = (name, file) => [name, `/node_modules/${name}/${file}`];
    const imports = Object.fromEntries([
      at("millrace", "dist/browser.js"),
      at("@assemblyscript/loader", "index.js"),
      at("valibot", "dist/index.mjs"),
    ]);
    const html = `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script><script type="module" src="/page.js"></script>`;
    writeFileSync(join(project, "bare.html"), html);
    const { url, close } = await serve(project);
    await inPage(`${url}bare.html`).finally(close);
  },
  "compiled modules (slim)": () => {
    const program = `
      const { readFile } = await import("node:fs/promises");
      const { count, Millrace, tumble } = await import("millrace/slim");
      const module = async (name) => new WebAssembly.Module(await readFile(new URL(import.meta.resolve("millrace/" + name))));
      const [kernels, formats] = await Promise.all(["kernels.wasm", "formats.wasm"].map(module));
      // Node's own fetch compiles its parser when it is first used.
      await fetch("data:,");
      WebAssembly.compile = () => { throw new Error("compiled at run time"); };
      const mill = await Millrace.open({ kernels, formats });
      const body = new Blob(['{"ts":"2026-01-01T00:00:00","n":1}\\n'.repeat(5)]).stream();
      const stream = mill.from(body, { schema: { ts: "TIMESTAMP(3)", n: "INT" }, time: "ts" });
      const rows = await stream.window(tumble("1s")).aggregate({ n: count() }).toArray();
      if (rows.length !== 1 || rows[0].n !== 5) throw new Error(JSON.stringify(rows));
      await mill.close();
      // The port that gives turns in a page would keep Node waiting.
      process.exit();`;
    run(process.execPath, ["--input-type=module", "-e", program]);
  },
  workerd: async () => {
    const missing = whyNoWorkerd();
    if (missing === null) await inWorkerd();
    else throw new Skipped(missing);
  },
  ...FRONT_ENDS,
};

const wanted = process.argv.slice(2);
let failed = 0;
try {
  prepare();
  for (const [name, host] of Object.entries(HOSTS)) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
    const startMs = performance.now();
    try {
      await host();
      console.log(`ok      ${name} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`);
    } catch (error) {
      if (error instanceof Skipped) {
        console.log(`SKIPPED ${name}: ${error.message}`);
        continue;
      }
      failed++;
      console.log(`FAILED  ${name}\n${error.message}`);
    }
  }
} finally {
  await closeBrowser();
}
process.exit(failed > 0 ? 1 : 0);
