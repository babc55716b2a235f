// Functions of the program as targets, and rows read one by one: slow readers hold the job back, errors end it.
import { describe, expect, test } from "vitest";
import { openSim } from "./support.js";

const make = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));
const SCHEMA = { n: "BIGINT" } as const;

describe("a callback", () => {
  test("gets all rows in order, batch by batch", async () => {
    const { mill, run } = await openSim();
    const seen: unknown[] = [];
    let calls = 0;
    const target = mill.callback((rows) => {
      calls++;
      seen.push(...rows);
    });
    await run(mill.rows(make(20_000), { schema: SCHEMA }).to(target));
    expect(seen).toEqual(make(20_000));
    expect(calls).toBe(3);
  });

  test.each([1, null, "", { then: 1 }])("that answers with %j, which is no promise, goes on", async (answer) => {
    const { mill, run } = await openSim();
    let calls = 0;
    const target = mill.callback(() => {
      calls++;
      return answer as never;
    });
    await run(mill.rows(make(20_000), { schema: SCHEMA }).to(target));
    expect(calls).toBe(3);
  });

  test("that answers with a promise is waited for, to the end", async () => {
    const { mill, sim, wait } = await openSim();
    let running = 0;
    let done = 0;
    const target = mill.callback(async () => {
      expect(++running).toBe(1);
      await new Promise<void>((resolve) => sim.scheduler.after(50, resolve));
      running--;
      done++;
    });
    await wait(mill.rows(make(100), { schema: SCHEMA }).to(target).run({ batchRows: 10 }));
    expect([running, done]).toEqual([0, 10]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
  ])("that %s ends the job with its error as cause", async (_how, fn) => {
    const { mill, wait } = await openSim();
    const running = mill.rows(make(10), { schema: SCHEMA }).to(mill.callback(fn)).run();
    await expect(wait(running)).rejects.toMatchObject({
      code: "FUNCTION",
      cause: expect.objectContaining({ message: "no" }),
    });
  });

  test("BIGINT comes as asked", async () => {
    const { mill, run } = await openSim();
    const seen: unknown[] = [];
    await run(
      mill.rows([{ n: 5n }], { schema: SCHEMA }).to(mill.callback((rows) => void seen.push(...rows), { bigint: true })),
    );
    expect(seen).toEqual([{ n: 5n }]);
    expect(() => mill.callback("x" as never)).toThrow(expect.objectContaining({ code: "OPTION" }));
  });
});

describe("rows read by the program", () => {
  test("slowly hold the source back", async () => {
    const { mill, sim, wait } = await openSim();
    let given = 0;
    function* rows() {
      for (; given < 100_000; given++) yield { n: given };
    }
    let taken = 0;
    let ahead = 0;
    const reading = mill.from(rows(), { schema: SCHEMA }).forEach(
      async () => {
        taken++;
        ahead = Math.max(ahead, given - taken);
        if (taken % 1000 === 0) await new Promise<void>((resolve) => sim.scheduler.after(5, resolve));
      },
      { batchRows: 1000 },
    );
    expect(await wait(reading)).toMatchObject({ rowsIn: 100_000, rowsOut: 100_000 });
    expect(ahead).toBeLessThanOrEqual(5000);
  });

  test("come before the error that ended them", async () => {
    const { mill, wait } = await openSim();
    const seen: unknown[] = [];
    const stream = mill.rows([...make(5), { n: "x" }] as { n: number }[], { schema: SCHEMA });
    const read = async () => {
      for await (const row of stream.rows({ batchRows: 5 })) seen.push(row);
    };
    await expect(wait(read())).rejects.toMatchObject({ code: "TYPE" });
    expect(seen).toEqual(make(5));
  });

  test("stop the job when the loop is left, by break or by throw", async () => {
    const { mill, wait } = await openSim();
    let open = 0;
    function* endless() {
      open++;
      try {
        for (let n = 0; ; n++) yield { n };
      } finally {
        open--;
      }
    }
    const leave = async (how: "break" | "throw") => {
      for await (const { n } of mill.from(endless(), { schema: SCHEMA })) {
        if (n !== 100) continue;
        if (how === "throw") throw new Error("mine");
        break;
      }
    };
    await wait(leave("break"));
    await expect(wait(leave("throw"))).rejects.toThrow("mine");
    expect(open).toBe(0);
  });

  test("end with the signal's reason", async () => {
    const { mill, wait } = await openSim();
    const controller = new AbortController();
    const read = async () => {
      for await (const { n } of mill.generate({ schema: SCHEMA }).rows({ signal: controller.signal })) {
        if (n !== null) controller.abort(new Error("time is up"));
      }
    };
    await expect(wait(read())).rejects.toThrow("time is up");
  });
});
