// The tables of options in the reference are what declarations and schemas say (`npm run docs` writes them): no option is
// without a text, without a row, or in a row of the past.
import { beforeAll, expect, test } from "vitest";
import { nounsOf, readDeclarations, withOptionTables } from "../scripts/option-tables.mjs";
import { OPTION_TABLES } from "./support/option-tables.js";
import { ROOT, textFiles } from "./support/repository.js";

const pages = textFiles(["docs/reference"], /\.md$/);
let declarations: ReturnType<typeof readDeclarations>;

beforeAll(() => {
  declarations = readDeclarations(ROOT);
}, 60_000);

test.each(pages.filter(({ text }) => nounsOf(text).length > 0))("$path shows the options as they are", ({ text }) => {
  expect(text).toBe(withOptionTables(text, OPTION_TABLES, declarations));
});

test("every table of options stands on one page", () => {
  const shown = pages.flatMap(({ text }) => nounsOf(text));
  expect(shown.toSorted()).toEqual(OPTION_TABLES.map(({ noun }) => noun).toSorted());
});

test("what declarations and checks do not agree on is refused", () => {
  const show = (table: object) => () => withOptionTables("<!-- options of x -->\n<!-- end -->", [table], declarations);
  expect(show({ noun: "x", type: "ConsoleOptions", names: [] })).toThrow("rowsMax would be refused");
  expect(show({ noun: "x", type: "ConsoleOptions", names: ["rowsMax", "colour"] })).toThrow("colour can be given");
  expect(show({ noun: "x", type: "FileInfo" })).toThrow("there is no type FileInfo");
  expect(show({ noun: "y", type: "ConsoleOptions" })).toThrow('no options of "x"');
});
