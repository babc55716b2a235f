// What a page has to know of formats before it has loaded one: which tables may be data files.
import { expect, test } from "vitest";
import { FILE_FORMATS, mayBeDataFile } from "../../src/connectors/file-formats.js";
import { endingFormat, extensionOf } from "../../src/connectors/formats.js";

const table = (name: string, format?: string) => {
  return { id: "0", connector: "fetch", name, options: format === undefined ? {} : { format } };
};

test.each(Object.entries(FILE_FORMATS))(
  "%s is told by its endings, compressed or not, and by its name",
  (format, endings) => {
    for (const ending of endings) {
      expect(endingFormat(`https://host/a${ending}`)).toBe(format);
      expect(mayBeDataFile(table(`https://host/a${ending}`))).toBe(true);
      expect(mayBeDataFile(table(`https://host/A${ending.toUpperCase()}.gz`))).toBe(true);
      expect(mayBeDataFile(table(`https://host/a${ending}`, "csv"))).toBe(false);
    }
    expect(mayBeDataFile(table("https://host/a", format))).toBe(true);
    expect(extensionOf(format, "a table")).toBe(endings[0]);
  },
);

test.each(["https://host/quotes", "https://host/a.ndjson", "wss://host/trades", "generator"])("%s is none", (name) => {
  expect(mayBeDataFile(table(name))).toBe(false);
});
