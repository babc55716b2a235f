// Looks at the brackets of a token sequence before it is parsed: refuses what is nested deeper than every later step can
// follow by recursion, and marks the parentheses around whole queries, so that the grammar need not try both ways.
import { codeOf } from "./vocabulary.js";

/** How many brackets, CASEs and angle brackets of types may be open at once. */
const NESTING_MAX = 128;
/** How many operators, joins and set operations may stand one in the other, all open brackets together. */
const CHAIN_MAX = 1000;

const codes = (...names: string[]) => new Set(names.map(codeOf));

const PAREN = codeOf("(");
const PAREN_END = codeOf(")");
const BRACKET = codeOf("[");
const BRACKET_END = codeOf("]");
const ANGLE = codeOf("<");
const ANGLE_END = codeOf(">");
const CASE = codeOf("CASE");
const END = codeOf("END");
const QUERY_PAREN = codeOf("QUERY_PAREN");
const COMMA = codeOf(",");
const SELECT = codeOf("SELECT");
const FROM = codeOf("FROM");
const DISTINCT = codeOf("DISTINCT");
const NAME = codeOf("NAME");
const DOT = codeOf(".");
const TABLE = codeOf("TABLE");
const SEMICOLON = codeOf(";");

const BEGINS_QUERY = codes("SELECT", "WITH", "VALUES");
/** What may follow a query in parentheses when those around it are a query's too. */
const FOLLOWS_QUERY = codes(")", "UNION", "INTERSECT", "EXCEPT", "MINUS", "ORDER", "LIMIT", "OFFSET", "FETCH");
/** What the name before a query may be the target of: `INSERT INTO t (TABLE s)`. */
const TAKES_TARGET = codes("INTO", "OVERWRITE");
const HAS_ANGLES = codes("ARRAY", "MAP", "MULTISET", "ROW");
const OPERATORS = codes(
  ...["+", "-", "*", "/", "%", "||", "=", "<>", "!=", "<", "<=", ">", ">=", "[", "."],
  ...["NOT", "IS", "IN", "BETWEEN", "LIKE", "SIMILAR", "AT"],
);
const JOINS = codes("JOIN", "PIVOT", "UNPIVOT", "MATCH_RECOGNIZE");
const SETS = codes("UNION", "INTERSECT", "EXCEPT", "MINUS");
/** What begins another expression of the same list or query. AND and OR make no deeper tree, however many there are. */
const BREAKS = codes(
  "AND",
  "OR",
  "WHEN",
  "THEN",
  "ELSE",
  "ON",
  "WHERE",
  "GROUP",
  "HAVING",
  "ORDER",
  "QUALIFY",
  "WINDOW",
);
const CLAUSES = codes("WHERE", "GROUP", "HAVING", "ORDER", "QUALIFY", "WINDOW");

/** What stands in one open bracket, or in none. */
interface Level {
  /** The token that opened it, its number as read, and its index. */
  readonly open: number;
  readonly index: number;
  operators: number;
  joins: number;
  sets: number;
  /** Among the tables of a FROM, where every comma is a join. */
  inFrom: boolean;
}

/** SELECT, WITH and VALUES begin nothing else; TABLE is also an argument, behind the name of a function. */
function beginsQuery(tokens: Uint16Array, paren: number): boolean {
  if (tokens[paren + 1] !== TABLE) return BEGINS_QUERY.has(tokens[paren + 1] as number);
  if (tokens[paren + 2] === PAREN) return false;
  let name = paren - 1;
  if (tokens[name] !== NAME) return true;
  while (tokens[name - 1] === DOT) name -= 2;
  return TAKES_TARGET.has(tokens[name - 1] as number);
}

const levelAt = (open: number, index: number): Level => ({
  open,
  index,
  operators: 0,
  joins: 0,
  sets: 0,
  inFrom: false,
});

/** Marks the parentheses of queries in place. @throws what `tooDeep` throws for a message and a token. */
export function markQueries(tokens: Uint16Array, tooDeep: (message: string, index: number) => never): void {
  const levels = [levelAt(0, -1)];
  /** Operators, joins and set operations of all levels. */
  let chained = 0;

  const open = (code: number, index: number) => {
    levels.push(levelAt(code, index));
    if (levels.length <= NESTING_MAX + 1) return;
    tooDeep(`brackets and CASEs are nested more than ${NESTING_MAX} deep`, index);
  };
  /** Closes the nearest bracket of a kind and those forgotten in it; what closes nothing is left to the grammar. */
  const close = (code: number, index: number) => {
    const at = levels.findLastIndex((level) => level.open === code);
    if (at < 0) return;
    const closed = levels[at] as Level;
    for (const level of levels.splice(at)) chained -= level.operators + level.joins + level.sets;
    const outer = levels.at(-1) as Level;
    const isAlone = outer.open === PAREN && outer.index === closed.index - 1 && tokens[closed.index] === QUERY_PAREN;
    const next = tokens[index + 1];
    if (isAlone && (next === undefined || FOLLOWS_QUERY.has(next))) tokens[outer.index] = QUERY_PAREN;
  };
  const endExpression = (level: Level) => {
    chained -= level.operators;
    level.operators = 0;
  };
  const endTables = (level: Level) => {
    chained -= level.joins;
    level.joins = 0;
  };

  for (let index = 0; index < tokens.length; index++) {
    const code = tokens[index] as number;
    const level = levels.at(-1) as Level;
    if (code === PAREN) {
      open(PAREN, index);
      if (beginsQuery(tokens, index)) tokens[index] = QUERY_PAREN;
    } else if (code === PAREN_END) close(PAREN, index);
    else if (code === BRACKET_END) close(BRACKET, index);
    else if (code === CASE) open(CASE, index);
    else if (code === END) close(CASE, index);
    else if (code === ANGLE && HAS_ANGLES.has(tokens[index - 1] as number)) open(ANGLE, index);
    else if (code === ANGLE_END && level.open === ANGLE) close(ANGLE, index);
    else if (code === COMMA || BREAKS.has(code)) {
      endExpression(level);
      if (CLAUSES.has(code)) level.inFrom = false;
      if (code === COMMA && level.inFrom) {
        level.joins++;
        chained++;
      }
    } else if (code === SELECT) {
      endExpression(level);
      endTables(level);
      level.inFrom = false;
    } else if (code === FROM) {
      if (tokens[index - 1] !== DISTINCT) {
        endExpression(level);
        level.inFrom = true;
      }
    } else if (code === SEMICOLON) {
      endExpression(level);
      endTables(level);
      chained -= level.sets;
      level.sets = 0;
    } else if (OPERATORS.has(code)) {
      level.operators++;
      chained++;
    } else if (JOINS.has(code)) {
      level.joins++;
      chained++;
    } else if (SETS.has(code)) {
      level.sets++;
      chained++;
    }
    // After the sign, since `a[` is both an operator and a bracket.
    if (code === BRACKET) open(BRACKET, index);
    if (chained > CHAIN_MAX) tooDeep(`more than ${CHAIN_MAX} operators, joins or unions stand one in the other`, index);
  }
}
