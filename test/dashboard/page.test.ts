// The monitor's pages in Chromium: what they show is what the job did, nothing from the data runs, and 50 series are drawn a
// frame of the screen at a time. Reads dist/, so build first.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { count, Millrace, tumble } from "millrace";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findChromium } from "../../scripts/chromium.mjs";
import { MonitorServer } from "../../src/cli/monitor-server.js";
import { demoJob, EVENTS_PER_SECOND, paced } from "../../src/monitor/demo.js";
import { type ServerEvent, serverEvents } from "../../src/monitor/events.js";
import { Monitor, type Subject } from "../../src/monitor/monitor.js";
import { ROOT } from "../support/repository.js";

const PAGE = join(ROOT, "dist/monitor");
/** Where pictures go: looked at by people, one of them shown in the readme. */
const PICTURES = join(ROOT, ".cache/monitor");
/** For a test that looks at frames: each takes longer where others work too. */
const FRAMES_MS_MAX = 120_000;
const FRAMES = 120;

// Without a Chromium vitest.config.ts says at the end that the browser's tests did not run, and refuses to start under CI.
const executablePath = findChromium();
const inChromium = executablePath === undefined ? test.skip : test;

let mill: Millrace;
let browser: Browser;
beforeAll(async () => {
  if (!existsSync(PAGE)) throw new Error("no dist/monitor: run `npm run build` first");
  mkdirSync(PICTURES, { recursive: true });
  mill = await Millrace.open();
  if (executablePath !== undefined) browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});
afterAll(async () => {
  await browser?.close();
  await mill.close();
});

interface Shown {
  readonly page: Page;
  /** What went wrong in it: errors, and violations of its policy. */
  readonly complaints: string[];
  close(): Promise<void>;
}

async function openPage(url: string, scheme: "light" | "dark" = "light"): Promise<Omit<Shown, "close">> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1000 }, colorScheme: scheme });
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints };
}

/** The page over a job of this process. */
async function shown(subject: Subject): Promise<Shown> {
  const monitor = new Monitor(subject);
  const server = new MonitorServer(monitor, PAGE);
  await server.listen(0);
  const watching = monitor.watch();
  const { page, complaints } = await openPage(server.url);
  const close = async () => {
    await page.close();
    await watching;
    await server.close();
  };
  return { page, complaints, close };
}

function taken(events: number): ServerEvent[] {
  const some: ServerEvent[] = [];
  const startMs = Date.now() - events - 60_000;
  for (const { event } of serverEvents({ seed: 4, startMs, eventsPerSecond: 1000 })) {
    if (some.push(event) === events) return some;
  }
  return some;
}

inChromium("figures, table, chart and graph are the job's own results", async () => {
  const { pipeline, results } = await demoJob(mill, taken(60_000));
  const job = pipeline.start();
  const { page, complaints, close } = await shown({ title: "50 servers", job, results });
  await page.getByText("done", { exact: true }).waitFor();
  await page.locator("tbody tr").first().waitFor();

  const { rowsIn, lateRows, badRows } = await job.done;
  const figure = async (name: string) =>
    (await page.locator(".tile", { hasText: name }).locator(".figure").textContent())?.trim();
  const whole = (value: number) => value.toLocaleString("en-US");
  expect(await page.locator(".tile", { hasText: "Throughput" }).locator(".note").textContent()).toBe(
    `${whole(rowsIn)} rows in all`,
  );
  expect(await figure("Late rows")).toBe(whole(lateRows));
  expect(await figure("Refused rows")).toBe(whole(badRows));

  // The newest window by hand, its greatest cpu first.
  const rows = results.table.toRows();
  const newest = Math.max(...rows.map(({ windowStart }) => Number(windowStart)));
  const text = (value: unknown) => Number(value).toLocaleString("en-US", { maximumFractionDigits: 2 });
  const want = rows
    .filter(({ windowStart }) => Number(windowStart) === newest)
    .sort((a, b) => Number(b["cpu"]) - Number(a["cpu"]))
    .map((row) => [
      new Date(newest).toISOString().slice(11, 19),
      row["host"],
      ...["cpu", "memory", "requests", "latency", "worst", "events"].map((name) => text(row[name])),
    ]);
  const cells = await page
    .locator("tbody tr")
    .evaluateAll((lines) => lines.map((line) => [...line.querySelectorAll("td")].map((cell) => cell.textContent)));
  expect(want.length).toBeGreaterThan(0);
  expect(cells.slice(0, want.length)).toEqual(want);

  const { nodes, edges } = await job.graph();
  const metrics = job.metrics();
  const titles = await page.locator(".edge > title").allTextContents();
  expect(titles.length).toBe(edges.length);
  edges.forEach(({ source, target, side }, index) => {
    const title = titles[index] ?? "";
    expect(title).toContain(`${nodes[source]?.name} to ${nodes[target]?.name}`);
    if (side === null) expect(title).toContain(`: ${whole(metrics[source]?.rowsOut ?? 0)} rows,`);
  });

  // The plan behind a click, by keyboard.
  const node = page.getByRole("button", { name: /^window-aggregate\(tumble 5s\)/ });
  await node.focus();
  await page.keyboard.press("Enter");
  await page.locator(".details pre").waitFor();
  expect(await page.locator(".details pre").textContent()).toContain("keys: host");
  await page.getByRole("button", { name: "Whole plan" }).click();
  await page.locator("dialog pre", { hasText: " ms" }).waitFor();
  expect(await page.locator("dialog pre").textContent()).toBe(await job.explain());
  await page.keyboard.press("Escape");
  expect(await page.locator("dialog").isVisible()).toBe(false);
  expect(complaints).toEqual([]);
  await close();
});

