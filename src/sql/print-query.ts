// Queries and expressions → SQL text, in one line and always the same way: keywords in capitals, names that are keywords in
// backticks, AS written, parentheses only where they are needed. What is printed parses to the same tree.
import type {
  Alias,
  Binary,
  Call,
  Expression,
  FrameBound,
  GroupElement,
  Hint,
  Identifier,
  IntervalLiteral,
  JsonCall,
  JsonFallback,
  Name,
  Option,
  Pattern,
  Query,
  QueryBody,
  Select,
  SelectItem,
  SelectStar,
  SortItem,
  TableRef,
  TypeName,
  WindowSpec,
} from "./ast.js";
import { codeOf, isReserved, needsQuotes } from "./vocabulary.js";

/** How tightly an expression holds together; an operand that holds less tightly than its place asks for gets parentheses. */
const LEVEL = { or: 1, and: 2, not: 3, predicate: 4, sum: 5, product: 6, signed: 7, postfix: 8, primary: 9 } as const;

/** The parts that there are, with spaces between them. */
export const words = (...parts: readonly (string | false | null)[]): string => parts.filter(Boolean).join(" ");
const list = <T>(items: readonly T[], print: (item: T) => string): string =>
  items.map((item) => print(item)).join(", ");
/** A clause with a list, or nothing when the list is empty. */
const clause = <T>(keyword: string, items: readonly T[], print: (item: T) => string): string | null =>
  items.length > 0 ? `${keyword} ${list(items, print)}` : null;

export const printText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
export const printIdentifier = ({ name }: Identifier): string =>
  needsQuotes(name) ? `\`${name.replaceAll("`", "``")}\`` : name;
export const printName = ({ parts }: Name): string => parts.map(printIdentifier).join(".");
export const printNames = (names: readonly Identifier[]): string => `(${list(names, printIdentifier)})`;
export const printOption = ({ key, value }: Option): string => `${printText(key)} = ${printText(value)}`;

export function printType(type: TypeName): string {
  return `${typeBody(type)}${type.notNull ? " NOT NULL" : ""}`;
}

function typeBody({ name, parameters, items, fields }: TypeName): string {
  if (items.length > 0) return `${name}<${list(items, printType)}>`;
  if (fields.length > 0) {
    const print = (field: (typeof fields)[number]) =>
      words(printIdentifier(field.name), printType(field.type), field.comment !== null && printText(field.comment));
    return `ROW<${list(fields, print)}>`;
  }
  const isPlain = /^[A-Z_][A-Z0-9_$]*$/.test(name) && !isReserved(codeOf(name));
  return `${isPlain ? name : `\`${name.replaceAll("`", "``")}\``}${parameters.length > 0 ? `(${parameters.join(", ")})` : ""}`;
}

const levelOf = (expression: Expression): number => {
  switch (expression.kind) {
    case "logical":
      return expression.op === "OR" ? LEVEL.or : LEVEL.and;
    case "unary":
      return expression.op === "NOT" ? LEVEL.not : LEVEL.signed;
    case "between":
    case "in-list":
    case "in-query":
    case "like":
    case "is":
    case "quantified":
      return LEVEL.predicate;
    case "binary-op":
      return binaryLevel(expression.op);
    case "element":
    case "field":
    case "at-time-zone":
      return LEVEL.postfix;
    default:
      return LEVEL.primary;
  }
};

const binaryLevel = (op: Binary["op"]): number => {
  if (op === "+" || op === "-") return LEVEL.sum;
  return op === "*" || op === "/" || op === "%" || op === "||" ? LEVEL.product : LEVEL.predicate;
};

/** Prints an expression, in parentheses if it holds less tightly than `level`. */
export function printExpression(expression: Expression, level: number = LEVEL.or): string {
  const text = printBare(expression);
  return levelOf(expression) < level ? `(${text})` : text;
}

const all = (expressions: readonly Expression[]): string => list(expressions, (item) => printExpression(item));

