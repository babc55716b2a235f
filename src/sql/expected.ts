// A failure of the grammar, in words: what could have stood there, in groups that a person knows, what stood there instead, and
// what was probably meant.
import { nearest } from "../errors.js";
import { isWord, type Tokens } from "./tokens.js";
import { codeOf, isReserved, nameOf } from "./vocabulary.js";

/** What the generated parser notes of everything that it tried: a token, a name (the class of its tokens), or the end. */
export type Expectation =
  | { readonly type: "literal"; readonly text: string }
  | { readonly type: "class"; readonly parts: readonly (string | readonly [first: string, last: string])[] }
  | { readonly type: "end" | "any" | "other" };

const SHOWN_MAX = 8;
const NAME = codeOf("NAME");
const SEMICOLON = codeOf(";");

/** What stands for the class of names, and for the end of the statement, beside the numbers of tokens. */
const ANY_NAME = -1;
const THE_END = -2;

const set = (...names: string[]): readonly number[] => names.map(codeOf);

/** A group is named when all of `marks` could follow; then all of `members` are covered by it. */
interface Group {
  readonly words: string;
  readonly marks: readonly number[];
  readonly members: readonly number[];
}

const QUERY = set("SELECT", "WITH", "VALUES", "TABLE", "QUERY_PAREN");
const LITERALS = set("STRING", "INTEGER", "NUMBER", "BINARY", "?", "TRUE", "FALSE", "NULL");
const STATEMENTS = set(
  ...["EXPLAIN", "CREATE", "DROP", "INSERT", "UPDATE", "DELETE", "EXECUTE", "BEGIN", "COMPILE", "SET", "RESET", "SHOW"],
  ...["DESCRIBE", "DESC", "USE"],
);
const KEYED = set(
  ...["CASE", "CAST", "TRY_CAST", "INTERVAL", "DATE", "TIME", "TIMESTAMP", "EXISTS", "ARRAY", "MAP", "ROW", "EXTRACT"],
  ...[
    "FLOOR",
    "CEIL",
    "CEILING",
    "TRIM",
    "SUBSTRING",
    "OVERLAY",
    "POSITION",
    "JSON_VALUE",
    "JSON_QUERY",
    "JSON_EXISTS",
  ],
  ...["JSON_OBJECT", "JSON_OBJECTAGG", "JSON_ARRAY", "JSON_ARRAYAGG", "LEFT", "RIGHT", "CURRENT_DATE", "CURRENT_TIME"],
  ...["CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP"],
);
const GROUPS: readonly Group[] = [
  {
    words: "a statement such as SELECT, INSERT or CREATE TABLE",
    marks: set("EXPLAIN", "SELECT"),
    members: [...STATEMENTS, ...QUERY, THE_END],
  },
  {
    words: "an expression",
    marks: set("CASE", "STRING", "INTEGER", "("),
    members: [ANY_NAME, ...LITERALS, ...KEYED, ...set("NAME", "(", "QUERY_PAREN", "NOT", "+", "-")],
  },
  {
    words: "an operator",
    marks: set("||", "%"),
    members: set(
      ...[
        "+",
        "-",
        "*",
        "/",
        "%",
        "||",
        "=",
        "<>",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "[",
        ".",
        "AND",
        "OR",
        "NOT",
        "IS",
        "IN",
      ],
      ...["BETWEEN", "LIKE", "SIMILAR", "AT"],
    ),
  },
  {
    words: "a type",
    marks: [ANY_NAME, ...set("MULTISET")],
    members: [ANY_NAME, ...set("ARRAY", "MULTISET", "MAP", "ROW", "DOUBLE", "TIMESTAMP", "TIME")],
  },
  { words: "a query", marks: set("SELECT", "VALUES"), members: QUERY },
  {
    words: "a unit of time",
    marks: set("YEAR", "SECOND"),
    members: set(
      ...[
        "YEAR",
        "YEARS",
        "QUARTER",
        "QUARTERS",
        "MONTH",
        "MONTHS",
        "WEEK",
        "WEEKS",
        "DAY",
        "DAYS",
        "HOUR",
        "HOURS",
        "MINUTE",
      ],
      ...[
        "MINUTES",
        "SECOND",
        "SECONDS",
        "MILLISECOND",
        "MILLISECONDS",
        "MICROSECOND",
        "NANOSECOND",
        "EPOCH",
        "DECADE",
      ],
      ...["CENTURY", "MILLENNIUM", "DOW", "ISODOW", "DOY", "ISOYEAR"],
    ),
  },
  {
    words: "JOIN",
    marks: set("JOIN", "CROSS"),
    members: set("JOIN", "CROSS", "NATURAL", "FULL", "LEFT", "RIGHT", "INNER"),
  },
  { words: "UNION", marks: set("UNION", "INTERSECT"), members: set("UNION", "INTERSECT", "EXCEPT", "MINUS") },
  { words: "a number", marks: set("INTEGER", "NUMBER"), members: set("INTEGER", "NUMBER") },
];
/** What few mean is named last. */
const RARE: ReadonlySet<string> = new Set([
  "MATCH_RECOGNIZE",
  "PIVOT",
  "UNPIVOT",
  "WINDOW",
  "QUALIFY",
  "OFFSET",
  "FETCH",
]);
/** Statements that are not read, and what to do instead. */
const UNREAD: Readonly<Record<string, string>> = {
  ALTER: "tables are not altered: DROP it, and CREATE it as it shall be",
  TRUNCATE: "DROP the table, and CREATE it again",
  CALL: "there are no procedures: the program does what they would",
  LOAD: "functions come from the program",
  ANALYZE: "EXPLAIN ANALYZE runs a query and tells what each step did",
  FUNCTION: "functions come from the program",
  CATALOG: "there is one catalog, without a name",
  DATABASE: "there is one database, without a name",
};
const BEGINS_DEFINITION: ReadonlySet<number> = new Set(set("CREATE", "DROP"));
const WORDS: ReadonlyMap<number, string> = new Map([
  [ANY_NAME, "a name"],
  [THE_END, "the end of the statement"],
  [codeOf("NAME"), "a name"],
  [codeOf("STRING"), "a text in single quotes"],
  [codeOf("INTEGER"), "a whole number"],
  [codeOf("NUMBER"), "a number"],
  [codeOf("BINARY"), "a binary literal"],
  [codeOf("QUERY_PAREN"), "a query in parentheses"],
]);

