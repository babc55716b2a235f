// Functions of ARRAY, MAP and ROW, on one row: an array is its elements, a map its entries. Elements are equal as in groups: NULL
// equals NULL, NaN itself, −0 is 0.
import { arrayOf, BOOLEAN, type DataType, field, INT32, isNested, mapOf, STRING, sameType } from "../../arrow/types.js";
import { commonType, isInteger } from "../coerce.js";
import type { BoundValue } from "../expr.js";
import { type FunctionRow, own } from "../functions.js";
import { type Cell, type CellFunction, compareValues, NOT_CASTABLE, OVERFLOW } from "../scalar/value.js";
import type { Argument, Form, Resolved } from "../signatures.js";
import { late, maybe } from "./row.js";

type Cells = readonly Cell[];
type Entries = readonly (readonly [Cell, Cell])[];

/** Equal values have equal keys. */
function keyOf(cell: Cell): string {
  if (cell === null) return "-";
  if (typeof cell === "string") return `${cell.length}"${cell}`;
  if (typeof cell === "object") return `[${cell.map(keyOf).join()}]`;
  return `${typeof cell}${cell === 0 ? 0 : cell}`;
}

function distinct(cells: Cells, except: ReadonlySet<string> = new Set()): Cell[] {
  const seen = new Set(except);
  return cells.filter((cell) => {
    const key = keyOf(cell);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const keys = (cells: Cell | undefined): Set<string> => new Set((cells as Cells).map(keyOf));

/** Ordered as ORDER BY does; NULLs go first or last. */
function sorted(cells: Cells, type: DataType, ascending: boolean, nullsFirst: boolean): Cell[] {
  const values = cells.filter((cell) => cell !== null) as BoundValue[];
  values.sort((a, b) => compareValues(a, b, type) * (ascending ? 1 : -1));
  const nulls = cells.filter((cell) => cell === null);
  return nullsFirst ? [...nulls, ...values] : [...values, ...nulls];
}

const elementOf = (type: DataType | undefined): DataType => (type as DataType & { kind: "array" }).element.type;

const extreme =
  (sign: 1 | -1): CellFunction =>
  ([cells], { type }) => {
    const values = (cells as Cells).filter((cell) => cell !== null) as BoundValue[];
    return values.reduce<BoundValue>((best, value) => {
      return best === null || compareValues(value, best, type) * sign > 0 ? value : best;
    }, null);
  };

/** From `start` to `end`, both included, counted from 1 or, below 0, from the end. */
const slice: CellFunction = ([cells, start, end]) => {
  const all = cells as Cells;
  const place = (index: number): number => (index < 0 ? all.length + index + 1 : index);
  const from = Math.max(1, start === 0 ? 1 : place(start as number));
  const to = end === undefined ? all.length : place(end as number);
  return to < from ? [] : all.slice(from - 1, to);
};

const join: CellFunction = ([cells, delimiter, none]) => {
  const texts = (cells as Cells).map((cell) => cell ?? (none as string | undefined) ?? null);
  return texts.filter((cell) => cell !== null).join(delimiter as string);
};

const sort: CellFunction = ([cells, ascending = true, nullsFirst = ascending], { type }) => {
  return sorted(cells as Cells, elementOf(type), ascending as boolean, nullsFirst as boolean);
};

const element: CellFunction = ([cells]) => {
  const all = cells as Cells;
  return all.length > 1 ? OVERFLOW : (all[0] ?? null);
};

/** Of equal keys the last value counts, in the place of the first. */
function united(...maps: readonly Entries[]): Entries {
  const found = new Map<string, readonly [Cell, Cell]>();
  for (const entry of maps.flat()) found.set(keyOf(entry[0]), entry);
  return [...found.values()];
}

const mapFromArrays: CellFunction = ([left, right]) => {
  const [names, values] = [left as Cells, right as Cells];
  if (names.length !== values.length || names.includes(null)) return NOT_CASTABLE;
  return united(names.map((name, i) => [name, values[i] as Cell] as const));
};

const makeMap: CellFunction = (cells) => {
  const entries: [Cell, Cell][] = [];
  for (let at = 0; at < cells.length; at += 2) entries.push([cells[at] as Cell, cells[at + 1] as Cell]);
  return entries.some(([key]) => key === null) ? NOT_CASTABLE : united(entries);
};

// Types

const isArray = (arg: Argument | undefined): arg is Argument & { type: DataType & { kind: "array" } } =>
  arg?.type.kind === "array";
const isMap = (arg: Argument | undefined): arg is Argument & { type: DataType & { kind: "map" } } =>
  arg?.type.kind === "map";
const typesOf = (args: readonly Argument[]): DataType[] => args.map(({ type }) => type);

/** An array, and values of its elements' type. */
function withElement(result: (element: DataType) => DataType): Form {
  return (args) => {
    const [list, value] = args;
    if (args.length !== 2 || !isArray(list) || value === undefined) return null;
    const { type } = list.type.element;
    const common = commonType([type, value.type]);
    if (common === null || !sameType(common, type)) return null;
    return { args: [list.type, type], type: result(type), nullable: list.nullable };
  };
}

/** Arrays of one type of elements. */
function arrays(least: number, most: number): Form {
  return (args) => {
    const [first] = args;
    if (!isArray(first) || args.length < least || args.length > most) return null;
    const { type } = first.type.element;
    if (!args.every((arg) => isArray(arg) && sameType(arg.type.element.type, type))) return null;
    return { args: typesOf(args), type: arrayOf(type) };
  };
}

/** One array and what else the rules name; `ordered`: of elements that have an order. */
function array(
  result: (element: DataType) => DataType,
  more: readonly DataType[] = [],
  optional = 0,
  ordered = false,
): Form {
  return (args): Resolved | null => {
    const [list, ...rest] = args;
    if (!isArray(list) || rest.length > more.length || rest.length < more.length - optional) return null;
    const { type } = list.type.element;
    if (ordered && isNested(type)) return null;
    const fits = rest.every((arg, i) => {
      const to = more[i] as DataType;
      return to.kind === "int32" ? isInteger(arg.type) && arg.type.kind !== "int64" : arg.type.kind === to.kind;
    });
    return fits ? { args: [list.type, ...more.slice(0, rest.length)], type: result(type) } : null;
  };
}

const same = (type: DataType): DataType => arrayOf(type);
const itself = (type: DataType): DataType => type;

/** One map, and what is made of its keys and values. */
function map(result: (type: DataType & { kind: "map" }) => DataType): Form {
  return (args) => {
    const [first] = args;
    return args.length === 1 && isMap(first) ? { args: [first.type], type: result(first.type) } : null;
  };
}

const maps: Form = (args) => {
  const [first] = args;
  if (!isMap(first)) return null;
  const { key, value } = first.type;
  const fits = args.every(
    (arg) => isMap(arg) && sameType(arg.type.key.type, key.type) && sameType(arg.type.value.type, value.type),
  );
  return fits ? { args: typesOf(args), type: mapOf(key.type, value.type) } : null;
};

const fromArrays: Form = (args) => {
  const [names, values] = args;
  if (args.length !== 2 || !isArray(names) || !isArray(values)) return null;
  return { args: typesOf(args), type: mapOf(names.type.element.type, values.type.element.type) };
};

/** Elements of one type. */
const arrayForm: Form = (args) => {
  const common = args.length === 0 ? null : commonType(typesOf(args));
  if (common === null || common.kind === "null") return null;
  return { args: args.map(() => common), type: arrayOf(common), nullable: false };
};

/** Keys and values by turns, each of one type. */
const mapForm: Form = (args) => {
  const of = (rest: number): DataType | null => commonType(typesOf(args.filter((_, at) => at % 2 === rest)));
  const [key, value] = [of(0), of(1)];
  if (args.length === 0 || args.length % 2 === 1 || key === null || value === null || key.kind === "null") return null;
  return { args: args.map((_, at) => (at % 2 === 0 ? key : value)), type: mapOf(key, value), nullable: false };
};

const rowForm: Form = (args) => {
  if (args.length === 0) return null;
  const fields = args.map(({ type, nullable }, at) => field(`EXPR$${at}`, type, nullable));
  return { args: typesOf(args), type: { kind: "row", fields }, nullable: false };
};

const entriesOf = ({ key, value }: DataType & { kind: "map" }): DataType =>
  arrayOf({ kind: "row", fields: [key, value] }, false);

export const COLLECTION_ROWS: readonly FunctionRow[] = [
  late("ARRAY", own(arrayForm), "(x, …)", (cells) => cells),
  late("MAP", own(mapForm), "(key, value, …)", makeMap, { raises: true }),
  late("ROW", own(rowForm), "(x, …)", (cells) => cells),
  late("ARRAY_APPEND", own(withElement(same)), "(ARRAY, element)", ([cells, cell]) =>
    cells === null ? null : [...(cells as Cells), cell as Cell],
  ),
  late("ARRAY_PREPEND", own(withElement(same)), "(ARRAY, element)", ([cells, cell]) =>
    cells === null ? null : [cell as Cell, ...(cells as Cells)],
  ),
  late("ARRAY_REMOVE", own(withElement(same)), "(ARRAY, element)", ([cells, cell]) =>
    cells === null ? null : (cells as Cells).filter((item) => keyOf(item) !== keyOf(cell as Cell)),
  ),
  late(
    "ARRAY_POSITION",
    withElement(() => INT32),
    "(ARRAY, element)",
    ([cells, cell]) => (cells as Cells).findIndex((item) => keyOf(item) === keyOf(cell as Cell)) + 1,
  ),
  late("ARRAY_CONCAT", arrays(1, Number.POSITIVE_INFINITY), "(ARRAY, …)", (lists) =>
    lists.flatMap((list) => list as Cells),
  ),
  late("ARRAY_DISTINCT", arrays(1, 1), "(ARRAY)", ([cells]) => distinct(cells as Cells)),
  late("ARRAY_REVERSE", arrays(1, 1), "(ARRAY)", ([cells]) => [...(cells as Cells)].reverse()),
  late("ARRAY_UNION", arrays(2, 2), "(ARRAY, ARRAY)", ([left, right]) =>
    distinct([...(left as Cells), ...(right as Cells)]),
  ),
  late("ARRAY_EXCEPT", arrays(2, 2), "(ARRAY, ARRAY)", ([left, right]) => distinct(left as Cells, keys(right))),
  late("ARRAY_INTERSECT", arrays(2, 2), "(ARRAY, ARRAY)", ([left, right]) => {
    const others = keys(right);
    return distinct(left as Cells).filter((cell) => others.has(keyOf(cell)));
  }),
  late("ARRAY_SLICE", array(same, [INT32, INT32], 1), "(ARRAY, start [, end])", slice),
  late("ARRAY_SORT", array(same, [BOOLEAN, BOOLEAN], 2, true), "(ARRAY [, ascending [, nulls first]])", sort),
  late("ARRAY_MAX", maybe(array(itself, [], 0, true)), "(ARRAY)", extreme(1)),
  late("ARRAY_MIN", maybe(array(itself, [], 0, true)), "(ARRAY)", extreme(-1)),
  late(
    "ARRAY_JOIN",
    joinForm(array(() => STRING, [STRING, STRING], 1)),
    "(ARRAY<STRING>, delimiter [, for NULL])",
    join,
  ),
  late("ELEMENT", maybe(array(itself)), "(ARRAY)", element, { raises: true }),
  late(
    "MAP_KEYS",
    map(({ key }) => arrayOf(key.type)),
    "(MAP)",
    ([entries]) => (entries as Entries).map(([key]) => key),
  ),
  late(
    "MAP_VALUES",
    map(({ value }) => arrayOf(value.type)),
    "(MAP)",
    ([entries]) => (entries as Entries).map(([, value]) => value),
  ),
  late("MAP_ENTRIES", map(entriesOf), "(MAP)", ([entries]) => entries as Entries),
  late("MAP_FROM_ARRAYS", fromArrays, "(ARRAY, ARRAY)", mapFromArrays, { raises: true }),
  late("MAP_UNION", maps, "(MAP, …)", (all) => united(...(all as readonly Entries[]))),
];

/** Of texts. */
function joinForm(form: Form): Form {
  return (args) => (isArray(args[0]) && args[0].type.element.type.kind === "string" ? form(args) : null);
}
