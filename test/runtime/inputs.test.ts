// An operator of several inputs when some of them are idle (S7, S8): sources that take turns, two or three of them behind a
// union, counted in windows of 10 ms. Every batch size gives the same windows and the same late rows.
import { describe, expect, test } from "vitest";
import { InputWatermarks } from "../../src/runtime/input-watermarks.js";
import { law } from "../semantics/support.js";
import { Bench, CollectingSink } from "./support.js";
import { counted, countingSink, refused, type Turn, takeTurns } from "./timed.js";

/** Windows and late rows of a union, the same in whatever order the simulator lets tasks run. */
async function outcome(turns: readonly Turn[], batchRows: number, build: (bench: Bench) => void = union) {
  const results: { windows: string[]; late: string[] }[] = [];
  for (const seed of [0, 1, 2]) {
    const bench = await Bench.open(seed);
    takeTurns(bench, turns, batchRows);
    build(bench);
    const sink = countingSink(bench, "all");
    const late = bench.sink("late", "count:late", new CollectingSink());
    await bench.run();
    expect(bench.complaints).toEqual([]);
    results.push({ windows: counted(sink), late: refused(late) });
  }
  expect(results).toEqual([results[0], results[0], results[0]]);
  return results[0];
}

const union = (bench: Bench) => void bench.union("all", ["aTime", "bTime"]);
const nested = (bench: Bench) => {
  bench.union("inner", ["aTime", "bTime"]);
  bench.union("all", ["cTime", "inner"]);
};

law("S7 an idle input leaves the minimum; caught up, it counts again", async (batchRows) => {
  const turns: Turn[] = [
    ["a", "a@5"],
    ["b", "b@3", "b@4"],
    ["a", "a@12", "a@25"],
    // Until here b holds the watermark at 4; now it is 25, and 6 comes too late.
    ["b", "idle"],
    ["b", "b@6", "b@27"],
    // b is at 27 and holds it there: 28 is on time.
    ["a", "a@40"],
    ["b", "b@28"],
    ["a", "a@41"],
    ["b", "b@50"],
  ];
  expect(await outcome(turns, batchRows)).toEqual({
    windows: ["0 a 1", "0 b 2", "10 a 1", "20 a 1", "20 b 2", "40 a 2", "50 b 1"],
    late: ["b@6"],
  });
});

law(
  "S7 an input that resumes behind the output does not hold it, and its rows behind it are late",
  async (batchRows) => {
    const turns: Turn[] = [
      ["a", "a@5"],
      ["b", "b@4"],
      ["a", "a@25"],
      ["b", "idle"],
      // b is at 23, behind 25: in time for the window, but it does not hold the watermark.
      ["b", "b@6", "b@23"],
      ["a", "a@35"],
      ["b", "b@27", "b@36"],
      // Caught up at 36, it counts again.
      ["a", "a@60"],
      ["b", "b@37", "b@61"],
    ];
    expect(await outcome(turns, batchRows)).toEqual({
      windows: ["0 a 1", "0 b 1", "20 a 1", "20 b 1", "30 a 1", "30 b 2", "60 a 1", "60 b 1"],
      late: ["b@27", "b@6"],
    });
  },
);

law("S7 a union is idle when its inputs are, and leaves the minimum of the next one", async (batchRows) => {
  const turns: Turn[] = [
    ["a", "a@5"],
    ["b", "b@6"],
    ["c", "c@7", "c@25"],
    ["a", "idle"],
    ["b", "idle"],
    // The inner union rests at 6, the outer one goes on to 25.
    ["c", "c@9"],
    ["a", "a@8", "a@26"],
    // a is back at 26 and b is not: 26 holds the watermark.
    ["c", "c@40"],
    ["a", "a@29", "a@50"],
  ];
  expect(await outcome(turns, batchRows, nested)).toEqual({
    windows: ["0 a 1", "0 b 1", "0 c 1", "20 a 2", "20 c 1", "40 c 1", "50 a 1"],
    late: ["a@8", "c@9"],
  });
});

