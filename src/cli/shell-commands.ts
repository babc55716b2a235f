// What a shell does by itself: lines that begin with a backslash.
import { hintNames } from "../errors.js";
import { chart, type Format, note, table } from "./output.js";
import type { Result } from "./shell-results.js";

/** What the user has set, and the result that was shown last. */
export interface ShellState {
  format: Format;
  timing: boolean;
  last: Result | null;
}

const COMMANDS: readonly (readonly [command: string, does: string])[] = [
  ["\\d", "tables and views; \\d NAME: the columns of one"],
  ["\\dt", "tables and views"],
  ["\\df", "functions"],
  ["\\format table|ndjson", "how rows are shown"],
  ["\\timing", "tells how long statements take, or no longer"],
  ["\\chart [COLUMN]", "draws a column of the last result, the last one of numbers unless named"],
  ["\\help", "this"],
  ["\\q", "leaves, as Ctrl-D does"],
];

/** Does what the line says; what it gives back is SQL to run, or null. */
export function runCommand(line: string, state: ShellState, output: NodeJS.WritableStream): string | null {
  const [command = "", argument] = line.split(/\s+/);
  const say = (text: string) => {
    output.write(`${text}\n`);
    return null;
  };
  switch (command) {
    case "\\d":
    case "\\dt":
      return argument === undefined ? "SHOW TABLES" : `DESCRIBE \`${argument.replaceAll("`", "``")}\``;
    case "\\df":
      return "SHOW FUNCTIONS";
    case "\\help":
      return say(table(["command", "what it does"], COMMANDS));
    case "\\timing":
      state.timing = !state.timing;
      return say(note(`timing is ${state.timing ? "on" : "off"}`));
    case "\\format":
      if (argument !== "table" && argument !== "ndjson") return say("\\format takes table or ndjson");
      state.format = argument;
      return say(note(`rows are shown as ${argument}`));
    case "\\chart":
      return say(chartOf(state, argument));
    default: {
      const known = COMMANDS.map(([name]) => name.split(" ")[0] as string);
      return say(`no command ${command}: ${hintNames(command, known, "commands")}`);
    }
  }
}

function chartOf({ last }: ShellState, wanted: string | undefined): string {
  if (last === null || last.rows.length === 0) return "there is no result to draw: run a query first";
  const numbers = last.names.filter((_, at) => last.rows.some((row) => isNumber(row[at])));
  const name = wanted ?? numbers.at(-1);
  if (name === undefined || !numbers.includes(name)) {
    if (numbers.length === 0) return "the last result has no column of numbers";
    return `no column of numbers "${wanted}": ${hintNames(wanted ?? "", numbers, "columns")}`;
  }
  const at = last.names.indexOf(name);
  const values = last.rows.map((row) => row[at]).filter(isNumber);
  return chart(name, values.map(Number));
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value));
}
