// Syntax trees made at random for fast-check: those that the parser can give, by the shapes of src/sql/ast.ts.
import fc, { type Arbitrary } from "fast-check";

type Tree = Record<string, unknown>;

/** All recursion counts together: what is three deep takes the first, plain alternative. */
const DEPTH = { maxDepth: 3, depthIdentifier: "sql", withCrossShrink: true } as const;

const node = (kind: string, fields: Record<string, Arbitrary<unknown>> = {}): Arbitrary<Tree> =>
  fc.record({ kind: fc.constant(kind), ...fields });
const many = (item: Arbitrary<unknown>, minLength = 0) => fc.array(item, { minLength, maxLength: minLength + 1 });
const maybe = (item: Arbitrary<unknown>) => fc.option(item, { nil: null });
const none = fc.constant(null);
const empty = fc.constant([]);
const flag = fc.boolean();
const one = (...values: (string | number | null)[]) => fc.constantFrom(...values);

const text = fc.oneof(fc.string({ maxLength: 4 }), one("it's", "--", "/*", "`", '"', "é😀", "\n", "\\"));
const identifier = node("identifier", {
  name: fc.oneof(
    one(
      "a",
      "b",
      "dateTime",
      "Price",
      "window",
      "offset",
      "array",
      "row",
      "interval",
      "select",
      "from",
      "current_date",
    ),
    one(
      "partition",
      "rows",
      "unbounded",
      "exists",
      "trim",
      "floor",
      "position",
      "any",
      "left",
      "é",
      "a`b",
      'q"q',
      "a b",
      "1",
    ),
  ),
});
const name = node("name", { parts: many(identifier, 1) });
const columns = many(identifier);
const count = fc.nat(100);
const number = node("number", { text: one("0", "1", "0.908", "1e3", ".5", "7.", "12345678901234567890.5") });
const string = node("string", { value: text });
const parameterless = fc.oneof(
  node("null"),
  node("boolean", { value: flag }),
  number,
  string,
  node("binary", { hex: one("", "0a", "ff00") }),
  node("time", { type: one("DATE", "TIME", "TIMESTAMP"), text }),
  fc.oneof(
    node("interval", {
      negative: flag,
      text,
      unit: one("DAY", "HOUR"),
      precision: maybe(count),
      to: none,
      toPrecision: none,
    }),
    node("interval", {
      negative: flag,
      text,
      unit: one("DAY"),
      precision: maybe(count),
      to: one("SECOND"),
      toPrecision: maybe(count),
    }),
  ),
);
const column = node("column", { name });
const unit = one("YEAR", "WEEK", "DAY", "SECOND", "MILLISECOND", "DOW");

const { type } = fc.letrec<{ type: Tree }>((tie) => {
  const shape = (fields: Record<string, Arbitrary<unknown>>) =>
    node("type", { name: one("INT"), parameters: empty, items: empty, fields: empty, notNull: flag, ...fields });
  const field = node("row-field", { name: identifier, type: tie("type"), comment: maybe(text) });
  return {
    type: fc.oneof(
      DEPTH,
      shape({ name: one("INT", "STRING", "BIGINT", "TIMESTAMP", "TIMESTAMP_LTZ", "DOUBLE", "MY TYPE") }),
      shape({ name: one("DECIMAL", "TIMESTAMP", "VARCHAR"), parameters: many(count, 1) }),
      shape({ name: one("ARRAY", "MULTISET"), items: fc.tuple(tie("type")) }),
      shape({ name: one("MAP"), items: fc.tuple(tie("type"), tie("type")) }),
      shape({ name: one("ROW"), fields: many(field, 1) }),
    ),
  };
});

const option = node("option", { key: text, value: text });
const hint = fc.oneof(
  node("hint", { name: identifier, options: many(option, 1), args: empty }),
  node("hint", { name: identifier, options: empty, args: many(fc.oneof(identifier, string, number)) }),
);
const hints = many(hint);
const mayHint = fc.oneof(empty, empty, hints);

