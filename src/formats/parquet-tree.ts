// The columns of a file as a tree: what a group stands for (parquet-format, LogicalTypes.md, nested types), and which levels of its
// leaves tell what of each node. Nodes that cannot be read stay in the tree, so that they are refused by name when selected.
//
//     optional group tags (LIST)            ARRAY   definition 1: not NULL     definition 2: has an element
//       repeated group list
//         optional binary element (STRING)  leaf    definition 3: not NULL
import {
  arrayOf,
  BINARY,
  childFields,
  childName,
  type Field,
  field,
  isNested,
  mapOf,
  rowOf,
  type Schema,
  schemaOf,
  typeName,
} from "../arrow/types.js";
import { EngineError, hintNames, SchemaError } from "../errors.js";
import type { SchemaNode } from "./parquet-footer.js";
import { type ColumnPlan, conversionTo, leafPlan, type RefusedColumn } from "./parquet-types.js";

/** Which entries of a leaf's levels are instances of a node, and which of these are NULL (assembly/parquet-levels.ts). */
export interface Level {
  /** How many lists are around it. */
  readonly repetition: number;
  /** Definition levels from which on there is an instance, from which on what it lies in is not NULL, and it itself. */
  readonly floor: number;
  readonly parent: number;
  readonly definition: number;
}

export type ColumnNode =
  | { readonly kind: "leaf"; readonly field: Field; readonly level: Level; readonly plan: ColumnPlan }
  | { readonly kind: "row"; readonly field: Field; readonly level: Level; readonly children: readonly ColumnNode[] }
  /** ARRAY, or MAP, whose child is a row of key and value. `present`: the definition level from which on it has an element. */
  | {
      readonly kind: "list";
      readonly field: Field;
      readonly level: Level;
      readonly present: number;
      readonly child: ColumnNode;
    }
  | ({ readonly kind: "refused" } & RefusedColumn);

const TOP: Level = { repetition: 0, floor: 0, parent: 0, definition: 0 };

/** The columns of a file, in its order. @throws COLUMN_DUP */
export function planColumns(root: SchemaNode): ColumnNode[] {
  schemaOf(root.children.map((node) => field(node.name, BINARY)));
  return root.children.map((node) => {
    try {
      return planNode(node, TOP);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      return {
        kind: "refused",
        field: field(node.name, BINARY),
        refused: `is nested in a way that is not read: ${error.message}`,
      };
    }
  });
}

/** What lies in an instance of `around`, of which each has one value. */
function planNode(node: SchemaNode, around: Level): ColumnNode {
  const { repetition, floor, definition } = around;
  const inside = { repetition, floor, parent: definition };
  if (node.repetition === "REPEATED") {
    // Without annotation a repeated node is an array that is not NULL, of elements that are not.
    const required = { ...node, repetition: "REQUIRED" } as const;
    return planList(node, { ...inside, definition }, false, (level) => planNode(required, level));
  }
  const nullable = node.repetition === "OPTIONAL";
  return planValue(node, { ...inside, definition: nullable ? definition + 1 : definition }, nullable);
}

function planValue(node: SchemaNode, level: Level, nullable: boolean): ColumnNode {
  const { name, children } = node;
  if (node.leaf >= 0) {
    const plan = leafPlan(node, { maxRepetition: level.repetition, maxDefinition: level.definition });
    return "refused" in plan ? { kind: "refused", ...plan } : { kind: "leaf", field: plan.field, level, plan };
  }
  const annotation = node.logical?.kind ?? node.converted;
  const [only] = children;
  if (only?.repetition === "REPEATED" && children.length === 1) {
    if (annotation === "LIST") return planList(node, level, nullable, (inside) => planElement(name, only, inside));
    if ((annotation === "MAP" || annotation === "MAP_KEY_VALUE") && only.children.length === 2) {
      return planMap(node, level, nullable, only.children);
    }
  }
  if (children.length === 0)
    return { kind: "refused", field: field(name, BINARY, nullable), refused: "is a group of nothing" };
  const fields = children.map((child) => planNode(child, level));
  return {
    kind: "row",
    field: field(name, rowOf(fields.map((child) => child.field)), nullable),
    level,
    children: fields,
  };
}

/** Where the elements of a list are. */
function elementLevel({ repetition, definition }: Level): Level {
  const present = definition + 1;
  return { repetition: repetition + 1, floor: present, parent: present, definition: present };
}

