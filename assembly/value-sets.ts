// The values that a group has had, each once (src/state/value-sets.ts): for DISTINCT aggregates, and for the least and
// greatest of values that may be taken away again.
//
//     set      a number a cell, from 1; the cell holds it (0: none yet)
//     entry    a value of a set: the group of the word │ set │ value │ in a table of words (table.ts)
//     heads    by set: its first entry, u32; of a set that is free, the next free one
//     links    by entry: │ next u32 │ previous u32 │ in its set; next is FREE for an entry that is not in use
//     present  by entry: a word of bits, one for each condition that a row with the value has met; where values are taken
//              away, a count (i32) for each condition instead
//
// Masks say of a row which conditions it meets; what changed, in which of them the value has come or gone.
import { isValid, Table } from "./table";

const NONE: u32 = 0xffffffff;
const FREE: u32 = 0xfffffffe;

@inline
function wordAt(list: usize, index: u32): u32 {
  return load<u32>(list + ((<usize>index) << 2));
}

@inline
function put(list: usize, index: u32, value: u32): void {
  store<u32>(list + ((<usize>index) << 2), value);
}

/** masks[i] |= mask where bit i of `bits` is set and the row is valid (`validity` 0: all are). */
export function markRows(bits: usize, validity: usize, n: i32, mask: u32, masks: usize): void {
  for (let i = 0; i < n; i++) {
    const met = isValid(bits, i) && (validity == 0 || isValid(validity, i));
    put(masks, i, wordAt(masks, i) | (mask & -u32(met)));
  }
}

/** masks[i] |= mask. */
export function markAll(masks: usize, n: i32, mask: u32): void {
  for (let i = 0; i < n; i++) put(masks, i, wordAt(masks, i) | mask);
}

/** out[i] = the 4 bytes at block + list[i] × stride. */
export function gatherWords(block: usize, stride: i32, list: usize, n: i32, out: usize): void {
  for (let i = 0; i < n; i++) put(out, i, load<u32>(block + <usize>wordAt(list, i) * stride));
}

/** Of n rows, numbers of cells in a list, those whose cell has a set without entries, or none: in their place. Returns how many. */
export function keepHeadless(states: usize, cells: usize, heads: usize, rows: usize, n: i32): i32 {
  let kept = 0;
  for (let i = 0; i < n; i++) {
    const row = wordAt(rows, i);
    const set = load<u32>(states + ((<usize>wordAt(cells, row)) << 3));
    put(rows, kept, row);
    kept += i32(set == 0 || wordAt(heads, set) == NONE);
  }
  return kept;
}

/** Lists the rows whose mask has a bit of `mask`. Returns how many. */
export function selectMasks(masks: usize, n: i32, mask: u32, out: usize): i32 {
  let count = 0;
  for (let i = 0; i < n; i++) {
    put(out, count, i);
    count += i32((wordAt(masks, i) & mask) != 0);
  }
  return count;
}

/**
 * out[i] = set of the cell cells[i]; a cell without one gets the next free number, of which there are enough.
 * numbers: │ end u32 │ first free u32 │
 */
export function openSets(states: usize, cells: usize, n: i32, heads: usize, numbers: usize, out: usize): void {
  for (let i = 0; i < n; i++) {
    const cell = states + ((<usize>wordAt(cells, i)) << 3);
    let set = load<u32>(cell);
    if (set == 0) {
      set = load<u32>(numbers, 4);
      if (set == NONE) {
        set = load<u32>(numbers);
        store<u32>(numbers, set + 1);
      } else {
        store<u32>(numbers, wordAt(heads, set), 4);
      }
      put(heads, set, NONE);
      store<u32>(cell, set);
    }
    put(out, i, set);
  }
}

