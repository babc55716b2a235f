#!/usr/bin/env node
// The command line: `millrace demo | monitor | run | query | sql | explain | describe | datagen | bench`. Each command is one file beside this one, loaded
// when it is called.
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { EXIT_USER, reportError } from "./exit.js";

const program = new Command("millrace")
  .description("Event-time streams over Arrow columns: windows, watermarks and late data, in one process.")
  .version(packageJson.version, "-V, --version")
  .showSuggestionAfterError(true)
  .showHelpAfterError("(add --help for the options)")
  .exitOverride();

const format = () =>
  new Option("--format <format>", "how rows are printed").choices(["table", "ndjson"]).default("table");
const quiet = () => new Option("-q, --quiet", "no progress bar and no commentary");

const port = (of = "") =>
  new Option("--port <n>", `${of}port on 127.0.0.1; 0 is any that is free`).argParser(portNumber).default(0);

program
  .command("demo")
  .description("three million flights through hourly windows; or live metrics of 50 servers on a page")
  .addArgument(new Argument("[what]", "what to show").choices(["flights", "monitor"]).default("flights"))
  .option(
    "--file <path>",
    "flights: a Parquet file with date, delay and origin (default: vega-datasets' flights-3m.parquet)",
  )
  .option("--bound <duration>", "flights: how far departures may be out of order", "1 day")
  .option("--late <path>", "flights: where the late departures go (default: a new file in the temporary directory)")
  .addOption(port("monitor: "))
  .option("--seed <n>", "monitor: of the made-up metrics; another seed, other spikes", count, 1)
  .addOption(format())
  .addOption(quiet())
  .action(async (what, options, command: Command) => {
    const others = what === "monitor" ? ["file", "bound", "late", "format"] : ["port", "seed"];
    refuseUnheard(command, `demo ${what}`, others);
    if (what === "monitor") await (await import("./monitor.js")).demoMonitor(options);
    else await (await import("./demo.js")).demo(options);
  });

program
  .command("monitor")
  .description(
    "run a job file and show it live on a page of this machine: rates, lag, back-pressure, results, its plan",
  )
  .argument("<job>", "the module, e.g. job.js")
  .option("--memory <bytes>", "memory budget, e.g. 512MB", bytes)
  .addOption(port())
  .addOption(quiet())
  .action(async (job, options) => (await import("./monitor.js")).monitor(job, options));

program
  .command("run")
  .description("run a job file: a module whose default export takes the engine and gives a stream or a pipeline")
  .argument("<job>", "the module, e.g. job.js")
  .option("--memory <bytes>", "memory budget, e.g. 512MB", bytes)
  .option("--batch-rows <n>", "rows a batch has at most", count)
  .option("--available-now", "read what there is now of files that are followed, then end")
  .option("--metrics", "print what each operator did, at the end, on standard error")
  .addOption(format())
  .addOption(quiet())
  .action(async (job, options) => (await import("./run.js")).run(job, options));

program
  .command("query")
  .description("run the statements of SQL in order; the rows of a SELECT are printed")
  .argument("[file]", "a file of SQL")
  .option("-e, --execute <sql>", "statements instead of a file")
  .option("--batch-size <n>", "rows a batch has at most", count)
  .option("--memory <bytes>", "memory budget, e.g. 512MB", bytes)
  .option("--changelog", 'every change, with "op": +I, -U, +U, -D')
  .option("--parallelism <n>", "subtasks; so far there is 1", count, 1)
  .option("--seed <n>", "refused so far: datagen tables have an option of that name", whole)
  .addOption(format())
  .action(async (file, options) => (await import("./query.js")).query(file, options));

program
  .command("sql")
  .description("a shell of SQL: history, completion, results that are drawn anew while they change")
  .addOption(format())
  .action(async (options) => (await import("./shell.js")).sql(options));