function printBare(node: Expression): string {
  const not = "negated" in node && node.negated ? "NOT " : "";
  const operand = "operand" in node && node.operand !== null ? node.operand : null;
  const subject = (level: number) => (operand === null ? "" : printExpression(operand, level));
  switch (node.kind) {
    case "null":
      return "NULL";
    case "boolean":
      return node.value ? "TRUE" : "FALSE";
    case "number":
      return node.text;
    case "string":
      return printText(node.value);
    case "binary":
      return `x'${node.hex}'`;
    case "time":
      return `${node.type} ${printText(node.text)}`;
    case "interval":
      return printInterval(node);
    case "parameter":
      return "?";
    case "column":
      return printName(node.name);
    case "star":
      return "*";
    case "unary": {
      if (node.op === "NOT") return `NOT ${subject(LEVEL.not)}`;
      const text = subject(LEVEL.signed);
      // Two minus signs would begin a comment.
      return text.startsWith(node.op) ? `${node.op} ${text}` : `${node.op}${text}`;
    }
    case "binary-op": {
      const level = binaryLevel(node.op);
      return `${printExpression(node.left, level)} ${node.op} ${printExpression(node.right, level + 1)}`;
    }
    case "logical": {
      const level = node.op === "OR" ? LEVEL.and : LEVEL.not;
      return node.operands.map((item) => printExpression(item, level)).join(` ${node.op} `);
    }
    case "between": {
      const bounds = `${printExpression(node.low, LEVEL.sum)} AND ${printExpression(node.high, LEVEL.sum)}`;
      return `${subject(LEVEL.predicate)} ${not}BETWEEN ${node.symmetric ? "SYMMETRIC " : ""}${bounds}`;
    }
    case "in-list":
      return `${subject(LEVEL.predicate)} ${not}IN (${all(node.items)})`;
    case "in-query":
      return `${subject(LEVEL.predicate)} ${not}IN (${printQuery(node.query)})`;
    case "like": {
      const escaped = node.escape !== null && `ESCAPE ${printExpression(node.escape, LEVEL.sum)}`;
      return words(subject(LEVEL.predicate), `${not}${node.op}`, printExpression(node.pattern, LEVEL.sum), escaped);
    }
    case "is": {
      const other = node.other !== null && printExpression(node.other, LEVEL.sum);
      return words(subject(LEVEL.predicate), `IS ${not}${node.test}`, other);
    }
    case "quantified":
      return `${subject(LEVEL.predicate)} ${node.op} ${node.quantifier} (${printQuery(node.query)})`;
    case "exists":
      return `EXISTS (${printQuery(node.query)})`;
    case "subquery":
      return `(${printQuery(node.query)})`;
    case "case": {
      const whens = node.whens.map(
        ({ condition, result }) => `WHEN ${printExpression(condition)} THEN ${printExpression(result)}`,
      );
      const otherwise = node.otherwise !== null && `ELSE ${printExpression(node.otherwise)}`;
      return words("CASE", subject(LEVEL.or), ...whens, otherwise, "END");
    }
    case "cast":
      return `${node.safe ? "TRY_CAST" : "CAST"}(${subject(LEVEL.or)} AS ${printType(node.type)})`;
    case "call":
      return printCall(node);
    case "json":
      return printJson(node);
    case "extract":
      return `EXTRACT(${node.unit} FROM ${subject(LEVEL.or)})`;
    case "trim":
      if (node.side === "BOTH" && node.characters === null) return `TRIM(${subject(LEVEL.or)})`;
      return `TRIM(${words(node.side, node.characters !== null && printExpression(node.characters))} FROM ${subject(LEVEL.or)})`;
    case "round-to":
      // The TO would become the interval's own.
      return `${node.op}(${node.operand.kind === "interval" ? `(${subject(LEVEL.or)})` : subject(LEVEL.primary)} TO ${node.unit})`;
    case "array":
      return `ARRAY[${all(node.items)}]`;
    case "map":
      return `MAP[${all(node.items)}]`;
    case "row":
      return node.items.length > 1 && node.items.every(isValue) ? `(${all(node.items)})` : `ROW(${all(node.items)})`;
    case "element":
      return `${subject(LEVEL.postfix)}[${printExpression(node.index)}]`;
    case "field":
      // A name before the dot would be one more part of the name, and a number would take the dot.
      return `${FIELD_OWNERS.has(node.operand.kind) ? subject(LEVEL.postfix) : `(${subject(LEVEL.or)})`}.${printIdentifier(node.name)}`;
    case "at-time-zone": {
      const zone = node.zone === null ? "AT LOCAL" : `AT TIME ZONE ${printExpression(node.zone, LEVEL.primary)}`;
      return `${subject(LEVEL.postfix)} ${zone}`;
    }
    case "named-argument":
      return `${printIdentifier(node.name)} => ${printExpression(node.value)}`;
    case "table-argument": {
      const table = node.table.kind === "query" ? `(${printQuery(node.table)})` : `TABLE ${printName(node.table)}`;
      const partitions =
        node.partitionBy.length > 0 &&
        `PARTITION BY ${inParens(list(node.partitionBy, printExpression), node.partitionBy)}`;
      const order = node.orderBy.length > 0 && `ORDER BY ${inParens(list(node.orderBy, printSort), node.orderBy)}`;
      return words(table, partitions, order);
    }
    case "descriptor":
      return `DESCRIPTOR${printNames(node.columns)}`;
    default:
      return node satisfies never;
  }
}

