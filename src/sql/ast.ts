// The syntax tree of queries and expressions, as the parser makes it and the binder reads it: frozen plain data, a union of shapes told
// apart by `kind`. It says what was written and nothing of what it means: names are not looked up, types not checked.
// Statements around queries are in statements.ts. Parentheses, comments, the case of keywords and words that change nothing (AS, OUTER, INNER) leave no trace.

/** Where a node stands in the text: UTF-16 offsets, `to` exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Node<Kind extends string> {
  readonly kind: Kind;
  readonly span: Span;
}

// ── Names ──

/** One name, without its quotes. Names are case-sensitive, as in Flink. */
export interface Identifier extends Node<"identifier"> {
  readonly name: string;
}

/** `catalog.database.table`, `t.column`, `row_column.field`: one part at least. */
export interface Name extends Node<"name"> {
  readonly parts: readonly Identifier[];
}

// ── Types ──

/** A type as written: `DECIMAL(10, 2)`, `ARRAY<INT>`, `ROW<a INT>`, `TIMESTAMP(3) WITH LOCAL TIME ZONE` as TIMESTAMP_LTZ. */
export interface TypeName extends Node<"type"> {
  /** In capitals, synonyms as written. */
  readonly name: string;
  /** Length, precision and scale. */
  readonly parameters: readonly number[];
  /** What ARRAY, MULTISET and MAP hold. */
  readonly items: readonly TypeName[];
  /** The fields of a ROW. */
  readonly fields: readonly RowField[];
  readonly notNull: boolean;
}

export interface RowField extends Node<"row-field"> {
  readonly name: Identifier;
  readonly type: TypeName;
  readonly comment: string | null;
}

// ── Expressions ──

export type Expression =
  | NullLiteral
  | BooleanLiteral
  | NumberLiteral
  | StringLiteral
  | BinaryLiteral
  | TimeLiteral
  | IntervalLiteral
  | Parameter
  | ColumnRef
  | Star
  | Unary
  | Binary
  | Logical
  | Between
  | InList
  | InQuery
  | Like
  | IsTest
  | Quantified
  | Exists
  | Subquery
  | Case
  | Cast
  | Call
  | JsonCall
  | Extract
  | Trim
  | RoundTo
  | ArrayItems
  | MapEntries
  | RowItems
  | ElementAt
  | FieldOf
  | AtTimeZone
  | NamedArgument
  | TableArgument
  | Descriptor;

export type NullLiteral = Node<"null">;
export interface BooleanLiteral extends Node<"boolean"> {
  readonly value: boolean;
}
/** A number as it was written, so that no digit is lost: `1`, `0.908`, `1e3`. Never signed. */
export interface NumberLiteral extends Node<"number"> {
  readonly text: string;
}
export interface StringLiteral extends Node<"string"> {
  readonly value: string;
}
/** `x'0aff'`: an even number of hexadecimal digits, in small letters. */
export interface BinaryLiteral extends Node<"binary"> {
  readonly hex: string;
}
/** `DATE '2026-01-31'`, `TIME '…'`, `TIMESTAMP '…'`; the binder reads the text. */
export interface TimeLiteral extends Node<"time"> {
  readonly type: "DATE" | "TIME" | "TIMESTAMP";
  readonly text: string;
}
/** `INTERVAL '1 02' DAY(3) TO HOUR`; units in the singular. */
export interface IntervalLiteral extends Node<"interval"> {
  readonly negative: boolean;
  readonly text: string;
  readonly unit: string;
  readonly precision: number | null;
  readonly to: string | null;
  readonly toPrecision: number | null;
}
/** A `?`: the value is bound, never pasted. Counted from 0 through the whole text. */
export interface Parameter extends Node<"parameter"> {
  readonly index: number;
}
export interface ColumnRef extends Node<"column"> {
  readonly name: Name;
}
/** The `*` of `COUNT(*)`. */
export type Star = Node<"star">;

