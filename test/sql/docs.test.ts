// Every statement that the reference shows is read.
import { expect, test } from "vitest";
import { RESERVED } from "../../src/sql/grammar.generated.js";
import { parseScript } from "../../src/sql/parser.js";
import { SqlError } from "../../src/sql/sql-error.js";
import { readText } from "../support/repository.js";

const page = readText("docs/reference/sql.md");

test("the examples of docs/reference/sql.md parse", () => {
  const blocks = [...page.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, text]) => text as string);
  expect(blocks.length).toBeGreaterThan(4);
  for (const block of blocks) expect(parseScript(block).length).toBeGreaterThan(0);
});

test("the error that it shows is the one that is told", () => {
  const [, shown] = /^```text\n(SQL_SYNTAX.*?)\n```$/ms.exec(page) ?? [];
  let told = "";
  try {
    parseScript("SELECT a,\n  b\nFROM t WHEER x = 1");
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    told = error.format();
  }
  expect(told).toBe(shown);
});

test("it lists the reserved words", () => {
  expect(page.replaceAll(/\s+/g, " ")).toContain(`These do: ${[...RESERVED].sort().join(" ")}.`);
});
