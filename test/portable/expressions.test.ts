// Expressions on batches: the hand-worked cases that constant folding passes too, over shared and plain memory.
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { openTestWorkspace } from "../../src/testing/index.js";
import { CASES, caseName } from "../support/cases.js";
import { runCase } from "../support/evaluation.js";

describe.each([true, false])("shared memory: %s", async (shared) => {
  const { workspace, account } = await openTestWorkspace({ shared });
  afterAll(() => account.dispose());
  beforeEach(() => account.arena.reset());

  test.each(CASES.map((entry) => [caseName(entry), entry] as const))("%s", (_, entry) => {
    const fixed = entry.literals;
    for (const coded of [false, true]) runCase(workspace, entry, fixed, coded);
    if (entry.literals.length > 0 || entry.args.length < 2) return;
    for (let i = 0; i < entry.args.length; i++) {
      // A literal NULL may have another type than a column, and text beside a number is read by binding.
      if (entry.args[i]?.[1] === null || entry.args[i]?.[0] === "STRING") continue;
      runCase(workspace, entry, [i], false);
    }
  });

  test("text functions with literal patterns, lengths and parts", () => {
    const onText = CASES.filter(
      ({ fn, args }) =>
        args.length > 1 && args[0]?.[0] === "STRING" && fn !== "coalesce" && fn !== "extract" && args[0][1] !== null,
    );
    expect(onText.length).toBeGreaterThan(30);
    for (const entry of onText) {
      if (entry.args.slice(1).some(([, value]) => value === null)) continue;
      const rest = entry.args.map((_, i) => i).slice(1);
      for (const coded of [false, true]) runCase(workspace, entry, rest, coded);
    }
  });
});
