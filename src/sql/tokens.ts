// Text → tokens, in one pass: the first step of reading SQL. A token is a number (vocabulary.ts) and a span; its value is cut
// out of the text when somebody asks. The numbers, as characters of one string, are what the grammar reads.

import { markQueries } from "./nesting.js";
import { SqlError } from "./sql-error.js";
import { codeOf, isKeyword, keywordCode } from "./vocabulary.js";

/** The longest text that is read, in UTF-16 units. Rows by the megabyte belong into files. */
const TEXT_CHARS_MAX = 1 << 20;

const STRING = codeOf("STRING");
const INTEGER = codeOf("INTEGER");
const NUMBER = codeOf("NUMBER");
const BINARY = codeOf("BINARY");
const NAME = codeOf("NAME");
const PARAMETER = codeOf("?");
const HINT_OPEN = codeOf("/*+");
const HINT_CLOSE = codeOf("*/");

const SPACE = /\s/;
const WORD = /[A-Za-z_][A-Za-z0-9_$]*/y;
/** Words with letters beyond ASCII; they are never keywords. */
const ANY_WORD = /[\p{L}_][\p{L}\p{M}\p{N}_$]*/uy;
const DIGITS = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const SIGN = /<=|>=|<>|!=|\|\||=>|[-+*/%=<>()[\]{},.;:?|]/y;
const LOOKALIKES: Readonly<Record<string, string>> = { "‘": "'", "’": "'", "“": '"', "”": '"', "−": "-", "–": "-" };

export class Tokens {
  readonly text: string;
  /** One character a token. */
  readonly codes: string;
  /** Where each token begins and, exclusive, ends. One more stands for the end of the text. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** The number of every `?` by its token. */
  readonly parameters: ReadonlyMap<number, number>;

  constructor(text: string, codes: string, from: Int32Array, to: Int32Array, parameters: ReadonlyMap<number, number>) {
    this.text = text;
    this.codes = codes;
    this.from = from;
    this.to = to;
    this.parameters = parameters;
  }

  get count(): number {
    return this.codes.length;
  }

  /** A token as it is written. */
  textAt(index: number): string {
    return this.text.slice(this.from[index], this.to[index]);
  }

  /** A token's value: names without quotes, strings with their escapes resolved, everything else as it is written. */
  valueAt(index: number): string {
    const text = this.textAt(index);
    switch (this.codes.charCodeAt(index)) {
      case STRING:
        return /^u&/i.test(text) ? unescapeUnicode(this, index) : unquote(text, 0);
      case BINARY:
        return text.slice(2, -1).toLowerCase();
      case NAME:
        return text[0] === "`" || text[0] === '"' ? unquote(text, 0) : text;
      default:
        return text;
    }
  }

  /** @throws the error at a token, or at the end of the text. */
  fail(code: "SQL_SYNTAX" | "SQL_TOO_DEEP", message: string, index: number, hint?: string): never {
    const from = this.from[index] as number;
    throw new SqlError(code, message, this.text, { from, to: this.to[index] as number }, hint ? { hint } : {});
  }
}

const unquote = (text: string, from: number): string => {
  const quote = text[from] as string;
  return text.slice(from + 1, -1).replaceAll(quote + quote, quote);
};

/** U&'caf\00e9 \+01F600': four hexadecimal digits, or six behind a plus; two backslashes are one. */
function unescapeUnicode(tokens: Tokens, index: number): string {
  return unquote(tokens.textAt(index), 2).replaceAll(
    /\\(?:\+([0-9a-fA-F]{6})|([0-9a-fA-F]{4})|(\\)|)/g,
    (found, six: string | undefined, four: string | undefined, backslash: string | undefined) => {
      if (backslash !== undefined) return backslash;
      const point = Number.parseInt(six ?? four ?? "", 16);
      if (point <= 0x10ffff) return String.fromCodePoint(point);
      tokens.fail("SQL_SYNTAX", `"${found}" is no character`, index, "write \\ and four digits, or \\+ and six");
    },
  );
}

/**
 * Cuts a text into tokens; comments and white space are left out.
 *
 * @throws SQL_TOO_LONG for more than a million characters; SQL_TOO_DEEP for what is nested too deep;
 * SQL_SYNTAX for characters that begin nothing, and for what is not closed.
 */
