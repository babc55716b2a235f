// Joins: rows by the group of their key, as chains; pairs of rows with one key; how many partners a row has.
//
//     heads    by group: the row that came last u32; NONE: there is none
//     links    by row: │ next of the group u32 │ the one before u32 │ group u32 │ partners u32 │
//     flags    by row, u8: SHOWN │ TOUCHED │ TAKEN
//
// A group of NONE is no key: nothing equals it.

const NONE: u32 = 0xffffffff;
/** The row stands in the result on its own. */
const SHOWN: u32 = 1;
/** The row is in the list of those whose partners have changed. */
const TOUCHED: u32 = 2;
/** The row was found for a row that is taken back. */
const TAKEN: u32 = 4;

@inline
function at32(list: usize, i: i32): u32 {
  return load<u32>(list + ((<usize>i) << 2));
}

@inline
function linkOf(links: usize, row: u32): usize {
  return links + ((<usize>row) << 4);
}

/** Puts n rows before the others of their groups; without partners, and without flags. */
export function linkRows(rows: usize, groups: usize, n: i32, heads: usize, links: usize, flags: usize): void {
  for (let i = 0; i < n; i++) {
    const row = at32(rows, i);
    const group = at32(groups, i);
    const head = heads + ((<usize>group) << 2);
    const next = load<u32>(head);
    const link = linkOf(links, row);
    store<u32>(link, next);
    store<u32>(link, NONE, 4);
    store<u32>(link, group, 8);
    store<u32>(link, 0, 12);
    if (next != NONE) store<u32>(linkOf(links, next), row, 4);
    store<u32>(head, row);
    store<u8>(flags + <usize>row, 0);
  }
}

/** Takes n rows out of their chains. */
export function unlinkRows(rows: usize, n: i32, heads: usize, links: usize): void {
  for (let i = 0; i < n; i++) {
    const link = linkOf(links, at32(rows, i));
    const next = load<u32>(link);
    const before = load<u32>(link, 4);
    if (before == NONE) store<u32>(heads + ((<usize>load<u32>(link, 8)) << 2), next);
    else store<u32>(linkOf(links, before), next);
    if (next != NONE) store<u32>(linkOf(links, next), before, 4);
  }
}

/** out[i] = group of rows[i]. */
export function groupsOfRows(rows: usize, n: i32, links: usize, out: usize): void {
  for (let i = 0; i < n; i++) store<u32>(out + ((<usize>i) << 2), load<u32>(linkOf(links, at32(rows, i)), 8));
}

/** out[i] = partners of rows[i]. */
export function partnersOfRows(rows: usize, n: i32, links: usize, out: usize): void {
  for (let i = 0; i < n; i++) store<u32>(out + ((<usize>i) << 2), load<u32>(linkOf(links, at32(rows, i)), 12));
}

/** groups[i] = NONE where bit i of `validity` is 0. */
export function maskGroups(groups: usize, validity: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    if (((load<u8>(validity + (i >> 3)) >> (<u8>i & 7)) & 1) == 0) store<u32>(groups + ((<usize>i) << 2), NONE);
  }
}

/**
 * The rows of n groups: their positions among the groups and the rows, u32 each, up to `limit`. Goes on at the cursor,
 * │ position u32 │ row u32, NONE: the first of the group │, and leaves it where it stopped. Returns how many.
 */
export function probeRows(
  groups: usize,
  n: i32,
  cursor: usize,
  heads: usize,
  links: usize,
  limit: i32,
  positions: usize,
  rows: usize,
): i32 {
  let position = load<i32>(cursor);
  let row = load<u32>(cursor, 4);
  let count: usize = 0;
  for (; position < n; position++, row = NONE) {
    if (row == NONE) {
      const group = at32(groups, position);
      if (group == NONE) continue;
      row = load<u32>(heads + ((<usize>group) << 2));
    }
    while (row != NONE && count < <usize>limit) {
      store<u32>(positions + (count << 2), position);
      store<u32>(rows + (count << 2), row);
      count++;
      row = load<u32>(linkOf(links, row));
    }
    if (row != NONE) break;
    if (count == <usize>limit) {
      position++;
      break;
    }
  }
  store<i32>(cursor, position);
  store<u32>(cursor, row, 4);
  return <i32>count;
}