/** Puts n new entries in front of their sets, with nothing present: `width` bytes each. */
export function linkEntries(
  list: usize,
  n: i32,
  keys: usize,
  heads: usize,
  links: usize,
  present: usize,
  width: i32,
): void {
  for (let i = 0; i < n; i++) {
    const entry = wordAt(list, i);
    const set = load<u32>(keys + ((<usize>entry) << 3), 4);
    const next = wordAt(heads, set);
    const link = links + ((<usize>entry) << 3);
    store<u32>(link, next);
    store<u32>(link, NONE, 4);
    if (next != NONE) store<u32>(links + ((<usize>next) << 3), entry, 4);
    put(heads, set, entry);
    memory.fill(present + <usize>entry * width, 0, width);
  }
}

@inline
function unlink(entry: u32, keys: usize, heads: usize, links: usize): void {
  const link = links + ((<usize>entry) << 3);
  const next = load<u32>(link);
  const previous = load<u32>(link, 4);
  if (next != NONE) store<u32>(links + ((<usize>next) << 3), previous, 4);
  if (previous != NONE) store<u32>(links + ((<usize>previous) << 3), next);
  else put(heads, load<u32>(keys + ((<usize>entry) << 3), 4), next);
  store<u32>(link, FREE);
}

/** Adds the masks of rows to the bits of their entries; changed[i] = those that are new. */
export function seeValues(present: usize, entries: usize, masks: usize, n: i32, changed: usize): void {
  for (let i = 0; i < n; i++) {
    const at = present + ((<usize>wordAt(entries, i)) << 2);
    const before = load<u32>(at);
    const mask = wordAt(masks, i);
    store<u32>(at, before | mask);
    put(changed, i, mask & ~before);
  }
}

/** Adds `step` (1 or −1) to the counts that the masks of rows name; changed[i] = those that have come, or gone. */
export function countValues(
  present: usize,
  width: i32,
  entries: usize,
  masks: usize,
  n: i32,
  step: i32,
  changed: usize,
): void {
  // A value is there from its first copy on; what was taken away before it came is held as less than none (S74).
  const bound = step > 0 ? 1 : 0;
  for (let i = 0; i < n; i++) {
    const counts = present + <usize>wordAt(entries, i) * width;
    let news: u32 = 0;
    for (let rest = wordAt(masks, i); rest != 0; rest &= rest - 1) {
      const at = counts + ((<usize>ctz(rest)) << 2);
      const count = load<i32>(at) + step;
      store<i32>(at, count);
      if (count == bound) news |= rest & -rest;
    }
    put(changed, i, news);
  }
}

/** Takes those of n entries that have nothing but zeros out of their sets, each once, and lists them. Returns how many. */
export function unlinkAbsent(
  entries: usize,
  n: i32,
  present: usize,
  width: i32,
  keys: usize,
  heads: usize,
  links: usize,
  out: usize,
): i32 {
  let count = 0;
  for (let i = 0; i < n; i++) {
    const entry = wordAt(entries, i);
    if (load<u32>(links + ((<usize>entry) << 3)) == FREE) continue;
    let any: u32 = 0;
    for (let at = 0; at < width; at += 4) any |= load<u32>(present + <usize>entry * width + at);
    if (any != 0) continue;
    unlink(entry, keys, heads, links);
    put(out, count++, entry);
  }
  return count;
}

/**
 * Takes entries out of the sets of n cells, at most `max`, and lists them; a set without any is given back. Returns how many:
 * fewer than `max` when all are out.
 */
export function popEntries(
  states: usize,
  cells: usize,
  n: i32,
  heads: usize,
  links: usize,
  numbers: usize,
  max: i32,
  out: usize,
): i32 {
  let count = 0;
  for (let i = 0; i < n; i++) {
    const cell = states + ((<usize>wordAt(cells, i)) << 3);
    const set = load<u32>(cell);
    if (set == 0) continue;
    let entry = wordAt(heads, set);
    for (; entry != NONE && count < max; count++) {
      put(out, count, entry);
      const link = links + ((<usize>entry) << 3);
      entry = load<u32>(link);
      store<u32>(link, FREE);
    }
    put(heads, set, entry);
    if (entry != NONE) {
      store<u32>(links + ((<usize>entry) << 3), NONE, 4);
      return count;
    }
    put(heads, set, load<u32>(numbers, 4));
    store<u32>(numbers, set, 4);
    store<u32>(cell, 0);
  }
  return count;
}

