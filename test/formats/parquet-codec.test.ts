// A package for rarer compressions that is not installed: named when a column that needs it is selected, and only then.
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { MemoryFile, open, readAll } from "../support/parquet.js";

vi.mock("hyparquet-compressors", () => {
  throw new Error("Cannot find package");
});

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`data/parquet/${name}.parquet`, import.meta.url)));

test("GZIP without its package is DEPENDENCY_MISSING, with the command that installs it", async () => {
  const bytes = fixture("types-gzip");
  const file = await open(new MemoryFile(bytes));
  expect(file.rowCount).toBe(120);
  const none = { fields: [] };
  expect(await readAll(bytes, { schema: none })).toEqual({});
  await expect(readAll(bytes)).rejects.toMatchObject({
    code: "DEPENDENCY_MISSING",
    message: expect.stringContaining("GZIP"),
    hint: "npm install hyparquet-compressors",
  });
});

test.each(["types-plain", "types-dictionary", "types-zstd"])("%s needs no package", async (name) => {
  expect((await readAll(fixture(name)))["i64"]).toHaveLength(120);
});
