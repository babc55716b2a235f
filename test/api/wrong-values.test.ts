// Values of the wrong kind, as plain JavaScript can hand them in: each call refuses them with OPTION and says what is
// legal, never with a bare TypeError, and never takes them for something else.
import { afterAll, beforeAll, expect, test } from "vitest";
import { EngineError, PlanError } from "../../src/errors.js";
import { col, count, cumulate, Engine, hop, interval, lit, Millrace, sum, tumble, when } from "../../src/node.js";

const SCHEMA = { ts: "TIMESTAMP(3)", delay: "INT" } as const;
const COLUMNS = { delay: [1, 2] };

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

const wrong = (value: unknown): never => value as never;
const failureOf = (build: () => unknown): Promise<unknown> =>
  (async () => build())().catch((reason: unknown) => reason);
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
  ["aggregate(count())", () => flights().aggregate(wrong(count())), '"call" takes an aggregate', "names with"],
  ["window(null)", () => flights().window(wrong(null)), "window() takes a window, got null", 'tumble("1h")'],
  ["window(text)", () => flights().window(wrong("1h")), 'window() takes a window, got "1h"', 'tumble("1h")'],
  ["tumble(null)", () => tumble(wrong(null)), "window size takes a duration, got null", '"1h"'],
  ["tumble()", () => tumble(wrong(undefined)), "window size takes a duration, got undefined", '"1h"'],
  ["hop(size)", () => hop("1h", wrong(undefined)), "window slide takes a duration, got undefined", '"1h"'],
  ["cumulate(size)", () => cumulate("1h", wrong(null)), "window step takes a duration, got null", '"1h"'],
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
  ["uid(null)", () => flights().uid(wrong(null)), "uid() takes a name, got null", "a name as text"],
  ["uid('')", () => flights().uid(""), 'uid() takes a name, got ""', "a name as text"],
  ["col(null)", () => col(wrong(null)), "col() takes a column's name, got null", "as text"],
  ["col(symbol)", () => col(wrong(Symbol("delay"))), "a column's name, got Symbol(delay)", "as text"],
  ["withColumn(null, …)", () => flights().withColumn(wrong(null), 1), "withColumn() takes a column's name", "as text"],
  ["withWatermark(null, …)", () => flights().withWatermark(wrong(null), 0), "time takes a column, got null", "as text"],
  [
    "time: null",
    () => mill.rows([], { schema: SCHEMA, time: wrong(null) }),
    "time takes a column, got null",
    "as text",
  ],
  ["time: 5", () => mill.file("f", { time: wrong(5) }), "time takes a column, got 5", "as text"],
  ["idle: 0", () => flights().withWatermark("ts", 0, { idle: 0 }), "idle is 0 ms", "1 ms or more"],
  ["maxFutureDrift: -1", () => flights().withWatermark("ts", 0, { maxFutureDrift: -1 }), "is -1 ms", "0 ms or more"],
  ["outOfOrder: -1", () => flights().withWatermark("ts", -1), "outOfOrder is -1 ms", "0 ms or more"],
  ["tumble(0)", () => tumble(0), "window size is 0 ms", "1 ms or more"],
  ["tumble(…, { latenes })", () => tumble("1h", wrong({ latenes: 5 })), 'no option "latenes"', '"lateness"'],
  ["withWatermark(…, { idel })", () => flights().withWatermark("ts", 0, wrong({ idel: 5 })), '"idel"', '"idle"'],
  ["select()", () => flights().select(), "select() got nothing", "select("],
  ["aggregate({})", () => flights().aggregate({}), "aggregate() got nothing", "count()"],
  ["map(…, { name: 5 })", () => flights().map((row) => row, { name: wrong(5) }), "map() name takes a name", "text"],
  ["filter(…, { version: 1 })", () => flights().filter(() => true, { version: wrong(1) }), "a version, got 1", "text"],
  ["open({ memory })", () => Millrace.open(wrong({ memory: 5 })), 'open() has no option "memory"', "memoryBytes"],
  ["open({ memoryBytes: 5 })", () => Millrace.open({ memoryBytes: 5 }), "memoryBytes is 5", "4194304 on"],
  ["new Engine()", () => new Engine(wrong(undefined)), "an engine takes what prepareEngine() gives", "Millrace.open()"],
  ["memory(5)", () => mill.memory(wrong(5)), "takes", "options"],
  ["memory('')", () => mill.memory(""), 'memory() takes a name, got ""', "a name as text"],
  ["batches([5])", () => mill.batches(wrong([5])), "batches() takes batches, got 5", "fromArrow("],
  ["toRows(5)", () => mill.memory().toRows(wrong(5)), "toRows() takes an object of options, got 5", "bigint"],
  ["toRows({ bigint: 5 })", () => mill.memory().toRows({ bigint: wrong(5) }), "bigint takes true or false", "true"],
  ["callback(…, { bigint: 1 })", () => mill.callback(() => undefined, { bigint: wrong(1) }), "true or false", "true"],
  ["run({ optimize: text })", () => pipeline().run({ optimize: wrong("no") }), 'true or false, got "no"', "optimize"],
  ["run({ batchRows: -1 })", () => pipeline().run({ batchRows: -1 }), "batchRows is -1", "a whole number from 1"],
  ["run({ memoryBytes: 1.5 })", () => pipeline().run({ memoryBytes: 1.5 }), "memoryBytes is 1.5", "a whole number"],
  ["run({ name: 5 })", () => pipeline().run({ name: wrong(5) }), "name takes a name, got 5", "a name as text"],
  ["run({ batchrows })", () => pipeline().run(wrong({ batchrows: 5 })), 'no option "batchrows"', '"batchRows"'],
  [
    "toArray({ bigint: text })",
    () => flights().toArray({ bigint: wrong("yes") }),
    "bigint takes true or false",
    "true",
  ],
  ["file(…, { format: 5 })", () => mill.file("f", { format: wrong(5) }), "format takes a format's name, got 5", "text"],
  ["file(…, { maxRecordBytes: -1 })", () => mill.file("f", { maxRecordBytes: -1 }), "maxRecordBytes is -1", "whole"],
  ["file(…, { fromat })", () => mill.file("f", wrong({ fromat: "ndjson" })), 'no option "fromat"', '"format"'],
  ["fetch(…, { headers: 5 })", () => mill.fetch("http://h/", { headers: wrong(5) }), "headers takes an object", "auth"],
  ["from(…, { bounded: 1 })", () => mill.from([], { bounded: wrong(1) }), "bounded takes true or false, got 1", "true"],
  ["rows(…, { name: null })", () => mill.rows([], { name: wrong(null) }), "name takes a name, got null", "as text"],
  [
    "generate({ name: 5 })",
    () => mill.generate({ schema: SCHEMA, name: wrong(5) }),
    "name takes a name, got 5",
    "text",
  ],
])("%s", async (_, build, message, hint) => {
  const error = await failureOf(build);
  expect(error).toBeInstanceOf(PlanError);
  expect(error).toMatchObject({
    code: "OPTION",
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
  });
});

