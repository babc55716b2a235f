// Random queries in the SQL that both engines read, over two small tables with NULLs, empty texts and equal values.
import fc from "fast-check";

/** A query in both dialects; most are the same text. */
export interface Query {
  readonly millrace: string;
  readonly duckdb: string;
  /** Whether the rows come in an order. */
  readonly ordered?: boolean;
}

type Type = "int" | "text" | "bool";
type Arb = fc.Arbitrary<string>;

/** The columns of a table by type; `t` and `u` have the same. */
const COLUMNS: Readonly<Record<Type, readonly string[]>> = { int: ["id", "g", "x"], text: ["k"], bool: ["b"] };

const quoted = (qualifier: string | null, name: string): string => (qualifier === null ? name : `${qualifier}.${name}`);
const some = (...texts: readonly string[]): Arb => fc.constantFrom(...texts);

/** An expression of a type over the columns of one of these tables (null: unqualified). */
function expression(type: Type, tables: readonly (string | null)[], depth = 2): Arb {
  const leaf = fc
    .tuple(fc.constantFrom(...tables), fc.constantFrom(...COLUMNS[type]))
    .map(([table, name]) => quoted(table, name));
  if (depth === 0) return leaf;
  const of = (inner: Type): Arb => expression(inner, tables, depth - 1);
  const both = (inner: Type, ...operators: readonly string[]): Arb =>
    fc.tuple(of(inner), some(...operators), of(inner)).map(([a, operator, b]) => `(${a} ${operator} ${b})`);
  switch (type) {
    case "int":
      return fc.oneof(
        { arbitrary: leaf, weight: 4 },
        some("0", "1", "-2", "7"),
        both("int", "+", "-"),
        of("int").map((a) => `MOD(${a}, 3)`),
        of("int").map((a) => `ABS(${a})`),
        fc.tuple(of("bool"), of("int"), of("int")).map(([c, a, b]) => `CASE WHEN ${c} THEN ${a} ELSE ${b} END`),
        fc.tuple(of("int"), of("int")).map(([a, b]) => `COALESCE(${a}, ${b})`),
        fc.tuple(of("int"), of("int")).map(([a, b]) => `NULLIF(${a}, ${b})`),
        of("text").map((a) => `CHAR_LENGTH(${a})`),
      );
    case "text":
      return fc.oneof(
        { arbitrary: leaf, weight: 4 },
        some("'a'", "''", "'ab'"),
        of("text").map((a) => `UPPER(${a})`),
        both("text", "||"),
        fc.tuple(of("text"), of("text")).map(([a, b]) => `COALESCE(${a}, ${b})`),
        of("int").map((a) => `CAST(${a} AS VARCHAR)`),
      );
    case "bool":
      return fc.oneof(
        { arbitrary: leaf, weight: 1 },
        both("int", "=", "<>", "<", "<=", ">", ">="),
        both("text", "=", "<>", "<", ">"),
        both("bool", "AND", "OR"),
        of("bool").map((a) => `NOT ${a}`),
        fc.tuple(of("int"), some("IS NULL", "IS NOT NULL")).map(([a, test]) => `${a} ${test}`),
        fc.tuple(of("int"), of("int")).map(([a, b]) => `${a} IS DISTINCT FROM ${b}`),
        of("int").map((a) => `${a} IN (0, 1, 5)`),
        of("int").map((a) => `${a} BETWEEN -1 AND 2`),
        of("text").map((a) => `${a} LIKE 'a%'`),
      );
  }
}

const anyType = fc.constantFrom<Type>("int", "text", "bool");

function aggregate(tables: readonly (string | null)[]): Arb {
  const value = expression("int", tables, 1);
  const filter = fc.option(expression("bool", tables, 1), { freq: 3 });
  return fc
    .tuple(
      fc.oneof(
        fc.constant("COUNT(*)"),
        value.map((a) => `COUNT(${a})`),
        value.map((a) => `SUM(${a})`),
        value.map((a) => `MIN(${a})`),
        value.map((a) => `MAX(${a})`),
        value.map((a) => `AVG(${a})`),
      ),
      filter,
    )
    .map(([call, condition]) => (condition === null ? call : `${call} FILTER (WHERE ${condition})`));
}

/** Items named `c0`, `c1` …: names have to be told apart. */
const named = (items: readonly string[]): string => items.map((item, i) => `${item} AS c${i}`).join(", ");

const where = (tables: readonly (string | null)[]): Arb =>
  fc
    .option(expression("bool", tables), { freq: 2 })
    .map((condition) => (condition === null ? "" : ` WHERE ${condition}`));

