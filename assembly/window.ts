// Tumbling windows: rows → slices of time, slices × groups → cells. Times are i64 in `units` to the millisecond (1 or
// 1,000); whatever is finer than a millisecond is floored (S28). Bounds come as f64 milliseconds within ±2^53.
//
//     dense     cell = slot << shift | group    slot: the open window's place; flags: a byte a cell, 1 = has rows
//     sparse    cell = its number in a table of words slot << 32 | group
//     entries   a slot's cells in the order of their first row: │ list u32 ptr │ count u32 │ capacity u32 │ · │ a slot;
//               in dense cells the list holds groups

@inline
export function floorDiv(value: i64, divisor: i64): i64 {
  const quotient = value / divisor;
  return quotient - i64(quotient * divisor > value);
}

@inline
function inUnits(ms: f64, units: i32): i64 {
  return <i64>ms * units;
}

/** Smallest and largest of n > 0 times, in milliseconds, as two f64 at `out`. */
export function rangeTimes(times: usize, n: i32, units: i32, out: usize): void {
  const end = times + ((<usize>n) << 3);
  const last = times + ((<usize>(n & ~3)) << 3);
  let low0 = i64x2.splat(i64.MAX_VALUE);
  let low1 = low0;
  let high0 = i64x2.splat(i64.MIN_VALUE);
  let high1 = high0;
  for (; times < last; times += 32) {
    const left = v128.load(times);
    const right = v128.load(times, 16);
    low0 = v128.bitselect(left, low0, i64x2.lt_s(left, low0));
    high0 = v128.bitselect(left, high0, i64x2.gt_s(left, high0));
    low1 = v128.bitselect(right, low1, i64x2.lt_s(right, low1));
    high1 = v128.bitselect(right, high1, i64x2.gt_s(right, high1));
  }
  let low = min(
    min(i64x2.extract_lane(low0, 0), i64x2.extract_lane(low0, 1)),
    min(i64x2.extract_lane(low1, 0), i64x2.extract_lane(low1, 1)),
  );
  let high = max(
    max(i64x2.extract_lane(high0, 0), i64x2.extract_lane(high0, 1)),
    max(i64x2.extract_lane(high1, 0), i64x2.extract_lane(high1, 1)),
  );
  for (; times < end; times += 8) {
    low = min(low, load<i64>(times));
    high = max(high, load<i64>(times));
  }
  store<f64>(out, <f64>floorDiv(low, units));
  store<f64>(out, <f64>floorDiv(high, units), 8);
}

/** The first row from `from` on whose time is `boundMs` or later; n when there is none. */
export function firstTime(times: usize, from: i32, n: i32, boundMs: f64, units: i32): i32 {
  const bound = inUnits(boundMs, units);
  for (let i = from; i < n; i++) if (load<i64>(times + ((<usize>i) << 3)) >= bound) return i;
  return n;
}

/** The first row from `from` on whose time is before `boundMs`; n when there is none. */
export function firstTimeBefore(times: usize, from: i32, n: i32, boundMs: f64, units: i32): i32 {
  const bound = inUnits(boundMs, units);
  for (let i = from; i < n; i++) if (load<i64>(times + ((<usize>i) << 3)) < bound) return i;
  return n;
}

/**
 * The first row from `from` on, at `floorMs` or later, that comes before `aheadMs` past a watermark which the rows before it
 * have made and which is beyond `watermarkMs`, the one that was sent; n when there is none. That watermark is `delayMs` behind the smaller
 * of `othersMs` and the greatest time so far, `maxMs` before the first of the rows.
 */
export function firstBehind(
  times: usize,
  from: i32,
  n: i32,
  maxMs: f64,
  othersMs: f64,
  delayMs: f64,
  watermarkMs: f64,
  floorMs: f64,
  aheadMs: f64,
  units: i32,
): i32 {
  const floor = inUnits(floorMs, units);
  const others = <i64>othersMs;
  const delay = <i64>delayMs;
  const ahead = <i64>aheadMs;
  const sent = <i64>watermarkMs;
  let top = inUnits(maxMs, units);
  let bound: i64 = i64.MIN_VALUE;
  for (let i = from; i < n; i++) {
    const time = load<i64>(times + ((<usize>i) << 3));
    if (time < bound && time >= floor) return i;
    if (time <= top) continue;
    top = time;
    const watermark = min(floorDiv(time, units), others) - delay;
    if (watermark > sent) bound = (watermark + ahead) * units;
  }
  return n;
}

