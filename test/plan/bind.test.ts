// Binding of unresolved tables, and the names that nodes get.
import { describe, expect, test } from "vitest";
import { parseSchema, schemaLiteral } from "../../src/arrow/types.js";
import { bindProgram, isBound, type ResolvedTable } from "../../src/plan/bind.js";
import { columnsKnown, derive } from "../../src/plan/derive.js";
import type { LogicalNode, LogicalPlan } from "../../src/plan/logical.js";
import * as logical from "../../src/plan/logical.js";
import { nameNodes } from "../../src/plan/uid.js";
import { topological } from "../../src/plan/walk.js";
import { call, col, lit, named, scan, sink, table, watermark } from "./support.js";

const SCHEMA = { ts: "TIMESTAMP(3)", n: "INT" };

/** Tells the same columns of every table, and keeps the order in which it was asked. */
function connector(bounded = true): {
  asked: string[];
  resolve: (scan: LogicalNode<"unresolved-scan">) => Promise<ResolvedTable>;
} {
  const asked: string[] = [];
  return {
    asked,
    resolve: async ({ table, schema }) => {
      asked.push(table.name);
      await Promise.resolve();
      return { table, schema: schema ?? parseSchema(SCHEMA), bounded };
    },
  };
}

describe("binding", () => {
  test("puts a scan of the connector's columns in the place of an unresolved one", async () => {
    const file = logical.unresolvedScan(table("f"), null, "skip");
    const [bound] = await bindProgram(
      [sink(logical.filter(file, call("gt", col("n"), lit(1))))],
      connector(false).resolve,
    );
    const [read] = topological([bound as LogicalPlan]);
    expect(read).toMatchObject({ kind: "scan", bounded: false, rowPolicy: "skip", columns: null });
    expect(isBound(bound as LogicalPlan)).toBe(true);
    expect(schemaLiteral(derive(bound as LogicalPlan).schema)).toEqual(SCHEMA);
  });

  test("asks once for a table that several read, and keeps it one node", async () => {
    const { asked, resolve } = connector();
    const file = logical.unresolvedScan(table("f"));
    const other = logical.unresolvedScan(table("g"));
    const program = await bindProgram([sink(file, "a"), sink(logical.union([file, other]), "b")], resolve);
    expect(asked).toEqual(["f", "g"]);
    expect(topological(program).filter(({ kind }) => kind === "scan")).toHaveLength(2);
  });

  test("keeps the user's schema and options that the connector found", async () => {
    const file = logical.unresolvedScan(table("f"), parseSchema({ n: "BIGINT" }));
    const found = { ...table("f"), options: { format: "ndjson" } };
    const [bound] = await bindProgram([file], async ({ schema }) => {
      return await Promise.resolve({ table: found, schema: schema as never, bounded: true });
    });
    expect(bound).toMatchObject({ table: found });
    expect(schemaLiteral(derive(bound as LogicalPlan).schema)).toEqual({ n: "BIGINT" });
  });

  test("spells out what withColumns keeps", async () => {
    const plan = logical.withColumns(logical.unresolvedScan(table("f")), named({ n: lit("x"), m: col("n") }));
    const [bound] = await bindProgram([plan], connector().resolve);
    expect(bound).toMatchObject({ kind: "project", columns: named({ ts: col("ts"), n: lit("x"), m: col("n") }) });
  });

  test("keeps the user's uids", async () => {
    const plan = logical.withUid(
      logical.withColumns(logical.withUid(logical.unresolvedScan(table("f")), "in"), []),
      "more",
    );
    const [bound] = await bindProgram([plan], connector().resolve);
    expect(bound).toMatchObject({ uid: "more", input: { uid: "in" } });
  });

  test("refuses wrong names when they are known, and hands on the connector's refusal", async () => {
    const plan = logical.filter(logical.unresolvedScan(table("f")), call("gt", col("m"), lit(1)));
    await expect(bindProgram([plan], connector().resolve)).rejects.toMatchObject({ code: "UNKNOWN_COLUMN" });
    const refusal = new Error("no such file");
    await expect(bindProgram([plan], () => Promise.reject(refusal))).rejects.toBe(refusal);
  });

  test("columns are known before when every table was declared", () => {
    const declared = logical.unresolvedScan(table("f"), parseSchema(SCHEMA));
    expect(columnsKnown(watermark(declared, "ts"))).toBe(true);
    expect(isBound(declared)).toBe(false);
    expect(columnsKnown(logical.union([declared, logical.unresolvedScan(table("g"))]))).toBe(false);
  });
});

describe("uids", () => {
  test("are paths from the output down", () => {
    const input = scan("t", SCHEMA);
    const [named] = nameNodes([sink(logical.union([logical.filter(input, lit(true)), scan("u", SCHEMA)]))]);
    expect(topological([named as LogicalPlan]).map(({ uid }) => uid)).toEqual([
      "0/sink/union[0]/filter/scan",
      "0/sink/union[0]/filter",
      "0/sink/union[1]/scan",
      "0/sink/union",
      "0/sink",
    ]);
  });

  test("a shared node has the path of its first reader and stays one node", () => {
    const input = scan("t", SCHEMA);
    const program = nameNodes([sink(input, "a"), sink(input, "b")]);
    expect(topological(program).map(({ uid }) => uid)).toEqual(["0/sink/scan", "0/sink", "1/sink"]);
  });

  test("do not depend on what the optimizer does, and the user's come first", () => {
    const mine = logical.withUid(watermark(scan("t", SCHEMA), "ts"), "times");
    expect(topological(nameNodes([sink(mine)])).map(({ uid }) => uid)).toEqual([
      "0/sink/watermark/scan",
      "times",
      "0/sink",
    ]);
  });

  test("one name for two steps is refused", () => {
    const twice = [logical.withUid(scan("t", SCHEMA), "x"), logical.withUid(scan("u", SCHEMA), "x")];
    expect(() => nameNodes([sink(logical.union(twice))])).toThrow(
      expect.objectContaining({ code: "OPTION", message: 'two steps have the uid "x"' }),
    );
  });
});
