// Path patterns for every host: `*` and `?` within a name, `[a-z]` `[!a-z]` sets, `{a,b}` choices, `**` for any directories.
// Matching is by hand and never backtracks more than once a star, so no pattern is slow (a regular expression could be).
import { ConnectorError } from "../errors.js";

const SPECIAL = /[*?[\]{}]/;
/** Braces multiply; beyond so many patterns somebody made a mistake. */
const ALTERNATIVES_MAX = 1000;

/** A pattern without braces: the directory that no wildcard stands in, and the names below it, one a level. */
export interface PathPattern {
  /** "" for the current directory, "/" for the root. */
  readonly base: string;
  readonly names: readonly string[];
}

/** Whether the path is a pattern rather than one file's name. */
export function isGlob(path: string): boolean {
  return SPECIAL.test(path);
}

/** The patterns that a glob stands for. @throws OPTION for braces that do not close or multiply beyond reason. */
export function parseGlob(glob: string): PathPattern[] {
  return expandBraces(glob).map((pattern) => {
    const names = pattern.split("/").filter((name, index) => name !== "" || index === 0);
    const wild = names.findIndex(isGlob);
    const fixed = wild < 0 ? names.length - 1 : wild;
    const base = names.slice(0, fixed).join("/");
    return { base: base === "" && pattern.startsWith("/") ? "/" : base, names: names.slice(fixed) };
  });
}

/** Whether a whole path is one that the glob stands for. A `*` or `**` does not match names that begin with a dot. */
export function matchGlob(glob: string, path: string): boolean {
  const names = path.split("/");
  return expandBraces(glob).some((pattern) => matchNames(pattern.split("/"), names));
}

/** One star is remembered at a time: the last `**` may swallow one more directory whenever what follows it fails. */
function matchNames(patterns: readonly string[], names: readonly string[]): boolean {
  let at = 0;
  let starAt = -1;
  let resumeAt = 0;
  for (let index = 0; index < names.length; ) {
    const name = names[index] as string;
    if (patterns[at] === "**") {
      starAt = at++;
      resumeAt = index;
    } else if (at < patterns.length && matchName(patterns[at] as string, name)) {
      at++;
      index++;
    } else if (starAt >= 0 && !isHidden(names[resumeAt] as string)) {
      at = starAt + 1;
      index = ++resumeAt;
    } else return false;
  }
  // A last `**` wants a file, and the loop went behind it only when there was one.
  return at === patterns.length;
}

/** Whether one name, without slashes, matches one name of a pattern. */
export function matchName(pattern: string, name: string): boolean {
  if (isHidden(name) && !pattern.startsWith(".")) return false;
  const tokens = tokensOf(pattern);
  const chars = [...name];
  let at = 0;
  let starAt = -1;
  let resumeAt = 0;
  for (let index = 0; index < chars.length; ) {
    const token = tokens[at];
    if (token === "*") {
      starAt = at++;
      resumeAt = index;
    } else if (token !== undefined && matchChar(token, chars[index] as string)) {
      at++;
      index++;
    } else if (starAt >= 0) {
      at = starAt + 1;
      index = ++resumeAt;
    } else return false;
  }
  while (tokens[at] === "*") at++;
  return at === tokens.length;
}

export function isHidden(name: string): boolean {
  return name.startsWith(".");
}

/** The pattern in pieces that match one character each, and `*`. A `[` that never closes stands for itself. */
function tokensOf(pattern: string): string[] {
  return pattern.match(/\*+|\[!?\]?[^\]]*\]|./gsu)?.map((token) => (token.startsWith("*") ? "*" : token)) ?? [];
}

function matchChar(token: string, char: string): boolean {
  if (token === "?") return true;
  if (token.length < 3 || !token.startsWith("[")) return token === char;
  const negated = token.startsWith("[!");
  const set = [...token.slice(negated ? 2 : 1, -1)];
  let found = false;
  for (let i = 0; i < set.length; i++) {
    const low = set[i] as string;
    const ranged = set[i + 1] === "-" && i + 2 < set.length;
    const high = ranged ? (set[i + 2] as string) : low;
    if (ranged) i += 2;
    if (low <= char && char <= high) found = true;
  }
  return found !== negated;
}

/** `a{b,c}d` → `abd`, `acd`; braces nest. */
function expandBraces(glob: string): string[] {
  const done: string[] = [];
  const open = [glob];
  while (open.length > 0) {
    const pattern = open.pop() as string;
    const start = pattern.indexOf("{");
    if (start < 0) {
      done.push(pattern);
      continue;
    }
    const { end, parts } = choices(pattern, start);
    for (const part of parts.reverse()) open.push(pattern.slice(0, start) + part + pattern.slice(end + 1));
    if (open.length + done.length > ALTERNATIVES_MAX)
      throw badGlob(glob, `stands for more than ${ALTERNATIVES_MAX} patterns`);
  }
  return done;
}

function choices(pattern: string, start: number): { end: number; parts: string[] } {
  const parts: string[] = [];
  let depth = 0;
  let from = start + 1;
  for (let at = start; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === "{") depth++;
    else if (char === "}") depth--;
    if (depth === 0 || (depth === 1 && char === ",")) {
      parts.push(pattern.slice(from, at));
      from = at + 1;
    }
    if (depth === 0) return { end: at, parts };
  }
  throw badGlob(pattern, "has a { that is never closed");
}

function badGlob(glob: string, what: string): ConnectorError {
  return new ConnectorError("OPTION", `the path pattern "${glob}" ${what}`, {
    hint: "patterns know *, **, ?, [a-z], [!a-z] and {a,b}",
    domain: "user",
  });
}
