// Tables for people and standard output for programs: what is shown, how it is aligned, what a full or closed pipe does. Real
// pipes are those of child processes that run the built package.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/index.js";
import { openSim } from "./support.js";

const lines = (text: string) => text.split("\n").slice(0, -1);

describe("console", () => {
  test("shows an aligned table: numbers right, NULL by name, times without zone", async () => {
    const { mill, sim, wait } = await openSim();
    const rows = [
      { host: "a", load: 0.5, at: new Date(0), n: 1n, d: "1.50", raw: Uint8Array.of(1, 255) },
      { host: "long-name", load: null, at: new Date(1500), n: 2n ** 60n, d: "-12.25", raw: null },
    ];
    const schema = {
      host: "STRING",
      load: "DOUBLE",
      at: "TIMESTAMP(3)",
      n: "BIGINT",
      d: "DECIMAL(9, 2)",
      raw: "BYTES",
    } as const;
    await wait(mill.rows(rows, { schema }).print());
    expect(lines(sim.printed)).toEqual([
      "host       load  at                                         n       d  raw",
      "─────────  ────  ───────────────────────  ───────────────────  ──────  ───────",
      "a           0.5  1970-01-01 00:00:00                        1    1.50  x'01ff'",
      "long-name  NULL  1970-01-01 00:00:01.500  1152921504606846976  -12.25  NULL",
    ]);
  });

  test.each([1, 7, 8192])("shows the first rows and counts the others, in batches of %d", async (batchRows) => {
    const { mill, sim, wait } = await openSim();
    const numbers = Array.from({ length: 12_345 }, (_, n) => ({ n }));
    await wait(
      mill
        .rows(numbers.slice(0, 1345))
        .to(mill.console({ rowsMax: 3 }))
        .run({ batchRows }),
    );
    expect(
      lines(sim.printed)
        .filter((line) => !/^─+$/.test(line))
        .map((line) => line.trim()),
    ).toEqual(["n", "0", "1", "2", "… 1,342 more rows"]);
  });

  test("shows all when asked to, as fast as they are taken", async () => {
    const { mill, sim, wait } = await openSim();
    const numbers = Array.from({ length: 5000 }, (_, n) => ({ n }));
    await wait(mill.rows(numbers).print({ rowsMax: Number.POSITIVE_INFINITY }));
    expect(lines(sim.printed).slice(2).map(Number)).toEqual(numbers.map(({ n }) => n));
  });

  test("shows the head of a table without rows, and what came before a failure", async () => {
    const { mill, sim, wait } = await openSim();
    await wait(mill.rows([], { schema: { a: "INT", b: "STRING" } }).print());
    expect(lines(sim.printed)).toEqual(["a  b", "─  ─"]);
    sim.printed = "";
    const failing = mill.rows([{ n: 1 }, { n: 2 }, { n: 3 }]).map((row) => {
      if (row.n === 3) throw new Error("enough");
      return row;
    });
    await expect(wait(failing.print({ batchRows: 1 }))).rejects.toMatchObject({ code: "FUNCTION" });
    expect(lines(sim.printed)).toEqual(["n", "─", "1", "2"]);
  });

  test("writes control characters out, cuts long cells, and measures characters", async () => {
    const { mill, sim, wait } = await openSim();
    await wait(
      mill
        .rows([
          { "\u001b[2J": "\u001b[31mred\r\n\u009b\u2028", t: "é".repeat(100) },
          { "\u001b[2J": "ü", t: "x" },
        ])
        .print(),
    );
    for (const char of "\u001b\u009b\u2028\r") expect(sim.printed).not.toContain(char);
    expect(lines(sim.printed)).toEqual([
      `\\u001b[2J${" ".repeat(28)}  t`,
      `${"─".repeat(37)}  ${"─".repeat(60)}`,
      `\\u001b[31mred\\u000d\\u000a\\u009b\\u2028  ${"é".repeat(59)}…`,
      `ü${" ".repeat(36)}  x`,
    ]);
  });

  test("refuses wrong options at once", async () => {
    const { mill } = await openSim();
    const option = expect.objectContaining({ code: "OPTION" });
    for (const rowsMax of [0, -1, 1.5, Number.NaN, "3"]) {
      expect(() => mill.console({ rowsMax } as never)).toThrow(option);
      await expect(mill.rows([{ n: 1 }]).print({ rowsMax } as never)).rejects.toEqual(option);
    }
    await expect(mill.rows([{ n: 1 }]).print({ rowMax: 1 } as never)).rejects.toMatchObject({
      code: "OPTION",
      message: 'print() has no option "rowMax"',
    });
    expect(() => mill.stdout({ formt: "ndjson" } as never)).toThrow(option);
  });
});

