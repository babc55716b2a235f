// The compiler as a user meets it: the type tests compile, and what it says of a mistake is short and names the right thing.
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const TYPE_TESTS = `${root}test/api/types.test-d.ts`;
const MISTAKES = `${root}test/api/mistakes.ts`;

/** Each is one mistake, with the compiler's last word on it. */
const mistakes: [code: string, message: string][] = [
  [
    `flights.where(col("dely").gt(1))`,
    `Type '"dely"' is not assignable to type '"ts" | "delay" | "origin"'. Did you mean '"delay"'?`,
  ],
  [
    `flights.aggregate({ mean: avg("dely") })`,
    `Type '"dely"' is not assignable to type '"ts" | "delay" | "origin"'. Did you mean '"delay"'?`,
  ],
  [
    `flights.withWatermark("tz", "5s")`,
    `Argument of type '"tz"' is not assignable to parameter of type '"ts" | "delay" | "origin"'.`,
  ],
  [
    `flights.map((row) => row.dely)`,
    `Property 'dely' does not exist on type '{ ts: Date; delay: number | null; origin: string; }'. Did you mean 'delay'?`,
  ],
  [
    `flights.map((row) => ({ n: row.origin }), { schema: { n: "INT NOT NULL" } })`,
    `Type 'string' is not assignable to type 'number'.`,
  ],
  [
    `mill.file("x", { schema: { a: "DUBLE" } })`,
    `Type '"DUBLE"' is not assignable to type 'FieldType'. Did you mean '"DOUBLE"'?`,
  ],
  [`mill.file("x", { schema: { a: "TIMESTAMP(3)" }, time: "b" })`, `Type '"b"' is not assignable to type '"a"'.`],
];

const source = `
  import { avg } from "../../src/api/aggregates.js";
  import { col } from "../../src/api/expression.js";
  import { FakeRunner } from "./support.js";
  const mill = new FakeRunner();
  const flights = mill.file("f", { schema: { ts: "TIMESTAMP(3) NOT NULL", delay: "INT", origin: "STRING NOT NULL" } });
  ${mistakes.map(([code]) => code).join(";\n  ")};
`;

let program: ts.Program;

beforeAll(() => {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined };
  const { options } = ts.getParsedCommandLineOfConfigFile(`${root}tsconfig.json`, {}, host) as ts.ParsedCommandLine;
  const compiler = ts.createCompilerHost(options);
  const { readFile, fileExists } = compiler;
  compiler.readFile = (name) => (name === MISTAKES ? source : readFile(name));
  compiler.fileExists = (name) => name === MISTAKES || fileExists(name);
  const read = compiler.getSourceFile;
  compiler.getSourceFile = (name, ...rest) =>
    name === MISTAKES ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2023, true) : read(name, ...rest);
  program = ts.createProgram([TYPE_TESTS, MISTAKES], { ...options, noEmit: true }, compiler);
}, 60_000);

function diagnostics(file: string): { line: number; text: string }[] {
  const source = program.getSourceFile(file) as ts.SourceFile;
  return program.getSemanticDiagnostics(source).map(({ start = 0, messageText }) => ({
    line: source.getLineAndCharacterOfPosition(start).line,
    text: ts.flattenDiagnosticMessageText(messageText, "\n"),
  }));
}

test("the type tests compile", () => {
  expect(diagnostics(TYPE_TESTS)).toEqual([]);
});

test("each mistake is told in a few lines, the last of which names it", () => {
  const told = diagnostics(MISTAKES).map(({ text }) => text);
  expect(told.map((text) => text.split("\n").at(-1)?.trim())).toEqual(mistakes.map(([, message]) => message));
  for (const text of told) {
    expect(text.split("\n").length).toBeLessThanOrEqual(3);
    expect(text.length).toBeLessThan(300);
  }
});