law("S8 all inputs idle: the watermark is the greatest of theirs, once", async (batchRows) => {
  const turns: Turn[] = [
    ["a", "a@5", "a@18"],
    ["b", "b@8", "b@33"],
    ["b", "idle"],
    // a alone is at 18.
    ["a", "a@12"],
    // Now it is 33: 25 is late, and a, behind it at 25, changes nothing.
    ["a", "idle"],
    ["a", "a@25", "a@32"],
    ["a", "a@34", "a@45"],
    // a goes on alone: 39 is late at 45.
    ["a", "a@39"],
    ["b", "b@46"],
  ];
  expect(await outcome(turns, batchRows)).toEqual({
    windows: ["0 a 1", "0 b 1", "10 a 2", "30 a 2", "30 b 1", "40 a 1", "40 b 1"],
    late: ["a@25", "a@39"],
  });
});

law("S8 when the others have ended an idle input is not the end: its own watermark stays", async (batchRows) => {
  const turns: Turn[] = [
    ["b", "b@4"],
    ["a", "a@5", "a@25"],
    // Meanwhile a ends, and only b is left.
    ["b", "b@5"],
    ["b", "idle"],
    ["b", "b@7", "b@26"],
    ["b", "b@20", "b@40"],
  ];
  expect(await outcome(turns, batchRows)).toEqual({
    windows: ["0 a 1", "0 b 3", "20 a 1", "20 b 2", "40 b 1"],
    late: [],
  });
});

describe("the watermark of several inputs", () => {
  /** `1:20` is input 1 at 20, `1:idle` its split 0, `1:idle/3` its split 3. Returns the outputs that follow. */
  function outputs(inputCount: number, script: string): number[] {
    const inputs = InputWatermarks.starting(inputCount);
    const seen: number[] = [];
    for (const step of script.split(" ")) {
      const [input, what] = step.split(":") as [string, string];
      const [status, split = "0"] = what.split("/") as ["active" | "idle" | "done", string?];
      const moved = /^[a-z]/.test(what)
        ? inputs.split(Number(input), { split: Number(split), status })
        : inputs.watermark(Number(input), what === "∞" ? Number.POSITIVE_INFINITY : Number(what));
      if (moved) seen.push(inputs.outputMs);
    }
    return seen;
  }

  test.each<[name: string, inputCount: number, script: string, expected: number[]]>([
    ["the minimum, from minus infinity", 2, "0:5 0:9 1:7 1:20", [7, 9]],
    ["an end leaves the minimum", 2, "0:5 1:7 0:∞ 1:8 1:∞", [5, 7, 8, Number.POSITIVE_INFINITY]],
    ["one idle split of two is not an idle input", 2, "1:active/1 1:idle/2 0:9 1:5 0:20 1:idle/1", [5, 20]],
    ["a split that is done is neither", 2, "1:active/1 1:idle/2 1:done/1 0:9 1:active/2 1:10", [9]],
    ["no splits left: it waits for the end", 2, "0:9 1:5 1:active 1:done 0:10 1:∞", [5, 10]],
    ["resumed at the output it counts at once", 2, "0:9 1:9 1:idle 1:active 0:20 1:12", [9, 12]],
    ["resumed behind it, from there on", 2, "0:9 1:4 1:idle 1:active 1:8 0:11 1:11 0:20 1:13", [4, 9, 11, 13]],
    ["all idle, one after another", 3, "0:1 1:2 2:3 1:idle 0:idle 2:idle 1:idle", [1, 3]],
    ["all idle, the greatest first", 3, "0:1 1:2 2:3 2:idle 0:idle 1:idle", [1, 2, 3]],
    ["idle from the start, without any time", 2, "0:idle 1:idle 0:active 0:5 1:active 1:3 1:6 0:7", [5, 6]],
    ["the end of some while the others are idle", 2, "0:5 1:9 0:∞ 1:idle 1:active 1:11 1:∞", [5, 9, 11, Infinity]],
  ])("%s", (_, inputCount, script, expected) => expect(outputs(inputCount, script)).toEqual(expected));

  test("what was saved goes on as it was", () => {
    const inputs = InputWatermarks.starting(2);
    inputs.watermark(0, 9);
    inputs.watermark(1, 4);
    inputs.split(1, { split: 3, status: "idle" });
    inputs.split(1, { split: 3, status: "active" });
    const restored = new InputWatermarks(inputs.save(), inputs.outputMs);
    // Input 1 is still behind, and does not count.
    expect([restored.watermark(0, 20), restored.outputMs]).toEqual([true, 20]);
    expect([restored.watermark(1, 19), restored.outputMs]).toEqual([false, 20]);
  });
});