/** For each of n rows, by hash and group, one of its like that is not taken yet, which is then; NONE where there is none. */
export function takeEqualRows(
  hashes: usize,
  groups: usize,
  n: i32,
  heads: usize,
  links: usize,
  kept: usize,
  flags: usize,
  out: usize,
): void {
  for (let i = 0; i < n; i++) {
    const hash = load<u64>(hashes + ((<usize>i) << 3));
    const group = at32(groups, i);
    let row = group == NONE ? NONE : load<u32>(heads + ((<usize>group) << 2));
    for (; row != NONE; row = load<u32>(linkOf(links, row))) {
      const flag = flags + <usize>row;
      if (load<u64>(kept + ((<usize>row) << 3)) != hash || (<u32>load<u8>(flag) & TAKEN) != 0) continue;
      store<u8>(flag, <u32>load<u8>(flag) | TAKEN);
      break;
    }
    store<u32>(out + ((<usize>i) << 2), row);
  }
}

/** So many partners more for each of n rows. Rows that are not yet in the list behind `count` others join it, when there is one (address not 0). Returns its length. */
export function countPartners(
  rows: usize,
  n: i32,
  more: i32,
  links: usize,
  flags: usize,
  touched: usize,
  count: i32,
): i32 {
  for (let i = 0; i < n; i++) {
    const row = at32(rows, i);
    const link = linkOf(links, row);
    store<u32>(link, load<u32>(link, 12) + more, 12);
    if (touched == 0) continue;
    const flag = flags + <usize>row;
    if ((<u32>load<u8>(flag) & TOUCHED) != 0) continue;
    store<u8>(flag, <u32>load<u8>(flag) | TOUCHED);
    store<u32>(touched + ((<usize>count) << 2), row);
    count++;
  }
  return count;
}

/** Those of n rows that stand in the result on their own, which they no longer do. Returns how many. */
export function hideRows(rows: usize, n: i32, flags: usize, out: usize): i32 {
  let count: usize = 0;
  for (let i = 0; i < n; i++) {
    const row = at32(rows, i);
    const flag = flags + <usize>row;
    if ((<u32>load<u8>(flag) & SHOWN) == 0) continue;
    store<u8>(flag, <u32>load<u8>(flag) & ~SHOWN);
    store<u32>(out + (count << 2), row);
    count++;
  }
  return <i32>count;
}

/**
 * Those of n rows that stand in the result on their own from now on (`shows`), or no longer do: they shall when they have
 * partners (`matched`), or when they have none. Returns how many.
 */
export function settleRows(rows: usize, n: i32, matched: i32, shows: i32, links: usize, flags: usize, out: usize): i32 {
  let count: usize = 0;
  for (let i = 0; i < n; i++) {
    const row = at32(rows, i);
    const flag = flags + <usize>row;
    const known = <u32>load<u8>(flag);
    const wanted = i32(load<u32>(linkOf(links, row), 12) != 0) == matched;
    if (wanted == ((known & SHOWN) != 0) || wanted != (shows != 0)) {
      store<u8>(flag, known & ~TOUCHED);
      continue;
    }
    store<u8>(flag, (known & ~TOUCHED) ^ SHOWN);
    store<u32>(out + (count << 2), row);
    count++;
  }
  return <i32>count;
}

/** Of n rows those without partners. Returns how many. */
export function unmatchedRows(rows: usize, n: i32, links: usize, out: usize): i32 {
  let count: usize = 0;
  for (let i = 0; i < n; i++) {
    const row = at32(rows, i);
    store<u32>(out + (count << 2), row);
    count += usize(load<u32>(linkOf(links, row), 12) == 0);
  }
  return <i32>count;
}

/** Rows whose time is before `bound`, which have none then (the greatest). Writes the smallest time of the others to `least`, f64. */
export function expireRows(times: usize, end: i32, bound: f64, least: usize, out: usize): i32 {
  const before = <i64>bound;
  let count: usize = 0;
  let low = i64.MAX_VALUE;
  for (let row = 0; row < end; row++) {
    const at = times + ((<usize>row) << 3);
    const time = load<i64>(at);
    if (time >= before) {
      low = min(low, time);
      continue;
    }
    store<i64>(at, i64.MAX_VALUE);
    store<u32>(out + (count << 2), row);
    count++;
  }
  store<f64>(least, low == i64.MAX_VALUE ? Infinity : <f64>low);
  return <i32>count;
}
