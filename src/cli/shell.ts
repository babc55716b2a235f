// `millrace sql`: a shell. Statements run when their semicolon is there; what is wrong with one is told, and the shell stays. Lines
// that begin with a backslash are for the shell itself (shell-commands.ts).
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { DataStream, EngineError, Millrace, Pipeline } from "../node.js";
import { splitScript } from "../sql/script.js";
import { reportError } from "./exit.js";
import { type Format, integer, note } from "./output.js";
import { runCommand, type ShellState } from "./shell-commands.js";
import { completion, Names } from "./shell-names.js";
import { type ShellHost, showResult } from "./shell-results.js";

const HISTORY_LINES = 1000;
const PROMPT = "millrace> ";
const PROMPT_MORE = "     ...> ";

export async function sql({ format }: { readonly format: Format }): Promise<void> {
  const home = process.env["XDG_CONFIG_HOME"] || join(homedir(), ".config");
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const historyPath = isTerminal ? join(home, "millrace", "history") : null;
  await using mill = await Millrace.open();
  await new Shell(mill, { input: process.stdin, output: process.stdout, isTerminal, historyPath }, format).run();
}

export class Shell {
  readonly #mill: Millrace;
  readonly #host: ShellHost;
  readonly #names: Names;
  readonly #state: ShellState;
  readonly #lines: Interface;
  /** Lines of a statement whose semicolon has not come. */
  #unfinished = "";
  #running: AbortController | null = null;

  constructor(mill: Millrace, host: ShellHost, format: Format = "table") {
    this.#mill = mill;
    this.#host = host;
    this.#names = new Names(mill);
    this.#state = { format, timing: false, last: null };
    this.#lines = createInterface({
      input: host.input,
      output: host.output,
      terminal: host.isTerminal,
      prompt: PROMPT,
      historySize: HISTORY_LINES,
      removeHistoryDuplicates: true,
      history: readHistory(host.historyPath),
      completer: (line: string, done: (error: null, found: [string[], string]) => void) => {
        void this.#names.all().then((names) => done(null, completion(line, names)));
      },
    });
  }

  /** Reads until the input ends, or until `\q`. */
  async run(): Promise<void> {
    const { output, isTerminal, historyPath } = this.#host;
    // Ctrl-C stops a query, or throws a line away; it never ends the shell.
    this.#lines.on("SIGINT", () => this.interrupt());
    if (historyPath !== null) this.#lines.on("history", (lines: string[]) => writeHistory(historyPath, lines));
    if (isTerminal) output.write(`${note("SQL ends with a semicolon; \\help tells more, Ctrl-D leaves")}\n`);
    this.#prompt();
    for await (const line of this.#lines) {
      if ((await this.#take(line)) === "leave") break;
      this.#prompt();
    }
    if (this.#unfinished.trim() !== "") await this.#execute(this.#unfinished);
    this.#lines.close();
    if (isTerminal) output.write("\n");
  }

  /** Stops what runs; with nothing running, forgets the lines of the statement so far. */
  interrupt(): void {
    if (this.#running !== null) {
      this.#running.abort();
      return;
    }
    this.#unfinished = "";
    this.#host.output.write("\n");
    this.#prompt();
  }

  #prompt(): void {
    if (!this.#host.isTerminal) return;
    this.#lines.setPrompt(this.#unfinished === "" ? PROMPT : PROMPT_MORE);
    this.#lines.prompt();
  }

  async #take(line: string): Promise<"leave" | undefined> {
    if (this.#unfinished === "" && line.trimStart().startsWith("\\")) return await this.#command(line.trim());
    this.#unfinished += `${line}\n`;
    if (this.#unfinished.trim() === "") this.#unfinished = "";
    if (!isWhole(this.#unfinished)) return undefined;
    const text = this.#unfinished;
    this.#unfinished = "";
    await this.#execute(text);
    return undefined;
  }

  async #command(line: string): Promise<"leave" | undefined> {
    if (line === "\\q") return "leave";
    const text = runCommand(line, this.#state, this.#host.output);
    if (text !== null) await this.#execute(text);
    return undefined;
  }

  /** Runs statements; the first that fails is told, and those behind it do not run. */
  async #execute(text: string): Promise<void> {
    const { output } = this.#host;
    const running = new AbortController();
    this.#running = running;
    const startedMs = performance.now();
    try {
      const options = { signal: running.signal };
      for await (const result of this.#mill.script(text, options)) {
        if (typeof result === "string") output.write(`${result}\n`);
        else if (result instanceof DataStream) {
          this.#state.last = await showResult(result, this.#state.format, this.#host, options);
        } else if (result instanceof Pipeline) {
          const { rowsOut } = await result.run(options);
          output.write(`${note(`${integer(rowsOut)} rows written`)}\n`);
        }
      }
    } catch (error) {
      if (running.signal.aborted) output.write(`${note("stopped")}\n`);
      else reportError(error, output);
    } finally {
      this.#running = null;
      this.#names.forget();
    }
    if (this.#state.timing) output.write(`${note(`${Math.round(performance.now() - startedMs)} ms`)}\n`);
  }
}

/** Whether a text ends with a statement's semicolon. What can never be read is whole too: it is told by running it. */
function isWhole(text: string): boolean {
  try {
    return splitScript(text).at(-1)?.closed ?? false;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    // A quote or a comment goes on in the next line.
    return !error.message.endsWith("is not closed");
  }
}

/** Newest first, as readline has them. */
function readHistory(path: string | null): string[] {
  if (path === null) return [];
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .reverse();
  } catch {
    // There is none yet, or it cannot be read: the shell is none the worse.
    return [];
  }
}

/** For its owner's eyes alone: statements may hold secrets. */
function writeHistory(path: string, newestFirst: readonly string[]): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${newestFirst.toReversed().join("\n")}\n`, { mode: 0o600 });
  } catch {
    // A shell without history is better than none.
  }
}
