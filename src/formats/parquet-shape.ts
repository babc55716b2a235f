// The columns of a file to be written as Parquet's schema has them: groups around lists, maps and rows, and which levels their
// leaves reach (parquet-format, LogicalTypes.md, nested types). What parquet-tree.ts reads back.
import { childFields, type Field, isNested } from "../arrow/types.js";
import { type Leaf, leafOf } from "./parquet-leaf.js";
import type { ThriftWriter } from "./parquet-thrift-writer.js";

/** A column, or what it consists of. `definition`: the definition level of what is not NULL here. */
export type ShapeNode =
  | { readonly kind: "leaf"; readonly nullable: boolean; readonly definition: number; readonly leaf: Leaf }
  | {
      readonly kind: "row";
      readonly nullable: boolean;
      readonly definition: number;
      readonly children: readonly ShapeNode[];
    }
  /** `repetition`: the level of an entry that goes on in it. Its elements are defined one level up. */
  | {
      readonly kind: "list";
      readonly nullable: boolean;
      readonly definition: number;
      readonly repetition: number;
      readonly child: ShapeNode;
    };

/** A SchemaElement: a leaf, or a group with its annotation. */
export interface SchemaElement {
  readonly name: string;
  readonly repetition: number;
  readonly leaf: Leaf | null;
  readonly childCount: number;
  readonly annotation: "LIST" | "MAP" | null;
}

const REQUIRED = 0;
const OPTIONAL = 1;
const REPEATED = 2;

/** Old and new numbers of the annotations of groups. */
const ANNOTATIONS = { LIST: { converted: 3, logical: 3 }, MAP: { converted: 1, logical: 2 } } as const;

export class Shape {
  readonly columns: readonly ShapeNode[];
  /** Depth first, without the root. */
  readonly elements: SchemaElement[] = [];
  readonly leaves: Leaf[] = [];

  /** @throws UNSUPPORTED naming a column that Parquet does not get */
  constructor(fields: readonly Field[]) {
    this.columns = fields.map((column) => this.#add(column, { path: [], repetition: 0, definition: 0 }));
  }

  #add({ name, type, nullable }: Field, around: Around): ShapeNode {
    const repetition = around.repetition;
    const definition = around.definition + (nullable ? 1 : 0);
    const path = [...around.path, name];
    const inside = { path, repetition, definition };
    const element = { name, repetition: nullable ? OPTIONAL : REQUIRED, leaf: null, annotation: null };
    if (!isNested(type)) {
      const leaf = leafOf({ name, type, nullable }, { path, maxRepetition: repetition, maxDefinition: definition });
      this.elements.push({ ...element, leaf, childCount: 0 });
      this.leaves.push(leaf);
      return { kind: "leaf", nullable, definition, leaf };
    }
    if (type.kind === "row") {
      this.elements.push({ ...element, childCount: type.fields.length });
      return { kind: "row", nullable, definition, children: type.fields.map((column) => this.#add(column, inside)) };
    }
    const isMap = type.kind === "map";
    const repeated = { name: isMap ? "key_value" : "list", repetition: REPEATED, leaf: null, annotation: null };
    this.elements.push({ ...element, annotation: isMap ? "MAP" : "LIST", childCount: 1 });
    this.elements.push({ ...repeated, childCount: isMap ? 2 : 1 });
    const list = { path: [...path, repeated.name], repetition: repetition + 1, definition: definition + 1 };
    const [child] = childFields(type) as [Field];
    // A map's entries are the repeated group itself.
    const inner: ShapeNode = isMap
      ? {
          kind: "row",
          nullable: false,
          definition: list.definition,
          children: [type.key, type.value].map((column) => this.#add(column, list)),
        }
      : this.#add({ ...child, name: "element" }, list);
    return { kind: "list", nullable, definition, repetition: list.repetition, child: inner };
  }
}

interface Around {
  readonly path: readonly string[];
  readonly repetition: number;
  readonly definition: number;
}

/** Fields of a SchemaElement. */
export function writeElement(thrift: ThriftWriter, element: SchemaElement): void {
  const { leaf, name, repetition, childCount, annotation } = element;
  if (leaf !== null) {
    thrift.i32(1, leaf.physical);
    if (leaf.typeLength > 0) thrift.i32(2, leaf.typeLength);
  }
  thrift.i32(3, repetition);
  thrift.text(4, name);
  if (leaf !== null) {
    leaf.annotate(thrift);
    return;
  }
  thrift.i32(5, childCount);
  if (annotation === null) return;
  const { converted, logical } = ANNOTATIONS[annotation];
  thrift.i32(6, converted);
  thrift.struct(10, () => thrift.struct(logical, () => undefined));
}