/** What is recursive: expressions, queries and tables. */
const trees = fc.letrec<{ expression: Tree; query: Tree; body: Tree; table: Tree; pattern: Tree }>((tie) => {
  const expression = tie("expression");
  const query = tie("query");
  const sort = node("sort", { expression, descending: flag, nulls: one("FIRST", "LAST", null) });
  const bound = fc.oneof(
    node("bound", { side: one("CURRENT ROW"), offset: none }),
    node("bound", { side: one("PRECEDING", "FOLLOWING"), offset: maybe(expression) }),
  );
  const frame = node("frame", { unit: one("ROWS", "RANGE"), start: bound, end: maybe(bound) });
  const window = node("window", {
    base: maybe(identifier),
    partitionBy: many(expression),
    orderBy: many(sort),
    frame: maybe(frame),
  });
  const descriptor = node("descriptor", { columns: many(identifier, 1) });
  const table = fc.oneof(
    node("table-argument", { table: name, partitionBy: many(expression), orderBy: many(sort) }),
    node("table-argument", { table: query, partitionBy: many(expression, 1), orderBy: many(sort) }),
  );
  const value = fc.oneof({ weight: 8, arbitrary: expression }, table, descriptor);
  const argument = fc.oneof({ weight: 6, arbitrary: value }, node("named-argument", { name: identifier, value }));
  const call = (args: Arbitrary<unknown>, extra: Record<string, Arbitrary<unknown>> = {}) =>
    node("call", {
      name,
      distinct: fc.constant(false),
      args,
      withinGroup: empty,
      filter: none,
      nulls: none,
      over: none,
      ...extra,
    });
  const fallback = fc.oneof(
    node("json-fallback", { type: one("NULL", "ERROR", "EMPTY ARRAY", "EMPTY OBJECT", "TRUE"), value: none }),
    node("json-fallback", { type: one("DEFAULT"), value: expression }),
  );
  const json = (fields: Record<string, Arbitrary<unknown>>) =>
    node("json", {
      name: one("JSON_VALUE"),
      args: empty,
      returning: none,
      wrapper: none,
      onEmpty: none,
      onError: none,
      onNull: none,
      ...fields,
    });
  const comparison = one("=", "<>", "<", "<=", ">", ">=");
  const notSubquery = expression.filter(({ kind }) => kind !== "subquery");
  const item = node("item", { expression, alias: maybe(identifier) });
  const replacement = node("item", { expression, alias: identifier });
  const listed = node("item", { expression: notSubquery, alias: maybe(identifier) });
  const star = node("select-star", { qualifier: maybe(name), exclude: columns, replace: many(replacement) });
  const group = fc.oneof(
    { weight: 4, arbitrary: expression },
    node("grouping", { type: one("GROUPING SETS", "ROLLUP", "CUBE"), elements: many(notSubquery, 1) }),
  );
  const alias = maybe(node("alias", { name: identifier, columns }));
  const definition = node("definition", { name: identifier, condition: expression });

  return {
    expression: fc.oneof(
      DEPTH,
      parameterless,
      column,
      node("unary", { op: one("-", "+", "NOT"), operand: expression }),
      node("binary-op", {
        op: fc.oneof(one("+", "-", "*", "/", "%", "||"), comparison),
        left: expression,
        right: expression,
      }),
      node("logical", { op: one("AND", "OR"), operands: many(expression, 2) }),
      node("between", { negated: flag, symmetric: flag, operand: expression, low: expression, high: expression }),
      node("in-list", {
        negated: flag,
        operand: expression,
        items: fc.oneof(fc.tuple(notSubquery), many(expression, 2)),
      }),
      node("in-query", { negated: flag, operand: expression, query }),
      node("like", {
        op: one("LIKE", "SIMILAR TO"),
        negated: flag,
        operand: expression,
        pattern: expression,
        escape: maybe(expression),
      }),
      node("is", {
        test: one("NULL", "TRUE", "UNKNOWN", "JSON VALUE", "JSON ARRAY"),
        negated: flag,
        operand: expression,
        other: none,
      }),
      node("is", { test: one("DISTINCT FROM"), negated: flag, operand: expression, other: expression }),
      node("quantified", { op: comparison, quantifier: one("ANY", "ALL"), operand: expression, query }),
      node("exists", { query }),
      node("subquery", { query }),
      node("case", {
        operand: maybe(expression),
        whens: many(node("when", { condition: expression, result: expression }), 1),
        otherwise: maybe(expression),
      }),
      node("cast", { safe: flag, operand: expression, type }),
      call(many(argument)),
      call(fc.tuple(node("star")), { filter: maybe(expression), over: maybe(window) }),
      call(many(expression), {
        distinct: flag,
        withinGroup: many(sort),
        nulls: one("IGNORE", "RESPECT", null),
        over: maybe(window),
      }),
      json({ args: many(expression, 1), returning: maybe(type), onEmpty: maybe(fallback), onError: maybe(fallback) }),
      json({
        name: one("JSON_QUERY"),
        args: many(expression, 1),
        wrapper: one("WITHOUT", "CONDITIONAL", "UNCONDITIONAL"),
      }),
      json({
        name: one("JSON_OBJECT"),
        args: fc.oneof(empty, fc.tuple(expression, expression)),
        onNull: one("NULL", "ABSENT", null),
      }),
      node("extract", { unit, operand: expression }),
      node("trim", { side: one("BOTH", "LEADING", "TRAILING"), characters: expression, operand: expression }),
      node("trim", { side: one("BOTH"), characters: none, operand: notSubquery }),
      node("round-to", { op: one("FLOOR", "CEIL"), operand: expression, unit }),
      node("array", { items: many(expression) }),
      node("map", { items: many(expression) }),
      node("row", { items: many(expression) }),
      node("element", { operand: expression, index: expression }),
      node("field", { operand: expression.filter(({ kind }) => kind !== "column"), name: identifier }),
      node("at-time-zone", { operand: expression, zone: maybe(expression) }),
    ),
    query: fc.oneof(
      DEPTH,
      node("query", { with: empty, body: node("explicit-table", { name }), orderBy: empty, limit: none, offset: none }),
      fc
        .record({
          kind: fc.constant("query"),
          with: many(node("common-table", { name: identifier, columns, query })),
          body: tie("body"),
          orderBy: many(sort),
          limit: maybe(number),
          offset: maybe(number),
        })
        .map(plainQuery),
    ),
    body: fc.oneof(
      DEPTH,
      node("explicit-table", { name }),
      node("select", {
        hints: mayHint,
        distinct: flag,
        items: many(fc.oneof(item, star), 1),
        from: maybe(tie("table")),
        where: maybe(expression),
        groupBy: maybe(
          fc.oneof(
            node("group-by", { all: fc.constant(true), elements: empty }),
            node("group-by", { all: fc.constant(false), elements: many(group, 1) }),
          ),
        ),
        having: maybe(expression),
        windows: many(node("named-window", { name: identifier, spec: window })),
        qualify: maybe(expression),
      }),
      node("values", { rows: many(node("row", { items: many(expression, 1) }), 1) }),
      node("set-operation", {
        op: one("UNION", "INTERSECT", "EXCEPT"),
        all: flag,
        left: tie("body"),
        right: tie("body"),
      }),
      query.map((inner) => (isPlain(inner) ? (inner.body as Tree) : inner)),
    ),
    table: fc.oneof(
      DEPTH,
      node("table", { name, hints: mayHint, asOf: maybe(expression), alias }),
      node("derived", { lateral: flag, query, alias }),
      node("unnest", { operand: expression, ordinality: flag, alias }),
      node("function-table", { lateral: flag, call: call(many(argument)), alias }),
      node("join", {
        type: one("CROSS"),
        natural: fc.constant(false),
        left: tie("table"),
        right: tie("table"),
        on: none,
        using: empty,
      }),
      node("join", {
        type: one("INNER", "LEFT", "RIGHT", "FULL"),
        natural: flag,
        left: tie("table"),
        right: tie("table"),
        on: maybe(expression),
        using: empty,
      }),
      node("join", {
        type: one("INNER", "LEFT"),
        natural: flag,
        left: tie("table"),
        right: tie("table"),
        on: none,
        using: many(identifier, 1),
      }),
      node("pivot", {
        source: tie("table"),
        aggregates: many(item, 1),
        columns: many(identifier, 1),
        values: many(listed, 1),
        alias,
      }),
      node("unpivot", {
        source: tie("table"),
        value: identifier,
        nameColumn: identifier,
        columns: many(identifier, 1),
        alias,
      }),
      node("match-recognize", {
        source: tie("table"),
        partitionBy: many(expression),
        orderBy: many(sort),
        measures: many(item),
        allRows: flag,
        skip: maybe(
          fc.oneof(
            node("match-skip", { to: one("PAST LAST ROW", "NEXT ROW"), variable: none }),
            node("match-skip", { to: one("FIRST", "LAST"), variable: identifier }),
          ),
        ),
        pattern: tie("pattern"),
        within: maybe(expression),
        subsets: many(node("subset", { name: identifier, of: many(identifier, 1) })),
        defines: many(definition, 1),
        alias,
      }),
    ),
    pattern: fc.oneof(
      DEPTH,
      node("pattern-variable", { name: identifier }),
      node("pattern-sequence", { items: many(tie("pattern"), 2) }),
      node("pattern-choice", { items: many(tie("pattern"), 2) }),
      node("pattern-repeat", { item: tie("pattern"), min: count, max: maybe(count), greedy: flag }),
    ),
  };
});