/** Entries of n cells, with the position of their cell among these; `entries` 0: only counts them. Returns how many. */
export function listEntries(
  states: usize,
  cells: usize,
  n: i32,
  heads: usize,
  links: usize,
  entries: usize,
  positions: usize,
): i32 {
  let count = 0;
  for (let i = 0; i < n; i++) {
    const set = load<u32>(states + ((<usize>wordAt(cells, i)) << 3));
    if (set == 0) continue;
    for (let entry = wordAt(heads, set); entry != NONE; entry = load<u32>(links + ((<usize>entry) << 3))) {
      if (entries != 0) {
        put(entries, count, entry);
        put(positions, count, i);
      }
      count++;
    }
  }
  return count;
}

// ---- The least value of each set, or the greatest: pairing heaps (Fredman, Sedgewick, Sleator, Tarjan: The pairing heap, a
// new form of self-adjusting heap, Algorithmica 1, 1986). A node an entry: │ first child │ next │ previous, or parent │, u32.

/** How values are compared: as integers, floats (NaN greatest), bytes, or 128-bit integers. */
const FLOATS: i32 = 1;
const BYTES: i32 = 2;
const LONGS: i32 = 3;

/** Positive when the first float of the two is greater, NaN greater than all. Words have one NaN and no −0. */
@inline
function orderOfF64(word: i64): i64 {
  return word ^ ((word >> 63) & i64.MAX_VALUE);
}

/** Whether value a stands before b: the lesser, or the greater when `descending`. */
function before(table: Table, kind: i32, descending: i32, a: u32, b: u32): bool {
  const left = table.keys + ((<usize>a) << 3);
  const right = table.keys + ((<usize>b) << 3);
  let order: i32;
  if (kind < BYTES) {
    let x = load<i64>(left);
    let y = load<i64>(right);
    if (kind == FLOATS) {
      x = orderOfF64(x);
      y = orderOfF64(y);
    }
    order = i32(x > y) - i32(x < y);
  } else {
    const x = table.heap + load<u32>(left);
    const y = table.heap + load<u32>(right);
    if (kind == LONGS) {
      const high = load<i64>(x, 8);
      const other = load<i64>(y, 8);
      order = i32(high > other) - i32(high < other);
      if (order == 0) order = i32(load<u64>(x) > load<u64>(y)) - i32(load<u64>(x) < load<u64>(y));
    } else {
      const length = load<u32>(left, 4);
      const other = load<u32>(right, 4);
      order = memory.compare(x, y, min(length, other));
      if (order == 0) order = i32(length > other) - i32(length < other);
    }
  }
  return descending ? order > 0 : order < 0;
}

@inline
function nodeAt(nodes: usize, entry: u32): usize {
  return nodes + <usize>entry * 12;
}

/** Makes the one of two roots that stands behind the other its first child. Returns the other. */
function join(nodes: usize, keys: usize, table: Table, kind: i32, descending: i32, a: u32, b: u32): u32 {
  const isBehind = before(table, kind, descending, wordAt(keys, b << 1), wordAt(keys, a << 1));
  const root = isBehind ? b : a;
  const child = isBehind ? a : b;
  const first = load<u32>(nodeAt(nodes, root));
  const node = nodeAt(nodes, child);
  store<u32>(node, first, 4);
  store<u32>(node, root, 8);
  if (first != NONE) store<u32>(nodeAt(nodes, first), child, 8);
  store<u32>(nodeAt(nodes, root), child);
  return root;
}