inChromium("S6 two hundred payloads are text, and the policy has nothing to report", async () => {
  const shapes = [
    (n: number) => `<script>window.ran = ${n}</script>`,
    (n: number) => `<img src=x onerror="window.ran=${n}">`,
    (n: number) => `<svg onload="window.ran=${n}"></svg>`,
    (n: number) => `javascript:window.ran=${n}`,
    (n: number) => `"><iframe srcdoc="<script>parent.ran=${n}</script>">`,
    (n: number) => `\${window.ran=${n}}{{ran=${n}}}`,
    (n: number) => `</title></text></svg><math><mi//xlink:href="data:x,<script>ran=${n}</script>">`,
    (n: number) => `<a href="javascript:ran=${n}" style="background:url(//evil.example/${n})">x</a>`,
  ];
  const payloads = Array.from({ length: 200 }, (_, n) => shapes[n % shapes.length]?.(n) ?? "");
  const name = payloads[0] ?? "";
  const stream = mill
    .rows(
      payloads.map((payload, n) => ({ at: new Date(n), payload })),
      { schema: { at: "TIMESTAMP(3)", payload: "STRING" }, time: "at", name },
    )
    .window(tumble("1s"))
    .groupBy("payload")
    .aggregate({ [name]: count() });
  const table = mill.memory({ rowsMax: 500 });
  const columns = await stream.schema();
  const job = stream.to(table).start();
  const { page, complaints, close } = await shown({
    title: name,
    job,
    results: { table, columns, key: [], rowsMax: 500 },
  });
  await page.getByText("done", { exact: true }).waitFor();
  await page.locator("tbody tr").first().waitFor();
  const texts = await page.locator("tbody td:nth-child(2)").allTextContents();
  expect(texts.length).toBe(100);
  for (const text of texts) expect(payloads).toContain(text);
  expect(await page.locator("h1").textContent()).toContain(name);
  expect(await page.locator("thead").textContent()).toContain(name);
  for (const button of await page.locator(".node").all()) await button.click();
  expect(await page.evaluate(() => Reflect.get(window, "ran"))).toBeUndefined();
  expect(complaints).toEqual([]);
  await close();
});

/** Any server of static files, with the strictest policy that the page is to work under. */
async function serveFiles(): Promise<{ readonly origin: string; close(): void }> {
  const types: Readonly<Record<string, string>> = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
  };
  const policy =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; style-src 'self'; " +
    "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'";
  const server = createServer(({ url = "/" }, response) => {
    const path = join(PAGE, new URL(url, "http://localhost").pathname.replace(/^\/$/, "/index.html"));
    const type = types[extname(path)];
    if (type === undefined || !existsSync(path)) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": type, "content-security-policy": policy }).end(readFileSync(path));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** Frames of the screen while nothing but the feed happens, as figures for whoever reads the log: load is no failure. */
async function tellFrames(page: Page, what: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const workedS = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
  };
  const before = await workedS();
  const times = (await frameTimes(page, FRAMES)).sort((a, b) => a - b);
  const workMs = ((await workedS()) - before) * 1000;
  await session.detach();
  const at = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(1);
  const frames = `median ${at(0.5)}, 95 % ${at(0.95)}, most ${at(1)}`;
  process.stderr.write(`${what}, milliseconds a frame: ${frames}; of these worked ${(workMs / FRAMES).toFixed(1)}\n`);
}

/** Milliseconds from one frame of the screen to the next. */
function frameTimes(page: Page, frames: number): Promise<number[]> {
  return page.evaluate(
    (wanted) =>
      new Promise<number[]>((resolve) => {
        const times: number[] = [];
        let before = performance.now();
        const turn = () => {
          const now = performance.now();
          times.push(now - before);
          before = now;
          if (times.length < wanted) requestAnimationFrame(turn);
          else resolve(times);
        };
        requestAnimationFrame(turn);
      }),
    frames,
  );
}

inChromium("the engine in the page: windows of 50 hosts, drawn a frame at a time, under the same policy", async () => {
  const files = await serveFiles();
  const { page, complaints } = await openPage(`${files.origin}/?seed=2`, "dark");
  await page.getByText("running", { exact: true }).waitFor();
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 100, null, { timeout: 40_000 });
  expect(await page.locator("select option").count()).toBe(51);
  await tellFrames(page, "engine and 50 series in one page");
  await page.screenshot({ path: join(PICTURES, "in-page-dark.png") });
  expect(complaints).toEqual([]);
  await page.close();
  files.close();
});