/** In the argument of a function a comma would begin the next one, and an open parenthesis a list. */
const inParens = (text: string, items: readonly unknown[]): string =>
  items.length > 1 || text.startsWith("(") ? `(${text})` : text;

const FIELD_OWNERS: ReadonlySet<Expression["kind"]> = new Set(["call", "element", "field", "row", "cast", "subquery"]);

/** Whether an argument is a plain expression. */
const isValue = ({ kind }: Expression): boolean =>
  kind !== "named-argument" && kind !== "table-argument" && kind !== "descriptor" && kind !== "star";

function printInterval({ negative, text, unit, precision, to, toPrecision }: IntervalLiteral): string {
  const digits = (count: number | null) => (count === null ? "" : `(${count})`);
  const end = to !== null && `TO ${to}`;
  return `${words(`INTERVAL ${negative ? "-" : ""}${printText(text)}`, `${unit}${digits(precision)}`, end)}${digits(toPrecision)}`;
}

/** Functions whose names are keywords, by the number of arguments with which they are written as others are. */
const KEYWORD_CALLS: Readonly<Record<string, (count: number) => boolean>> = {
  SUBSTRING: (count) => count > 0,
  OVERLAY: (count) => count > 0,
  POSITION: (count) => count === 2,
  FLOOR: (count) => count === 1,
  CEIL: (count) => count === 1,
  LEFT: () => true,
  RIGHT: () => true,
};
const WITHOUT_PARENTHESES = /^(CURRENT_(DATE|TIME|TIMESTAMP)|LOCALTIME(STAMP)?)$/;

function printCall(call: Call): string {
  const { name, distinct, args, withinGroup, filter, nulls, over } = call;
  const own = name.parts.length === 1 ? (name.parts[0] as Identifier).name : "";
  const isSimple = !distinct && withinGroup.length === 0 && filter === null && nulls === null && over === null;
  if (isSimple && args.every(isValue)) {
    if (args.length === 0 && WITHOUT_PARENTHESES.test(own)) return own;
    const isKeyword = Object.hasOwn(KEYWORD_CALLS, own) && KEYWORD_CALLS[own]?.(args.length);
    // IN stands between the arguments of POSITION as well as the comma.
    if (isKeyword)
      return `${own}(${list(args, (arg) => printExpression(arg, own === "POSITION" ? LEVEL.sum : LEVEL.or))})`;
  }
  return words(
    `${printName(name)}(${distinct ? "DISTINCT " : ""}${all(args)})`,
    withinGroup.length > 0 && `WITHIN GROUP (${orderBy(withinGroup)})`,
    filter !== null && `FILTER (WHERE ${printExpression(filter)})`,
    nulls !== null && `${nulls} NULLS`,
    over !== null && `OVER ${isReference(over) ? printIdentifier(over.base as Identifier) : printWindow(over)}`,
  );
}

function printJson({ name, args, returning, wrapper, onEmpty, onError, onNull }: JsonCall): string {
  const isObject = name === "JSON_OBJECT" || name === "JSON_OBJECTAGG";
  const inside = words(
    isObject ? printPairs(args) : all(args),
    returning !== null && `RETURNING ${printType(returning)}`,
    wrapper !== null && (wrapper === "WITHOUT" ? "WITHOUT ARRAY WRAPPER" : `WITH ${wrapper} ARRAY WRAPPER`),
    onEmpty !== null && `${fallback(onEmpty)} ON EMPTY`,
    onError !== null && `${fallback(onError)} ON ERROR`,
    onNull !== null && `${onNull} ON NULL`,
  );
  return `${name}(${inside})`;
}

