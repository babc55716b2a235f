// A progress bar on standard error, on a terminal only: piped output stays clean.
import { SingleBar } from "cli-progress";
import pc from "picocolors";
import { integer } from "./output.js";

export interface Progress {
  /** `doneBytes` of `totalBytes`, and the rows so far. */
  update(doneBytes: number, rows: number): void;
  stop(): void;
}

const SILENT: Progress = {
  update() {
    // Nobody watches.
  },
  stop() {
    // Nothing to take down.
  },
};

/** A bar over `totalBytes`; silent without a terminal, with `quiet`, or when the total is unknown. */
export function startProgress(label: string, totalBytes: number | null, quiet = false): Progress {
  if (quiet || totalBytes === null || !process.stderr.isTTY) return SILENT;
  const startedMs = performance.now();
  const bar = new SingleBar({
    format: `${label} ${pc.cyan("{bar}")} {percentage}%  {rows} rows  {rate} rows/s`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    stream: process.stderr,
  });
  bar.start(totalBytes, 0, { rows: "0", rate: "…" });
  return {
    update(doneBytes, rows) {
      const seconds = (performance.now() - startedMs) / 1000;
      bar.update(Math.min(doneBytes, totalBytes), { rows: integer(rows), rate: integer(Math.round(rows / seconds)) });
    },
    stop: () => bar.stop(),
  };
}
