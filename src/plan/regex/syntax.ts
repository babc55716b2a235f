// Regular expressions as text → as a tree: the syntax of Java's that can be matched in linear time. What cannot (references back,
// looking around, atomic groups and possessive quantifiers) is refused with what to write instead.
import {
  bothCases,
  complement,
  EVERY,
  intersection,
  LETTER_CLASSES,
  LINE_ENDS,
  namedClass,
  type Ranges,
  union,
} from "./ranges.js";

export type Assertion = "text-start" | "text-end" | "last-line-end" | "line-start" | "line-end" | "word" | "no-word";

export type Node =
  | { readonly kind: "set"; readonly ranges: Ranges }
  | { readonly kind: "assert"; readonly what: Assertion }
  | { readonly kind: "group"; readonly index: number; readonly node: Node }
  | { readonly kind: "sequence"; readonly nodes: readonly Node[] }
  | { readonly kind: "choice"; readonly nodes: readonly Node[] }
  | {
      readonly kind: "repeat";
      readonly node: Node;
      readonly least: number;
      readonly most: number;
      readonly lazy: boolean;
    };

export interface Syntax {
  readonly root: Node;
  readonly groupCount: number;
  readonly groupNames: ReadonlyMap<string, number>;
}

/** A pattern that is no regular expression, or none that is matched in linear time. */
export class RegexError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** Characters of a pattern, and how often something may be asked for, at most. */
const PATTERN_MAX = 10_000;
const REPEAT_MAX = 1000;
const DEPTH_MAX = 200;

interface Flags {
  readonly anyCase: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
  readonly comments: boolean;
}

const FLAGS: Readonly<Record<string, keyof Flags>> = { i: "anyCase", s: "dotAll", m: "multiline", x: "comments" };
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, f: 12, a: 7, e: 27 };
const LINEAR = "what runs in linear time has no memory of the text before: match both parts, and compare them with SQL";
const ESCAPE_IT = "write a backslash before a character that is meant as it is";

/** @throws RegexError */
export function parseRegex(pattern: string): Syntax {
  return new Parser(pattern).parse();
}

class Parser {
  readonly #points: readonly string[];
  readonly #names = new Map<string, number>();
  #at = 0;
  #groups = 0;
  #depth = 0;
  #flags: Flags = { anyCase: false, dotAll: false, multiline: false, comments: false };

  constructor(pattern: string) {
    this.#points = Array.from(pattern);
    if (this.#points.length > PATTERN_MAX) {
      throw new RegexError(`the pattern has ${this.#points.length} characters`, `${PATTERN_MAX} are the most`);
    }
  }

  parse(): Syntax {
    const root = this.#choice();
    if (this.#at < this.#points.length) throw this.#error("a ) without its (", ESCAPE_IT);
    return { root, groupCount: this.#groups, groupNames: this.#names };
  }

  #error(what: string, hint: string): RegexError {
    return new RegexError(`${what} at character ${this.#at + 1}`, hint);
  }

  #peek(ahead = 0): string | undefined {
    return this.#points[this.#at + ahead];
  }

