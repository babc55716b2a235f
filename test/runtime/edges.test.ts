// Jobs at their edges: stopped before they begin, sources and sinks that misbehave, memory that is given back.
import { describe, expect, test } from "vitest";
import { openTestEngine } from "../support/engine.js";

describe("a signal that is aborted already", () => {
  test("ends the job with its reason, and the engine closes", async () => {
    const { mill, complaints } = await openTestEngine();
    const reason = new Error("not today");
    const job = mill
      .rows([{ a: 1 }])
      .to(mill.memory())
      .run({ signal: AbortSignal.abort(reason) });
    await expect(job).rejects.toBe(reason);
    await mill.close();
    expect(complaints).toEqual([]);
  });
});
