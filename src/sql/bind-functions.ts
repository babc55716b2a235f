// Names of functions in SQL → rows of plan/functions.ts: what Flink calls them, and what else they are called.
import { hintNames } from "../errors.js";
import { addFunctions, FUNCTIONS } from "../plan/functions.js";
import { LIBRARY } from "../plan/library/index.js";
import type { Call } from "./ast.js";
import type { Places } from "./bind-scope.js";

/** Other names of functions. */
const ALIASES: readonly (readonly [sql: string, row: string])[] = [
  ["MOD", "mod"],
  ["CHARACTER_LENGTH", "char_length"],
  ["CEILING", "ceil"],
  ["SUBSTR", "substring"],
  ["POW", "power"],
  ["ARRAY_CARDINALITY", "cardinality"],
];

/** Rows that are called by a name and not written as operators, by that name in capitals. */
function callable(): ReadonlyMap<string, string> {
  addFunctions(LIBRARY);
  return new Map([
    ...[...FUNCTIONS.values()]
      .filter(({ name, signature }) => signature.startsWith(`${name}(`) && name !== "date_floor")
      .flatMap(({ name, flink }): [string, string][] => [
        [name.toUpperCase(), name],
        [/^[A-Z_\d]+$/.test(flink ?? "") ? (flink as string) : name.toUpperCase(), name],
      ]),
    ...ALIASES,
  ]);
}

let known: ReadonlyMap<string, string> | undefined;

/** Names of functions; those that are loaded late are added when SQL first asks. */
function functionNames(): ReadonlyMap<string, string> {
  known ??= callable();
  return known;
}

/** Aggregates that the engine has. `COUNT(*)` is a row of its own. */
export const AGGREGATE_NAMES: ReadonlyMap<string, string> = new Map(
  ["COUNT", "SUM", "MIN", "MAX", "AVG"].map((name) => [name, name.toLowerCase()]),
);

/** What tells groupings apart: it is gathered like an aggregate, and is a number of each grouping. */
export const GROUPING = "grouping";

/** Functions of Flink that have no row yet although the engine can say it otherwise. */
const INSTEAD: Readonly<Record<string, string>> = {
  PROCTIME: "windows go by event time: declare WATERMARK FOR a column of the table",
  ROW_NUMBER: "ROW_NUMBER() OVER (PARTITION BY a ORDER BY b)",
  LISTAGG: "take the rows, and join the texts in the program",
};

/** Every function that SQL can name, in capitals. */
export function sqlFunctions(): readonly string[] {
  return [...functionNames().keys(), ...AGGREGATE_NAMES.keys()];
}

/** The row of a scalar function. @throws UNKNOWN_FUNCTION naming the nearest */
export function scalarName({ name, span }: Call, places: Places): string {
  const text = name.parts.map((part) => part.name).join(".");
  const row = places.functions.get(text.toUpperCase()) ?? functionNames().get(text.toUpperCase());
  if (row !== undefined) return row;
  const hint =
    INSTEAD[text.toUpperCase()] ?? hintNames(text, [...places.functions.keys(), ...sqlFunctions()], "functions");
  throw places.error("UNKNOWN_FUNCTION", `no function "${text}"`, name.span ?? span, hint);
}