function planList(
  { name }: SchemaNode,
  level: Level,
  nullable: boolean,
  planChild: (inside: Level) => ColumnNode,
): ColumnNode {
  const inside = elementLevel(level);
  const child = planChild(inside);
  const type = arrayOf(child.field.type, child.field.nullable);
  return { kind: "list", field: field(name, type, nullable), level, present: inside.floor, child };
}

/** Three levels since 2015; before, the repeated node was the element itself (backward-compatibility rules). */
function planElement(list: string, repeated: SchemaNode, inside: Level): ColumnNode {
  const [only] = repeated.children;
  const isElement =
    repeated.leaf >= 0 ||
    repeated.children.length !== 1 ||
    only?.repetition === "REPEATED" ||
    repeated.name === "array" ||
    repeated.name === `${list}_tuple`;
  return isElement ? planValue(repeated, inside, false) : planNode(only as SchemaNode, inside);
}

function planMap({ name }: SchemaNode, level: Level, nullable: boolean, pair: readonly SchemaNode[]): ColumnNode {
  const inside = elementLevel(level);
  // Key and value are so by their places, whatever they are called.
  const children = pair.map((node, index) => planNode({ ...node, name: index === 0 ? "key" : "value" }, inside));
  const [key, value] = children as [ColumnNode, ColumnNode];
  const type = mapOf(key.field.type, value.field.type, value.field.nullable);
  const [entries] = childFields(type as Extract<typeof type, { kind: "map" }>) as [Field];
  const child: ColumnNode = { kind: "row", field: entries, level: inside, children };
  return { kind: "list", field: field(name, type, nullable), level, present: inside.floor, child };
}

/**
 * The nodes of the columns of `schema`, which may leave columns and fields out, put them in another order, read BYTES as STRING and
 * the other way round, and declare what is never NULL NOT NULL.
 * @throws UNKNOWN_COLUMN, UNSUPPORTED, TYPE
 */
export function bindColumns(columns: readonly ColumnNode[], schema: Schema): ColumnNode[] {
  return schema.fields.map((wanted) => bindNode(nodeOf(columns, wanted.name, "the file"), wanted, wanted.name));
}

function nodeOf(nodes: readonly ColumnNode[], name: string, where: string): ColumnNode {
  const found = nodes.find((candidate) => candidate.field.name === name);
  if (found !== undefined) return found;
  throw new SchemaError("UNKNOWN_COLUMN", `${where} has no column "${name}"`, {
    hint: hintNames(
      name,
      nodes.map((candidate) => candidate.field.name),
      "columns",
    ),
  });
}

function bindNode(node: ColumnNode, wanted: Field, path: string): ColumnNode {
  if (node.kind === "refused") {
    throw new SchemaError("UNSUPPORTED", `column "${path}" ${node.refused}, which is not read`, {
      hint: "select the other columns",
      at: { field: path },
    });
  }
  const { type } = wanted;
  if (node.kind === "leaf") {
    const leaf = field(path, type, wanted.nullable);
    return { ...node, field: wanted, plan: { ...node.plan, field: leaf, conversion: conversionTo(node.plan, leaf) } };
  }
  if (!isNested(type) || type.kind !== node.field.type.kind) throw otherType(node.field, wanted, path);
  const fields = childFields(type);
  if (node.kind === "list") {
    const [element] = fields as [Field];
    return { ...node, field: wanted, child: bindNode(node.child, element, childName(path, type, element)) };
  }
  const children = fields.map((child) => {
    return bindNode(nodeOf(node.children, child.name, `"${path}"`), child, childName(path, type, child));
  });
  return { ...node, field: wanted, children };
}

function otherType(found: Field, wanted: Field, path: string): SchemaError {
  const type = typeName(found.type);
  return new SchemaError("TYPE", `column "${path}" is ${type} in the file, not ${typeName(wanted.type)}`, {
    hint: `declare it as ${type}`,
    at: { field: path },
  });
}

/** The leaves below a node, in the order of the tree. */
export function leavesOf(node: ColumnNode): ColumnPlan[] {
  switch (node.kind) {
    case "leaf":
      return [node.plan];
    case "row":
      return node.children.flatMap(leavesOf);
    case "list":
      return leavesOf(node.child);
    case "refused":
      return [];
  }
}