function printPairs(args: readonly Expression[]): string {
  const pairs: string[] = [];
  for (let index = 0; index + 1 < args.length; index += 2) {
    const [key, value] = args.slice(index, index + 2).map((arg) => printExpression(arg));
    pairs.push(`KEY ${key} VALUE ${value}`);
  }
  return pairs.join(", ");
}

const fallback = ({ type, value }: JsonFallback): string => words(type, value !== null && printExpression(value));

const printSort = ({ expression, descending, nulls }: SortItem): string =>
  words(printExpression(expression), descending && "DESC", nulls !== null && `NULLS ${nulls}`);
const orderBy = (items: readonly SortItem[]): string | null => clause("ORDER BY", items, printSort);

const isReference = ({ base, partitionBy, orderBy, frame }: WindowSpec): boolean =>
  base !== null && partitionBy.length + orderBy.length === 0 && frame === null;

function printWindow(window: WindowSpec): string {
  const { base, partitionBy, frame } = window;
  const bounds =
    frame && (frame.end === null ? bound(frame.start) : `BETWEEN ${bound(frame.start)} AND ${bound(frame.end)}`);
  const inside = words(
    base && printIdentifier(base),
    clause("PARTITION BY", partitionBy, printExpression),
    orderBy(window.orderBy),
    frame && `${frame.unit} ${bounds}`,
  );
  return `(${inside})`;
}

function bound({ side, offset }: FrameBound): string {
  if (side === "CURRENT ROW") return side;
  return `${offset === null ? "UNBOUNDED" : printExpression(offset, LEVEL.sum)} ${side}`;
}

// ── Queries ──

export function printQuery(query: Query): string {
  const { body, limit, offset } = query;
  const tables = clause("WITH", query.with, ({ name, columns, query }) =>
    words(printIdentifier(name), columns.length > 0 && printNames(columns), `AS (${printQuery(query)})`),
  );
  return words(
    tables,
    printBody(body, 1),
    orderBy(query.orderBy),
    limit && `LIMIT ${printExpression(limit)}`,
    offset && `OFFSET ${printExpression(offset)}`,
  );
}

/** `level` 2 binds as tightly as INTERSECT, 3 as one query alone. */
function printBody(body: QueryBody, level: number): string {
  switch (body.kind) {
    case "query":
      return `(${printQuery(body)})`;
    case "select":
      return printSelect(body);
    case "values":
      return `VALUES ${list(body.rows, ({ items }) => `(${all(items)})`)}`;
    case "explicit-table":
      return `TABLE ${printName(body.name)}`;
    case "set-operation": {
      const own = body.op === "INTERSECT" ? 2 : 1;
      const op = `${body.op}${body.all ? " ALL" : ""}`;
      const text = `${printBody(body.left, own)} ${op} ${printBody(body.right, own + 1)}`;
      return own < level ? `(${text})` : text;
    }
    default:
      return body satisfies never;
  }
}

function printSelect(select: Select): string {
  const { hints, distinct, items, from, where, groupBy, having, windows, qualify } = select;
  return words(
    "SELECT",
    hints.length > 0 && printHints(hints),
    distinct && "DISTINCT",
    list(items, printEntry),
    from && `FROM ${printTable(from)}`,
    where && `WHERE ${printExpression(where)}`,
    groupBy && (groupBy.all ? "GROUP BY ALL" : `GROUP BY ${list(groupBy.elements, printGroup)}`),
    having && `HAVING ${printExpression(having)}`,
    clause("WINDOW", windows, ({ name, spec }) => `${printIdentifier(name)} AS ${printWindow(spec)}`),
    qualify && `QUALIFY ${printExpression(qualify)}`,
  );
}

const printItem = ({ expression, alias }: SelectItem): string =>
  words(printExpression(expression), alias && `AS ${printIdentifier(alias)}`);

function printEntry(item: SelectItem | SelectStar): string {
  if (item.kind === "item") return printItem(item);
  const { qualifier, exclude, replace } = item;
  return words(
    qualifier === null ? "*" : `${printName(qualifier)}.*`,
    exclude.length > 0 && `EXCLUDE ${printNames(exclude)}`,
    replace.length > 0 && `REPLACE (${list(replace, printItem)})`,
  );
}

const printGroup = (element: GroupElement): string =>
  element.kind === "grouping" ? `${element.type} (${list(element.elements, printGroup)})` : printExpression(element);

