// Every example does what its last lines say: run as a user would, in a process of its own against dist/, its output is what
// stands under `// Prints:`. The page is opened in Chromium, served as plain files. Those of front ends, in folders, are built and
// run by scripts/frontends.mjs. Build first.
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { chromium } from "playwright";
import { beforeAll, expect, test } from "vitest";
import { findChromium } from "../scripts/chromium.mjs";
import { ROOT, type TextFile, textFiles } from "./support/repository.js";

const run = promisify(execFile);
const examples = textFiles(["examples"], /^examples\/[^/]+\.js$/);

beforeAll(() => {
  if (!existsSync(join(ROOT, "dist"))) throw new Error("no dist/: run `npm run build` first");
});

/** The lines under `// Prints:`, without their comment marks. */
function promised({ path, text }: TextFile): string {
  const [, output] = text.split("\n// Prints:\n//\n");
  if (output === undefined) throw new Error(`${path} does not end with what it prints`);
  return output.replaceAll(/^\/\/(?: {5})?/gm, "");
}

test("there are examples", () => {
  expect(examples.length).toBeGreaterThan(0);
});

test.each(examples)("$path prints what it says", async (example) => {
  const { stdout } = await run(process.execPath, [join(ROOT, example.path)], {
    env: { ...process.env, NO_COLOR: "1" },
  });
  expect(stdout).toBe(promised(example));
});

/** The repository over HTTP, as any server of static files would give it: no header but the type. */
async function serve(): Promise<{ readonly origin: string; close(): void }> {
  const types: Readonly<Record<string, string>> = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".ndjson": "application/x-ndjson",
  };
  const server = createServer(({ url = "/" }, response) => {
    const path = join(ROOT, new URL(url, "http://localhost").pathname);
    const type = types[extname(path)];
    if (type === undefined || !existsSync(path)) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": type }).end(readFileSync(path));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() };
}

// Without a Chromium vitest.config.ts says at the end that the browser's tests did not run, and refuses to start under CI.
const executablePath = findChromium();
if (executablePath !== undefined) {
  test("examples/page.html shows its windows", async () => {
    const server = await serve();
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      await page.goto(`${server.origin}/examples/page.html`);
      await page.getByText("refused").waitFor();
      const cells = await page.locator("#rows td").allTextContents();
      expect(cells).toEqual(["10:00", "north", "2", "6.25", "10:01", "south", "1", "11"]);
      expect(await page.locator("#state").textContent()).toBe("3 readings, 2 refused");
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
      server.close();
    }
  });
}
