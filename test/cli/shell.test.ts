// The shell of SQL over streams that a test hands in, and once as the built program.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Shell } from "../../src/cli/shell.js";
import { completion, Names } from "../../src/cli/shell-names.js";
import { Millrace } from "../../src/node.js";

const folder = mkdtempSync(join(tmpdir(), "millrace-shell-"));
let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
  mill.table(
    "flights",
    mill.rows([
      { origin: "BOS", delay: 5 },
      { origin: "JFK", delay: 20 },
    ]),
  );
});
afterAll(async () => {
  await mill.close();
  rmSync(folder, { recursive: true });
});

interface Session {
  readonly shell: Shell;
  readonly ended: Promise<void>;
  readonly type: (text: string) => void;
  readonly leave: () => void;
  /** All that was written so far, without colours. */
  readonly text: () => string;
  readonly until: (part: string) => Promise<void>;
}

function open(isTerminal = false, historyPath: string | null = null): Session {
  const input = new PassThrough();
  const output = new PassThrough();
  let written = "";
  output.on("data", (chunk: Buffer) => {
    written += chunk.toString();
  });
  const text = () => stripVTControlCharacters(written);
  const shell = new Shell(mill, { input, output, isTerminal, historyPath });
  return {
    shell,
    ended: shell.run(),
    type: (typed) => input.write(typed),
    leave: () => input.end(),
    text,
    until: async (part) => {
      while (!text().includes(part)) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}

/** What a shell writes for these lines. */
async function said(...lines: readonly string[]): Promise<string> {
  const session = open();
  session.type(lines.map((line) => `${line}\n`).join(""));
  session.leave();
  await session.ended;
  return session.text();
}

test("a statement runs when its semicolon is there, however many lines it has", async () => {
  const text = await said("SELECT origin", "FROM flights -- not here;", "WHERE delay > 10", ";");
  expect(text).toMatch(/^origin *\nJFK *\n$/);
});

test("a text in quotes goes over lines, and what follows the last semicolon runs at the end", async () => {
  expect(await said("SELECT 'a", "b;' AS t")).toContain("a");
});

test("errors are told with a caret, and the shell goes on", async () => {
  const text = await said("SELECT orign FROM flights;", "SELECT § FROM flights;", "SELECT 1 + 1 AS two;");
  expect(text).toContain("UNKNOWN_COLUMN");
  expect(text).toContain("^^^^^");
  expect(text).toContain('did you mean "origin"');
  expect(text).toContain("begins nothing in SQL");
  expect(text).toMatch(/two\n *2\n$/);
});

test("commands of the shell", async () => {
  const text = await said(
    ...["\\dt", "\\d flights", "\\help", "\\format ndjson", "SELECT delay FROM flights;", "\\chart", "\\chart origin"],
    ...["\\timing", "\\formt", "\\df", "\\q", "SELECT 'never' AS never;"],
  );
  expect(text).toMatch(/table name\s+flights/);
  expect(text).toMatch(/origin +STRING/);
  expect(text).toContain("draws a column");
  expect(text).toContain('{"delay":5}\n{"delay":20}\n');
  expect(text).toContain("┤");
  expect(text).toContain('no column of numbers "origin"');
  expect(text).toContain("timing is on");
  expect(text).toContain('did you mean "\\format"');
  expect(text).toContain('{"function name":"UPPER"}');
  expect(text).not.toContain("never");
});

test("Ctrl-C stops the query and not the shell", async () => {
  const session = open();
  session.type("CREATE TABLE IF NOT EXISTS endless (a INT) WITH ('connector' = 'datagen');\nSELECT a FROM endless;\n");
  await session.until("a\n");
  session.shell.interrupt();
  await session.until("stopped");
  session.type("SELECT 'still' AS here;\n");
  session.leave();
  await session.ended;
  expect(session.text()).toContain("still");
});

test("on a terminal, results that are updated are drawn in place", async () => {
  const session = open(true);
  session.type(
    "CREATE TABLE IF NOT EXISTS rows_for_ever (a INT) WITH ('connector' = 'datagen', 'distinct' = '3');\n" +
      "SELECT COUNT(*) > 0 AS some FROM rows_for_ever;\n",
  );
  await session.until("Ctrl-C stops it");
  session.shell.interrupt();
  await session.until("stopped");
  session.type("\\q\n");
  await session.ended;
  expect(session.text()).toMatch(/some\s+true/);
});

test("lines are kept for the next time, for their owner alone", async () => {
  const path = join(folder, "config", "history");
  const session = open(true, path);
  session.type("SELECT 'kept' AS line;\n");
  await session.until("kept\n");
  session.type("\\q\n");
  await session.ended;
  expect(readFileSync(path, "utf8")).toContain("SELECT 'kept' AS line;");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("it completes keywords, tables, columns and functions", async () => {
  const names = await new Names(mill).all();
  expect(completion("sel", names)).toEqual([["select"], "sel"]);
  expect(completion("SELECT * FROM fli", names)).toEqual([["flights"], "fli"]);
  expect(completion("SELECT orig", names)).toEqual([["origin"], "orig"]);
  expect(completion("SELECT UPP", names)[0]).toContain("UPPER");
  expect(completion("SELECT ", names)).toEqual([[], ""]);
});

test("the built program reads a pipe", async () => {
  const program = fileURLToPath(new URL("../../dist/cli/millrace.js", import.meta.url));
  const child = spawn(process.execPath, [program, "sql"], { env: { ...process.env, NO_COLOR: "1" } });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stdin.end("SELECT 1 AS one;\nSELECT nothing;\nSELECT 2 AS two;\n");
  expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
  expect(out).toMatch(/one\n *1\nUNKNOWN_COLUMN[\s\S]*two\n *2\n/);
});

test("explain shows the queries of a file of SQL, and runs nothing", async () => {
  const program = fileURLToPath(new URL("../../dist/cli/millrace.js", import.meta.url));
  const path = join(folder, "query.sql");
  writeFileSync(
    path,
    `CREATE TABLE t (a INT) WITH ('connector' = 'datagen');
     CREATE TABLE out (a INT) WITH ('connector' = 'filesystem', 'path' = '${join(folder, "out.csv")}');
     INSERT INTO out SELECT a FROM t WHERE a > 1;`,
  );
  const explained = async (...flags: string[]): Promise<string> => {
    const child = spawn(process.execPath, [program, "explain", path, ...flags]);
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
    await new Promise((resolve) => child.on("close", resolve));
    return out;
  };
  expect(await explained("--stage", "logical")).toMatch(/^sink [\s\S]*filter a > 1/);
  expect(Object.keys(JSON.parse(await explained("--json")))).toEqual(["logical", "optimized", "physical"]);
  expect(await explained("--dot")).toMatch(/^digraph plan/);
});