export function tokenize(text: string): Tokens {
  if (text.length > TEXT_CHARS_MAX) {
    const message = `the text has ${text.length} characters; ${TEXT_CHARS_MAX} are the most`;
    const hint = "put rows into a file or a table, and statements into several texts";
    throw new SqlError("SQL_TOO_LONG", message, text.slice(0, 80), { from: 0, to: 0 }, { hint });
  }
  let codes = new Uint16Array(1024);
  let from = new Int32Array(1024);
  let to = new Int32Array(1024);
  const parameters = new Map<number, number>();
  let count = 0;
  let hintAt = -1;

  const push = (code: number, start: number, end: number): number => {
    // One is kept free for the end of the text.
    if (count + 1 === codes.length) {
      codes = grown(codes, new Uint16Array(count * 2 + 2));
      from = grown(from, new Int32Array(count * 2 + 2));
      to = grown(to, new Int32Array(count * 2 + 2));
    }
    codes[count] = code;
    from[count] = start;
    to[count] = end;
    count++;
    return end;
  };
  const fail = (message: string, start: number, end: number, hint?: string): never => {
    throw new SqlError("SQL_SYNTAX", message, text, { from: start, to: end }, hint ? { hint } : {});
  };
  const match = (pattern: RegExp, at: number): number => {
    pattern.lastIndex = at;
    return pattern.test(text) ? pattern.lastIndex : -1;
  };
  /** The end of what a quote opens at `at`; a doubled quote is a quote inside. */
  const closing = (at: number, what: string): number => {
    const quote = text[at] as string;
    for (let end = text.indexOf(quote, at + 1); end >= 0; end = text.indexOf(quote, end + 2)) {
      if (text[end + 1] !== quote) return end + 1;
    }
    return fail(`${what} is not closed`, at, at + 1, `write ${quote} behind it; inside it is doubled`);
  };
  const binary = (at: number): number => {
    const end = closing(at + 1, "the binary text");
    if (!/^([0-9a-fA-F]{2})*$/.test(text.slice(at + 2, end - 1))) {
      fail("a binary literal is of pairs of hexadecimal digits", at, end, "write x'0aff'");
    }
    return end;
  };
  const word = (at: number): number => {
    const end = match(WORD, at);
    if (end < 0 || text.charCodeAt(end) > 0x7f) {
      const longer = match(ANY_WORD, at);
      if (longer > end) return push(NAME, at, longer);
    }
    return end < 0 ? end : push(keywordCode(text.slice(at, end).toUpperCase()) ?? NAME, at, end);
  };

  for (let at = 0; at < text.length; ) {
    const char = text[at] as string;
    const pair = text.slice(at, at + 2);
    if (char === " " || char === "\n" || SPACE.test(char)) at++;
    else if (pair === "--") at = endOr(text.indexOf("\n", at), text.length);
    else if (pair === "/*" && text[at + 2] === "+" && hintAt < 0) {
      hintAt = at;
      at = push(HINT_OPEN, at, at + 3);
    } else if (pair === "/*") {
      const end = text.indexOf("*/", at + 2);
      at = end < 0 ? fail("the comment is not closed", at, at + 2, "write */ behind it") : end + 2;
    } else if (pair === "*/" && hintAt >= 0) {
      hintAt = -1;
      at = push(HINT_CLOSE, at, at + 2);
    } else if (char === "'") at = push(STRING, at, closing(at, "the text"));
    else if (char === "`" || char === '"') {
      const end = closing(at, "the name");
      if (end === at + 2) fail("a name has one character at least", at, end);
      at = push(NAME, at, end);
    } else if ((char === "x" || char === "X") && text[at + 1] === "'") at = push(BINARY, at, binary(at));
    else if ((char === "u" || char === "U") && text.startsWith("&'", at + 1)) {
      at = push(STRING, at, closing(at + 2, "the text"));
    } else {
      const number = match(DIGITS, at);
      if (number >= 0) {
        if (match(ANY_WORD, number) > 0) fail("a name may not begin with a digit", at, match(ANY_WORD, number));
        at = push(/^\d+$/.test(text.slice(at, number)) ? INTEGER : NUMBER, at, number);
        continue;
      }
      const named = word(at);
      if (named >= 0) {
        at = named;
        continue;
      }
      const end = match(SIGN, at);
      if (end < 0) {
        const wrong = String.fromCodePoint(text.codePointAt(at) as number);
        const meant = LOOKALIKES[wrong];
        fail(`"${wrong}" begins nothing in SQL`, at, at + wrong.length, meant && `did you mean ${meant}?`);
      }
      const code = codeOf(text.slice(at, end));
      if (code === PARAMETER) parameters.set(count, parameters.size);
      at = push(code, at, end);
    }
  }
  if (hintAt >= 0) fail("the hint is not closed", hintAt, hintAt + 3, "write */ behind it");
  from[count] = text.length;
  to[count] = text.length;

  const read = codes.subarray(0, count);
  const tokens = (codes: string) =>
    new Tokens(text, codes, from.subarray(0, count + 1), to.subarray(0, count + 1), parameters);
  markQueries(read, (message, index) => tokens("").fail("SQL_TOO_DEEP", message, index, "split the query into views"));
  return tokens(textOf(read));
}

const endOr = (index: number, otherwise: number): number => (index < 0 ? otherwise : index);

function grown<A extends Uint16Array | Int32Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}

function textOf(codes: Uint16Array): string {
  const parts: string[] = [];
  // As arguments of one call: few enough for every stack.
  for (let at = 0; at < codes.length; at += 4096) parts.push(String.fromCharCode(...codes.subarray(at, at + 4096)));
  return parts.join("");
}

/** Whether a token is a word that could be misspelt: a name without quotes, or a keyword. */
export function isWord(tokens: Tokens, index: number): boolean {
  const code = tokens.codes.charCodeAt(index);
  return isKeyword(code) || (code === NAME && /^[^`"]/.test(tokens.textAt(index)));
}