export interface Unary extends Node<"unary"> {
  readonly op: "-" | "+" | "NOT";
  readonly operand: Expression;
}
export type BinaryOp = "+" | "-" | "*" | "/" | "%" | "||" | ComparisonOp;
export type ComparisonOp = "=" | "<>" | "<" | "<=" | ">" | ">=";
export interface Binary extends Node<"binary-op"> {
  readonly op: BinaryOp;
  readonly left: Expression;
  readonly right: Expression;
}
/** A chain of ANDs or ORs, flat, so that ten thousand of them are no deep tree. Two operands at least. */
export interface Logical extends Node<"logical"> {
  readonly op: "AND" | "OR";
  readonly operands: readonly Expression[];
}
export interface Between extends Node<"between"> {
  readonly negated: boolean;
  readonly symmetric: boolean;
  readonly operand: Expression;
  readonly low: Expression;
  readonly high: Expression;
}
export interface InList extends Node<"in-list"> {
  readonly negated: boolean;
  readonly operand: Expression;
  readonly items: readonly Expression[];
}
export interface InQuery extends Node<"in-query"> {
  readonly negated: boolean;
  readonly operand: Expression;
  readonly query: Query;
}
export interface Like extends Node<"like"> {
  readonly op: "LIKE" | "SIMILAR TO";
  readonly negated: boolean;
  readonly operand: Expression;
  readonly pattern: Expression;
  readonly escape: Expression | null;
}
/** `IS [NOT] NULL`, `IS TRUE`, `IS DISTINCT FROM other`, `IS JSON ARRAY`, …; `other` belongs to DISTINCT FROM alone. */
export interface IsTest extends Node<"is"> {
  readonly test: IsWhat;
  readonly negated: boolean;
  readonly operand: Expression;
  readonly other: Expression | null;
}
export type IsWhat =
  | "NULL"
  | "TRUE"
  | "FALSE"
  | "UNKNOWN"
  | "DISTINCT FROM"
  | "JSON VALUE"
  | "JSON SCALAR"
  | "JSON ARRAY"
  | "JSON OBJECT";
/** `x > ANY (SELECT …)`; SOME is ANY. */
export interface Quantified extends Node<"quantified"> {
  readonly op: ComparisonOp;
  readonly quantifier: "ANY" | "ALL";
  readonly operand: Expression;
  readonly query: Query;
}
export interface Exists extends Node<"exists"> {
  readonly query: Query;
}
export interface Subquery extends Node<"subquery"> {
  readonly query: Query;
}
export interface Case extends Node<"case"> {
  /** The value of `CASE value WHEN …`. */
  readonly operand: Expression | null;
  readonly whens: readonly When[];
  readonly otherwise: Expression | null;
}
export interface When extends Node<"when"> {
  readonly condition: Expression;
  readonly result: Expression;
}
export interface Cast extends Node<"cast"> {
  /** TRY_CAST. */
  readonly safe: boolean;
  readonly operand: Expression;
  readonly type: TypeName;
}
/** A call of a scalar, aggregate, window or table function. CURRENT_TIMESTAMP and its like are calls without arguments. */
export interface Call extends Node<"call"> {
  readonly name: Name;
  /** COUNT(DISTINCT x). */
  readonly distinct: boolean;
  readonly args: readonly Expression[];
  /** LISTAGG(x) WITHIN GROUP (ORDER BY …). */
  readonly withinGroup: readonly SortItem[];
  /** FILTER (WHERE …). */
  readonly filter: Expression | null;
  readonly nulls: "IGNORE" | "RESPECT" | null;
  readonly over: WindowSpec | null;
}
/** JSON_VALUE and the other functions whose clauses are keywords; the keys and values of objects alternate in `args`. */
export interface JsonCall extends Node<"json"> {
  readonly name: JsonFunction;
  readonly args: readonly Expression[];
  readonly returning: TypeName | null;
  readonly wrapper: "WITHOUT" | "CONDITIONAL" | "UNCONDITIONAL" | null;
  readonly onEmpty: JsonFallback | null;
  readonly onError: JsonFallback | null;
  readonly onNull: "NULL" | "ABSENT" | null;
}
export type JsonFunction =
  | "JSON_VALUE"
  | "JSON_QUERY"
  | "JSON_EXISTS"
  | "JSON_OBJECT"
  | "JSON_ARRAY"
  | "JSON_OBJECTAGG"
  | "JSON_ARRAYAGG";
