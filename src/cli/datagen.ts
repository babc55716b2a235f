// `millrace datagen nexmark`: Nexmark's events as files, one a kind, for other engines to read what this one makes.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Job, Millrace } from "../node.js";
import { interruptible } from "./interrupt.js";
import { integer } from "./output.js";
import { startProgress } from "./progress.js";

interface DatagenFlags {
  readonly events: number;
  readonly seed: number;
  readonly out: string;
  readonly format: "ndjson" | "parquet" | "arrow";
  readonly rate: number;
  readonly quiet?: boolean;
}

const KINDS = ["person", "auction", "bid"] as const;
const PROGRESS_MS = 100;

/** Writes DIR/person.EXT, auction.EXT and bid.EXT. @throws FILE_EXISTS */
export async function datagen(flags: DatagenFlags): Promise<void> {
  const { events, seed, out, format, rate } = flags;
  mkdirSync(out, { recursive: true });
  const mill = await Millrace.open();
  const [persons, ...others] = KINDS.map((only) => {
    return mill.nexmark({ only, events, seed, rate }).to(mill.file(join(out, `${only}.${format}`)));
  });
  const pipeline = others.reduce((all, each) => all?.and(each), persons);
  await interruptible(async (signal) => {
    const job = pipeline?.start({ signal });
    if (job === undefined) return;
    const { rowsOut, elapsedMs } = await watched(job, events, flags.quiet);
    if (flags.quiet) return;
    process.stderr.write(`${integer(rowsOut)} events in ${(elapsedMs / 1000).toFixed(1)} s, in ${out}\n`);
  });
  await mill.close();
}

async function watched(job: Job, events: number, quiet = false): Promise<Awaited<Job["done"]>> {
  const progress = startProgress("writing", events, quiet);
  const timer = setInterval(() => progress.update(job.progress().rows, job.progress().rows), PROGRESS_MS);
  try {
    return await job.done;
  } finally {
    clearInterval(timer);
    progress.stop();
  }
}
