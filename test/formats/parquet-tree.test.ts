// What groups of a schema stand for: the shapes that the format's page of logical types names, old ones too, and their levels.
import { describe, expect, test } from "vitest";
import { schemaOf, typeName } from "../../src/arrow/types.js";
import type { SchemaNode } from "../../src/formats/parquet-footer.js";
import { bindColumns, type ColumnNode, leavesOf, planColumns } from "../../src/formats/parquet-tree.js";

type Parts = Partial<SchemaNode>;

const node = (repetition: SchemaNode["repetition"], name: string, parts: Parts): SchemaNode => ({
  name,
  repetition,
  children: [],
  leaf: -1,
  physical: undefined,
  typeLength: 0,
  converted: undefined,
  logical: undefined,
  precision: 0,
  scale: 0,
  ...parts,
});
const leaf = (repetition: SchemaNode["repetition"], name: string, parts: Parts = { physical: "INT32" }): SchemaNode =>
  node(repetition, name, { leaf: 0, ...parts });
const group = (
  repetition: SchemaNode["repetition"],
  name: string,
  converted: string | undefined,
  ...children: SchemaNode[]
): SchemaNode => node(repetition, name, { converted, children });

const plan = (...columns: SchemaNode[]): ColumnNode[] =>
  planColumns(group("REQUIRED", "schema", undefined, ...columns));
const typeOf = (column: SchemaNode): string => {
  const [found] = plan(column);
  return found === undefined ? "" : `${typeName(found.field.type)}${found.field.nullable ? "" : " NOT NULL"}`;
};
const TEXT = { physical: "BYTE_ARRAY", converted: "UTF8" };

describe("LogicalTypes.md", () => {
  test.each<[string, SchemaNode]>([
    [
      "ARRAY<STRING> NOT NULL",
      group("REQUIRED", "l", "LIST", group("REPEATED", "list", undefined, leaf("OPTIONAL", "element", TEXT))),
    ],
    [
      "ARRAY<STRING NOT NULL>",
      group("OPTIONAL", "l", "LIST", group("REPEATED", "list", undefined, leaf("REQUIRED", "element", TEXT))),
    ],
    // Backward-compatibility rules 1 to 4.
    ["ARRAY<INT NOT NULL>", group("OPTIONAL", "l", "LIST", leaf("REPEATED", "element"))],
    [
      "ARRAY<ROW<str INT NOT NULL, num INT NOT NULL> NOT NULL>",
      group(
        "OPTIONAL",
        "l",
        "LIST",
        group("REPEATED", "element", undefined, leaf("REQUIRED", "str"), leaf("REQUIRED", "num")),
      ),
    ],
    [
      "ARRAY<ROW<str INT NOT NULL> NOT NULL>",
      group("OPTIONAL", "l", "LIST", group("REPEATED", "array", undefined, leaf("REQUIRED", "str"))),
    ],
    [
      "ARRAY<ROW<str INT NOT NULL> NOT NULL>",
      group("OPTIONAL", "l", "LIST", group("REPEATED", "l_tuple", undefined, leaf("REQUIRED", "str"))),
    ],
    [
      "ARRAY<ROW<inner ARRAY<INT NOT NULL> NOT NULL> NOT NULL>",
      group("OPTIONAL", "l", "LIST", group("REPEATED", "x", undefined, leaf("REPEATED", "inner"))),
    ],
    ["ARRAY<INT>", group("OPTIONAL", "l", "LIST", group("REPEATED", "element", undefined, leaf("OPTIONAL", "str")))],
    // Without annotation.
    ["ARRAY<INT NOT NULL> NOT NULL", leaf("REPEATED", "l")],
    ["ARRAY<ROW<a INT> NOT NULL> NOT NULL", group("REPEATED", "l", undefined, leaf("OPTIONAL", "a"))],
    // Maps, whose parts may have any name.
    [
      "MAP<STRING, INT>",
      group(
        "OPTIONAL",
        "m",
        "MAP",
        group("REPEATED", "map", undefined, leaf("REQUIRED", "k", TEXT), leaf("OPTIONAL", "v")),
      ),
    ],
    [
      "MAP<STRING, INT NOT NULL> NOT NULL",
      group(
        "REQUIRED",
        "m",
        "MAP_KEY_VALUE",
        group("REPEATED", "map", undefined, leaf("REQUIRED", "k", TEXT), leaf("REQUIRED", "v")),
      ),
    ],
    [
      "ROW<key_value ARRAY<ROW<k INT NOT NULL> NOT NULL> NOT NULL>",
      group("OPTIONAL", "m", "MAP", group("REPEATED", "key_value", undefined, leaf("REQUIRED", "k"))),
    ],
  ])("%s", (type, column) => {
    expect(typeOf(column)).toBe(type);
  });
});

test("levels: what repeats, what is there, what is NULL", () => {
  const [column] = plan(
    group(
      "OPTIONAL",
      "a",
      "LIST",
      group(
        "REPEATED",
        "list",
        undefined,
        group("OPTIONAL", "element", undefined, leaf("OPTIONAL", "x"), leaf("REQUIRED", "y")),
      ),
    ),
  );
  expect(
    leavesOf(column as ColumnNode).map(({ maxRepetition, maxDefinition }) => [maxRepetition, maxDefinition]),
  ).toEqual([
    [1, 4],
    [1, 3],
  ]);
  expect(column).toMatchObject({
    kind: "list",
    level: { repetition: 0, floor: 0, parent: 0, definition: 1 },
    present: 2,
    child: {
      kind: "row",
      level: { repetition: 1, floor: 2, parent: 2, definition: 3 },
      children: [
        { level: { repetition: 1, floor: 2, parent: 3, definition: 4 } },
        { level: { parent: 3, definition: 3 } },
      ],
    },
  });
});

test("what cannot be a column is refused by name when it is selected, and leaves the others alone", () => {
  let deep: SchemaNode = leaf("OPTIONAL", "x");
  for (let i = 0; i < 40; i++) deep = group("OPTIONAL", "x", undefined, deep);
  const columns = plan(
    leaf("OPTIONAL", "id"),
    deep,
    group("OPTIONAL", "nothing", undefined),
    group("OPTIONAL", "twice", undefined, leaf("OPTIONAL", "a"), leaf("OPTIONAL", "a")),
    group(
      "OPTIONAL",
      "keys",
      "MAP",
      group("REPEATED", "map", undefined, leaf("REQUIRED", "k", { physical: "DOUBLE" }), leaf("OPTIONAL", "v")),
    ),
  );
  const fields = columns.map(({ field }) => field);
  expect(fields.map(({ name }) => name)).toEqual(["id", "x", "nothing", "twice", "keys"]);
  expect(bindColumns(columns, schemaOf(fields.slice(0, 1)))).toHaveLength(1);
  for (const field of fields.slice(1)) {
    const refused = expect.objectContaining({ code: "UNSUPPORTED", at: { field: field.name } });
    expect(() => bindColumns(columns, schemaOf([field]))).toThrow(refused);
  }
});