const same = (text: string): Query => ({ millrace: text, duckdb: text });

/** SELECT … FROM t WHERE …, with the given types or any. */
function selection(types?: readonly Type[]): Arb {
  const columns = types === undefined ? fc.array(anyType, { minLength: 1, maxLength: 3 }) : fc.constant(types);
  return columns.chain((list) =>
    fc
      .tuple(
        fc.tuple(...list.map((type) => expression(type, [null]))),
        fc.constantFrom("t", "u"),
        where([null]),
        fc.boolean(),
      )
      .map(([items, table, filter, distinct]) => {
        return `SELECT ${distinct ? "DISTINCT " : ""}${named(items)} FROM ${table}${filter}`;
      }),
  );
}

/** SELECT keys, aggregates … GROUP BY keys, or ROLLUP and the like. */
const grouping: fc.Arbitrary<{ readonly text: string; readonly last: string }> = fc
  .tuple(
    fc.array(fc.oneof(expression("text", [null], 1), expression("int", [null], 1)), { maxLength: 2 }),
    fc.array(aggregate([null]), { minLength: 1, maxLength: 3 }),
    where([null]),
    fc.constantFrom("", "ROLLUP", "CUBE"),
    fc.option(expression("int", [null], 1), { freq: 3 }),
  )
  .map(([keys, aggregates, filter, kind, having]) => {
    const unique = [...new Set(keys)].filter((key) => !/^[-'\d]/.test(key));
    const list = unique.join(", ");
    const clause = unique.length === 0 ? "" : ` GROUP BY ${kind === "" ? list : `${kind} (${list})`}`;
    const over = having === null ? "" : ` HAVING COUNT(${having}) > 1`;
    const items = [...unique, ...aggregates];
    return { text: `SELECT ${named(items)} FROM t${filter}${clause}${over}`, last: `c${items.length - 1}` };
  });

const sets: Arb = fc
  .array(anyType, { minLength: 1, maxLength: 2 })
  .chain((types) =>
    fc
      .tuple(selection(types), fc.constantFrom("UNION", "UNION ALL", "INTERSECT", "EXCEPT"), selection(types))
      .map(([left, operator, right]) => `${left} ${operator} ${right}`),
  );

/** Windows of 10 s, which DuckDB groups by as an expression. */
const windows: fc.Arbitrary<Query> = fc
  .tuple(fc.array(aggregate([null]), { minLength: 1, maxLength: 3 }), where([null]), fc.boolean())
  .map(([aggregates, filter, byKey]) => {
    const items = named([...(byKey ? ["k"] : []), ...aggregates]);
    const keys = byKey ? ", k" : "";
    const buckets = "SELECT *, time_bucket(INTERVAL '10 seconds', ts, TIMESTAMP '1970-01-01') AS window_start FROM t";
    return {
      millrace: `SELECT window_start, ${items} FROM TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND)${filter} GROUP BY window_start, window_end${keys}`,
      duckdb: `SELECT window_start, ${items} FROM (${buckets}) AS w${filter} GROUP BY window_start${keys}`,
    };
  });

/** Groups over a query: results that are updated, and updated again. */
const nested: Arb = fc
  .tuple(grouping, fc.constantFrom("COUNT(*)", "COUNT(x)", "SUM(x)", "MAX(x)", "MIN(x)"), fc.boolean())
  .map(([{ text, last }, call, byFirst]) => {
    const items = `${byFirst ? "c0, " : ""}${call.replace("x", last)} AS n`;
    return `SELECT ${items} FROM (${text}) AS q${byFirst ? " GROUP BY c0" : ""}`;
  });

/** Rows of both tables: `t.g` and `u.g` and the like, some of them NULL. */
const both = ["t", "u"] as const;
const equal: Arb = some(
  "t.g = u.g",
  "t.k = u.k",
  "t.id = u.id",
  "t.g = u.g AND t.k = u.k",
  "t.g IS NOT DISTINCT FROM u.g",
);
const joinCondition: Arb = fc
  .tuple(equal, fc.option(expression("bool", both, 1), { freq: 2 }))
  .map(([keys, residual]) => (residual === null ? keys : `${keys} AND ${residual}`));

const joins: Arb = fc
  .tuple(
    fc.constantFrom("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"),
    joinCondition,
    fc.array(expression("int", both, 1), { minLength: 1, maxLength: 3 }),
    where(both),
  )
  .map(([kind, on, items, filter]) => `SELECT ${named(items)} FROM t ${kind} u ON ${on}${filter}`);

/** Groups joined with rows: changes on one side, or on both. */
const updatedJoins: Arb = fc
  .tuple(fc.constantFrom("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"), fc.boolean())
  .map(([kind, grouped]) => {
    const groups = (table: string) => `(SELECT g, COUNT(*) AS n, MAX(x) AS most FROM ${table} GROUP BY g)`;
    return `SELECT a.g AS c0, b.g AS c1, a.n AS c2, a.most AS c3 FROM ${groups("t")} AS a ${kind} ${grouped ? groups("u") : "u"} AS b ON a.g = b.g`;
  });

const asked: Arb = fc.oneof(
  fc
    .tuple(fc.constantFrom("EXISTS", "NOT EXISTS"), joinCondition)
    .map(([test, on]) => `${test} (SELECT 1 FROM u WHERE ${on})`),
  fc
    .tuple(some("t.g", "t.x"), fc.constantFrom("IN", "NOT IN"), some("g", "x", "x + 1"), where([null]))
    .map(([value, test, column, filter]) => `${value} ${test} (SELECT ${column} FROM u${filter})`),
  fc
    .tuple(
      some("=", "<", ">="),
      some("MAX(u.x)", "MIN(u.g)", "COUNT(*)", "COUNT(u.x) + 1"),
      fc.option(some("t.g = u.g", "t.k = u.k")),
    )
    .map(([operator, value, on]) => `t.x ${operator} (SELECT ${value} FROM u${on === null ? "" : ` WHERE ${on}`})`),
);

const subqueries: Arb = fc
  .tuple(fc.array(asked, { minLength: 1, maxLength: 2 }), fc.option(expression("bool", ["t"], 1)))
  .map(
    ([tests, condition]) =>
      `SELECT t.id AS c0 FROM t WHERE ${[...(condition === null ? [] : [condition]), ...tests].join(" AND ")}`,
  );

/** An order in which no two rows are equal: `id` tells the last of them apart. */
const order: Arb = fc
  .array(fc.tuple(some("x", "g", "k", "b", "d"), some("", " DESC"), some(" NULLS FIRST", " NULLS LAST")), {
    maxLength: 2,
  })
  .map((keys) =>
    [...new Map(keys.map(([name, ...rest]) => [name, `${name}${rest.join("")}`])).values(), "id"].join(", "),
  );

const sorted: fc.Arbitrary<Query> = fc
  .tuple(order, where([null]), fc.option(fc.nat(6)), fc.option(fc.nat(4)))
  .map(([keys, filter, limit, offset]) => {
    const bounds = `${limit === null ? "" : ` LIMIT ${limit}`}${offset === null ? "" : ` OFFSET ${offset}`}`;
    return { ...same(`SELECT id, x, k FROM t${filter} ORDER BY ${keys}${bounds}`), ordered: true };
  });

/** The first rows of each key, with their place or without; over rows, and over groups that are updated. */
const ranks: Arb = fc
  .tuple(
    some("PARTITION BY k ", "PARTITION BY g, b ", ""),
    order,
    fc.integer({ min: 1, max: 3 }),
    fc.boolean(),
    where([null]),
  )
  .map(([partition, keys, n, place, filter]) => {
    const ranked = `SELECT id, k, x, ROW_NUMBER() OVER (${partition}ORDER BY ${keys}) AS rn FROM t${filter}`;
    return `SELECT id, k, x${place ? ", rn" : ""} FROM (${ranked}) AS q WHERE rn <= ${n}`;
  });

const groupRanks: Arb = fc.tuple(fc.integer({ min: 1, max: 2 }), fc.boolean()).map(([n, place]) => {
  const groups = "SELECT k, g, COUNT(*) AS n FROM t GROUP BY k, g";
  const key = "n DESC, g NULLS FIRST";
  const ranked = `SELECT k, g, n, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ${key}) AS rn FROM (${groups}) AS a`;
  return `SELECT k, g, n${place ? ", rn" : ""} FROM (${ranked}) AS q WHERE rn <= ${n}`;
});

/** Every kind of query, by name. */
export const QUERIES: Readonly<Record<string, fc.Arbitrary<Query>>> = {
  selections: selection().map(same),
  groups: grouping.map(({ text }) => same(text)),
  "groups of groups": nested.map(same),
  sets: sets.map(same),
  windows,
  sorted,
  "first rows of keys": ranks.map(same),
  "first groups": groupRanks.map(same),
  joins: joins.map(same),
  "joins of groups": updatedJoins.map(same),
  subqueries: subqueries.map(same),
};