/** What stands before ON EMPTY or ON ERROR. */
export interface JsonFallback extends Node<"json-fallback"> {
  readonly type: "NULL" | "ERROR" | "EMPTY ARRAY" | "EMPTY OBJECT" | "TRUE" | "FALSE" | "UNKNOWN" | "DEFAULT";
  /** The value of DEFAULT. */
  readonly value: Expression | null;
}
/** EXTRACT(unit FROM operand). */
export interface Extract extends Node<"extract"> {
  readonly unit: string;
  readonly operand: Expression;
}
/** TRIM([side] [characters] FROM operand). */
export interface Trim extends Node<"trim"> {
  readonly side: "BOTH" | "LEADING" | "TRAILING";
  readonly characters: Expression | null;
  readonly operand: Expression;
}
/** FLOOR(operand TO unit), CEIL(operand TO unit). */
export interface RoundTo extends Node<"round-to"> {
  readonly op: "FLOOR" | "CEIL";
  readonly operand: Expression;
  readonly unit: string;
}
/** ARRAY[a, b]. */
export interface ArrayItems extends Node<"array"> {
  readonly items: readonly Expression[];
}
/** MAP[key, value, …]: keys and values alternate. */
export interface MapEntries extends Node<"map"> {
  readonly items: readonly Expression[];
}
/** ROW(a, b), or (a, b) with two items at least. */
export interface RowItems extends Node<"row"> {
  readonly items: readonly Expression[];
}
/** operand[index]. */
export interface ElementAt extends Node<"element"> {
  readonly operand: Expression;
  readonly index: Expression;
}
/** operand.name where the operand is no plain name: `f(x).city`, `a[1].city`. */
export interface FieldOf extends Node<"field"> {
  readonly operand: Expression;
  readonly name: Identifier;
}
/** operand AT TIME ZONE zone, AT LOCAL. */
export interface AtTimeZone extends Node<"at-time-zone"> {
  readonly operand: Expression;
  readonly zone: Expression | null;
}
/** `SIZE => INTERVAL '1' HOUR`. */
export interface NamedArgument extends Node<"named-argument"> {
  readonly name: Identifier;
  readonly value: Expression;
}
/** `TABLE bid PARTITION BY a ORDER BY b`, `(SELECT …) PARTITION BY a` or `(SELECT …)` as the argument of a table function. */
export interface TableArgument extends Node<"table-argument"> {
  readonly table: Name | Query;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly SortItem[];
}
/** DESCRIPTOR(a, b). */
export interface Descriptor extends Node<"descriptor"> {
  readonly columns: readonly Identifier[];
}

export interface SortItem extends Node<"sort"> {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nulls: "FIRST" | "LAST" | null;
}

/** What stands behind OVER, and in a WINDOW clause. `OVER w` has a base and nothing else. */
export interface WindowSpec extends Node<"window"> {
  readonly base: Identifier | null;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly SortItem[];
  readonly frame: Frame | null;
}
export interface Frame extends Node<"frame"> {
  readonly unit: "ROWS" | "RANGE";
  readonly start: FrameBound;
  /** Not written: the current row. */
  readonly end: FrameBound | null;
}
export interface FrameBound extends Node<"bound"> {
  readonly side: "PRECEDING" | "CURRENT ROW" | "FOLLOWING";
  /** NULL: unbounded, or the current row itself. */
  readonly offset: Expression | null;
}

// ── Queries ──

export interface Query extends Node<"query"> {
  readonly with: readonly CommonTable[];
  readonly body: QueryBody;
  readonly orderBy: readonly SortItem[];
  readonly limit: Expression | null;
  readonly offset: Expression | null;
}
/** A query as a body is one in parentheses that has WITH, ORDER BY, LIMIT or OFFSET of its own. */
export type QueryBody = Select | SetOperation | Values | ExplicitTable | Query;

export interface CommonTable extends Node<"common-table"> {
  readonly name: Identifier;
  readonly columns: readonly Identifier[];
  readonly query: Query;
}
export interface SetOperation extends Node<"set-operation"> {
  readonly op: "UNION" | "INTERSECT" | "EXCEPT";
  readonly all: boolean;
  readonly left: QueryBody;
  readonly right: QueryBody;
}
/** VALUES (1, 'a'), (2, 'b'). */
export interface Values extends Node<"values"> {
  readonly rows: readonly RowItems[];
}
/** TABLE t: all of a table. */
export interface ExplicitTable extends Node<"explicit-table"> {
  readonly name: Name;
}
export interface Select extends Node<"select"> {
  readonly hints: readonly Hint[];
  readonly distinct: boolean;
  readonly items: readonly (SelectItem | SelectStar)[];
  readonly from: TableRef | null;
  readonly where: Expression | null;
  readonly groupBy: GroupBy | null;
  readonly having: Expression | null;
  readonly windows: readonly NamedWindow[];
  readonly qualify: Expression | null;
}
export interface SelectItem extends Node<"item"> {
  readonly expression: Expression;
  readonly alias: Identifier | null;
}
/** `*`, `t.*`, `* EXCLUDE (a) REPLACE (b + 1 AS b)`. */
export interface SelectStar extends Node<"select-star"> {
  readonly qualifier: Name | null;
  readonly exclude: readonly Identifier[];
  readonly replace: readonly SelectItem[];
}
export interface GroupBy extends Node<"group-by"> {
  /** GROUP BY ALL: by everything selected that is no aggregate. */
  readonly all: boolean;
  readonly elements: readonly GroupElement[];
}
export type GroupElement = Expression | GroupingSets;
/** `GROUPING SETS (…)`, `ROLLUP (…)`, `CUBE (…)`. `()` is a ROW of no items, `(a, b)` one of two. */
export interface GroupingSets extends Node<"grouping"> {
  readonly type: "GROUPING SETS" | "ROLLUP" | "CUBE";
  readonly elements: readonly GroupElement[];
}
export interface NamedWindow extends Node<"named-window"> {
  readonly name: Identifier;
  readonly spec: WindowSpec;
}
/** A hint of the planner, `OPTIONS('a' = 'b')` or `BROADCAST(t)`: it has options, or arguments. */
export interface Hint extends Node<"hint"> {
  readonly name: Identifier;
  readonly options: readonly Option[];
  readonly args: readonly (Identifier | StringLiteral | NumberLiteral)[];
}
export interface Option extends Node<"option"> {
  readonly key: string;
  readonly value: string;
}

