// The numbers of the tokens: what the tokenizer gives, the grammar reads, and errors are put into words from.
import { CLASSES, FREE, RESERVED, SIGNS, TOKEN_BASE } from "./grammar.generated.js";

const ALL = [...SIGNS, ...CLASSES, ...FREE, ...RESERVED];
const CODES: ReadonlyMap<string, number> = new Map(ALL.map((name, index) => [name, TOKEN_BASE + index]));
const FIRST_FREE = TOKEN_BASE + SIGNS.length + CLASSES.length;
const FIRST_RESERVED = FIRST_FREE + FREE.length;

/** The number of a sign, a class or a keyword (in capitals). */
export function codeOf(name: string): number {
  return CODES.get(name) ?? 0;
}

/** The sign, class or keyword of a number. */
export function nameOf(code: number): string {
  return ALL[code - TOKEN_BASE] ?? "";
}

const KEYWORDS: ReadonlyMap<string, number> = new Map(
  [...FREE, ...RESERVED].map((word, index) => [word, FIRST_FREE + index]),
);

/** The number of a word in capitals if it is a keyword. */
export function keywordCode(word: string): number | undefined {
  return KEYWORDS.get(word);
}

export const isKeyword = (code: number): boolean => code >= FIRST_FREE;
export const isReserved = (code: number): boolean => code >= FIRST_RESERVED;

/** Whether a plain word needs quotes to be a name everywhere: the printer quotes every keyword. */
export function needsQuotes(name: string): boolean {
  return !/^[A-Za-z_][A-Za-z0-9_$]*$/.test(name) || KEYWORDS.has(name.toUpperCase());
}

/** Every keyword in capitals, sorted: for completion. */
export const KEYWORD_LIST: readonly string[] = [...FREE, ...RESERVED].sort();