export function printHints(hints: readonly Hint[]): string {
  const print = ({ name, options, args }: Hint) => {
    const inside = [
      ...options.map(printOption),
      ...args.map((arg) => (arg.kind === "identifier" ? printIdentifier(arg) : printExpression(arg))),
    ];
    return `${printIdentifier(name)}${inside.length > 0 ? `(${inside.join(", ")})` : ""}`;
  };
  return `/*+ ${list(hints, print)} */`;
}

const printAlias = (alias: Alias | null): string | null =>
  alias && words(`AS ${printIdentifier(alias.name)}`, alias.columns.length > 0 && printNames(alias.columns));

function printTable(table: TableRef): string {
  switch (table.kind) {
    case "table": {
      const asOf = table.asOf && `FOR SYSTEM_TIME AS OF ${printExpression(table.asOf, LEVEL.sum)}`;
      const hints = table.hints.length > 0 && printHints(table.hints);
      return words(printName(table.name), hints, asOf, printAlias(table.alias));
    }
    case "derived":
      return words(table.lateral && "LATERAL", `(${printQuery(table.query)})`, printAlias(table.alias));
    case "unnest": {
      const ordinality = table.ordinality && "WITH ORDINALITY";
      return words(`UNNEST(${printExpression(table.operand)})`, ordinality, printAlias(table.alias));
    }
    case "function-table":
      return words(
        table.lateral && "LATERAL",
        `TABLE(${printName(table.call.name)}(${all(table.call.args)}))`,
        printAlias(table.alias),
      );
    case "join":
      return words(
        printTable(table.left),
        table.natural && "NATURAL",
        table.type === "INNER" ? null : table.type,
        "JOIN",
        table.right.kind === "join" ? `(${printTable(table.right)})` : printTable(table.right),
        table.on && `ON ${printExpression(table.on)}`,
        table.using.length > 0 && `USING ${printNames(table.using)}`,
      );
    case "match-recognize": {
      const inside = words(
        clause("PARTITION BY", table.partitionBy, printExpression),
        orderBy(table.orderBy),
        clause("MEASURES", table.measures, printItem),
        table.allRows ? "ALL ROWS PER MATCH" : "ONE ROW PER MATCH",
        table.skip && words("AFTER MATCH SKIP", table.skip.to === "PAST LAST ROW" ? null : "TO", table.skip.to),
        table.skip?.variable ? printIdentifier(table.skip.variable) : null,
        `PATTERN (${printPattern(table.pattern, 1)})`,
        table.within && `WITHIN ${printExpression(table.within)}`,
        clause("SUBSET", table.subsets, ({ name, of }) => `${printIdentifier(name)} = ${printNames(of)}`),
        clause(
          "DEFINE",
          table.defines,
          (define) => `${printIdentifier(define.name)} AS ${printExpression(define.condition)}`,
        ),
      );
      return words(printSource(table.source), `MATCH_RECOGNIZE (${inside})`, printAlias(table.alias));
    }
    case "pivot": {
      const values = list(table.values, printItem);
      const inside = `${list(table.aggregates, printItem)} FOR ${printNames(table.columns)} IN (${values})`;
      return words(printSource(table.source), `PIVOT (${inside})`, printAlias(table.alias));
    }
    case "unpivot": {
      const inside = `${printIdentifier(table.value)} FOR ${printIdentifier(table.nameColumn)} IN ${printNames(table.columns)}`;
      return words(printSource(table.source), `UNPIVOT (${inside})`, printAlias(table.alias));
    }
    default:
      return table satisfies never;
  }
}

const printSource = (table: TableRef): string => (table.kind === "join" ? `(${printTable(table)})` : printTable(table));

/** `level` 2 holds as tightly as a sequence, 3 as one with a number of times, 4 as what is repeated. */
function printPattern(pattern: Pattern, level: number): string {
  switch (pattern.kind) {
    case "pattern-variable":
      return printIdentifier(pattern.name);
    case "pattern-repeat": {
      const { min, max, greedy } = pattern;
      const text = `${printPattern(pattern.item, 4)}{${min},${max ?? ""}}${greedy ? "" : "?"}`;
      return level > 3 ? `(${text})` : text;
    }
    case "pattern-sequence": {
      const text = pattern.items.map((item) => printPattern(item, 3)).join(" ");
      return level > 2 ? `(${text})` : text;
    }
    case "pattern-choice": {
      const text = pattern.items.map((item) => printPattern(item, 2)).join(" | ");
      return level > 1 ? `(${text})` : text;
    }
    default:
      return pattern satisfies never;
  }
}