const column = (data: unknown) => () => mill.columns({ a: wrong(data) });

test.each<[call: string, build: () => unknown, code: string, message: string, hint: string]>([
  ["columns({ a: 5 })", column(5), "TYPE", 'column "a" is a number, not its values', "typed array"],
  ["columns({ a: null })", column(null), "TYPE", 'column "a" is null, not its values', "typed array"],
  ["columns({ a: text })", column("x"), "TYPE", 'column "a" is a string, not its values', "typed array"],
  ["columns({ a: {} })", column({}), "TYPE", 'column "a" has no list of values', "typed array"],
  ["columns({ a: { values } })", column({ values: [1] }), "TYPE", "has neither validity nor codes", "validity"],
  ["columns, validity: 5", column({ values: [1], validity: 5 }), "TYPE", "a validity that is no bitmap", "Uint8Array"],
  ["columns, codes: null", column({ values: [1], codes: null }), "TYPE", "has neither validity nor codes", "codes"],
  [
    "columns(…, { schema })",
    () => mill.columns({ a: wrong(5) }, { schema: { a: "INT" } }),
    "TYPE",
    '"a" is a',
    "typed",
  ],
  ["a schema's symbol", () => mill.rows([], { schema: { a: wrong(Symbol("INT")) } }), "TYPE", "is no type", "INT"],
  ["lit(undefined)", () => lit(wrong(undefined)), "TYPE", "undefined is no value of an expression", "null"],
  ["lit(NaN Date)", () => lit(new Date(Number.NaN)), "TYPE", "an invalid Date is no value", "null"],
  ["cast(null)", () => col("delay").cast(wrong(null)), "TYPE", '"null" is no type', "types"],
  ["cast(INTT)", () => col("delay").cast(wrong("INTT")), "TYPE", '"INTT" is no type', '"INT"'],
  ["tumble without unit", () => tumble("10"), "TIME_UNIT", 'window size "10" has no unit', '"5s"'],
  ["tumble(10 parsecs)", () => tumble("10 parsecs"), "TIME_UNIT", 'unknown unit "parsecs"', "sec"],
  [
    "sum(long decimal)",
    () => mill.rows([{ d: "1" }], { schema: { d: "DECIMAL(30, 2)" } }).aggregate({ n: sum("d") }),
    "UNSUPPORTED",
    "sum(d)",
    "cast it to DECIMAL(18",
  ],
])("%s", async (_, build, code, message, hint) => {
  const error = await failureOf(build);
  expect(error).toBeInstanceOf(EngineError);
  expect(error).toMatchObject({
    code,
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
  });
});

test("what answers with a promise rejects, and never throws at once", async () => {
  const bad = wrong({ batchRows: -1 });
  const ignore = () => undefined;
  for (const call of [
    () => pipeline().run(bad),
    () => pipeline().explain(bad),
    () => flights().toArray(bad),
    () => flights().forEach(ignore, bad),
    () => flights().explain(bad),
    () => Millrace.open(bad),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: "OPTION" });
  }
});
