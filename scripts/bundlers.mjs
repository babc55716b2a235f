// `npm run test:bundlers`: the packed tarball, untouched and without configuration, in Node, in every bundler of
// test/bundlers/, in a page without any, under a strict policy, and in a loader as edge runtimes have it. Each runs a window,
// pages in headless Chromium. With names it runs those alone. Needs dist/.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir, userInfo } from "node:os";
import { dirname, extname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright";
import { findChromium } from "./chromium.mjs";
import { fetchNode } from "./node-matrix.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const fixture = join(root, "test/bundlers");
/** A project of its own, outside the repository: bundlers look for settings in all folders above. */
const project = join(tmpdir(), `millrace-bundlers-${userInfo().uid}`);
const installed = join(project, "node_modules/millrace");
const tools = createRequire(join(project, "package.json"));
const load = (name) => import(pathToFileURL(tools.resolve(name)).href);

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
const EXPECTED = { here: ["even 5", "even 5", "even 5", "odd 5", "odd 5", "odd 5"], made: 10_000 };

function run(command, args, cwd = project) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr || stdout}`);
  return stdout;
}

/** The fixture's files and tools, and the tarball unpacked where npm would put it. */
function prepare() {
  mkdirSync(project, { recursive: true });
  cpSync(fixture, project, { recursive: true });
  // `npm ci` takes no lockfile with aliases that have optional parts; `npm install` keeps to it as well.
  run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
  const packs = join(project, "pack");
  rmSync(packs, { recursive: true, force: true });
  rmSync(installed, { recursive: true, force: true });
  mkdirSync(packs);
  mkdirSync(installed);
  run("npm", ["pack", "--ignore-scripts", "--pack-destination", packs], root);
  run("tar", ["-xzf", join(packs, readdirSync(packs)[0]), "-C", installed, "--strip-components=1"]);
}

/** Serves a folder; `headers` go with every answer. */
async function serve(folder, headers = {}) {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const file = join(folder, path === "/" ? "index.html" : path);
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain", ...headers });
    response.end(readFileSync(file));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

const browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox"] });

/** What the page at an address makes; `thread` is where its second program has to have run. */
async function inPage(url, thread = "worker", options = undefined) {
  const page = await browser.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  try {
    if (options !== undefined) await page.addInitScript(`globalThis.millraceOptions = ${JSON.stringify(options)}`);
    await page.goto(url);
    check(await resultOf(page), thread);
  } catch (error) {
    throw new Error(`${error.message}\n${complaints.join("\n")}`);
  } finally {
    await page.close();
  }
}

/** What the page's program leaves behind. Asked for again and again from here: a strict policy lets no page evaluate text. */
async function resultOf(page) {
  for (const endMs = Date.now() + 60_000; Date.now() < endMs; await delay(50)) {
    const result = await page.evaluate("globalThis.millraceResult");
    if (result !== undefined) return result;
  }
  throw new Error("no result within a minute");
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

async function esbuilt(name) {
  const { build } = await load("esbuild");
  const outdir = pageOf(name);
  const entryPoints = [join(project, "page.js")];
  await build({ entryPoints, bundle: true, splitting: true, format: "esm", outdir, logLevel: "error" });
  return outdir;
}

const NODE_PROGRAM = `import("./window.js").then(({ runWindows }) => runWindows()).then((r) => console.log(JSON.stringify(r)))`;
const REQUIRED = `const { Millrace } = require("millrace"); if (typeof Millrace.open !== "function") throw new Error("no Millrace");`;

const HOSTS = {
  "Node, import": () => check(JSON.parse(run(process.execPath, ["-e", NODE_PROGRAM])), "main"),
  "Node 24, require": () => void run(fetchNode("24"), ["-e", REQUIRED]),
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
  "Vite 7, dev": () => viteDev("vite7"),
  "Vite 8, dev": () => viteDev("vite8"),
  "Vite 8, build": async () => {
    const { build } = await load("vite8");
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
      console.log(`ok     ${name} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed++;
      console.log(`FAILED ${name}\n${error.message}`);
    }
  }
} finally {
  await browser.close();
}
process.exit(failed > 0 ? 1 : 0);