inChromium(
  "50 series of five minutes under a thousand events a second, in both themes, by keyboard",
  async () => {
    // What was due before now comes at once: the chart is full, and goes on.
    const pace = { nowMs: () => Date.now(), sleep: delay };
    const { pipeline, results } = await demoJob(
      mill,
      paced({ seed: 3, startMs: Date.now() - 310_000, eventsPerSecond: EVENTS_PER_SECOND }, pace),
    );
    const stop = new AbortController();
    const job = pipeline.start({ signal: stop.signal });
    const { page, complaints, close } = await shown({ title: "50 servers", job, results });
    await page.getByText("; 2 more targets below, not shown").waitFor();
    await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 100);
    // It has caught up when what came last is of the last seconds.
    await page.waitForFunction(() => {
      const label = document.querySelector(".plot")?.getAttribute("aria-label") ?? "";
      const [, last = ""] = /50 series, until (\d\d:\d\d:\d\d)/.exec(label) ?? [];
      const behindMs = Date.now() - Date.parse(`${new Date().toISOString().slice(0, 11)}${last}Z`);
      return behindMs < 15_000;
    });
    await tellFrames(page, "50 series of five minutes");

    const canvasColours = () =>
      page.evaluate(() => {
        const canvas = document.querySelector("canvas") as HTMLCanvasElement;
        const { width, height } = canvas;
        const copy = new OffscreenCanvas(width, height).getContext("2d") as OffscreenCanvasRenderingContext2D;
        copy.drawImage(canvas, 0, 0);
        const { data } = copy.getImageData(0, 0, width, height);
        const seen = new Set<number>();
        for (let at = 0; at < data.length; at += 4) {
          if (data[at + 3] === 255)
            seen.add(((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0));
        }
        return ["#d1384b", "#ff6b76"].map((colour) => seen.has(Number.parseInt(colour.slice(1), 16)));
      });
    for (const scheme of ["light", "dark"] as const) {
      const button = page.getByRole("button", { name: scheme, exact: true });
      await button.click();
      expect(await button.getAttribute("aria-pressed")).toBe("true");
      await page.screenshot({ path: join(PICTURES, `${scheme}.png`) });
      // The loudest series has the colour of the theme on the canvas too, which knows no variables.
      expect(await canvasColours()).toEqual([scheme === "light", scheme === "dark"]);
    }

    // From the top by Tab, everything that can be used is come by, in the order in which it is seen.
    await page.getByRole("button", { name: "auto" }).focus();
    const order: string[] = [];
    for (let i = 0; i < 40 && !order.includes("Whole plan"); i++) {
      await page.keyboard.press("Tab");
      order.push(await page.evaluate(() => document.activeElement?.textContent?.trim() ?? ""));
    }
    expect(order.slice(0, 3)).toEqual(["light", "dark", "cpu"]);
    expect(order).toContain("Whole plan");
    expect(complaints).toEqual([]);
    stop.abort(new Error("looked at"));
    await job.done.catch(() => undefined);
    await close();
  },
  FRAMES_MS_MAX,
);

inChromium("a job whose rows go elsewhere says so", async () => {
  const job = mill
    .rows([{ a: 1 }])
    .to(mill.callback(() => undefined))
    .start();
  const { page, complaints, close } = await shown({ title: "elsewhere", job, results: null });
  await page.getByText("The rows of this job go to a target of its own").waitFor();
  expect(complaints).toEqual([]);
  await close();
});