/**
 * Parts the rows by time: those not NULL with startMs ≤ time < endMs go to `inside`, the others to `outside` (u32 row
 * numbers, room for n each). `validity` 0: no NULLs. Returns how many are inside.
 */
export function selectTimes(
  times: usize,
  validity: usize,
  n: i32,
  startMs: f64,
  endMs: f64,
  units: i32,
  inside: usize,
  outside: usize,
): i32 {
  const start = inUnits(startMs, units);
  const end = inUnits(endMs, units);
  let count: usize = 0;
  for (let i = 0; i < n; i++) {
    const time = load<i64>(times + ((<usize>i) << 3));
    let in_ = i32(time >= start) & i32(time < end);
    if (validity != 0) in_ &= (load<u8>(validity + (i >> 3)) >> (<u8>i & 7)) & 1;
    store<u32>(inside + (count << 2), i);
    store<u32>(outside + ((<usize>i - count) << 2), i);
    count += <usize>in_;
  }
  return <i32>count;
}

/** out[i] = the start in milliseconds (i64) of the window that row i falls into. */
export function startsOf(times: usize, n: i32, sizeMs: f64, offsetMs: f64, units: i32, out: usize): void {
  const size = inUnits(sizeMs, units);
  const offset = inUnits(offsetMs, units);
  const end = times + ((<usize>n) << 3);
  let start: i64 = i64.MAX_VALUE;
  for (; times < end; times += 8, out += 8) {
    const time = load<i64>(times);
    // Rows mostly follow each other in time: divide only when the window changes.
    if (time < start || time - start >= size) start = floorDiv(time - offset, size) * size + offset;
    store<i64>(out, start / units);
  }
}

/** Dense cells of rows in two windows: base + group, by which side of `cutMs` the row lies. */
export function cellsOfTwo(
  times: usize,
  groups: usize,
  n: i32,
  cutMs: f64,
  units: i32,
  before: u32,
  after: u32,
  out: usize,
): void {
  const cut = inUnits(cutMs, units);
  const end = times + ((<usize>n) << 3);
  const last = times + ((<usize>(n & ~3)) << 3);
  const cuts = i64x2.splat(cut);
  const base = i32x4.splat(before);
  const difference = i32x4.splat(after - before);
  for (; times < last; times += 32, groups += 16, out += 16) {
    const left = i64x2.ge_s(v128.load(times), cuts);
    const right = i64x2.ge_s(v128.load(times, 16), cuts);
    const late = v128.and(v128.shuffle<i32>(left, right, 0, 2, 4, 6), difference);
    v128.store(out, i32x4.add(v128.load(groups), i32x4.add(base, late)));
  }
  for (; times < end; times += 8, groups += 4, out += 4) {
    store<u32>(out, load<u32>(groups) + (load<i64>(times) >= cut ? after : before));
  }
}

/** Dense cells of rows whose slots are known: slot << shift | group. */
export function cellsOfSlots(slots: usize, groups: usize, n: i32, shift: i32, out: usize): void {
  const end = slots + ((<usize>n) << 2);
  // Four at a time, overrunning by up to three entries that nobody reads.
  for (; slots < end; slots += 16, groups += 16, out += 16) {
    v128.store(out, i32x4.add(i32x4.shl(v128.load(slots), shift), v128.load(groups)));
  }
}

/**
 * Enters the cells that have their first row among from … n: flags them, lists their groups in their slot's entries, and
 * makes the slot a holder of the group. Returns n, or the row whose list is full.
 */