/** @throws SQL_SYNTAX at a token, or at the end of the text. */
export function explainFailure(tokens: Tokens, expectations: readonly Expectation[], at: number): never {
  const expected = new Set<number>();
  for (const expectation of expectations) {
    if (expectation.type === "literal") expected.add(expectation.text.charCodeAt(0));
    else if (expectation.type === "class") addClass(expected, expectation.parts);
    else expected.add(THE_END);
  }
  // A statement may be followed by another one behind a semicolon: to say that it may end is enough.
  if (expected.delete(SEMICOLON)) expected.add(THE_END);
  const isEnd = at === tokens.count || tokens.codes.charCodeAt(at) === SEMICOLON;
  const found = isEnd ? "but the statement ends" : `but found ${quoted(tokens.textAt(at))}`;
  tokens.fail("SQL_SYNTAX", `expected ${inWords(expected)}, ${found}`, at, hintFor(tokens, expected, at));
}

/** Alternatives of one token each come as a class, as do all tokens that may be names. */
function addClass(expected: Set<number>, parts: readonly (string | readonly [first: string, last: string])[]): void {
  for (const part of parts) {
    const [first, last] = typeof part === "string" ? [part, part] : part;
    const end = last.charCodeAt(0);
    if (first.charCodeAt(0) === NAME && end > NAME) expected.add(ANY_NAME);
    else for (let code = first.charCodeAt(0); code <= end; code++) expected.add(code);
  }
}

function inWords(expected: ReadonlySet<number>): string {
  const rest = new Set(expected);
  const words: string[] = [];
  for (const { words: name, marks, members } of GROUPS) {
    if (!marks.every((mark) => rest.has(mark))) continue;
    words.push(name);
    for (const member of members) rest.delete(member);
  }
  const signs: string[] = [];
  for (const code of rest) {
    const name = nameOf(code);
    if (WORDS.has(code)) words.push(WORDS.get(code) as string);
    else if (/^[A-Z]/.test(name)) words.push(name);
    else signs.push(`"${name}"`);
  }
  const rank = (word: string) => (RARE.has(word) ? 1 : 0);
  const all = [...new Set([...words, ...signs])].sort((left, right) => rank(left) - rank(right));
  const shown = all.slice(0, SHOWN_MAX);
  if (all.length > SHOWN_MAX) return `one of ${shown.join(", ")}, …`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} or ${shown.at(-1)}`;
}

const quoted = (text: string): string => `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`;

/** The keyword that was probably meant, here or one word before, where it was taken for a name; or the trap that this is. */
function hintFor(tokens: Tokens, expected: ReadonlySet<number>, at: number): string | undefined {
  const code = at < tokens.count ? tokens.codes.charCodeAt(at) : THE_END;
  const keywords = [...expected].map(nameOf).filter((name) => /^[A-Z]/.test(name));
  const text = tokens.textAt(at);
  const mayBeStatement = expected.has(codeOf("EXPLAIN")) || BEGINS_DEFINITION.has(tokens.codes.charCodeAt(at - 1));
  const unread = UNREAD[text.toUpperCase()];
  if (mayBeStatement && unread !== undefined) return unread;
  for (const index of [at, at - 1]) {
    if (index < 0 || index >= tokens.count || !isWord(tokens, index)) continue;
    const word = tokens.textAt(index);
    const near = nearest(word, keywords).find((name) => name !== word.toUpperCase());
    if (near !== undefined && word.length > 2) return `did you mean ${near} instead of ${word}?`;
  }
  if (expected.has(ANY_NAME) && isReserved(code))
    return `${text.toUpperCase()} is a reserved word; as a name write \`${text}\``;
  if (expected.has(codeOf("STRING")) && text.startsWith('"'))
    return "texts stand in single quotes, names in double ones";
  return undefined;
}
