// Runs the program of a regular expression over UTF-8 bytes in time linear in the text: all threads at once, in the order of their
// preference, each character once (Rob Pike's way of keeping the places of groups, as in Russ Cox, "Regular Expression Matching: the
// Virtual Machine Approach", 2009). A set of threads met once is a state with a table, and what happens to saved places on the way to
// the next one is written beside it (Ville Laurikari, "NFAs with Tagged Transitions", 2000), so that usual text costs a look-up a
// character. A thread stands behind the character that it has read: what lies between two characters is walked when the second one
// is known, so `^`, `$` and `\b` see both sides.
import type { Instruction, Needle } from "./program.js";
import { contains, WORD } from "./ranges.js";
import type { Assertion } from "./syntax.js";

/** What stands before a place. */
const START = 0;
const AFTER_LINE = 1;
const AFTER_WORD = 2;
const AFTER_OTHER = 3;
type Context = 0 | 1 | 2 | 3;

/** States that are kept; beyond it the tables are begun anew. */
const STATES_MAX = 2000;
const NEWLINE = 10;

interface State {
  readonly threads: readonly number[];
  readonly context: Context;
  /** Whether a match may still begin here. */
  readonly searching: boolean;
  readonly next: (Step | undefined)[];
}

interface Step {
  /** Null when no thread is left and none begins. */
  readonly to: State | null;
  /** Of each thread of `to`: the thread it goes on from, −1 for one that begins, and the slots that hold this place. */
  readonly moves: readonly Move[];
  /** Whether the moves change nothing. */
  readonly plain: boolean;
  readonly match: Move | null;
}

interface Move {
  readonly from: number;
  readonly slots: readonly number[];
}

export class Matcher {
  readonly #program: readonly Instruction[];
  readonly #slotCount: number;
  readonly #needle: Uint8Array | null;
  readonly #before: number;
  readonly #hasAsserts: boolean;
  /** First code points of the classes that the program tells apart, and the class of each ASCII character. */
  readonly #bounds: Int32Array;
  readonly #ascii = new Uint16Array(128);
  readonly #end: number;
  readonly #finalLine: number;
  #states = new Map<string, State>();
  #starts: State[] = [];
  #cells: Int32Array;
  #spare: Int32Array;

  constructor(program: readonly Instruction[], slotCount: number, needle: Needle | null) {
    this.#program = program;
    this.#slotCount = slotCount;
    this.#needle = needle === null ? null : new TextEncoder().encode(needle.text);
    this.#before = needle?.before ?? 0;
    this.#hasAsserts = program.some(({ op }) => op === "assert");
    this.#bounds = boundsOf(program, this.#hasAsserts);
    for (let point = 0; point < 128; point++) this.#ascii[point] = this.#classOf(point);
    this.#end = this.#bounds.length;
    this.#finalLine = this.#bounds.length + 1;
    this.#cells = new Int32Array(slotCount * 8);
    this.#spare = new Int32Array(slotCount * 8);
  }

  /**
   * The leftmost match in `bytes[start … end)` that begins at `from` or later.
   * @param slots - gets the places of the groups, counted as `bytes` is; −1 where a group did not take part
   */
  find(bytes: Uint8Array, start: number, end: number, from: number, slots: Int32Array): boolean {
    let at = from;
    if (this.#needle !== null) {
      const found = indexOf(bytes, this.#needle, from, end);
      if (found < 0) return false;
      if (this.#before !== Number.POSITIVE_INFINITY) at = back(bytes, from, found, this.#before);
    }
    let state = this.#start(this.#contextAt(bytes, start, at));
    let matched = false;
    const ascii = this.#ascii;
    for (;;) {
      let width = 0;
      let symbol = this.#end;
      if (at < end) {
        const byte = bytes[at] as number;
        if (byte < 128) {
          width = 1;
          symbol = byte === NEWLINE && at + 1 === end && this.#hasAsserts ? this.#finalLine : (ascii[byte] as number);
        } else {
          width = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
          symbol = this.#classOf(pointAt(bytes, at, width));
        }
      }
      const step = state.next[symbol] ?? this.#step(state, symbol);
      if (step.match !== null) {
        matched = true;
        if (slots.length === 0) return true;
        this.#keep(step.match, at, slots);
      }
      if (step.to === null) return matched;
      if (!step.plain) this.#move(step.moves, at);
      state = step.to;
      at += width;
    }
  }

  #contextAt(bytes: Uint8Array, start: number, at: number): Context {
    if (!this.#hasAsserts) return AFTER_OTHER;
    return at === start ? START : contextOf(bytes[at - 1] as number);
  }

  #classOf(point: number): number {
    const bounds = this.#bounds;
    let low = 0;
    let high = bounds.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((bounds[middle] as number) <= point) low = middle;
      else high = middle;
    }
    return low;
  }

