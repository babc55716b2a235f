// `npm run bench -- NAME… [--json] [--save] [--rounds N] [--only TEXT]`: runs the named benches; a name is a file's
// (`window`) or one comparison's in it (`window/codes`). Without names it lists them.
import { parseArgs } from "node:util";
import { type Bench, race } from "./harness.js";
import { machine, save, table } from "./report.js";

/** Every file of benches by its name; loaded only when asked for. */
const files: Readonly<Record<string, () => Promise<{ readonly benches: readonly Bench[] }>>> = {
  window: () => import("./window.js"),
  ndjson: () => import("./ndjson.js"),
  csv: () => import("./csv.js"),
  nexmark: () => import("./nexmark.js"),
  pipeline: () => import("./pipeline.js"),
  browser: () => import("./browser.js"),
  websocket: () => import("./websocket.js"),
  parquet: () => import("./parquet.js"),
  "kernel-window": () => import("./kernels/window.js"),
  "window-aggregate": () => import("./operators/window-aggregate.js"),
  deduplicate: () => import("./operators/deduplicate.js"),
  session: () => import("./operators/session.js"),
  "group-aggregate": () => import("./operators/group-aggregate.js"),
  expressions: () => import("./operators/expressions.js"),
  "kernel-ndjson": () => import("./kernels/ndjson.js"),
  "kernel-csv": () => import("./kernels/csv.js"),
  "kernel-write": () => import("./kernels/write.js"),
  "kernel-parquet": () => import("./kernels/parquet.js"),
};

const USAGE = `npm run bench -- NAME… [--rounds N] [--only TEXT] [--json] [--save]

  NAME          a file of benches (window) or one of them (window/codes); without one they are listed
  --rounds N    turns of every contender; the median counts
  --only TEXT   contenders whose name contains the text
  --json        a line of JSON a contender instead of the table
  --save        keeps the table in bench/results.md
`;

const { values: options, positionals: names } = readArguments();

if (options.help) console.log(USAGE);
else if (names.length === 0) {
  for (const load of Object.values(files)) {
    for (const bench of (await load()).benches) console.log(`${bench.name.padEnd(28)} ${bench.title}`);
  }
}

for (const name of options.help ? [] : names) {
  const load = files[name.split("/")[0] ?? ""];
  const benches = (await load?.())?.benches.filter((bench) => `${bench.name}/`.startsWith(`${name}/`)) ?? [];
  if (benches.length === 0) {
    console.error(`no bench "${name}"; there are ${Object.keys(files).join(", ")}`);
    process.exitCode = 1;
  }
  for (const bench of benches) await runBench(bench);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h", default: false },
        json: { type: "boolean", default: false },
        save: { type: "boolean", default: false },
        rounds: { type: "string" },
        only: { type: "string" },
      },
    });
  } catch (cause) {
    console.error(`${(cause as Error).message}\n\n${USAGE}`);
    process.exit(1);
  }
}

async function runBench(bench: Bench): Promise<void> {
  const rounds = Number(options.rounds ?? bench.rounds ?? 5);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${options.rounds}: a whole number from 1`);
  const chosen = options.only === undefined ? bench : narrowed(bench, options.only);
  const rows = await race(chosen, rounds, (line) => process.stderr.write(options.json ? "" : `  ${line}\n`));
  if (options.json) for (const row of rows) console.log(JSON.stringify(row));
  else console.log(`\n${bench.name}: ${bench.title}\n\n${table(rows)}\n\n${rounds} rounds, ${machine()}\n`);
  if (options.save) save(bench, rows, rounds);
}

/** The bench with the contenders whose name contains the text. */
function narrowed(bench: Bench, text: string): Bench {
  return {
    ...bench,
    expected: (rows) => bench.expected(rows),
    contenders: async () => (await bench.contenders()).filter((contender) => contender.name.includes(text)),
  };
}
