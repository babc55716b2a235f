// The public JSONTestSuite: every text as a top-level record, as the value of a key that no column wants, and inside raw
// JSON text that a STRING column keeps.
import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { Workspace } from "../../src/arrow/column.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { bytesOf, decode, GuardedAccount } from "./json-support.js";

const folder = new URL("../fixtures/json-test-suite/", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".json"));

const SPACE = 0x20;
const NEWLINE = 0x0a;

/** A record is a line: line ends inside a text that is to be accepted are blanks to JSON, and become some. */
function textOf(name: string): Uint8Array {
  const bytes = new Uint8Array(readFileSync(new URL(encodeURIComponent(name), folder)));
  return name.startsWith("y_") ? bytes.map((byte) => (byte === NEWLINE ? SPACE : byte)) : bytes;
}

function around(before: string, text: Uint8Array, after: string): Uint8Array {
  const bytes = new Uint8Array(before.length + text.length + after.length);
  bytes.set(bytesOf(before));
  bytes.set(text, before.length);
  bytes.set(bytesOf(after), before.length + text.length);
  return bytes;
}

let workspace: Workspace;
beforeAll(async () => {
  const { memory, kernels } = await openTestWorkspace();
  workspace = { account: new GuardedAccount(memory), kernels };
});

/** Whether all of it was one record: a row and nothing refused. Nothing but a row or a refusal may come of it. */
function accepts(schema: Record<string, string>, bytes: Uint8Array): boolean {
  const { rows, bad } = decode(workspace, schema, bytes, { maxRecordBytes: 1 << 20 });
  for (const { code } of bad) expect(["JSON", "JSON_DEPTH", "JSON_SHAPE", "UTF8"]).toContain(code);
  expect(rows.length + bad.length).toBeGreaterThan(0);
  return bad.length === 0 && rows.length === 1;
}

test("there are 318 texts", () => {
  expect(names.length).toBe(318);
});

describe.each([
  ["as the value of a key without column", { other: "INT" }, '{"v":', "}"],
  ["in the raw text of a STRING column", { v: "STRING" }, '{"v":[0,', "]}"],
  ["in the raw text of a STRING column, in an object", { v: "STRING" }, '{"v":{"w":', "}}"],
])("%s", (_, schema, before, after) => {
  const run = (name: string) => accepts(schema as Record<string, string>, around(before, textOf(name), after));

  test.each(names.filter((name) => name.startsWith("y_")))("accepts %s", (name) => {
    expect(run(name)).toBe(true);
  });

  test.each(names.filter((name) => name.startsWith("n_")))("refuses %s", (name) => {
    expect(run(name)).toBe(false);
  });

  test.each(names.filter((name) => name.startsWith("i_")))("survives %s", (name) => {
    expect(typeof run(name)).toBe("boolean");
  });
});

describe("in columns of numbers", () => {
  const numbers = (kind: string) => names.filter((name) => name.startsWith(`${kind}_number`));

  /** The text in the brackets that the suite puts around its numbers. */
  const numberOf = (name: string) => {
    const text = textOf(name);
    return text.slice(text.indexOf(0x5b) + 1, text.lastIndexOf(0x5d));
  };

  test.each(numbers("y"))("DOUBLE has what JSON.parse has of %s", (name) => {
    const [number] = JSON.parse(new TextDecoder().decode(textOf(name))) as [number];
    for (const behind of ["}", ',"w":1}', " }"]) {
      const { rows } = decode(workspace, { v: "DOUBLE" }, around('{"v":', numberOf(name), behind));
      expect(rows).toEqual([{ v: number }]);
    }
  });

  test.each(numbers("n"))("no column takes %s", (name) => {
    for (const type of ["DOUBLE", "FLOAT", "BIGINT", "INT", "DECIMAL(9, 2)", "DECIMAL(38, 2)"]) {
      for (const behind of ["}", ',"w":1}', " }"]) {
        const { rows, bad } = decode(workspace, { v: type }, around('{"v":', numberOf(name), behind));
        expect(rows).toEqual([]);
        expect(bad.length).toBeGreaterThan(0);
      }
    }
  });
});

describe("as a whole record", () => {
  test.each(names.filter((name) => name.startsWith("y_")))(
    "accepts the objects of %s, other values are JSON_SHAPE",
    (name) => {
      const text = textOf(name);
      const value: unknown = JSON.parse(new TextDecoder().decode(text));
      const { rows, bad } = decode(workspace, { other: "INT" }, text);
      if (typeof value === "object" && value !== null && !Array.isArray(value)) {
        expect(bad).toEqual([]);
        expect(rows).toEqual([{ other: null }]);
      } else {
        expect(rows).toEqual([]);
        expect(bad.map(({ code }) => code)).toEqual(["JSON_SHAPE"]);
      }
    },
  );

  // Nothing at all, and blanks alone, are no record in lines of JSON.
  const blank = ["n_structure_no_data.json", "n_single_space.json", "n_structure_UTF8_BOM_no_data.json"];
  const refused = names.filter((name) => name.startsWith("n_") && !blank.includes(name));
  test.each(refused)("refuses %s", (name) => {
    let rows = 0;
    let refusals = 0;
    try {
      const decoded = decode(workspace, { other: "INT" }, textOf(name));
      rows = decoded.rows.length;
      refusals = decoded.bad.length;
    } catch (error) {
      expect(error).toMatchObject({ code: "ENCODING" });
      refusals = 1;
    }
    expect({ rows, refused: refusals > 0 }).toEqual({ rows: 0, refused: true });
  });
});