describe("stdout", () => {
  const write = (mill: Engine, rows: number, options?: { format?: string }) =>
    mill.generate({ rows, schema: { n: "INT", key: "STRING" } }).to(mill.stdout(options));

  test("writes NDJSON, or another format", async () => {
    const { mill, sim, wait } = await openSim();
    const rows = [
      { n: 1, s: "a" },
      { n: 2, s: "ü" },
    ];
    await wait(mill.rows(rows).to(mill.stdout()).run({ batchRows: 1 }));
    expect(lines(sim.printed).map((line) => JSON.parse(line))).toEqual(rows);
    sim.printed = "";
    await wait(
      mill
        .rows(rows)
        .to(mill.stdout({ format: "json" }))
        .run({ batchRows: 1 }),
    );
    expect(JSON.parse(sim.printed)).toEqual(rows);
    await expect(wait(write(mill, 1, { format: "xml" }).run())).rejects.toMatchObject({ code: "OPTION" });
  });

  test("holds the sources back while nobody reads", async () => {
    const { mill, sim, wait } = await openSim();
    let waitingBytes = 0;
    let mostBytes = 0;
    const { write: take } = sim.output;
    sim.output.write = (bytes, done) => {
      waitingBytes += bytes.length;
      mostBytes = Math.max(mostBytes, waitingBytes);
      take(bytes, (error) => {
        waitingBytes -= bytes.length;
        done(error, undefined);
      });
    };
    await wait(write(mill, 200_000).run());
    expect(lines(sim.printed)).toHaveLength(200_000);
    expect(mostBytes).toBeLessThan(2 << 20);
  });

  test("an error of the pipe ends the job, located", async () => {
    const { mill, sim, wait } = await openSim();
    sim.output.write = (_bytes, done) => void sim.scheduler.after(5, () => done(new Error("broken"), undefined));
    await expect(wait(write(mill, 100_000).run())).rejects.toMatchObject({ message: "broken" });
  });
});

const NODE = fileURLToPath(new URL("../../dist/node.js", import.meta.url));

describe("a real pipe", () => {
  const run = (program: string) => {
    if (!existsSync(NODE)) throw new Error("no dist/: run `npm run build` first");
    const code = `import { Millrace } from ${JSON.stringify(NODE)};\nconst mill = await Millrace.open();\n${program}`;
    return spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "pipe"] });
  };

  test.skipIf(!existsSync(NODE))("that is closed cancels an endless job, quietly", async () => {
    const child = run(`
      const job = mill.generate({ schema: { n: "INT" } }).to(mill.stdout()).start();
      const { code } = await job.done.catch((error) => error);
      process.stderr.write(job.state + " " + code);
      await mill.close();
    `);
    let err = "";
    child.stderr.on("data", (chunk) => {
      err += String(chunk);
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.stdout.destroy();
    const status = await new Promise((resolve) => child.once("close", resolve));
    expect([status, err]).toEqual([0, "cancelled CANCELLED"]);
  });

  test.skipIf(!existsSync(NODE))("that is read slowly gets every row", async () => {
    const child = run(`
      await mill.generate({ rows: 100000, schema: { n: "INT" } }).to(mill.stdout()).run();
      await mill.close();
    `);
    let out = "";
    for await (const chunk of child.stdout) {
      out += String(chunk);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(lines(out)).toHaveLength(100_000);
  });
});
