// `millrace demo monitor` and `millrace monitor JOB` as a person starts them: the built program in a child process, its link,
// what the link's page is told, and how Ctrl-C ends it. Build first.
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Frame, StartFrame } from "../../src/monitor/frames.js";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/millrace.js", import.meta.url));
const JOB = fileURLToPath(new URL("./jobs/hourly.js", import.meta.url));

interface Running {
  readonly child: ChildProcess;
  readonly link: URL;
  /** Its exit code, when it has ended. */
  readonly ended: Promise<number | null>;
}

/** Starts the program; resolves when it has printed its link. */
async function start(...args: string[]): Promise<Running> {
  const child = spawn(process.execPath, [PROGRAM, ...args, "--quiet"], { env: { ...process.env, NO_COLOR: "1" } });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const link = await new Promise<URL>((resolve, reject) => {
    let errors = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.stdout?.once("data", (chunk: Buffer) => resolve(new URL(chunk.toString().trim())));
    void ended.then((code) => reject(new Error(`ended with ${code}: ${errors}`)));
  });
  return { child, link, ended };
}

/** Frames of the link's job until `enough`. */
async function frames(link: URL, enough: (frame: Frame) => boolean): Promise<Frame[]> {
  const token = new URLSearchParams(link.hash.slice(1)).get("token");
  const controller = new AbortController();
  const response = await fetch(new URL("/api/events", link), {
    headers: { authorization: `Bearer ${token}` },
    signal: controller.signal,
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const seen: Frame[] = [];
  let text = "";
  for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    const events = (text + chunk).split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) seen.push(JSON.parse(event.replace(/^data: /, "")) as Frame);
    if (seen.some(enough)) break;
  }
  controller.abort();
  return seen;
}

test("the demo: a page, a job of a thousand events a second, and an end by Ctrl-C", async () => {
  const { child, link, ended } = await start("demo", "monitor");
  expect(link.hostname).toBe("127.0.0.1");
  const page = await (await fetch(link)).text();
  expect(page).toContain('<div id="page">');
  for (const [, file] of page.matchAll(/(?:src|href)="\.(\/[^"]+)"/g)) {
    expect((await fetch(new URL(file ?? "", link))).status).toBe(200);
  }
  expect((await fetch(new URL("/api/events", link))).status).toBe(401);
  const seen = await frames(link, (frame) => frame.kind === "counts" && frame.pulse.rowsIn > 500);
  const begin = seen.findLast(({ kind }) => kind === "start") as StartFrame;
  expect(begin.columns.map(({ name }) => name)).toContain("cpu");
  expect(begin.graph.nodes.map(({ kind }) => kind)).toContain("window-aggregate");
  child.kill("SIGINT");
  expect(await ended).toBe(130);
});

test("a job file: its results stay to be looked at when it has ended", async () => {
  const { child, link, ended } = await start("monitor", JOB);
  const seen = await frames(link, (frame) => "state" in frame && frame.state === "done");
  const [again] = await frames(link, ({ kind }) => kind === "start");
  expect(again).toMatchObject({ kind: "start", state: "done", error: null });
  expect((again as StartFrame).rows.length).toBeGreaterThan(0);
  expect(seen.length).toBeGreaterThan(0);
  child.kill("SIGINT");
  expect(await ended).toBe(130);
});

test("a file that is not there is said as every command says it", async () => {
  await expect(start("monitor", "none.js")).rejects.toThrow("FILE_NOT_FOUND");
});