export type TableRef =
  | NamedTable
  | DerivedTable
  | UnnestTable
  | FunctionTable
  | Join
  | MatchRecognize
  | Pivot
  | Unpivot;

export interface Alias extends Node<"alias"> {
  readonly name: Identifier;
  readonly columns: readonly Identifier[];
}
export interface NamedTable extends Node<"table"> {
  readonly name: Name;
  readonly hints: readonly Hint[];
  /** FOR SYSTEM_TIME AS OF: a temporal join. */
  readonly asOf: Expression | null;
  readonly alias: Alias | null;
}
export interface DerivedTable extends Node<"derived"> {
  readonly lateral: boolean;
  readonly query: Query;
  readonly alias: Alias | null;
}
export interface UnnestTable extends Node<"unnest"> {
  readonly operand: Expression;
  readonly ordinality: boolean;
  readonly alias: Alias | null;
}
/** `TABLE(TUMBLE(…))`, `LATERAL TABLE(f(x))`, `f(x)`. */
export interface FunctionTable extends Node<"function-table"> {
  readonly lateral: boolean;
  readonly call: Call;
  readonly alias: Alias | null;
}
export interface Join extends Node<"join"> {
  /** A comma between tables is CROSS. */
  readonly type: "INNER" | "LEFT" | "RIGHT" | "FULL" | "CROSS";
  readonly natural: boolean;
  readonly left: TableRef;
  readonly right: TableRef;
  readonly on: Expression | null;
  readonly using: readonly Identifier[];
}
/** Parsed whole and refused by the binder, with what to use instead. */
export interface MatchRecognize extends Node<"match-recognize"> {
  readonly source: TableRef;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly SortItem[];
  readonly measures: readonly SelectItem[];
  readonly allRows: boolean;
  readonly skip: MatchSkip | null;
  readonly pattern: Pattern;
  readonly within: Expression | null;
  readonly subsets: readonly Subset[];
  readonly defines: readonly Definition[];
  readonly alias: Alias | null;
}
export interface MatchSkip extends Node<"match-skip"> {
  readonly to: "PAST LAST ROW" | "NEXT ROW" | "FIRST" | "LAST";
  /** The variable of TO FIRST and TO LAST. */
  readonly variable: Identifier | null;
}
export type Pattern = PatternVariable | PatternSequence | PatternChoice | PatternRepeat;
export interface PatternVariable extends Node<"pattern-variable"> {
  readonly name: Identifier;
}
export interface PatternSequence extends Node<"pattern-sequence"> {
  readonly items: readonly Pattern[];
}
export interface PatternChoice extends Node<"pattern-choice"> {
  readonly items: readonly Pattern[];
}
/** `A{2,5}?`: `max` null has no end. */
export interface PatternRepeat extends Node<"pattern-repeat"> {
  readonly item: Pattern;
  readonly min: number;
  readonly max: number | null;
  readonly greedy: boolean;
}
export interface Subset extends Node<"subset"> {
  readonly name: Identifier;
  readonly of: readonly Identifier[];
}
export interface Definition extends Node<"definition"> {
  readonly name: Identifier;
  readonly condition: Expression;
}
/** Parsed whole and refused by the binder, with what to use instead. */
export interface Pivot extends Node<"pivot"> {
  readonly source: TableRef;
  readonly aggregates: readonly SelectItem[];
  readonly columns: readonly Identifier[];
  readonly values: readonly SelectItem[];
  readonly alias: Alias | null;
}
export interface Unpivot extends Node<"unpivot"> {
  readonly source: TableRef;
  readonly value: Identifier;
  readonly nameColumn: Identifier;
  readonly columns: readonly Identifier[];
  readonly alias: Alias | null;
}