function isPlain({ with: tables, orderBy, limit, offset }: Tree): boolean {
  return (tables as unknown[]).length + (orderBy as unknown[]).length === 0 && limit === null && offset === null;
}

/** Parentheses alone make no query: one of nothing but a query is that one. */
function plainQuery(query: Tree): Tree {
  const body = query.body as Tree;
  return body.kind === "query" && isPlain(query) ? body : query;
}

const { expression, query } = trees;
const comment = maybe(text);
const columnType = type;
const element = fc.oneof(
  node("table-column", { name: identifier, type: columnType, primaryKey: flag, comment }),
  node("metadata-column", { name: identifier, type: columnType, key: maybe(text), virtual: flag, comment }),
  node("computed-column", { name: identifier, expression, comment }),
  node("watermark", { column: name, expression }),
  node("primary-key", { name: maybe(identifier), columns: many(identifier, 1) }),
);
const likeOption = node("like-option", {
  mode: one("INCLUDING", "EXCLUDING", "OVERWRITING"),
  what: one("ALL", "OPTIONS", "WATERMARKS"),
});
const assignment = node("assignment", { column: identifier, value: expression });
const insert = node("insert", {
  overwrite: flag,
  table: name,
  hints: mayHint,
  partition: many(assignment),
  columns,
  query,
});
const statementSet = node("statement-set", { statements: many(insert, 1) });
const update = node("update", {
  table: name,
  alias: maybe(identifier),
  assignments: many(assignment, 1),
  where: maybe(expression),
});
const remove = node("delete", { table: name, alias: maybe(identifier), where: maybe(expression) });

