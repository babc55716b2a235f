// Ctrl-C: the first one stops the job and lets it close what it holds, the second one ends the process at once.
import { EXIT_INTERRUPTED } from "./exit.js";

/** Runs `work` with a signal that Ctrl-C aborts. An interrupted run ends with exit code 130 and no error. */
export async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    controller.abort();
  };
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onInterrupt);
  try {
    await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    process.stderr.write("\nstopped; nothing unfinished was left behind\n");
    process.exitCode = EXIT_INTERRUPTED;
  } finally {
    process.off("SIGINT", onInterrupt);
    process.off("SIGTERM", onInterrupt);
  }
}
