// The documentation does what it says: every code block marked `run` is executed as a module that imports "millrace". Where a
// `text` block follows at once, it is what the code printed.
//
//   ```ts run
//   console.log(1 + 1);
//   ```
//   ```text
//   2
//   ```
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "node:util";
import { afterEach, expect, test, vi } from "vitest";
import { ROOT, readText, type TextFile, textFiles } from "./support/repository.js";

/** A block to run: where it begins, its code, and what it prints if the page says so. */
interface Block {
  readonly at: string;
  readonly name: string;
  readonly code: string;
  readonly prints: string | undefined;
}

const BLOCK = /^```(?:ts|js) run\n([\s\S]*?)^```\n(?:\s*^```text\n([\s\S]*?)^```$)?/gm;

function blocksOf({ path, text }: TextFile): Block[] {
  // In a source file the blocks stand in doc comments.
  const plain = path.endsWith(".ts") ? text.replaceAll(/^ *\* ?/gm, "") : text;
  return [...plain.matchAll(BLOCK)].map((match) => {
    const line = plain.slice(0, match.index).split("\n").length;
    return {
      at: `${path}:${line}`,
      name: `${path.replaceAll(/\W+/g, "-")}-${line}.ts`,
      code: match[1] ?? "",
      prints: match[2],
    };
  });
}

const pages = [
  ...["README.md", "CONTRIBUTING.md"].map((path) => ({ path, text: readText(path) })),
  ...textFiles(["docs"], /\.md$/),
  ...textFiles(["src"], /\.ts$/),
];

/** Modules must lie inside the repository for vitest to compile them. */
const scratch = join(ROOT, ".cache/docs");

afterEach(() => {
  vi.restoreAllMocks();
});

async function printedBy(modulePath: string): Promise<string> {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((...values: unknown[]) => {
    lines.push(`${format(...values)}\n`);
  });
  await import(/* @vite-ignore */ modulePath);
  return lines.join("");
}

test("a block is found with its output, also in a doc comment", () => {
  const page = "# A page\n\n```ts run\nconsole.log(1);\n```\n\n```text\n1\n```\n";
  expect(blocksOf({ path: "a.md", text: page })).toEqual([
    { at: "a.md:3", name: "a-md-3.ts", code: "console.log(1);\n", prints: "1\n" },
  ]);
  const source = "/**\n * @example\n * ```ts run\n * call();\n * ```\n */\n";
  expect(blocksOf({ path: "src/b.ts", text: source })).toMatchObject([{ code: "call();\n", prints: undefined }]);
});

test("the README in Chinese shows the programs of the one in English", () => {
  const programs = (path: string) => blocksOf({ path, text: readText(path) }).map(({ code, prints }) => [code, prints]);
  expect(programs("README.zh.md")).toEqual(programs("README.md"));
});

for (const block of pages.flatMap(blocksOf)) {
  test(`the code at ${block.at} runs`, async () => {
    mkdirSync(scratch, { recursive: true });
    const path = join(scratch, block.name);
    writeFileSync(path, block.code);
    const printed = await printedBy(path);
    if (block.prints !== undefined) expect(printed).toBe(block.prints);
  });
}