program
  .command("explain")
  .description(
    "print the plan of a job file, or of the queries of a file of SQL: as written, optimized, and as it runs",
  )
  .argument("<job>", "the module or the file, e.g. job.js, query.sql")
  .addOption(new Option("--stage <stage>", "one stage only").choices(["logical", "optimized", "physical"]))
  .addOption(new Option("--json", "as JSON").conflicts("dot"))
  .addOption(new Option("--dot", "as a graph in DOT"))
  .action(async (job, options) => (await import("./run.js")).explain(job, options));

program
  .command("describe")
  .description("print the columns and the first rows of a file")
  .argument("<file>", "a file of any format, or a glob; - for standard input, lines of JSON unless --as says otherwise")
  .option(
    "--as <format>",
    "the file's format, where its name does not tell: ndjson, csv, json, lines, avro, arrow, parquet",
  )
  .option("--ts", "as a schema literal for TypeScript")
  .option("--rows <n>", "rows that are shown below the columns; 0: none", whole, 5)
  .addOption(format())
  .action(async (file, options) => (await import("./describe.js")).describe(file, options));

program
  .command("datagen")
  .description("write made-up data into files, the same for the same seed on every machine")
  .addArgument(new Argument("<what>", "what to make").choices(["nexmark"]))
  .option("--events <n>", "persons, auctions and bids together", count, 1_000_000)
  .option("--seed <n>", "another seed, other events", whole, 1)
  .requiredOption("--out <dir>", "where the files go: person, auction and bid")
  .addOption(new Option("--format <format>", "of the files").choices(["ndjson", "parquet", "arrow"]).default("ndjson"))
  .option("--rate <n>", "events a second of event time", count, 10_000)
  .addOption(quiet())
  .action(async (_, options) => (await import("./datagen.js")).datagen(options));

program
  .command("bench")
  .description("measure the window engine on this machine; or the queries of Nexmark")
  .addArgument(new Argument("[what]", "what to measure").choices(["window", "nexmark"]).default("window"))
  .option("--rows <n>", "window: rows to run", count, 10_000_000)
  .option("--keys <n>", "window: distinct keys", count, 1000)
  .option("--queries <names>", "nexmark: some queries, e.g. q0,q5 (default: all)")
  .option("--events <n>", "nexmark: events to run", count, 1_000_000)
  .option("--rate <n>", "nexmark: events a second of event time", count, 100_000)
  .option("--seed <n>", "nexmark: another seed, other events", whole, 1)
  .option("--json", "one JSON object a line")
  .action(async (what, options, command: Command) => {
    const others = what === "nexmark" ? ["rows", "keys"] : ["queries", "events", "rate", "seed"];
    refuseUnheard(command, `bench ${what}`, others);
    if (what === "nexmark") await (await import("./bench-nexmark.js")).benchNexmark(options);
    else await (await import("./bench.js")).bench(options);
  });

/** An option of another kind of the command is refused instead of not being heard. */
function refuseUnheard(command: Command, what: string, others: readonly string[]): void {
  const unheard = others.find((name) => command.getOptionValueSource(name) === "cli");
  if (unheard !== undefined) command.error(`error: '${what}' has no option '--${unheard}'`);
}

/** `512MB`, `2GB`, `65536`. */
function bytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(B|KB|MB|GB)?$/i.exec(text.trim());
  if (match === null) throw new InvalidArgumentError("write it as 512MB or 2GB.");
  const unit = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 }[(match[2] ?? "B").toUpperCase() as "B"];
  return Math.floor(Number(match[1]) * unit);
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError("give 0 or a whole number.");
  return value;
}

function count(text: string): number {
  const value = Number(text.replaceAll("_", ""));
  if (!Number.isSafeInteger(value) || value <= 0) throw new InvalidArgumentError("give a whole number above 0.");
  return value;
}

function portNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError("give 0 to 65535.");
  return value;
}

/** A reader that went away (`| head`) ends the program quietly. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_USER;
  } else {
    process.exitCode = reportError(error);
  }
}
