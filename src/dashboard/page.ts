// The monitor without a server: engine, job and page in one tab.
import { Millrace } from "../browser.js";
import { demoJob, EVENTS_PER_SECOND, paced } from "../monitor/demo.js";
import { Monitor } from "../monitor/monitor.js";
import { open } from "./open.js";

const mill = await Millrace.open();
const pace = {
  nowMs: () => Date.now(),
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
};
const seed = Number(new URLSearchParams(location.search).get("seed") ?? 1);
const events = paced({ seed, startMs: Date.now(), eventsPerSecond: EVENTS_PER_SECOND }, pace);
const { pipeline, results } = await demoJob(mill, events);
const monitor = new Monitor({ title: "50 servers", job: pipeline.start({ name: "demo" }), results });
open(monitor, "The engine runs in this page: WebAssembly kernels, no server.");
await monitor.watch();
