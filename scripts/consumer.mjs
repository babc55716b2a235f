// A project that consumes the packed tarball as any other would, in a folder of its own outside the repository: bundlers look
// for settings in all folders above. What scripts/bundlers.mjs and its parts share.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir, userInfo } from "node:os";
import { dirname, extname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright";
import { findChromium } from "./chromium.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
export const fixture = join(root, "test/bundlers");
export const project = join(tmpdir(), `millrace-bundlers-${userInfo().uid}`);
export const installed = join(project, "node_modules/millrace");
const tools = createRequire(join(project, "package.json"));

/** A module of the project's own dependencies. */
export const load = (name) => import(pathToFileURL(tools.resolve(name)).href);

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };

export function run(command, args, cwd = project) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr || stdout}`);
  return stdout;
}

/** The fixture's files and tools, the examples of front ends, and the tarball unpacked where npm would put it. */
export function prepare() {
  mkdirSync(project, { recursive: true });
  cpSync(fixture, project, { recursive: true });
  cpSync(join(root, "examples"), join(project, "examples"), { recursive: true });
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
export async function serve(folder, headers = {}) {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const file = join(folder, path === "/" ? "index.html" : path);
    if (!existsSync(file)) {
      // Every browser asks for an icon; a page without one has done nothing wrong.
      response.writeHead(path === "/favicon.ico" ? 204 : 404).end();
      return;
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain", ...headers });
    response.end(readFileSync(file));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/** The browser of all pages, started when a host first needs one. */
let browser;

export async function closeBrowser() {
  await (await browser)?.close();
}

/** Opens a page, lets `visit` look at it, and closes it; what the page complained of is part of every failure. */
export async function withPage(url, visit, script = undefined) {
  browser ??= chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox"] });
  const page = await (await browser).newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  try {
    if (script !== undefined) await page.addInitScript(script);
    await page.goto(url);
    await visit(page, complaints);
  } catch (error) {
    throw new Error(`${error.message}\n${complaints.join("\n")}`);
  } finally {
    await page.close();
  }
}

/** Asks again and again until there is an answer. From outside: a strict policy lets no page evaluate text. */
export async function eventually(what, ask) {
  for (const endMs = Date.now() + 60_000; Date.now() < endMs; await delay(10)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
  throw new Error(`no ${what} within a minute`);
}