export function enterDense(
  cells: usize,
  from: i32,
  n: i32,
  shift: i32,
  flags: usize,
  entries: usize,
  holders: usize,
): i32 {
  const mask: u32 = (1 << shift) - 1;
  for (let i = from; i < n; i++) {
    const cell = load<u32>(cells + ((<usize>i) << 2));
    if (load<u8>(flags + cell) != 0) continue;
    const group = cell & mask;
    if (!enter(entries + ((<usize>(cell >>> shift)) << 4), group, group, holders)) return i;
    store<u8>(flags + cell, 1);
  }
  return n;
}

/** The same for n new sparse cells, whose slot and group are their word among `words`. */
export function enterSparse(cells: usize, from: i32, n: i32, words: usize, entries: usize, holders: usize): i32 {
  for (let i = from; i < n; i++) {
    const cell = load<u32>(cells + ((<usize>i) << 2));
    const word = load<u64>(words + ((<usize>cell) << 3));
    if (!enter(entries + ((<usize>(word >>> 32)) << 4), cell, <u32>word, holders)) return i;
  }
  return n;
}

@inline
function enter(slot: usize, entry: u32, group: u32, holders: usize): bool {
  const count = load<u32>(slot, 4);
  if (count == load<u32>(slot, 8)) return false;
  store<u32>(<usize>load<u32>(slot) + ((<usize>count) << 2), entry);
  store<u32>(slot, count + 1, 4);
  const held = holders + ((<usize>group) << 2);
  store<u32>(held, load<u32>(held) + 1);
  return true;
}

/** out[i] = base + list[i]; in a dense slot the cells of its entries. */
export function offsetEntries(list: usize, n: i32, base: u32, out: usize): void {
  const end = list + ((<usize>n) << 2);
  for (; list < end; list += 4, out += 4) store<u32>(out, load<u32>(list) + base);
}

/** flags[cell] = value for each listed cell. */
export function fillFlags(flags: usize, cells: usize, n: i32, value: i32): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4) store<u8>(flags + load<u32>(cells), <u8>value);
}

/** The first of each among n cells that are entered (flag 1), in order. Returns how many. */
export function distinctCells(cells: usize, n: i32, flags: usize, out: usize): i32 {
  let count: usize = 0;
  for (let i = 0; i < n; i++) {
    const cell = load<u32>(cells + ((<usize>i) << 2));
    store<u32>(out + (count << 2), cell);
    const flag = load<u8>(flags + cell);
    count += <usize>(flag & 1);
    // 2 until the end: it is listed. A cell that is not entered stays so.
    store<u8>(flags + cell, flag + (flag & 1));
  }
  for (let i: usize = 0; i < count; i++) store<u8>(flags + load<u32>(out + (i << 2)), 1);
  return <i32>count;
}

/** Flags the cells that are not flagged, each once, and lists them. Returns how many. */
export function newFlags(cells: usize, n: i32, flags: usize, out: usize): i32 {
  let count: usize = 0;
  for (let i = 0; i < n; i++) {
    const cell = load<u32>(cells + ((<usize>i) << 2));
    store<u32>(out + (count << 2), cell);
    count += <usize>(load<u8>(flags + cell) ^ 1);
    store<u8>(flags + cell, 1);
  }
  return <i32>count;
}

/** n copies of an integer as i64. */
export function fillI64(value: f64, n: i32, out: usize): void {
  const end = out + ((<usize>n) << 3);
  for (; out < end; out += 8) store<i64>(out, <i64>value);
}

/** Lists the rows (u32) whose time lies less than sizeMs behind a multiple of periodMs plus offsetMs. Returns how many. */
export function selectPhase(
  times: usize,
  n: i32,
  periodMs: f64,
  offsetMs: f64,
  sizeMs: f64,
  units: i32,
  out: usize,
): i32 {
  const period = inUnits(periodMs, units);
  const offset = inUnits(offsetMs, units);
  const size = inUnits(sizeMs, units);
  let count: usize = 0;
  for (let i = 0; i < n; i++) {
    const time = load<i64>(times + ((<usize>i) << 3)) - offset;
    store<u32>(out + (count << 2), i);
    count += <usize>(time - floorDiv(time, period) * period < size);
  }
  return <i32>count;
}
