// Where pages are measured: built by vite as any program would be, served from loopback with gzip, opened in Chromium in a
// context of its own each time. A page tells by one line of its console what it did, and when, since the navigation began.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { type Browser, type BrowserContext, chromium } from "playwright";
import { build } from "vite";
import { findChromium } from "../../scripts/chromium.mjs";

/** A page of one engine. */
export interface PageContender {
  readonly name: string;
  /** From the repository's root. */
  readonly html: string;
  readonly query?: string;
  /** Where its engine has to have run. */
  readonly thread: string;
}

/** What a page says of itself. */
interface PageResult {
  /** The first result is there; milliseconds since the navigation began. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly rows: number;
  readonly total: number;
  /** Where the engine ran. */
  readonly thread: string;
}

export interface Visit {
  readonly result: PageResult;
  /** Bodies that the server sent, compressed. */
  readonly bytes: number;
}

interface Served {
  readonly body: Buffer;
  readonly type: string;
  readonly cache: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};
const OUTPUT = "build/pages";
const RESULT_MS_MAX = 60_000;
/** A new window has its browser load pages of its own (address bar, new tab), which take as much of two cores as the page would. */
const REST_MS = 1500;

export class PageHost {
  readonly #files = new Map<string, Served>();
  readonly #server: Server;
  #browser: Browser | undefined;
  #bytes = 0;
  readonly #seen = new Set<string>();
  /** Folder of the browser that has seen the pages; empty before the first. */
  #profile = "";

  constructor() {
    this.#server = createServer((request, response) => {
      const served = this.#files.get(new URL(request.url ?? "/", "http://localhost").pathname);
      if (served === undefined) {
        response.writeHead(404).end();
        return;
      }
      const { body, type, cache } = served;
      this.#bytes += body.length;
      const headers = { "content-type": type, "content-encoding": "gzip", "cache-control": cache };
      response.writeHead(200, { ...headers, "content-length": body.length }).end(body);
    });
  }

  async open(): Promise<void> {
    this.#browser = await chromium.launch(launchOptions());
    await new Promise<void>((resolve) => {
      this.#server.listen(0, "127.0.0.1", resolve);
    });
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    this.#server.close();
    if (this.#profile !== "") rmSync(this.#profile, { recursive: true, force: true });
    this.#profile = "";
  }

  /** Rows: never cached. */
  addData(path: string, text: string): void {
    this.#files.set(path, { body: gzipSync(text, { level: 9 }), type: "text/csv", cache: "no-store" });
  }

  /** Builds an HTML file with all that it needs. @returns the path of its page */
  async addPage(html: string): Promise<string> {
    const name = basename(html, ".html");
    const outDir = join(process.cwd(), OUTPUT, name);
    rmSync(outDir, { recursive: true, force: true });
    const library = join(process.cwd(), "dist/browser.js");
    if (!existsSync(library)) throw new Error("no dist/: run `npm run build` first");
    await build({
      root: join(process.cwd(), dirname(html)),
      base: `/${name}/`,
      configFile: false,
      logLevel: "error",
      resolve: { alias: [{ find: /^millrace$/, replacement: library }] },
      build: { outDir, target: "es2023", assetsInlineLimit: 0, rolldownOptions: { input: html } },
    });
    for (const file of filesOf(outDir)) {
      const page = extname(file) === ".html";
      this.#files.set(`/${name}/${relative(outDir, file)}`, {
        body: gzipSync(readFileSync(file), { level: 9 }),
        type: TYPES[extname(file)] ?? "application/octet-stream",
        // Names carry a hash of what is in them, but for the page's own.
        cache: page ? "no-cache" : "public, max-age=31536000, immutable",
      });
    }
    return `/${name}/${basename(html)}`;
  }

  /**
   * Opens the page in a context of its own. `warm`: in a browser of its own whose profile has seen the page before; what a
   * context keeps in memory only is too small for the largest files.
   */
  async visit(path: string, warm: boolean): Promise<Visit> {
    if (warm && !this.#seen.has(path)) {
      this.#seen.add(path);
      await this.#visitAgain(path);
    }
    if (warm) return this.#visitAgain(path);
    const context = await this.#browser?.newContext();
    if (context === undefined) throw new Error("the host is not open");
    return this.#look(context, path).finally(() => context.close());
  }

  async #visitAgain(path: string): Promise<Visit> {
    this.#profile ||= mkdtempSync(join(tmpdir(), "millrace-profile-"));
    const context = await chromium.launchPersistentContext(this.#profile, launchOptions());
    return this.#look(context, path).finally(() => context.close());
  }

  async #look(context: BrowserContext, path: string): Promise<Visit> {
    const { port } = this.#server.address() as AddressInfo;
    const page = await context.newPage();
    const before = this.#bytes;
    const told = new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${path} told nothing`)), RESULT_MS_MAX);
      page.on("pageerror", reject);
      page.on("console", (message) => {
        // The browser's own complaints, of a missing icon too, are errors.
        if (message.type() !== "log") return;
        clearTimeout(timer);
        resolve(message.text());
      });
    });
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    await page.goto(`http://127.0.0.1:${port}${path}`, { waitUntil: "commit" });
    const result = JSON.parse(await told) as PageResult;
    await page.close();
    return { result, bytes: this.#bytes - before };
  }
}

function launchOptions(): { readonly executablePath: string; readonly args: string[] } {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("no Chromium: `npm run setup` installs it");
  return { executablePath, args: ["--no-sandbox"] };
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
