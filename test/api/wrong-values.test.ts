// Values of the wrong kind, as plain JavaScript can hand them in: each call refuses them with OPTION and says what is
// legal, never with a bare TypeError, and never takes them for something else.
import { afterAll, beforeAll, expect, test } from "vitest";
import { PlanError } from "../../src/errors.js";
import { col, count, interval, Millrace, tumble, when } from "../../src/node.js";

const SCHEMA = { ts: "TIMESTAMP(3)", delay: "INT" } as const;
const COLUMNS = { delay: [1, 2] };

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

const wrong = (value: unknown): never => value as never;
const flights = () => mill.rows([], { schema: SCHEMA });
const pipeline = () => flights().to(mill.memory());

test.each<[call: string, build: () => unknown, message: string, hint: string]>([
  ["where(null)", () => flights().where(wrong(null)), "where() takes an expression, got null", "col("],
  ["where(true)", () => flights().where(wrong(true)), "where() takes an expression, got true", "col("],
  ["where(fn)", () => flights().where(wrong(() => true)), "where() takes an expression, got a function", "filter()"],
  ["when(null)", () => when(wrong(null)), "when() takes an expression, got null", "col("],
  [
    "a second when(null)",
    () => when(col("delay").gt(1)).then(1).when(wrong(null)),
    "when() takes an expression, got null",
    "col(",
  ],
  ["select(null)", () => flights().select(wrong(null)), "select() takes names and objects, got null", "name an"],
  ["select([…])", () => flights().select(wrong(["ts"])), "select() takes names and objects, got an array", "name an"],
  ["withColumns(null)", () => flights().withColumns(wrong(null)), "withColumns() takes names", "name an"],
  ["groupBy(null)", () => flights().groupBy(wrong(null)), "groupBy() takes names and objects, got null", "name an"],
  ["groupBy(5)", () => flights().groupBy(wrong(5)), "groupBy() takes names and objects, got 5", "name an"],
  ["aggregate(null)", () => flights().aggregate(wrong(null)), "aggregate() takes an object, got null", "count()"],
  ["aggregate([…])", () => flights().aggregate(wrong([count()])), "takes an object, got an array", "count()"],
  ["aggregate({ n: 5 })", () => flights().aggregate(wrong({ n: 5 })), '"n" takes an aggregate, got 5', "count()"],
  [
    "aggregate({ n: null })",
    () => flights().aggregate(wrong({ n: null })),
    '"n" takes an aggregate, got null',
    "count",
  ],
  ["aggregate(count())", () => flights().aggregate(wrong(count())), '"fn" takes an aggregate', "names with"],
  ["window(null)", () => flights().window(wrong(null)), "window() takes a window, got null", 'tumble("1h")'],
  ["window(text)", () => flights().window(wrong("1h")), 'window() takes a window, got "1h"', 'tumble("1h")'],
  ["tumble(null)", () => tumble(wrong(null)), "window size takes a duration, got null", '"1h"'],
  ["tumble()", () => tumble(wrong(undefined)), "window size takes a duration, got undefined", '"1h"'],
  ["tumble({ lateness: null })", () => tumble("1h", { lateness: wrong(null) }), "lateness takes a duration", '"5s"'],
  ["interval(null)", () => interval(wrong(null)), "interval takes a duration, got null", '"5s"'],
  ["withWatermark(…, null)", () => flights().withWatermark("ts", wrong(null)), "outOfOrder takes a duration", '"5s"'],
  [
    "outOfOrder: null",
    () => mill.rows([], { schema: SCHEMA, time: "ts", outOfOrder: wrong(null) }),
    "outOfOrder takes a duration, got null",
    '"5s"',
  ],
  ["union(null)", () => flights().union(wrong(null)), "union() takes streams, got null", "a.union(b, c)"],
  ["union([…])", () => flights().union(wrong([flights()])), "union() takes streams, got an array", "a.union(b, c)"],
  ["map(null)", () => flights().map(wrong(null)), "map() takes a function, got null", "where()"],
  ["map(…, { schema: null })", () => flights().map((row) => row, { schema: wrong(null) }), "schema takes", "DOUBLE"],
  ["forEach(null)", () => flights().forEach(wrong(null)), "forEach() takes a function, got null", "toArray()"],
  ["callback(null)", () => mill.callback(wrong(null)), "callback() takes a function, got null", "forEach("],
  ["to(null)", () => flights().to(wrong(null)), "to() takes a target, got null", "mill.memory()"],
  ["to({ table: null })", () => flights().to(wrong({ table: null })), "to() takes a target", "mill.memory()"],
  ["and(null)", () => pipeline().and(wrong(null)), "and() takes a pipeline, got null", "to(target)"],
  ["and(stream)", () => pipeline().and(wrong(flights())), "and() takes a pipeline, got an object", "to(target)"],
  ["run({ signal: 5 })", () => pipeline().run({ signal: wrong(5) }), "signal takes an AbortSignal, got 5", "Abort"],
  ["run({ signal: null })", () => pipeline().run({ signal: wrong(null) }), "an AbortSignal, got null", "Abort"],
  ["toArray({ signal: {} })", () => flights().toArray({ signal: wrong({}) }), "signal takes an AbortSignal", "Abort"],
  ["release()", () => mill.release(wrong(undefined)), "release() takes a target, got undefined", "mill.memory()"],
  ["release(5)", () => mill.release(wrong(5)), "release() takes a target, got 5", "mill.memory()"],
  ["columns([…])", () => mill.columns(wrong([[1]])), "columns() takes an object of columns, got an array", "price"],
  ["columns(…, { schema: null })", () => mill.columns(COLUMNS, { schema: wrong(null) }), "schema takes", "DOUBLE"],
  ["columns(…, null)", () => mill.columns(COLUMNS, wrong(null)), "columns() takes an object of options", "schema"],
  ["batches(null)", () => mill.batches(wrong(null)), "batches() got no batch", "empty batch"],
  ["rows(…, { schema: 5 })", () => mill.rows([], { schema: wrong(5) }), "schema takes an object of columns", "DOUBLE"],
  ["rows(…, { schema: text })", () => mill.rows([], { schema: wrong("INT") }), 'columns, got "INT"', "DOUBLE"],
  ["rows(…, { schema: […] })", () => mill.rows([], { schema: wrong(["INT"]) }), "columns, got an array", "DOUBLE"],
  ["file(…, { schema: null })", () => mill.file("f", { schema: wrong(null) }), "schema takes an object", "DOUBLE"],
  ["generate({ schema: null })", () => mill.generate({ schema: wrong(null) }), "schema takes an object", "DOUBLE"],
  ["generate({ seed: null })", () => mill.generate({ schema: SCHEMA, seed: wrong(null) }), "seed is null", "whole"],
])("%s", async (_, build, message, hint) => {
  const error: unknown = await (async () => build())().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PlanError);
  expect(error).toMatchObject({
    code: "OPTION",
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
  });
});
