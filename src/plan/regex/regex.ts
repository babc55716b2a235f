// Regular expressions in linear time: the door of this folder. A pattern is compiled once and asked over UTF-8 bytes; the same
// bytes of a text of any length cost the same, whatever the pattern (S64).
import { Matcher } from "./matcher.js";
import { compileProgram, needleOf } from "./program.js";
import { parseRegex, RegexError, type Syntax } from "./syntax.js";

export { indexOf } from "./matcher.js";
export { RegexError } from "./syntax.js";

export class Regex {
  readonly #syntax: Syntax;
  readonly #matchers = new Map<string, Matcher>();

  /** @throws RegexError */
  constructor(pattern: string) {
    this.#syntax = parseRegex(pattern);
    // Too large is too large now, and not for the first row.
    this.matcher([]);
  }

  get groupCount(): number {
    return this.#syntax.groupCount;
  }

  get groupNames(): ReadonlyMap<string, number> {
    return this.#syntax.groupNames;
  }

  /** A text that stands in every match, or null. */
  get needle(): string | null {
    return needleOf(this.#syntax)?.text ?? null;
  }

  /** What finds matches and tells the places of these groups, 0 for the whole: group g in the slots 2g and 2g + 1. */
  matcher(groups: readonly number[]): Matcher {
    const key = groups.join();
    const known = this.#matchers.get(key);
    if (known !== undefined) return known;
    const slotCount = groups.length === 0 ? 0 : 2 * Math.max(...groups) + 2;
    const matcher = new Matcher(compileProgram(this.#syntax, new Set(groups)), slotCount, needleOf(this.#syntax));
    this.#matchers.set(key, matcher);
    return matcher;
  }
}

/** Patterns that come out of columns are compiled once, the last ones kept. */
const KEPT_MAX = 64;
const kept = new Map<string, Regex | RegexError>();

/** The compiled pattern, or why it is none. */
export function regexOf(pattern: string): Regex | RegexError {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value as string);
  const made = attempt(pattern);
  kept.set(pattern, made);
  return made;
}

function attempt(pattern: string): Regex | RegexError {
  try {
    return new Regex(pattern);
  } catch (error) {
    if (error instanceof RegexError) return error;
    throw error;
  }
}