/** Any statement, without places. */
export const statement: Arbitrary<Tree> = fc.oneof(
  { weight: 8, arbitrary: query },
  node("create-table", {
    temporary: flag,
    ifNotExists: flag,
    name,
    elements: many(element),
    comment,
    distribution: maybe(
      fc.oneof(
        node("distribution", { type: one("HASH", "RANGE", null), columns: many(identifier, 1), buckets: maybe(count) }),
        node("distribution", { type: none, columns: empty, buckets: count }),
      ),
    ),
    partitionedBy: columns,
    options: many(option),
    like: maybe(node("like-table", { name, options: many(likeOption) })),
    query: maybe(query),
  }),
  node("create-materialized-table", {
    ifNotExists: flag,
    name,
    elements: many(element),
    comment,
    options: many(option),
    query: maybe(query),
  }),
  node("create-view", { temporary: flag, ifNotExists: flag, name, columns, comment, query }),
  node("drop", { type: one("TABLE", "VIEW", "MATERIALIZED TABLE"), temporary: flag, ifExists: flag, name }),
  insert,
  update,
  remove,
  statementSet,
  node("explain", {
    details: fc.uniqueArray(one("ESTIMATED_COST", "CHANGELOG_MODE", "ANALYZE"), { maxLength: 2 }),
    statement: fc.oneof(query, insert, update, remove, statementSet),
  }),
  node("compile-plan", { execute: flag, path: text, ifNotExists: flag, statement: fc.oneof(insert, statementSet) }),
  node("execute-plan", { path: text }),
  node("set", { option: maybe(option) }),
  node("reset", { key: maybe(text) }),
  node("show", {
    what: one("TABLES", "VIEWS", "FUNCTIONS", "MATERIALIZED TABLES"),
    name: none,
    negated: flag,
    like: text,
  }),
  node("show", { what: one("COLUMNS"), name, negated: fc.constant(false), like: maybe(text) }),
  node("show", { what: one("CREATE TABLE", "CREATE VIEW"), name, negated: fc.constant(false), like: none }),
  node("describe", { name, extended: flag }),
  node("use", { catalog: flag, name }),
);
