// Three test projects: `node`, and Chromium twice, since shared WASM memory exists only in cross-origin isolated pages.
// test/portable/ runs in all three, test/browser/ in both browser projects, everything else in Node. With MILLRACE_DUCKDB set there is
// a fourth, `duckdb`, whose oracle is a package of the benches (`npm run test:duckdb`).
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import type { BrowserCommand, Reporter } from "vitest/node";
import { WebSocketServer } from "ws";
import { findChromium } from "./scripts/chromium.mjs";

const chromium = findChromium();
if (process.env.CI && !chromium) {
  throw new Error("no Chromium: under CI the browser tests may not be skipped; `npm run setup` installs it");
}

/** Where `import … from "millrace"` leads: to the sources, by the entry that the host would get. */
const alias = (entry: string) => ({
  "millrace/arrow": fileURLToPath(new URL("./src/arrow.ts", import.meta.url)),
  "millrace/testing": fileURLToPath(new URL("./src/testing/index.ts", import.meta.url)),
  millrace: fileURLToPath(new URL(`./src/${entry}.ts`, import.meta.url)),
});

/** Says at the very end, where nobody overlooks it, that a part of the tests did not run. */
const skippedBrowsers: Reporter = {
  onTestRunEnd: () => {
    process.stderr.write(
      "\n!! BROWSER TESTS SKIPPED: no Chromium found. `npm run setup` installs it; $CHROMIUM_PATH names another one.\n",
    );
  },
};

/** What scripts/test-summary.mjs adds up at the end of .ci/run. */
const suite = process.env.MILLRACE_DUCKDB ? `${process.version}-duckdb` : process.version;
const countsForCi: ["json", { outputFile: string }] = ["json", { outputFile: `.cache/tests/${suite}.json` }];

/** Sends messages to whoever connects and asks, so many a connection, and then breaks it; gives its port. */
const serveSocket: BrowserCommand<[messages: string[], each: number]> = async (_context, messages, each) => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  let sent = 0;
  server.on("connection", (socket) => {
    socket.on("error", () => undefined);
    socket.once("message", () => {
      const end = Math.min(sent + each, messages.length);
      for (; sent < end; sent++)
        socket.send(sent % 2 ? Buffer.from(messages[sent] as string) : (messages[sent] as string));
      if (sent < messages.length) socket.close(1011, "busy");
      else {
        socket.close(1000);
        server.close();
      }
    });
  });
  await new Promise((resolve) => server.on("listening", resolve));
  return (server.address() as { port: number }).port;
};

/** Serves a file by ranges to pages of any origin, its bodies of so many bytes at most: longer ones break off. Gives its port. */
const serveFile: BrowserCommand<[base64: string, bodyBytesMax: number]> = async (_context, base64, bodyBytesMax) => {
  const file = Buffer.from(base64, "base64");
  const sent = { bytes: 0, starts: [] as number[] };
  const server = createServer(({ method, url, headers }, response) => {
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "range, if-range");
    response.setHeader("access-control-expose-headers", "accept-ranges, content-range, etag");
    if (method === "OPTIONS") response.writeHead(204).end();
    else if (url === "/sent") response.end(JSON.stringify(sent));
    else {
      const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
      const start = Number(first ?? 0);
      const end = Math.min(last ? Number(last) + 1 : file.length, file.length);
      if (first !== undefined) response.setHeader("content-range", `bytes ${start}-${end - 1}/${file.length}`);
      const length = { "content-length": end - start, "accept-ranges": "bytes", etag: '"1"' };
      response.writeHead(first === undefined ? 200 : 206, length);
      const body = file.subarray(start, Math.min(end, start + bodyBytesMax));
      sent.bytes += body.length;
      sent.starts.push(start);
      if (start + body.length === end) response.end(body);
      else response.write(body, () => response.socket?.end());
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  server.unref();
  return (server.address() as { port: number }).port;
};

function browserProject(name: string, isolated: boolean): TestProjectInlineConfiguration {
  const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  return {
    extends: true,
    resolve: { alias: alias("browser") },
    server: isolated ? { headers } : {},
    // One dependency cache a project: two servers that fill the same one reload each other's pages.
    cacheDir: `.cache/vite-${name}`,
    // Found only when a test imports them, they would be bundled then, and the page reloaded under the tests.
    optimizeDeps: {
      include: [
        "@assemblyscript/loader",
        "apache-arrow",
        "fast-check",
        "hyparquet/src/column.js",
        "hyparquet/src/constants.js",
        "hyparquet/src/thrift.js",
        "hyparquet-compressors",
        "hyparquet-writer",
        "valibot",
      ],
    },
    test: {
      name,
      // One page for all files: to load the sources anew for each of them takes longer than many of the tests.
      isolate: false,
      include: ["test/browser/**/*.test.ts", "test/portable/**/*.test.ts"],
      provide: { isolated },
      browser: {
        enabled: true,
        headless: true,
        commands: { serveSocket, serveFile },
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath: chromium ?? "", args: ["--no-sandbox"] } }),
        instances: [{ browser: "chromium" }],
      },
    },
  };
}

export default defineConfig({
  cacheDir: ".cache/vite",
  test: {
    // By default one core is kept free, of two half of the machine.
    maxWorkers: "100%",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ["default", ...(chromium ? [] : [skippedBrowsers]), ...(process.env.CI ? [countsForCi] : [])],
    coverage: { provider: "v8", include: ["src/**"], exclude: ["src/**/*.generated.ts", "src/**/*.d.ts"] },
    projects: [
      {
        extends: true,
        resolve: { alias: alias("node") },
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/browser/**", "test/duckdb/**"],
        },
      },
      ...(process.env.MILLRACE_DUCKDB
        ? [
            {
              extends: true as const,
              resolve: { alias: alias("node") },
              test: { name: "duckdb", include: ["test/duckdb/**/*.test.ts"] },
            },
          ]
        : []),
      ...(chromium ? [browserProject("browser", false), browserProject("browser-isolated", true)] : []),
    ],
  },
});

declare module "vitest" {
  interface ProvidedContext {
    /** True in the browser project whose pages are cross-origin isolated. */
    isolated: boolean;
  }
}

declare module "vitest/browser" {
  interface BrowserCommands {
    serveSocket(messages: string[], each: number): Promise<number>;
    serveFile(base64: string, bodyBytesMax: number): Promise<number>;
  }
}