/** One heap of a node's children: joined two by two, then from the last to the first. NONE when there is none. */
function joinChildren(nodes: usize, keys: usize, table: Table, kind: i32, descending: i32, first: u32): u32 {
  let joined = NONE;
  for (let at = first; at != NONE; ) {
    const second = load<u32>(nodeAt(nodes, at), 4);
    let next = NONE;
    let root = at;
    if (second != NONE) {
      next = load<u32>(nodeAt(nodes, second), 4);
      root = join(nodes, keys, table, kind, descending, at, second);
    }
    store<u32>(nodeAt(nodes, root), joined, 8);
    joined = root;
    at = next;
  }
  let root = joined;
  if (root == NONE) return NONE;
  for (let at = load<u32>(nodeAt(nodes, root), 8); at != NONE; ) {
    const next = load<u32>(nodeAt(nodes, at), 8);
    root = join(nodes, keys, table, kind, descending, root, at);
    at = next;
  }
  return root;
}

/** Puts n entries into the heaps of their cells, whose first entries are `roots` (a word a cell). */
export function enterHeaps(
  nodes: usize,
  roots: usize,
  entries: usize,
  cells: usize,
  n: i32,
  keys: usize,
  values: usize,
  kind: i32,
  descending: i32,
): void {
  const table = changetype<Table>(values);
  for (let i = 0; i < n; i++) {
    const entry = wordAt(entries, i);
    const node = nodeAt(nodes, entry);
    store<u32>(node, NONE);
    store<u32>(node, NONE, 4);
    store<u32>(node, NONE, 8);
    const at = roots + ((<usize>wordAt(cells, i)) << 3);
    const root = load<u32>(at);
    store<u32>(at, root == NONE ? entry : join(nodes, keys, table, kind, descending, root, entry));
  }
}

/** Takes n entries out of the heaps of their cells. */
export function leaveHeaps(
  nodes: usize,
  roots: usize,
  entries: usize,
  cells: usize,
  n: i32,
  keys: usize,
  values: usize,
  kind: i32,
  descending: i32,
): void {
  const table = changetype<Table>(values);
  for (let i = 0; i < n; i++) {
    const entry = wordAt(entries, i);
    const node = nodeAt(nodes, entry);
    const at = roots + ((<usize>wordAt(cells, i)) << 3);
    const root = load<u32>(at);
    const below = joinChildren(nodes, keys, table, kind, descending, load<u32>(node));
    if (root == entry) {
      store<u32>(at, below);
      continue;
    }
    const next = load<u32>(node, 4);
    const previous = load<u32>(node, 8);
    const parent = nodeAt(nodes, previous);
    // What stands before it is its parent when it is the first child there, else the child before it.
    if (load<u32>(parent) == entry) store<u32>(parent, next);
    else store<u32>(parent, next, 4);
    if (next != NONE) store<u32>(nodeAt(nodes, next), previous, 8);
    if (below != NONE) store<u32>(at, join(nodes, keys, table, kind, descending, root, below));
  }
}

/**
 * out[i] = the value of the first entry in the heap of cells[i]; bit i of `validity` = there is one. Where there is none it is
 * the value of another cell, so that all can be looked up. Returns how many there are.
 */
export function firstsOfHeaps(roots: usize, cells: usize, n: i32, keys: usize, validity: usize, out: usize): i32 {
  let found = 0;
  let some: u32 = 0;
  memory.fill(validity, 0, (n + 7) >> 3);
  for (let i = n - 1; i >= 0; i--) {
    const root = load<u32>(roots + ((<usize>wordAt(cells, i)) << 3));
    if (root != NONE) {
      some = wordAt(keys, root << 1);
      found++;
      const byte = validity + (i >> 3);
      store<u8>(byte, load<u8>(byte) | ((<u8>1) << (<u8>i & 7)));
    }
    put(out, i, some);
  }
  // The last cells may have been without one, with none seen before.
  for (let i = n - 1; i >= 0 && !isValid(validity, i); i--) put(out, i, some);
  return found;
}
