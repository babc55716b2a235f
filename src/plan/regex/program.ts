// The tree of a regular expression → a program of threads (Ken Thompson, "Regular Expression Search Algorithm", 1968; Russ Cox,
// "Regular Expression Matching: the Virtual Machine Approach", 2009), and what is known of every match beforehand.
import type { Ranges } from "./ranges.js";
import { type Assertion, type Node, RegexError, type Syntax } from "./syntax.js";

export type Instruction =
  | { readonly op: "set"; readonly ranges: Ranges }
  /** Both, the first one preferred. */
  | { op: "split"; first: number; second: number }
  | { op: "jump"; to: number }
  | { readonly op: "save"; readonly slot: number }
  | { readonly op: "assert"; readonly what: Assertion }
  | { readonly op: "match" };

/** A text that stands in every match, at most `before` code points behind its start. */
export interface Needle {
  readonly text: string;
  readonly before: number;
}

/** Bounds the memory of a pattern, and the steps a character. */
const INSTRUCTIONS_MAX = 20_000;
const { POSITIVE_INFINITY } = Number;

/**
 * The program; group g saves its places in the slots 2g and 2g + 1, the whole match in 0 and 1.
 * @param groups - those whose places are asked for; others are not saved
 * @throws RegexError when it is too large
 */
export function compileProgram({ root }: Syntax, groups: ReadonlySet<number>): Instruction[] {
  const program: Instruction[] = [];
  const emit = (instruction: Instruction): number => {
    if (program.length >= INSTRUCTIONS_MAX) {
      throw new RegexError(
        "the pattern is too large once its counts are written out",
        "use smaller counts, as in {1,100}",
      );
    }
    return program.push(instruction) - 1;
  };
  const saved = (group: number, inner: () => void): void => {
    if (groups.has(group)) emit({ op: "save", slot: 2 * group });
    inner();
    if (groups.has(group)) emit({ op: "save", slot: 2 * group + 1 });
  };
  const split = (lazy: boolean): { enter: (to: number) => void; leave: (to: number) => void } => {
    const instruction = { op: "split" as const, first: 0, second: 0 };
    emit(instruction);
    const [preferred, other] = ["first", "second"] as const;
    return {
      enter: (to) => {
        instruction[lazy ? other : preferred] = to;
      },
      leave: (to) => {
        instruction[lazy ? preferred : other] = to;
      },
    };
  };
  const star = (node: Node, lazy: boolean): void => {
    const loop = program.length;
    const { enter, leave } = split(lazy);
    enter(program.length);
    write(node);
    emit({ op: "jump", to: loop });
    leave(program.length);
  };
  const write = (node: Node): void => {
    switch (node.kind) {
      case "set":
        emit({ op: "set", ranges: node.ranges });
        return;
      case "assert":
        emit({ op: "assert", what: node.what });
        return;
      case "group":
        saved(node.index, () => write(node.node));
        return;
      case "sequence":
        node.nodes.forEach(write);
        return;
      case "choice": {
        const ends: { op: "jump"; to: number }[] = [];
        for (const branch of node.nodes.slice(0, -1)) {
          const { enter, leave } = split(false);
          enter(program.length);
          write(branch);
          const end = { op: "jump" as const, to: 0 };
          emit(end);
          ends.push(end);
          leave(program.length);
        }
        write(node.nodes.at(-1) as Node);
        for (const end of ends) end.to = program.length;
        return;
      }
      case "repeat": {
        const { least, most, lazy } = node;
        for (let i = 0; i < least; i++) {
          const { length } = program;
          write(node.node);
          // Of nothing any number is nothing: counts of counts would go on for ever.
          if (program.length === length) return;
        }
        if (most === POSITIVE_INFINITY) {
          star(node.node, lazy);
          return;
        }
        const leaves: ((to: number) => void)[] = [];
        for (let i = least; i < most; i++) {
          const { enter, leave } = split(lazy);
          enter(program.length);
          leaves.push(leave);
          write(node.node);
        }
        for (const leave of leaves) leave(program.length);
      }
    }
  };
  saved(0, () => write(root));
  emit({ op: "match" });
  return program;
}

/** Code points that a match of the node has at most. */
function longest(node: Node): number {
  switch (node.kind) {
    case "set":
      return 1;
    case "assert":
      return 0;
    case "group":
      return longest(node.node);
    case "sequence":
      return node.nodes.reduce((sum, part) => sum + longest(part), 0);
    case "choice":
      return Math.max(...node.nodes.map(longest));
    case "repeat":
      return node.most === 0 ? 0 : longest(node.node) * node.most || 0;
  }
}

/** The longest text that every match holds; null when there is none. */
export function needleOf({ root }: Syntax): Needle | null {
  let best: Needle | null = null;
  let text = "";
  let textBefore = 0;
  let before = 0;
  const end = (): void => {
    if (text !== "" && text.length > (best?.text.length ?? 0)) best = { text, before: textBefore };
    text = "";
  };
  const visit = (node: Node): void => {
    if (node.kind === "sequence") {
      node.nodes.forEach(visit);
      return;
    }
    if (node.kind === "group") {
      visit(node.node);
      return;
    }
    if (node.kind === "set" && node.ranges.length === 2 && node.ranges[0] === node.ranges[1]) {
      const code = node.ranges[0] as number;
      // A lone surrogate stands in no UTF-8.
      if (code >= 0xd800 && code <= 0xdfff) end();
      else {
        if (text === "") textBefore = before;
        text += String.fromCodePoint(code);
      }
    } else if (node.kind !== "assert") end();
    before += longest(node);
  };
  visit(root);
  end();
  return best;
}
