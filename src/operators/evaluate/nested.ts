// Values out of nested ones: a ROW's field, an ARRAY's element, a MAP's value, how many there are and whether one is among them.
// Nothing is copied for a field; elements are gathered once their places are known; what is looked for is compared with all
// elements of the batch at once.
import { type Column, sliceColumn } from "../../arrow/column.js";
import { decodeDictionary, takeColumn, takeElements, underValidity } from "../../arrow/take.js";
import { BOOLEAN, type DataType, type Field } from "../../arrow/types.js";
import type { BoundExpr } from "../../plan/expr.js";
import { comparable } from "../../plan/signatures.js";
import { cast } from "./cast.js";
import { distinct } from "./compare.js";
import { type BoundCall, type Compute, Evaluation, Vector } from "./evaluation.js";

export function nested(call: BoundCall, args: readonly Compute[]): Compute {
  const [value, argument] = args as [Compute, Compute];
  switch (call.fn) {
    case "field":
      return field(call, value);
    case "at":
      return (run, rows) => at(run, value(run, rows), argument(run, rows));
    case "cardinality":
      return (run, rows) => cardinality(run, call.type, value(run, rows));
    default: {
      const find = finder(call);
      const result = call.fn === "get" ? get : arrayContains;
      return (run, rows) => result(run, value(run, rows), argument(run, rows), find);
    }
  }
}

function field({ args }: BoundCall, value: Compute): Compute {
  const [row, name] = args as [BoundExpr, BoundExpr & { kind: "literal" }];
  const { fields } = row.type as DataType & { kind: "row" };
  const index = fields.findIndex((candidate) => candidate.name === name.value);
  return (run, rows) => {
    const { children, validity } = value(run, rows);
    return plain(run, underValidity(run.workspace, children[index] as Column, validity));
  };
}

function plain(run: Evaluation, column: Column): Vector {
  return run.vectorOf(decodeDictionary(run.workspace, column));
}

/** Element `index` of each list, from 1; NULL where there is none. */
function at(run: Evaluation, lists: Vector, index: Vector): Vector {
  const { kernels, n, workspace } = run;
  const { places, present } = placesRoom(run);
  kernels.listElements(lists.offsets, n, index.values, index.step, places, present);
  const elements = lists.children[0] as Column;
  return plain(run, takeElements(workspace, elements, places, n, run.and(present, index.validity)));
}

function placesRoom({ arena, n }: Evaluation): { places: number; present: number } {
  return { places: arena.allocateZeroed(n * 4), present: arena.allocateZeroed((n + 7) >> 3) };
}

function cardinality(run: Evaluation, type: DataType, { offsets, validity }: Vector): Vector {
  const lengths = run.room(type);
  run.kernels.listLengths(offsets, run.n, lengths);
  return new Vector(type, lengths, validity);
}

/** Where in each list the last element is that equals what is looked for in its row; of equal keys the last one counts. */
type Find = (run: Evaluation, lists: Vector, elements: Column, sought: Vector) => { places: number; present: number };

function get(run: Evaluation, maps: Vector, key: Vector, find: Find): Vector {
  const [keys, values] = (maps.children[0] as Column).children as [Column, Column];
  const { places, present } = find(run, maps, keys, key);
  return plain(run, takeElements(run.workspace, values, places, run.n, present));
}

function arrayContains(run: Evaluation, lists: Vector, element: Vector, find: Find): Vector {
  const { present } = find(run, lists, lists.children[0] as Column, element);
  return new Vector(BOOLEAN, present, lists.validity);
}

/** Compares as `=` does, in the common type, but NULL equals NULL: keys are never NULL, and elements may be looked for by it. */
function finder({ args }: BoundCall): Find {
  const [list, sought] = args as [BoundExpr, BoundExpr];
  const element = list.type.kind === "map" ? list.type.key : (list.type as DataType & { kind: "array" }).element;
  const equal = equality(element, sought.type);
  return (run, lists, elements, vector) => {
    const { arena, kernels, memory, n, workspace } = run;
    const room = placesRoom(run);
    const first = memory.i32[lists.offsets >>> 2] as number;
    const count = (memory.i32[(lists.offsets >>> 2) + n] as number) - first;
    if (count === 0) return room;
    const rows = arena.allocate(count * 4);
    const spare = arena.allocate(count * 4);
    kernels.unnestLists(lists.offsets, n, 0, 0, count, rows, spare, spare, 0);
    const pair = [
      sliceColumn(workspace, elements, first, count),
      takeColumn(workspace, decodeDictionary(workspace, run.columnOf(vector)), rows, count),
    ];
    const inner = new Evaluation(workspace, count, (index) => decodeDictionary(workspace, pair[index] as Column));
    kernels.lastListElements(lists.offsets, n, equal(inner, 0).values, room.places, room.present);
    return room;
  };
}

/** `element IS NOT DISTINCT FROM sought` over two columns, the element cast where the comparison is of a wider type. */
function equality(element: Field, sought: DataType): Compute {
  const [type = element.type] = comparable([element, { type: sought, nullable: true }]) ?? [];
  const column = (index: number, of: DataType): BoundExpr & { kind: "column" } => {
    return { kind: "column", index, name: index === 0 ? "element" : "sought", type: of, nullable: true };
  };
  const input = column(0, element.type);
  const wide = { kind: "cast", input, type, try: false, nullable: true } as const;
  const pair = [wide, column(1, sought)];
  const compared = { kind: "call", fn: "is_not_distinct_from", args: pair, type: BOOLEAN, nullable: false } as const;
  return distinct(compared, [cast(wide, (run) => run.vectorOf(run.input(0))), (run) => run.vectorOf(run.input(1))]);
}
