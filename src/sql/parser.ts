// SQL text → syntax trees. Text becomes tokens (tokens.ts), their brackets are looked at (nesting.ts), and the parser that the
// build makes of grammar.peggy reads them; what it cannot read is told in words (expected.ts). Only this file is imported from
// outside, and only when there is SQL.
import { type Expectation, explainFailure } from "./expected.js";
import { parse } from "./grammar.generated.js";
import { SqlError } from "./sql-error.js";
import type { Statement } from "./statements.js";
import { type Tokens, tokenize } from "./tokens.js";

/** What the generated parser takes beside the characters of its tokens. */
export interface GrammarOptions {
  readonly tokens: Tokens;
  /** Ends the reading where it came furthest, by what could have followed. */
  readonly fail: (expected: readonly Expectation[], at: number) => never;
  /** Gives the parser's own account of a failure instead of an error. */
  readonly peg$library: true;
  /** 1: what could have followed is not noted, which takes more time than the reading itself. */
  readonly peg$silentFails: 0 | 1;
}

export interface GrammarResult {
  readonly peg$success: boolean;
  readonly peg$result: readonly Statement[];
  readonly peg$maxFailExpected: readonly Expectation[];
  readonly peg$maxFailPos: number;
}

/** Ends the first reading, which does not know what could have followed. */
class ReadAgain extends Error {}

/**
 * Reads all statements of a text, separated by semicolons. Nothing is given unless all of them can be read.
 *
 * @throws SqlError with line, column and what was expected: SQL_SYNTAX, SQL_TOO_LONG, SQL_TOO_DEEP.
 */
export function parseScript(text: string): readonly Statement[] {
  return parseTokens(tokenize(text));
}

/**
 * Reads one statement; a semicolon may follow it.
 *
 * @throws as `parseScript`
 */
export function parseStatement(text: string): Statement {
  const tokens = tokenize(text);
  const [statement, second] = parseTokens(tokens);
  if (statement === undefined)
    return tokens.fail("SQL_SYNTAX", "there is no statement", 0, "write one, such as SELECT 1");
  if (second !== undefined) {
    const hint = "give them one by one, or all to what takes a script";
    throw new SqlError("SQL_SYNTAX", "there is a second statement where one is expected", text, second.span, { hint });
  }
  return statement;
}

function parseTokens(tokens: Tokens): readonly Statement[] {
  try {
    const again = (): never => {
      throw new ReadAgain();
    };
    const result = parse(tokens.codes, { tokens, fail: again, peg$library: true, peg$silentFails: 1 });
    if (result.peg$success) return Object.freeze(result.peg$result);
  } catch (error) {
    if (!(error instanceof ReadAgain)) throw error;
  }
  const fail = (expected: readonly Expectation[], at: number) => explainFailure(tokens, expected, at);
  const result = parse(tokens.codes, { tokens, fail, peg$library: true, peg$silentFails: 0 });
  return fail(result.peg$maxFailExpected, result.peg$maxFailPos);
}
