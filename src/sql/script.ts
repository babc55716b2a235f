// Where the statements of a text begin and end: for files of many, and for a shell that asks whether one is finished.
import type { Span } from "./ast.js";
import { type Tokens, tokenize } from "./tokens.js";
import { codeOf } from "./vocabulary.js";

const SEMICOLON = codeOf(";");
const BEGIN = codeOf("BEGIN");
const STATEMENT = codeOf("STATEMENT");
const SET = codeOf("SET");
const CASE = codeOf("CASE");
const END = codeOf("END");

/** Tokens of one statement without its semicolon: `end` exclusive. */
interface TokenRange {
  readonly first: number;
  readonly end: number;
  /** Whether a semicolon follows. */
  readonly closed: boolean;
}

/** Cuts tokens at semicolons; those between the BEGIN and END of a statement set are inside. Empty statements are left out. */
function splitTokens(tokens: Tokens): readonly TokenRange[] {
  const ranges: TokenRange[] = [];
  const code = (index: number) => tokens.codes.charCodeAt(index);
  let first = 0;
  let isInSet = false;
  let openCases = 0;
  for (let index = 0; index <= tokens.count; index++) {
    const isLast = index === tokens.count;
    if (isLast || (code(index) === SEMICOLON && !isInSet)) {
      if (index > first) ranges.push({ first, end: index, closed: !isLast });
      first = index + 1;
      isInSet = false;
      openCases = 0;
    } else if (code(index) === BEGIN) {
      const isAfter = code(index - 1) === SET && code(index - 2) === STATEMENT;
      isInSet ||= isAfter || (index === first && code(index + 1) === STATEMENT && code(index + 2) === SET);
    } else if (code(index) === CASE) openCases++;
    else if (code(index) === END) {
      if (openCases > 0) openCases--;
      else isInSet = false;
    }
  }
  return ranges;
}

/** One statement of a text, without the white space and comments around it. */
export interface StatementText {
  readonly text: string;
  readonly span: Span;
  /** The line that it begins in, from 1. */
  readonly line: number;
  /** Whether its semicolon is there: a shell runs it then. */
  readonly closed: boolean;
}

/**
 * The statements of a text, none of them parsed yet.
 *
 * @throws SQL_SYNTAX for what is not closed and for characters that begin nothing, SQL_TOO_LONG, SQL_TOO_DEEP
 */
export function splitScript(text: string): readonly StatementText[] {
  const tokens = tokenize(text);
  let line = 1;
  let counted = 0;
  return splitTokens(tokens).map(({ first, end, closed }) => {
    const from = tokens.from[first] as number;
    const to = tokens.to[end - 1] as number;
    for (; counted < from; counted++) if (text.charCodeAt(counted) === 10) line++;
    return { text: text.slice(from, to), span: { from, to }, line, closed };
  });
}
