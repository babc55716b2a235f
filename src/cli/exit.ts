// How the command line ends: 0 well, 1 when the user can mend it, 2 when it is our bug, 130 on Ctrl-C.
import pc from "picocolors";
import { EngineError, InternalError } from "../node.js";

export const EXIT_USER = 1;
const EXIT_INTERNAL = 2;
export const EXIT_INTERRUPTED = 130;

/** Prints the error as `CODE: message`, place and hint, and gives the exit code that belongs to it. */
export function reportError(error: unknown, stream: NodeJS.WritableStream = process.stderr): number {
  if (error instanceof EngineError) {
    const [first, ...rest] = error.format().split("\n");
    stream.write(`${pc.red(first ?? "")}\n${rest.map((line) => `${line}\n`).join("")}`);
    return error instanceof InternalError ? EXIT_INTERNAL : EXIT_USER;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stream.write(
    `${pc.red("INTERNAL: an unexpected error")}\n${detail}\n  hint: this is a bug in Millrace: please report it\n`,
  );
  return EXIT_INTERNAL;
}