  /** Steps over `text` if it comes next. */
  #take(text: string): boolean {
    const found = this.#points.slice(this.#at, this.#at + text.length).join("") === text;
    if (found) this.#at += text.length;
    return found;
  }

  #next(): string {
    const point = this.#points[this.#at];
    if (point === undefined) throw this.#error("the pattern ends too early", ESCAPE_IT);
    this.#at++;
    return point;
  }

  #choice(): Node {
    if (++this.#depth > DEPTH_MAX) throw this.#error("groups are nested too deep", `${DEPTH_MAX} levels are the most`);
    const { anyCase, dotAll, multiline, comments } = this.#flags;
    const nodes = [this.#sequence()];
    while (this.#take("|")) nodes.push(this.#sequence());
    // Flags that are set inside of a group end with it.
    this.#flags = { anyCase, dotAll, multiline, comments };
    this.#depth--;
    return nodes.length === 1 ? (nodes[0] as Node) : { kind: "choice", nodes };
  }

  #sequence(): Node {
    const nodes: Node[] = [];
    for (;;) {
      if (this.#flags.comments) this.#skipComments();
      const point = this.#peek();
      if (point === undefined || point === "|" || point === ")") break;
      if (this.#take("\\Q")) {
        const literals = this.#quoted().map((literal) => this.#literal(literal));
        const last = literals.pop();
        nodes.push(...literals);
        if (last !== undefined) nodes.push(this.#repeated(last));
        continue;
      }
      const atom = this.#atom();
      if (atom !== null) nodes.push(this.#repeated(atom));
    }
    return nodes.length === 1 ? (nodes[0] as Node) : { kind: "sequence", nodes };
  }

  #skipComments(): void {
    for (;;) {
      if (/^[\t-\r ]$/.test(this.#peek() ?? "")) this.#at++;
      else if (this.#peek() === "#") while (this.#peek() !== undefined && this.#next() !== "\n");
      else return;
    }
  }

  /** Between \Q and \E all characters are themselves. */
  #quoted(): string[] {
    const literals: string[] = [];
    while (this.#peek() !== undefined && !this.#take("\\E")) literals.push(this.#next());
    return literals;
  }

  #literal(point: string): Node {
    const code = point.codePointAt(0) as number;
    return this.#set([code, code]);
  }

  #set(ranges: Ranges): Node {
    return { kind: "set", ranges: this.#flags.anyCase ? bothCases(ranges) : ranges };
  }

  /** Null for what matches nothing and says nothing: flags. */
  #atom(): Node | null {
    const point = this.#next();
    switch (point) {
      case "(":
        return this.#group();
      case "[":
        return this.#set(this.#class());
      case ".":
        return { kind: "set", ranges: this.#flags.dotAll ? EVERY : complement(LINE_ENDS) };
      case "^":
        return { kind: "assert", what: this.#flags.multiline ? "line-start" : "text-start" };
      case "$":
        return { kind: "assert", what: this.#flags.multiline ? "line-end" : "last-line-end" };
      case "*":
      case "+":
      case "?":
        this.#at--;
        throw this.#error(`nothing stands before ${point}`, ESCAPE_IT);
      case "\\":
        return this.#escape();
      default:
        return this.#literal(point);
    }
  }

  #escape(): Node {
    const point = this.#next();
    const asserts: Readonly<Record<string, Assertion>> = {
      A: "text-start",
      z: "text-end",
      Z: "last-line-end",
      b: "word",
      B: "no-word",
    };
    const what = asserts[point];
    if (what !== undefined) return { kind: "assert", what };
    if (/[1-9k]/.test(point)) throw this.#error("a reference back to a group", LINEAR);
    this.#at--;
    return this.#set(this.#escapedSet());
  }

  /** What stands behind a backslash, in a class or outside. */
  #escapedSet(): Ranges {
    const point = this.#next();
    const letters = LETTER_CLASSES[point.toLowerCase()];
    if (letters !== undefined) return point === point.toLowerCase() ? letters : complement(letters);
    if (point === "p" || point === "P") {
      const set = this.#property();
      return point === "p" ? set : complement(set);
    }
    const code = this.#escapedPoint(point);
    return [code, code];
  }

  #escapedPoint(point: string): number {
    const control = CONTROLS[point];
    if (control !== undefined) return control;
    if (point === "x" && this.#take("{")) return this.#hex(this.#until("}"));
    if (point === "x") return this.#hex(this.#next() + this.#next());
    if (point === "u") return this.#unit();
    if (point === "0") {
      let digits = "";
      while (digits.length < 3 && /[0-7]/.test(this.#peek() ?? "")) digits += this.#next();
      if (digits === "") throw this.#error("no octal digits", ESCAPE_IT);
      return Number.parseInt(digits, 8);
    }
    if (point === "c") return (this.#next().codePointAt(0) as number) ^ 64;
    if (/[A-Za-z0-9]/.test(point))
      throw this.#error(`no escape \\${point}`, "there are \\d \\w \\s \\b \\t \\n \\x \\u \\p and others");
    return point.codePointAt(0) as number;
  }

  /** `\uD83D\uDE00` is one code point. */
  #unit(): number {
    const four = (): number => this.#hex(this.#next() + this.#next() + this.#next() + this.#next());
    const high = four();
    if (high < 0xd800 || high > 0xdbff || !this.#take("\\u")) return high;
    return 0x10000 + ((high - 0xd800) << 10) + (four() - 0xdc00);
  }

  #hex(digits: string): number {
    const code = /^[0-9a-fA-F]{1,6}$/.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
    if (code <= 0x10ffff) return code;
    throw this.#error(`"${digits}" is no code point`, "\\xhh, \\x{h…} and \\uhhhh take hexadecimal digits");
  }

  #until(end: string): string {
    let text = "";
    for (;;) {
      const point = this.#next();
      if (point === end) return text;
      text += point;
    }
  }

  #property(): Ranges {
    const name = this.#take("{") ? this.#until("}") : this.#next();
    const set = namedClass(name);
    if (set !== null) return set;
    throw this.#error(`no class \\p{${name}}`, "for example \\p{Alpha}, \\p{L}, \\p{Lu}, \\p{IsGreek}");
  }

  /** Behind its [ a class: characters, ranges, classes in it, and what `&&` leaves. */
  #class(): Ranges {
    if (++this.#depth > DEPTH_MAX) throw this.#error("classes are nested too deep", `${DEPTH_MAX} levels are the most`);
    const isNegated = this.#take("^");
    let all: Ranges | null = null;
    let current: Ranges = [];
    let isFirst = true;
    for (;;) {
      if (this.#take("&&")) {
        all = all === null ? current : intersection(all, current);
        current = [];
        continue;
      }
      const point = this.#next();
      if (point === "]" && !isFirst) break;
      isFirst = false;
      current = union(current, point === "[" ? this.#class() : this.#classPart(point));
    }
    if (all !== null) current = intersection(all, current);
    this.#depth--;
    const cased = this.#flags.anyCase ? bothCases(current) : current;
    return isNegated ? complement(cased) : cased;
  }

  #classPart(point: string): Ranges {
    const low = this.#classEnd(point);
    if (low.length !== 2 || low[0] !== low[1] || this.#peek() !== "-") return low;
    const after = this.#peek(1);
    if (after === undefined || after === "]" || after === "[") return low;
    this.#at++;
    const [high] = this.#classEnd(this.#next()) as [number];
    if (high >= (low[0] as number)) return [low[0] as number, high];
    throw this.#error("a range from high to low", "write the lower character first");
  }

  #classEnd(point: string): Ranges {
    if (point === "\\") return this.#escapedSet();
    const code = point.codePointAt(0) as number;
    return [code, code];
  }

  #group(): Node | null {
    if (!this.#take("?")) return this.#captured(++this.#groups);
    if (this.#take(":")) return this.#closed(this.#choice());
    for (const sign of ["=", "!", "<=", "<!"]) {
      if (this.#take(sign)) throw this.#error("looking around", LINEAR);
    }
    if (this.#take(">")) throw this.#error("an atomic group", "write (?: … ): nothing is tried twice here anyway");
    if (this.#take("<")) {
      const name = this.#until(">");
      if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name))
        throw this.#error(`"${name}" is no name of a group`, "letters and digits");
      if (this.#names.has(name)) throw this.#error(`two groups "${name}"`, "give each its own name");
      this.#names.set(name, ++this.#groups);
      return this.#captured(this.#groups);
    }
    return this.#flagged();
  }

  #captured(index: number): Node {
    return { kind: "group", index, node: this.#closed(this.#choice()) };
  }

  #closed(node: Node): Node {
    if (this.#take(")")) return node;
    throw this.#error("a ( without its )", ESCAPE_IT);
  }

  /** `(?i)` from here to the end of the group, `(?i: … )` inside, each with `-` for off. */
  #flagged(): Node | null {
    const before = this.#flags;
    const flags: { -readonly [K in keyof Flags]: boolean } = { ...before };
    let value = true;
    for (;;) {
      const point = this.#next();
      if (point === ")") {
        this.#flags = flags;
        return null;
      }
      if (point === ":") {
        this.#flags = flags;
        const node = this.#closed(this.#choice());
        this.#flags = before;
        return node;
      }
      const flag = FLAGS[point];
      if (point === "-") value = false;
      else if (flag !== undefined) flags[flag] = value;
      else throw this.#error(`no flag ${point}`, "there are i (ASCII letters in any case), s, m and x");
    }
  }

  #repeated(atom: Node): Node {
    let node = atom;
    for (;;) {
      if (this.#flags.comments) this.#skipComments();
      const counts = this.#counts();
      if (counts === null) return node;
      if (this.#peek() === "+")
        throw this.#error("a possessive quantifier", "leave the + out: nothing is tried twice here anyway");
      const [least, most] = counts;
      const lazy = this.#take("?");
      // What takes no room is there once, or may as well not be.
      if (node.kind !== "assert") node = { kind: "repeat", node, least, most, lazy };
      else if (least === 0) node = { kind: "sequence", nodes: [] };
    }
  }

  #counts(): readonly [number, number] | null {
    if (this.#take("*")) return [0, Number.POSITIVE_INFINITY];
    if (this.#take("+")) return [1, Number.POSITIVE_INFINITY];
    if (this.#take("?")) return [0, 1];
    if (!this.#take("{")) return null;
    const match = /^(\d+)(,?)(\d*)$/.exec(this.#until("}"));
    if (match === null) throw this.#error("no count in { }", `${ESCAPE_IT}; counts are {2}, {2,} and {2,5}`);
    const least = Number(match[1]);
    const most = match[2] === "" ? least : match[3] === "" ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (least > REPEAT_MAX || (most !== Number.POSITIVE_INFINITY && most > REPEAT_MAX)) {
      throw this.#error("a count that is too high", `${REPEAT_MAX} is the most`);
    }
    if (most < least) throw this.#error("a count from high to low", "write the lower one first");
    return [least, most];
  }
}
