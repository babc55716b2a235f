// What no other tool checks of the sources: words, lengths, first lines, a home in the layers, documented error codes.
import { expect, test } from "vitest";
import { errorsPage, functionsPage } from "../scripts/docs.mjs";
import { LAYERS, NODE_TWINS } from "../scripts/layers.mjs";
import { Expression } from "../src/api/expression.js";
import * as functions from "../src/api/functions.js";
import { CODES } from "../src/error-codes.js";
import { AGGREGATE_DOCS, FUNCTION_DOCS } from "../src/plan/function-docs.js";
import { AGGREGATES, FUNCTIONS } from "../src/plan/functions.js";
import { LIBRARY } from "../src/plan/library/index.js";
import { LIBRARY_DOCS } from "../src/plan/library-docs.js";
import { readText, type TextFile, textFiles } from "./support/repository.js";

const product = textFiles(["src", "assembly"], /\.(tsx?|peggy)$/);
const code = [...product, ...textFiles(["test", "bench", "scripts", "examples"], /\.(ts|js|mjs)$/)];
const prose = [
  ...textFiles(["docs"], /\.md$/),
  ...["README.md", "README.zh.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].map((path) => ({
    path,
    text: readText(path),
  })),
];

/** A word that we do not use, the one that we do, and where the rule holds. */
interface Banned {
  readonly word: RegExp;
  readonly use: string;
  readonly in: readonly TextFile[];
  /** Files that may say it, by path. */
  readonly except?: RegExp;
}

const own = /^test\/tidy\.test\.ts$/;
const BANNED: readonly Banned[] = [
  { word: /packet/i, use: "batch", in: product },
  { word: /\bflush/i, use: "emit", in: product, except: /^src\/(connectors|platform|cli)\// },
  { word: /late (record|event|message)s?\b|lateEvent|lateRecord/i, use: "late row", in: product },
  { word: /\b(re)?shuffl|\brepartition/i, use: "exchange", in: product, except: /^assembly\// },
  // apache-arrow's own name for it.
  { word: /null ?(mask|bitmap)|nullMask|nullBitmap/i, use: "validity", in: product, except: /^src\/formats\/arrow-/ },
  { word: /selection ?vector|selVec/i, use: "selection", in: product },
  { word: /\bpunctuation/i, use: "watermark", in: product },
  { word: /whitelist|blacklist/i, use: "allow-list, deny-list", in: [...code, ...prose], except: own },
  { word: /\b(TODO|FIXME|XXX|HACK)\b/, use: "the thing itself, or an issue", in: [...code, ...prose], except: own },
  { word: /@ts-(ignore|nocheck)|biome-ignore/, use: "a type or a line that needs no silencing", in: code, except: own },
  { word: /@ts-expect-error/, use: "a type that fits; only type tests may expect errors", in: product },
  {
    word: /(^|[\s"'`(])\/(home|root|Users)\//m,
    use: "a path relative to the repository",
    in: [...code, ...prose],
    except: own,
  },
];

/** Files that may be long, each with its reason. */
const LONG: Readonly<Record<string, string>> = {};
const LINES_MAX = 600;

test.each(BANNED)("no $word: the word to use is $use", ({ word, in: files, except }) => {
  const uses = files
    .filter((file) => except === undefined || !except.test(file.path))
    .flatMap((file) => file.text.split("\n").map((line, index) => ({ line, at: `${file.path}:${index + 1}` })))
    .filter(({ line }) => word.test(line))
    .map(({ line, at }) => `${at}: ${line.trim()}`);
  expect(uses).toEqual([]);
});

test(`no file has more than ${LINES_MAX} lines without a reason`, () => {
  const long = code.filter((file) => file.text.split("\n").length > LINES_MAX + 1 && !(file.path in LONG));
  expect(long.map((file) => file.path)).toEqual([]);
});

test("the first line of every file says what it is for", () => {
  const silent = code.filter(({ text }) => {
    const lines = text.split("\n");
    const first = lines[0]?.startsWith("#!") ? lines[1] : lines[0];
    return !/^(\/\/|\/\*\*) \S.{15,}/.test(first ?? "");
  });
  expect(silent.map((file) => file.path)).toEqual([]);
});

test("every source file has a home in the layers", () => {
  const homeless = product
    .filter(({ path }) => path.startsWith("src/") && path !== "src/globals.d.ts")
    .filter(({ path }) => !LAYERS.some((group) => new RegExp(group.files).test(path)));
  expect(homeless.map((file) => file.path)).toEqual([]);
});

test("node: modules are named in Node's twins alone", () => {
  const strays = product.filter(({ path, text }) => /["']node:/.test(text) && !new RegExp(NODE_TWINS).test(path));
  expect(strays.map((file) => file.path)).toEqual([]);
});

test("docs/errors.md documents every code (`npm run docs` writes it)", () => {
  expect(readText("docs/errors.md")).toBe(errorsPage(CODES));
});

test("docs/reference/functions.md is what the table of functions says (`npm run docs` writes it)", () => {
  const methods = Object.getOwnPropertyNames(Expression.prototype);
  const tables = { FUNCTIONS, AGGREGATES, FUNCTION_DOCS, AGGREGATE_DOCS, LIBRARY, LIBRARY_DOCS };
  expect(readText("docs/reference/functions.md")).toBe(functionsPage(tables, functions, methods));
});

test("every error code is upper snake case, with a sentence that says what to do", () => {
  const odd = Object.entries(CODES).filter(
    ([name, meaning]) => !/^[A-Z][A-Z0-9_]*$/.test(name) || !/\.$/.test(meaning),
  );
  expect(odd).toEqual([]);
});
