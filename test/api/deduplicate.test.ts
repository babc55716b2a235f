// deduplicate() as it is called: what it takes, what it refuses and with which words, and the plan that it makes.
import { expect, test } from "vitest";
import { col } from "../../src/api/expression.js";
import { lower } from "../../src/api/functions.js";
import { FakeRunner } from "./support.js";

const mill = new FakeRunner();
const SCHEMA = { ts: "TIMESTAMP(3)", id: "STRING", n: "INT", tags: "ARRAY<STRING>" } as const;
const events = mill.known(SCHEMA, { time: "ts", outOfOrder: "5s" });
const untimed = mill.known(SCHEMA);

const refusal = (call: () => unknown): object => {
  try {
    call();
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint: string };
    return { code, message, hint };
  }
  throw new Error("it was not refused");
};

test("keys are names, expressions, or several", async () => {
  const plan = async (stream: { explain(options: { stage: "logical" }): Promise<string> }) =>
    (await stream.explain({ stage: "logical" })).split("\n").slice(0, 2).join("\n");
  expect(await plan(events.deduplicate("id"))).toMatch(/^deduplicate id\n└─ watermark/);
  expect(await plan(events.deduplicate(["id", "n"], { keep: "first", within: "1h 30m" }))).toBe(
    "deduplicate id, n\n│ within: 1h 30m",
  );
  expect(await plan(events.deduplicate([lower(col("id")), "n"]))).toMatch(/^deduplicate lower\(id\), n\n/i);
});

test("what is wrong is told with what is right", () => {
  expect(refusal(() => events.deduplicate("di" as "id"))).toMatchObject({
    code: "UNKNOWN_COLUMN",
    hint: expect.stringContaining('"id"'),
  });
  expect(refusal(() => events.deduplicate([]))).toMatchObject({ code: "OPTION", message: "deduplicate() got no key" });
  expect(refusal(() => events.deduplicate(5 as never))).toMatchObject({ code: "OPTION" });
  expect(refusal(() => events.deduplicate("tags"))).toMatchObject({ code: "TYPE" });
  expect(refusal(() => events.deduplicate("id", { wihtin: "1h" } as object))).toMatchObject({
    code: "OPTION",
    hint: expect.stringContaining("within"),
  });
  expect(refusal(() => events.deduplicate("id", { within: 0 }))).toMatchObject({ code: "OPTION" });
  expect(refusal(() => events.deduplicate("id", { within: "10" }))).toMatchObject({ code: "TIME_UNIT" });
  expect(refusal(() => events.deduplicate("id", { keep: "last", within: "1h" }))).toMatchObject({ code: "OPTION" });
  expect(refusal(() => events.deduplicate("id", { keep: "lats" as "first" }))).toMatchObject({ code: "OPTION" });
});

test("an event time that was dropped on the way is not replaced by arrival", () => {
  expect(refusal(() => events.select("id").deduplicate("id"))).toMatchObject({
    code: "NO_EVENT_TIME",
    message: 'a deduplication, but the event time "ts" was dropped before it',
  });
  expect(refusal(() => untimed.deduplicate("id").late())).toMatchObject({ code: "NO_EVENT_TIME" });
  // Groups and late rows never had one.
  events.groupBy("id").aggregate({}).changelog().deduplicate("id");
  events.late().deduplicate("id");
});

test("filters on keys run before it, others behind it", async () => {
  const optimized = (stream: { explain(options: { stage: "optimized" }): Promise<string> }) =>
    stream.explain({ stage: "optimized" });
  const unique = events.deduplicate(["id", lower(col("id"))]);
  expect(await optimized(unique.where(col("id").eq("a")))).toMatch(/^deduplicate [\s\S]*filter id = 'a'/);
  expect(await optimized(unique.where(col("n").eq(1)))).toMatch(/^filter n = 1\n└─ deduplicate/);
  expect(await optimized(unique.where(col("id").eq("a").and(col("n").eq(1))))).toMatch(/^filter /);
});
