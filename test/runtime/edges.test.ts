// Jobs at their edges: stopped before they begin, sources and sinks that misbehave, memory that is given back.
import { describe, expect, test } from "vitest";
import { col } from "../../src/node.js";
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

describe("a program that is refused when it is compiled", () => {
  test("ends the job", async () => {
    await using engine = await openTestEngine();
    const { mill } = engine;
    const stream = mill
      .rows([{ a: 1 }])
      .where(col("a").gt(0))
      .uid("twice")
      .where(col("a").lt(5))
      .uid("twice");
    await expect(stream.to(mill.memory()).run()).rejects.toMatchObject({ code: "OPTION" });
  });
});
