// The command line as a person meets it: the built program in a child process, its output, its errors, its exit codes.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { Millrace } from "../../src/node.js";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/millrace.js", import.meta.url));
const JOBS = fileURLToPath(new URL("./jobs/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [PROGRAM, ...args], { env: { ...process.env, NO_COLOR: "1", ...env } });
}

function ended(child: ChildProcess): Promise<Ended> {
  let out = "";
  let err = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

const millrace = (args: readonly string[], env?: Record<string, string>) => ended(start(args, env));

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("query", () => {
  test("statements of a file run in order; rows are exact NDJSON", async () => {
    const rows = fileOf(
      "orders.ndjson",
      `{"ts":"2026-01-01 00:00:01.500","id":9007199254740993,"price":1.10}\n{"ts":"2026-01-01 00:00:02","id":2,"price":null}\n`,
    );
    const sql = fileOf(
      "orders.sql",
      `CREATE TABLE orders (ts TIMESTAMP(3), id BIGINT, price DECIMAL(10, 2), WATERMARK FOR ts AS ts)
       WITH ('connector' = 'filesystem', 'path' = '${rows}');
       CREATE VIEW twice AS SELECT ts, id, price * 2 AS price FROM orders;
       SELECT * FROM twice;`,
    );
    expect(await millrace(["query", sql, "--format", "ndjson", "--batch-size", "1"])).toEqual({
      code: 0,
      out: `{"ts":"2026-01-01 00:00:01.500","id":9007199254740993,"price":2.20}\n{"ts":"2026-01-01 00:00:02","id":2,"price":null}\n`,
      err: "",
    });
  });

  test("--changelog adds what each change is", async () => {
    const { out } = await millrace(["query", "-e", "SELECT 1 AS a", "--format", "ndjson", "--changelog"]);
    expect(out).toBe('{"a":1,"op":"+I"}\n');
  });

  test("errors have code, place and caret, and exit with 1", async () => {
    const { code, out, err } = await millrace([
      "query",
      "-e",
      "SELECT 1 AS a;\nSELECT UPER('x') AS b",
      "--format",
      "ndjson",
    ]);
    expect(code).toBe(1);
    expect(out).toBe('{"a":1}\n');
    expect(err).toContain('UNKNOWN_FUNCTION: no function "UPER"\n  at 2:8\n  2 | SELECT UPER');
    expect(err).toContain('hint: did you mean "UPPER"?');
  });

  test("what is not there yet is refused", async () => {
    const refused = await millrace(["query", "-e", "SELECT 1 AS a", "--parallelism", "2"]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("UNSUPPORTED: --parallelism 2");
    expect((await millrace(["query"])).err).toContain("OPTION: no SQL to run");
  });
});

describe("help and wrong words", () => {
  test("--version prints the package's version", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await millrace(["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });

  test("--help names every command", async () => {
    const { code, out } = await millrace(["--help"]);
    expect(code).toBe(0);
    for (const command of ["demo", "monitor", "run", "query", "sql", "explain", "describe", "datagen", "bench"])
      expect(out).toContain(`  ${command} `);
  });

  test("a wrong option names its neighbour and exits with 1", async () => {
    const { code, err } = await millrace(["demo", "--boun", "1h"]);
    expect(code).toBe(1);
    expect(err).toContain("Did you mean --bound?");
  });

  test("a wrong command names its neighbour and exits with 1", async () => {
    const { code, err } = await millrace(["descibe", "x"]);
    expect(code).toBe(1);
    expect(err).toContain("Did you mean describe?");
  });

  test("an option of the other demo is refused instead of unheard", async () => {
    const flights = await millrace(["demo", "--port", "0"]);
    expect(flights).toMatchObject({ code: 1, out: "" });
    expect(flights.err).toContain("'demo flights' has no option '--port'");
    const monitor = await millrace(["demo", "monitor", "--late", "late.ndjson"]);
    expect(monitor).toMatchObject({ code: 1, out: "" });
    expect(monitor.err).toContain("'demo monitor' has no option '--late'");
  });

  test("a number that is none is refused with what is legal", async () => {
    const { code, err } = await millrace(["bench", "--rows", "many"]);
    expect(code).toBe(1);
    expect(err).toContain("whole number above 0");
  });
});

describe("datagen", () => {
  test("writes the events of each kind, the same for the same seed", async () => {
    const [one, other] = [join(folder, "one"), join(folder, "other")];
    const make = (out: string) => millrace(["datagen", "nexmark", "--events", "5000", "--seed", "3", "--out", out]);
    expect(await make(one)).toMatchObject({ code: 0, out: "" });
    expect(await make(other)).toMatchObject({ code: 0 });
    for (const [kind, count] of [
      ["person", 100],
      ["auction", 300],
      ["bid", 4600],
    ] as const) {
      const lines = readFileSync(join(one, `${kind}.ndjson`), "utf8");
      expect(lines.split("\n")).toHaveLength(count + 1);
      expect(readFileSync(join(other, `${kind}.ndjson`), "utf8")).toBe(lines);
    }
    expect((await make(one)).code).toBe(1);
  });

  test("in columns too", async () => {
    for (const format of ["parquet", "arrow"]) {
      const out = join(folder, format);
      const made = await millrace(["datagen", "nexmark", "--events", "100", "--out", out, "--format", format, "-q"]);
      expect(made).toEqual({ code: 0, out: "", err: "" });
      const { out: columns } = await millrace(["describe", join(out, `bid.${format}`), "--ts"]);
      expect(columns).toContain('price: "BIGINT"');
    }
  });
});

describe("bench nexmark", () => {
  test("measures the queries that are asked for", async () => {
    const args = ["bench", "nexmark", "--queries", "q0,q2", "--events", "1000", "--json"];
    const { code, out } = await millrace(args);
    expect(code).toBe(0);
    const results = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(results).toMatchObject([
      { query: "q0", rowsOut: 920, refused: null },
      { query: "q2", refused: null },
    ]);
  });

  test("refuses a query that is none, and an option of the other bench", async () => {
    expect((await millrace(["bench", "nexmark", "--queries", "q99"])).err).toContain("OPTION: no query");
    expect((await millrace(["bench", "nexmark", "--keys", "9"])).err).toContain(
      "'bench nexmark' has no option '--keys'",
    );
  });
});

describe("describe", () => {
  const ndjson = () =>
    fileOf("orders.ndjson", '{"id":1,"price":2.5,"at":"2026-01-01T00:00:00Z"}\n{"id":2,"price":3}\n');

  test("prints the columns of a file", async () => {
    const { code, out } = await millrace(["describe", ndjson()]);
    expect(code).toBe(0);
    expect(out).toMatch(/^column +type +null/);
    expect(out).toMatch(/id +BIGINT/);
    expect(out).toMatch(/price +DOUBLE/);
  });

  test("shows the columns and the first rows of every format", async () => {
    const mill = await Millrace.open();
    const rows = Array.from({ length: 9 }, (_, n) => ({ n, text: `row ${n}` }));
    for (const ending of ["ndjson", "csv", "tsv", "json", "avro", "arrow", "parquet", "ndjson.gz"]) {
      const path = join(folder, `described.${ending}`);
      await mill.rows(rows).to(mill.file(path)).run();
      const { code, out } = await millrace(["describe", path, "--rows", "3"]);
      expect(code, ending).toBe(0);
      expect(out).toMatch(/^column +type +null/);
      expect(out).toMatch(/\bn +BIGINT +/);
      expect(out).toContain(`first rows of described.${ending}`);
      expect(out).toContain("row 2");
      expect(out).not.toContain("row 3");
    }
    await mill.close();
    const lines = await millrace(["describe", fileOf("described.txt", "one\ntwo\n")]);
    expect(lines.out).toMatch(/line +STRING[\s\S]*two/);
    const bytes = await millrace(["describe", fileOf("described.bin", "abc"), "--rows", "0"]);
    expect(bytes.out).toMatch(/bytes +BYTES/);
    expect(bytes.out).not.toContain("first rows");
  }, 120_000);

  test("tells how a CSV file is written, by the names of its options", async () => {
    const path = fileOf("odd.csv", "\ufeffa;b\r\n1;'x;y'\r\n2;z\r\n");
    const { out } = await millrace(["describe", path, "--rows", "0"]);
    const [, told = ""] = out.split("dialect of odd.csv\n");
    const lines = told.trimEnd().split("\n");
    expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["option", "found"],
      ["delimiter", ";"],
      ["quote", "'"],
      ["escape", "'"],
      ["header", "yes"],
      ["newline", "CRLF"],
      ["encoding", "UTF-8 with byte order mark"],
    ]);
    const exact = await millrace(["describe", path, "--format", "ndjson"]);
    expect(exact.out).not.toContain("dialect");
  });

  test("--ts prints a schema literal", async () => {
    const { out } = await millrace(["describe", ndjson(), "--ts"]);
    expect(out.split("\n").slice(0, 3)).toEqual(["export const orders = {", '  id: "BIGINT",', '  price: "DOUBLE",']);
  });

  test("reads standard input for -, and goes when it has seen enough", async () => {
    const child = start(["describe", "-", "--format", "ndjson"]);
    const done = ended(child);
    child.stdin?.on("error", () => undefined);
    child.stdin?.write('{"n":1,"s":"a"}\n'.repeat(30_000));
    const { code, out } = await done;
    expect(code).toBe(0);
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { column: "n", type: "BIGINT", nullable: true },
      { column: "s", type: "STRING", nullable: true },
    ]);
  });

  test("--as tells the format that a name does not", async () => {
    const path = fileOf("orders.log", "id;price\n1;2.5\n");
    const untold = await millrace(["describe", path]);
    expect(untold).toMatchObject({ code: 1, out: "" });
    expect(untold.err).toContain("does not tell its format");
    const told = await millrace(["describe", path, "--as", "csv", "--ts"]);
    expect(told).toMatchObject({ code: 0, err: "" });
    expect(told.out).toContain('price: "DOUBLE"');
    const piped = start(["describe", "-", "--as", "csv", "--ts"]);
    piped.stdin?.end("id;price\n1;2.5\n");
    expect((await ended(piped)).out).toContain('price: "DOUBLE"');
  });

  test("a missing file is the user's error, with a code", async () => {
    const { code, err } = await millrace(["describe", join(folder, "absent.ndjson")]);
    expect(code).toBe(1);
    expect(err).toMatch(/^FILE_NOT_FOUND: /);
  });
});

describe("run and explain", () => {
  test("prints a stream's rows as a table", async () => {
    const { code, out, err } = await millrace(["run", join(JOBS, "hourly.js")]);
    expect(err).toContain("rows are late and left out");
    expect(code).toBe(0);
    const lines = out
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/ {2,}/).filter((cell) => cell !== ""));
    expect(lines[0]).toEqual(["windowStart", "windowEnd", "windowTime", "key", "events", "n"]);
    expect(lines).toHaveLength(5);
  });

  test("prints exact NDJSON: BIGINT with all its digits, times in SQL notation", async () => {
    const { out } = await millrace(["run", join(JOBS, "hourly.js"), "--format", "ndjson"]);
    expect(out.trimEnd().split("\n")).toEqual([
      '{"windowStart":"2026-01-01 00:00:00","windowEnd":"2026-01-01 00:01:00","windowTime":"2026-01-01 00:00:59.999","key":"a","events":1,"n":1}',
      '{"windowStart":"2026-01-01 00:00:00","windowEnd":"2026-01-01 00:01:00","windowTime":"2026-01-01 00:00:59.999","key":"b","events":1,"n":2}',
      '{"windowStart":"2026-01-01 00:01:00","windowEnd":"2026-01-01 00:02:00","windowTime":"2026-01-01 00:01:59.999","key":"a","events":1,"n":9007199254740991}',
      '{"windowStart":"2026-01-01 00:02:00","windowEnd":"2026-01-01 00:03:00","windowTime":"2026-01-01 00:02:59.999","key":"a","events":1,"n":4}',
    ]);
  });

  test("prints NaN, infinities and -0 as files have them", async () => {
    const { out } = await millrace(["run", join(JOBS, "numbers.js"), "--format", "ndjson"]);
    expect(out).toBe('{"a":"NaN","b":"-Infinity","c":0}\n');
  });

  test("runs a pipeline and says what it did; never over an existing file", async () => {
    const source = fileOf("in.ndjson", '{"a":1}\n{"a":2}\n');
    const env = { MILLRACE_TEST_IN: source, MILLRACE_TEST_OUT: join(folder, "copy.ndjson") };
    const first = await millrace(["run", join(JOBS, "copy.js")], env);
    expect(first.err).toMatch(/^2 rows in, 2 out, /);
    expect(first.code).toBe(0);
    expect(readFileSync(env.MILLRACE_TEST_OUT, "utf8")).toBe('{"a":1}\n{"a":2}\n');
    const second = await millrace(["run", join(JOBS, "copy.js")], env);
    expect(second.err).toMatch(/^FILE_EXISTS: /);
    expect(second.code).toBe(1);
    expect(readFileSync(env.MILLRACE_TEST_OUT, "utf8")).toBe('{"a":1}\n{"a":2}\n');
  });

  test("a bad record is reported with its code and place", async () => {
    const env = {
      MILLRACE_TEST_IN: fileOf("bad.ndjson", '{"a":1}\n{"a":tru}\n'),
      MILLRACE_TEST_OUT: join(folder, "bad-out.ndjson"),
    };
    const { code, err } = await millrace(["run", join(JOBS, "copy.js")], env);
    expect(code).toBe(1);
    expect(err).toContain("bad.ndjson:2");
    expect(err).toContain("hint: ");
    expect(existsSync(env.MILLRACE_TEST_OUT)).toBe(false);
  });

  test.each([
    ["throws.mjs", 'throw new Error("no wish");', "Error: no wish", "throws.mjs:1:7"],
    [
      "method.mjs",
      "\nexport default (mill) => mill.rows([{ a: 1 }]).whree();",
      "whree is not a function",
      "method.mjs:2:48",
    ],
    ["package.mjs", 'import "no-such-package";', "Cannot find package 'no-such-package'", "package.mjs"],
    ["syntax.mjs", "export default (mill) => mill.rows(;", "SyntaxError: ", "node --check"],
    ["readme.md", "# No module", "Unknown file extension", "readme.md"],
  ])("what is wrong with a job file is no bug of the engine: %s", async (name, text, message, place) => {
    const { code, err } = await millrace(["run", fileOf(name, text)]);
    expect(code).toBe(1);
    expect(err).toMatch(/^JOB_FILE: /);
    expect(err).toContain(message);
    expect(err).toContain(place);
    expect(err).not.toContain("bug in Millrace");
  });

  test("a module without a job is refused with what to write", async () => {
    const { code, err } = await millrace(["run", join(JOBS, "nothing.js")]);
    expect(code).toBe(1);
    expect(err).toContain("OPTION: ");
    expect(err).toContain("export default (mill)");
  });

  test("explain prints every stage, or one as JSON or DOT", async () => {
    const text = await millrace(["explain", join(JOBS, "hourly.js")]);
    for (const stage of ["logical", "optimized", "physical"]) expect(text.out).toContain(`== ${stage} ==`);
    const json = await millrace(["explain", join(JOBS, "hourly.js"), "--json", "--stage", "physical"]);
    expect(Object.keys(JSON.parse(json.out))).toEqual(["physical"]);
    const dot = await millrace(["explain", join(JOBS, "hourly.js"), "--dot"]);
    expect(dot.out).toMatch(/^digraph /);
  });

  test("stands between two pipes, and goes quietly when nobody reads any more", async () => {
    const all = Array.from({ length: 50_000 }, (_, n) => `{"n":${n}}\n`).join("");
    const input = fileOf("piped.ndjson", all);
    const shell = (line: string) => ended(spawn("bash", ["-c", line], { env: { ...process.env, NO_COLOR: "1" } }));
    const run = `'${process.execPath}' '${PROGRAM}' run '${join(JOBS, "pipe.js")}' --quiet`;
    expect(await shell(`cat '${input}' | ${run}`)).toEqual({ code: 0, out: all, err: "" });
    const head = await shell(`cat '${input}' | ${run} | head -n 3; echo "\${PIPESTATUS[1]}" >&2`);
    expect(head).toEqual({ code: 0, out: '{"n":0}\n{"n":1}\n{"n":2}\n', err: "0\n" });
    const endless = await shell(`yes '{"n":1}' | ${run} | head -n 1`);
    expect(endless).toEqual({ code: 0, out: '{"n":1}\n', err: "" });
  }, 60_000);

  test("Ctrl-C closes cleanly: no temporary file is left, exit code 130", async () => {
    const target = join(folder, "stopped");
    const child = start(["run", join(JOBS, "endless.js"), "--quiet"], {
      MILLRACE_TEST_OUT: join(target, "out.ndjson"),
    });
    const end = ended(child);
    await new Promise<void>((resolve) => {
      child.stderr?.on("data", (chunk: Buffer) => {
        if (chunk.toString().includes("started")) resolve();
      });
    });
    child.kill("SIGINT");
    const { code, err } = await end;
    expect(err).toContain("stopped; nothing unfinished was left behind");
    expect(code).toBe(130);
    expect(existsSync(target) ? readdirSync(target) : []).toEqual([]);
  });
});