  #start(context: Context): State {
    this.#starts[context] ??= this.#state([], context, true);
    return this.#starts[context] as State;
  }

  #state(threads: readonly number[], context: Context, searching: boolean): State {
    const key = `${context}${searching ? "s" : "-"}${threads.join()}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    if (this.#states.size >= STATES_MAX) {
      this.#states = new Map();
      this.#starts = [];
    }
    const state: State = { threads, context, searching, next: new Array(this.#end + 2) };
    this.#states.set(key, state);
    if (threads.length * this.#slotCount > this.#cells.length) {
      const size = threads.length * this.#slotCount * 2;
      this.#cells = resized(this.#cells, size);
      this.#spare = resized(this.#spare, size);
    }
    return state;
  }

  /** Works out where the threads of a state go with a symbol, and writes it down. */
  #step(state: State, symbol: number): Step {
    const moves: Move[] = [];
    const threads: number[] = [];
    const seen = new Set<number>();
    const isEnd = symbol === this.#end;
    const isFinalLine = symbol === this.#finalLine;
    const point = isEnd ? -1 : isFinalLine ? NEWLINE : (this.#bounds[symbol] as number);
    const holds = (what: Assertion): boolean => isTrue(what, state.context, point, isFinalLine);
    let match: Move | null = null;
    /** Walks from one thread; false once a match is reached, which all threads behind it stand back for. */
    const walk = (first: number, from: number): boolean => {
      const open: { pc: number; slots: readonly number[] }[] = [{ pc: first, slots: [] }];
      for (let top = open.pop(); top !== undefined; top = open.pop()) {
        const { pc, slots } = top;
        if (seen.has(pc)) continue;
        seen.add(pc);
        const instruction = this.#program[pc] as Instruction;
        switch (instruction.op) {
          case "set":
            if (point >= 0 && contains(instruction.ranges, point)) {
              threads.push(pc + 1);
              moves.push({ from, slots });
            }
            break;
          case "split":
            open.push({ pc: instruction.second, slots }, { pc: instruction.first, slots });
            break;
          case "jump":
            open.push({ pc: instruction.to, slots });
            break;
          case "save":
            open.push({ pc: pc + 1, slots: [...slots, instruction.slot] });
            break;
          case "assert":
            if (holds(instruction.what)) open.push({ pc: pc + 1, slots });
            break;
          case "match":
            match = { from, slots };
            return false;
        }
      }
      return true;
    };
    const goesOn = state.threads.every((pc, index) => walk(pc, index)) && (!state.searching || walk(0, -1));
    const searching = state.searching && goesOn;
    const isOver = isEnd || (threads.length === 0 && !searching);
    const context = this.#hasAsserts && !isEnd ? contextOf(point) : AFTER_OTHER;
    const plain =
      moves.every(({ from, slots }, index) => from === index && slots.length === 0) || this.#slotCount === 0;
    const step: Step = { to: isOver ? null : this.#state(threads, context, searching), moves, plain, match };
    state.next[symbol] = step;
    return step;
  }

  #keep({ from, slots: own }: Move, at: number, slots: Int32Array): void {
    const count = this.#slotCount;
    for (let slot = 0; slot < count; slot++) slots[slot] = from < 0 ? -1 : (this.#cells[from * count + slot] as number);
    for (const slot of own) slots[slot] = at;
  }

  #move(moves: readonly Move[], at: number): void {
    const count = this.#slotCount;
    const [old, cells] = [this.#cells, this.#spare];
    for (let thread = 0; thread < moves.length; thread++) {
      const { from, slots } = moves[thread] as Move;
      const to = thread * count;
      for (let slot = 0; slot < count; slot++) cells[to + slot] = from < 0 ? -1 : (old[from * count + slot] as number);
      for (const slot of slots) cells[to + slot] = at;
    }
    this.#cells = cells;
    this.#spare = old;
  }
}

/** Where a class of code points begins that some instruction tells from the one before. */
function boundsOf(program: readonly Instruction[], hasAsserts: boolean): Int32Array {
  const bounds = new Set([0]);
  const add = (ranges: readonly number[]): void => {
    for (let i = 0; i < ranges.length; i += 2) {
      bounds.add(ranges[i] as number);
      bounds.add((ranges[i + 1] as number) + 1);
    }
  };
  for (const instruction of program) if (instruction.op === "set") add(instruction.ranges);
  if (hasAsserts) {
    add(WORD);
    add([NEWLINE, NEWLINE]);
  }
  return Int32Array.from(bounds).sort();
}

/** The context behind a code point, or behind a byte: those beyond ASCII are all alike. */
function contextOf(point: number): Context {
  return point === NEWLINE ? AFTER_LINE : contains(WORD, point) ? AFTER_WORD : AFTER_OTHER;
}

/** @param next - the code point that follows, −1 at the end */
function isTrue(what: Assertion, before: Context, next: number, isFinalLine: boolean): boolean {
  switch (what) {
    case "text-start":
      return before === START;
    case "text-end":
      return next < 0;
    case "last-line-end":
      return next < 0 || isFinalLine;
    case "line-start":
      return before === START || (before === AFTER_LINE && next >= 0);
    case "line-end":
      return next < 0 || next === NEWLINE;
    case "word":
      return (before === AFTER_WORD) !== (next >= 0 && contains(WORD, next));
    case "no-word":
      return (before === AFTER_WORD) === (next >= 0 && contains(WORD, next));
  }
}

function pointAt(bytes: Uint8Array, at: number, width: number): number {
  let point = (bytes[at] as number) & (0xff >> (width + 1));
  for (let i = 1; i < width; i++) point = (point << 6) | ((bytes[at + i] as number) & 0x3f);
  return point;
}

/** The first place of `part` in `bytes[from … end)`, −1 when there is none. */
export function indexOf(bytes: Uint8Array, part: Uint8Array, from: number, end: number): number {
  const last = end - part.length;
  const first = part[0] as number;
  for (let at = from; at <= last; at++) {
    if (bytes[at] !== first) continue;
    let i = 1;
    while (i < part.length && bytes[at + i] === part[i]) i++;
    if (i === part.length) return at;
  }
  return -1;
}

/** `count` code points before `at`, but not before `from`. */
function back(bytes: Uint8Array, from: number, at: number, count: number): number {
  for (; count > 0 && at > from; count--) {
    do at--;
    while (at > from && ((bytes[at] as number) & 0xc0) === 0x80);
  }
  return at;
}

function resized(cells: Int32Array, size: number): Int32Array {
  const grown = new Int32Array(size);
  grown.set(cells);
  return grown;
}
