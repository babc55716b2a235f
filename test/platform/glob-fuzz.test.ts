// Random damage to path patterns: what matches is what a plain reading by backtracking says, and no pattern is slow or larger than
// its bound. `npm run fuzz -- glob --execs N --seed S`.
import { isGlob, matchGlob, parseGlob } from "../../src/platform/glob.js";
import { attempt, expectSame } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";

const lenient = new TextDecoder();
/** Longer ones would take the plain reading forever. */
const LENGTH_MAX = 24;

/** One character, or a set of them, at the pattern's start: its length, and whether it takes `char`. */
function unit(pattern: string, char: string): { length: number; takes: boolean } {
  if (pattern.startsWith("?")) return { length: 1, takes: true };
  const set = /^\[(!?)(\]?[^\]]*)\]/s.exec(pattern);
  if (set === null || (set[0] as string).length < 3) return { length: 1, takes: pattern[0] === char };
  const members = set[2] as string;
  let found = false;
  for (let at = 0; at < members.length; at++) {
    const low = members[at] as string;
    const ranged = members[at + 1] === "-" && at + 2 < members.length;
    const high = ranged ? (members[at + 2] as string) : low;
    if (ranged) at += 2;
    if (low <= char && char <= high) found = true;
  }
  return { length: (set[0] as string).length, takes: found !== (set[1] === "!") };
}

function nameMatches(pattern: string, name: string): boolean {
  if (pattern === "") return name === "";
  if (pattern.startsWith("*")) {
    const rest = pattern.replace(/^\*+/, "");
    for (let at = 0; at <= name.length; at++) if (nameMatches(rest, name.slice(at))) return true;
    return false;
  }
  if (name === "") return false;
  const { length, takes } = unit(pattern, name[0] as string);
  return takes && nameMatches(pattern.slice(length), name.slice(1));
}

const isHidden = (name: string) => name.startsWith(".");

function pathMatches(patterns: readonly string[], names: readonly string[]): boolean {
  const [pattern, ...rest] = patterns;
  const [name, ...others] = names;
  if (pattern === undefined) return name === undefined;
  if (pattern === "**") {
    if (rest.length > 0 && pathMatches(rest, names)) return true;
    if (name === undefined || isHidden(name)) return false;
    return pathMatches(patterns, others) || (rest.length === 0 && others.length === 0);
  }
  if (name === undefined || (isHidden(name) && !isHidden(pattern))) return false;
  return nameMatches(pattern, name) && pathMatches(rest, others);
}

/** Pattern and path, parted by the first blank. */
function run(bytes: Uint8Array): void {
  const text = lenient.decode(bytes);
  const blank = text.indexOf(" ");
  const pattern = blank < 0 ? text : text.slice(0, blank);
  const path = blank < 0 ? "a/b" : text.slice(blank + 1);
  isGlob(pattern);
  attempt(["OPTION"], () => parseGlob(pattern));
  const matched = attempt(["OPTION"], () => matchGlob(pattern, path));
  // Braces are the parser's own; characters of two units are counted in points.
  const isPlain = !/[{}\ud800-\udfff\ufffd]/.test(text) && pattern.length <= LENGTH_MAX && path.length <= LENGTH_MAX;
  if (isPlain) expectSame(matched, { value: pathMatches(pattern.split("/"), path.split("/")) }, "match");
}

fuzz({
  name: "glob",
  seeds: [
    ...["data/*.csv data/a.csv", "data/**/x?.json data/a/b/x1.json", "{a,b}/[a-c]*.{gz,zst} b/cd.gz", "**/.x/* a/.x/y"],
    ...["[!a-z]*[]] Zb]", "a*a*a*a*b aaaaaaaaaaaa", "** a/b/c", "a/**/b/**/c a/x/b/c", "* .hidden", ".* .hidden"],
  ],
  pieces: [
    "*",
    "**",
    "?",
    "[",
    "]",
    "[!",
    "-",
    "{",
    "}",
    ",",
    "/",
    ".",
    "a",
    " ",
    "{a,{b,c}}",
    "{,}".repeat(12),
    "*a".repeat(20),
  ],
  run,
});
