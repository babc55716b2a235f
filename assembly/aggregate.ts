// Grouped COUNT, SUM, MIN, MAX and AVG: accumulators in cells, one block of cells a column. A cell is one group in one
// window (src/state/cells.ts); `cells` lists the cell of every row, `stride` is the bytes from one cell to the next.
//
//     f64       32 B  │ sum f64 │ count f64 │ min f64 │ −max f64 │     two vector updates a row, min and max in one
//     i64       48 B  │ sum 128 bits │ count i64 │ min i64 │ max i64 │ NULLs i64 │
//     counter    8 B  │ count i64 │
//     odd       16 B  │ NULLs i64 │ NaNs i64 │    beside f64, only once a batch had one
//     exact     72 B  │ four sums f64 │ count │ NaNs │ +Infinities │ −Infinities │ NULLs │    for what is taken away again
//
// NULL rows are taken out before (splitValid) and counted apart, so that COUNT(*) can share a column's block. NaN: it
// poisons the sum, as it should; min and max pass it over, and a second pass counts it, from which MAX = NaN if any and
// MIN = NaN if all follow (S52). Zeros keep their sign until the result is read (S53). Sums of integers have 128 bits and
// are checked when they are read (S54).

/**
 * Whether all rows are of one cell, as they are without keys: their updates then stay in registers instead of waiting for the
 * store of the one before. Rows of several cells tell within the first few.
 */
@inline
function areOneCell(cells: usize, end: usize): bool {
  if (cells >= end) return false;
  const first = load<u32>(cells);
  for (let at = cells + 4; at < end; at += 4) if (load<u32>(at) != first) return false;
  return true;
}

@inline
function addF64(cell: usize, sumAndCount: v128, minAndMax: v128): void {
  v128.store(cell, f64x2.add(v128.load(cell), sumAndCount));
  v128.store(cell, f64x2.pmin(v128.load(cell, 16), minAndMax), 16);
}

/** Adds n values to f64 cells. Returns 1 when there was a NaN among them. */
export function updateF64(states: usize, cells: usize, values: usize, n: i32): i32 {
  const one = f64x2.splat(1);
  const sign = f64x2(0, -0.0);
  const end = cells + ((<usize>n) << 2);
  const last = cells + ((<usize>(n & ~3)) << 2);
  let nan = f64x2.splat(0);
  if (areOneCell(cells, end)) {
    const cell = states + ((<usize>load<u32>(cells)) << 5);
    let sumAndCount = v128.load(cell);
    let minAndMax = v128.load(cell, 16);
    for (; cells < end; cells += 4, values += 8) {
      const value = v128.load64_splat(values);
      nan = v128.or(nan, f64x2.ne(value, value));
      sumAndCount = f64x2.add(sumAndCount, v128.shuffle<f64>(value, one, 0, 2));
      minAndMax = f64x2.pmin(minAndMax, v128.xor(value, sign));
    }
    v128.store(cell, sumAndCount);
    v128.store(cell, minAndMax, 16);
    return i32(v128.any_true(nan));
  }
  // Four rows at a time; the cells of one group may follow each other, so their updates stay in order.
  for (; cells < last; cells += 16, values += 32) {
    const at = i32x4.shl(v128.load(cells), 5);
    const left = v128.load(values);
    const right = v128.load(values, 16);
    nan = v128.or(nan, v128.or(f64x2.ne(left, left), f64x2.ne(right, right)));
    addF64(
      states + <usize>i32x4.extract_lane(at, 0),
      v128.shuffle<f64>(left, one, 0, 2),
      v128.xor(v128.shuffle<f64>(left, left, 0, 0), sign),
    );
    addF64(
      states + <usize>i32x4.extract_lane(at, 1),
      v128.shuffle<f64>(left, one, 1, 2),
      v128.xor(v128.shuffle<f64>(left, left, 1, 1), sign),
    );
    addF64(
      states + <usize>i32x4.extract_lane(at, 2),
      v128.shuffle<f64>(right, one, 0, 2),
      v128.xor(v128.shuffle<f64>(right, right, 0, 0), sign),
    );
    addF64(
      states + <usize>i32x4.extract_lane(at, 3),
      v128.shuffle<f64>(right, one, 1, 2),
      v128.xor(v128.shuffle<f64>(right, right, 1, 1), sign),
    );
  }
  for (; cells < end; cells += 4, values += 8) {
    const value = f64x2.splat(load<f64>(values));
    nan = v128.or(nan, f64x2.ne(value, value));
    addF64(states + ((<usize>load<u32>(cells)) << 5), v128.shuffle<f64>(value, one, 0, 2), v128.xor(value, sign));
  }
  return i32(v128.any_true(nan));
}

/** Counts the NaNs among n values that were added: +1 at `odd` of their cells. */
export function countNaNs(odd: usize, cells: usize, values: usize, n: i32): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4, values += 8) {
    const value = load<f64>(values);
    if (value == value) continue;
    const at = odd + ((<usize>load<u32>(cells)) << 4);
    store<i64>(at, load<i64>(at, 8) + 1, 8);
  }
}

/** Adds a 128-bit sum to an i64 cell. */
@inline
function addToSum(cell: usize, addLow: u64, addHigh: i64): void {
  const low = load<u64>(cell) + addLow;
  store<u64>(cell, low);
  store<i64>(cell, load<i64>(cell, 8) + addHigh + i64(low < addLow), 8);
}

/** Adds n values to one i64 cell, two at a time. */
function updateOneI64(cell: usize, values: usize, n: i32): void {
  const halves = i64x2.splat(0xffffffff);
  // Sums of the lower and the upper halves have room for 2^31 rows.
  let lows = i64x2.splat(0);
  let highs = i64x2.splat(0);
  let least = i64x2.splat(i64.MAX_VALUE);
  let most = i64x2.splat(i64.MIN_VALUE);
  const end = values + ((<usize>n) << 3);
  const last = values + ((<usize>(n & ~1)) << 3);
  for (; values < last; values += 16) {
    const pair = v128.load(values);
    lows = i64x2.add(lows, v128.and(pair, halves));
    highs = i64x2.add(highs, i64x2.shr_s(pair, 32));
    least = v128.bitselect(pair, least, i64x2.gt_s(least, pair));
    most = v128.bitselect(pair, most, i64x2.gt_s(pair, most));
  }
  let low = i64x2.extract_lane(lows, 0) + i64x2.extract_lane(lows, 1);
  let high = i64x2.extract_lane(highs, 0) + i64x2.extract_lane(highs, 1);
  let smallest = min(i64x2.extract_lane(least, 0), i64x2.extract_lane(least, 1));
  let largest = max(i64x2.extract_lane(most, 0), i64x2.extract_lane(most, 1));
  if (values < end) {
    const value = load<i64>(values);
    low += value & 0xffffffff;
    high += value >> 32;
    smallest = min(smallest, value);
    largest = max(largest, value);
  }
  addToSum(cell, <u64>low, 0);
  addToSum(cell, <u64>(high << 32), high >> 32);
  store<i64>(cell, load<i64>(cell, 16) + n, 16);
  store<i64>(cell, min(load<i64>(cell, 24), smallest), 24);
  store<i64>(cell, max(load<i64>(cell, 32), largest), 32);
}

/** Adds n values to i64 cells. */
export function updateI64(states: usize, cells: usize, values: usize, n: i32): void {
  const end = cells + ((<usize>n) << 2);
  if (areOneCell(cells, end)) {
    updateOneI64(states + <usize>load<u32>(cells) * 48, values, n);
    return;
  }
  for (; cells < end; cells += 4, values += 8) {
    const cell = states + <usize>load<u32>(cells) * 48;
    const value = load<i64>(values);
    addToSum(cell, <u64>value, value >> 63);
    store<i64>(cell, load<i64>(cell, 16) + 1, 16);
    store<i64>(cell, min(load<i64>(cell, 24), value), 24);
    store<i64>(cell, max(load<i64>(cell, 32), value), 32);
  }
}

/** Takes n values away from i64 cells again; their minima and maxima stay as they are. */
export function retractI64(states: usize, cells: usize, values: usize, n: i32): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4, values += 8) {
    const cell = states + <usize>load<u32>(cells) * 48;
    const value = load<i64>(values);
    const low = load<u64>(cell);
    store<u64>(cell, low - <u64>value);
    store<i64>(cell, load<i64>(cell, 8) - (value >> 63) - i64(low < <u64>value), 8);
    store<i64>(cell, load<i64>(cell, 16) - 1, 16);
  }
}

@inline
function count(counters: usize, stride: i32, cells: usize, n: i32, step: i64): void {
  const end = cells + ((<usize>n) << 2);
  if (areOneCell(cells, end)) {
    const at = counters + <usize>load<u32>(cells) * stride;
    store<i64>(at, load<i64>(at) + step * n);
    return;
  }
  for (; cells < end; cells += 4) {
    const at = counters + <usize>load<u32>(cells) * stride;
    store<i64>(at, load<i64>(at) + step);
  }
}

/** +1 at counters + cell × stride (i64) for each of n rows. */
export function addOnes(counters: usize, stride: i32, cells: usize, n: i32): void {
  count(counters, stride, cells, n, 1);
}

/** −1 at counters + cell × stride (i64) for each of n rows. */
export function subtractOnes(counters: usize, stride: i32, cells: usize, n: i32): void {
  count(counters, stride, cells, n, -1);
}

/** Adds to the f64 at `at`. Returns what the sum lost by rounding: Knuth, The Art of Computer Programming 4.2.2, theorem B. */
@inline
function addExact(at: usize, value: f64): f64 {
  const sum = load<f64>(at);
  const total = sum + value;
  const part = total - sum;
  store<f64>(at, total);
  return sum - (total - part) + (value - part);
}

/**
 * Adds n values to exact cells (sign 1) or takes them away (sign −1). What a sum loses by rounding goes into a second one,
 * what that loses into a third and a fourth: together they are exact over some 200 bits, and a cell without values is 0, so
 * that sums do not drift (S62). Infinities and NaNs are counted, so that they can go again.
 */
export function updateExactF64(states: usize, cells: usize, values: usize, n: i32, sign: f64): void {
  const end = cells + ((<usize>n) << 2);
  const step = <i64>sign;
  for (; cells < end; cells += 4, values += 8) {
    const cell = states + <usize>load<u32>(cells) * 72;
    const value = load<f64>(values);
    const size = load<i64>(cell, 32) + step;
    store<i64>(cell, size, 32);
    const place: usize = value != value ? 40 : value == Infinity ? 48 : value == -Infinity ? 56 : 0;
    if (place != 0) store<i64>(cell + place, load<i64>(cell + place) + step);
    else addExact(cell + 24, addExact(cell + 16, addExact(cell + 8, addExact(cell, value * sign))));
    if (size == 0) memory.fill(cell, 0, 32);
  }
}

/** SUM of exact cells, or AVG. */
export function sumExactF64(states: usize, cells: usize, n: i32, average: i32, out: usize): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4, out += 8) {
    const cell = states + <usize>load<u32>(cells) * 72;
    let sum = load<f64>(cell, 24) + load<f64>(cell, 16) + load<f64>(cell, 8) + load<f64>(cell);
    const up = load<i64>(cell, 48) > 0;
    const down = load<i64>(cell, 56) > 0;
    if (load<i64>(cell, 40) > 0 || (up && down)) sum = NaN;
    else if (up) sum = Infinity;
    else if (down) sum = -Infinity;
    store<f64>(out, canonical(average ? sum / <f64>load<i64>(cell, 32) : sum));
  }
}

/** Parts n rows by the kind of their change (i8, odd: taken away). Returns how many are added. */
export function partChanges(kinds: usize, n: i32, added: usize, taken: usize): i32 {
  let count: usize = 0;
  for (let i = 0; i < n; i++) {
    store<i32>(added + (count << 2), i);
    store<i32>(taken + ((<usize>i - count) << 2), i);
    count += (load<u8>(kinds + <usize>i) & 1) ^ 1;
  }
  return <i32>count;
}

/** Of the listed cells those where `words` words at `place` are all 0, in the place of the list. Returns how many. */
export function keepZeros(block: usize, stride: i32, place: i32, words: i32, cells: usize, n: i32, rows: usize): i32 {
  let kept = 0;
  for (let i = 0; i < n; i++) {
    const row = load<u32>(rows + ((<usize>i) << 2));
    const at = block + <usize>load<u32>(cells + ((<usize>row) << 2)) * stride + place;
    let any: u64 = 0;
    for (let word = 0; word < words; word++) any |= load<u64>(at + ((<usize>word) << 3));
    store<u32>(rows + ((<usize>kept) << 2), row);
    kept += i32(any == 0);
  }
  return kept;
}

// ---- Merging: the cells that `from` lists in one block are added to the cells that `cells` lists in another. ----

/** f64 cells. */
export function mergeF64(states: usize, cells: usize, others: usize, from: usize, n: i32): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4, from += 4) {
    const other = others + ((<usize>load<u32>(from)) << 5);
    addF64(states + ((<usize>load<u32>(cells)) << 5), v128.load(other), v128.load(other, 16));
  }
}

/** i64 cells, their NULLs too. */
export function mergeI64(states: usize, cells: usize, others: usize, from: usize, n: i32): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4, from += 4) {
    const cell = states + <usize>load<u32>(cells) * 48;
    const other = others + <usize>load<u32>(from) * 48;
    const added = load<u64>(other);
    const low = load<u64>(cell) + added;
    store<u64>(cell, low);
    store<i64>(cell, load<i64>(cell, 8) + load<i64>(other, 8) + i64(low < added), 8);
    store<i64>(cell, load<i64>(cell, 16) + load<i64>(other, 16), 16);
    store<i64>(cell, min(load<i64>(cell, 24), load<i64>(other, 24)), 24);
    store<i64>(cell, max(load<i64>(cell, 32), load<i64>(other, 32)), 32);
    store<i64>(cell, load<i64>(cell, 40) + load<i64>(other, 40), 40);
  }
}

/** Cells of nothing but `words` counts (i64) each. */
export function mergeCounts(states: usize, cells: usize, others: usize, from: usize, n: i32, words: i32): void {
  const end = cells + ((<usize>n) << 2);
  const width = (<usize>words) << 3;
  for (; cells < end; cells += 4, from += 4) {
    const cell = states + <usize>load<u32>(cells) * width;
    const other = others + <usize>load<u32>(from) * width;
    for (let at: usize = 0; at < width; at += 8) store<i64>(cell + at, load<i64>(cell + at) + load<i64>(other + at));
  }
}

/**
 * Parts n rows by validity: cells and 8-byte values of the valid ones, cells of the NULL ones; each output has room for n.
 * `values` 0: cells only. Returns how many are valid.
 */
export function splitValid(
  validity: usize,
  cells: usize,
  values: usize,
  n: i32,
  validCells: usize,
  validValues: usize,
  nullCells: usize,
): i32 {
  let count: usize = 0;
  for (let i = 0; i < n; i++) {
    const cell = load<u32>(cells + ((<usize>i) << 2));
    const valid = <usize>((load<u8>(validity + (i >> 3)) >> (<u8>i & 7)) & 1);
    store<u32>(validCells + (count << 2), cell);
    store<u32>(nullCells + ((<usize>i - count) << 2), cell);
    if (values != 0) store<u64>(validValues + (count << 3), load<u64>(values + ((<usize>i) << 3)));
    count += valid;
  }
  return <i32>count;
}

// ---- Results. `cells` lists the cells to read, in the order of the output. ----

/** out[i] = the 8 bytes at block + cells[i] × stride. */
export function gatherCells(block: usize, stride: i32, cells: usize, n: i32, out: usize): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4, out += 8) store<u64>(out, load<u64>(block + <usize>load<u32>(cells) * stride));
}

/** The 8 bytes at block + cells[i] × stride = values[i]. */
export function scatterCells(block: usize, stride: i32, cells: usize, values: usize, n: i32): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4, values += 8) {
    store<u64>(block + <usize>load<u32>(cells) * stride, load<u64>(values));
  }
}

/** out[i] += the i64 at block + cells[i] × stride. */
export function addCells(block: usize, stride: i32, cells: usize, n: i32, out: usize): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4, out += 8) {
    store<i64>(out, load<i64>(out) + load<i64>(block + <usize>load<u32>(cells) * stride));
  }
}

/** n f64 without fraction as i64; out may be values. */
export function integersOfF64(values: usize, n: i32, out: usize): void {
  const end = values + ((<usize>n) << 3);
  for (; values < end; values += 8, out += 8) store<i64>(out, <i64>load<f64>(values));
}

/** −0 becomes 0, every NaN the same one. */
@inline
function canonical(value: f64): f64 {
  return value == value ? value + 0.0 : NaN;
}

@inline
function nansOf(odd: usize, cell: u32): i64 {
  return odd == 0 ? 0 : load<i64>(odd + ((<usize>cell) << 4), 8);
}

/** SUM of f64 cells. */
export function sumF64(states: usize, cells: usize, n: i32, out: usize): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4, out += 8) {
    store<f64>(out, canonical(load<f64>(states + ((<usize>load<u32>(cells)) << 5))));
  }
}

/** AVG of f64 cells. */
export function averageF64(states: usize, cells: usize, n: i32, out: usize): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4, out += 8) {
    const cell = states + ((<usize>load<u32>(cells)) << 5);
    store<f64>(out, canonical(load<f64>(cell) / load<f64>(cell, 8)));
  }
}

/** MIN of f64 cells: NaN when there was nothing else. `odd` 0: there never was a NaN. */
export function minF64(states: usize, odd: usize, cells: usize, n: i32, out: usize): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4, out += 8) {
    const index = load<u32>(cells);
    const cell = states + ((<usize>index) << 5);
    const nans = nansOf(odd, index);
    const all = nans > 0 && <f64>nans == load<f64>(cell, 8);
    store<f64>(out, all ? NaN : canonical(load<f64>(cell, 16)));
  }
}

/** MAX of f64 cells: NaN when there was one. `odd` 0: there never was a NaN. */
export function maxF64(states: usize, odd: usize, cells: usize, n: i32, out: usize): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4, out += 8) {
    const index = load<u32>(cells);
    const cell = states + ((<usize>index) << 5);
    store<f64>(out, nansOf(odd, index) > 0 ? NaN : canonical(-load<f64>(cell, 24)));
  }
}

/** SUM of i64 cells as BIGINT. Returns n, or the first row whose sum does not fit. */
export function sumI64(states: usize, cells: usize, n: i32, out: usize): i32 {
  for (let i = 0; i < n; i++) {
    const cell = states + <usize>load<u32>(cells + ((<usize>i) << 2)) * 48;
    const low = load<i64>(cell);
    if (load<i64>(cell, 8) != low >> 63) return i;
    store<i64>(out + ((<usize>i) << 3), low);
  }
  return n;
}

/** SUM of i64 cells as 128 bits. */
export function sumI128(states: usize, cells: usize, n: i32, out: usize): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4, out += 16) v128.store(out, v128.load(states + <usize>load<u32>(cells) * 48));
}

/** AVG of i64 cells as f64. */
export function averageI64(states: usize, cells: usize, n: i32, out: usize): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4, out += 8) {
    const cell = states + <usize>load<u32>(cells) * 48;
    const low = load<i64>(cell);
    const high = load<i64>(cell, 8);
    // A sum of 64 bits is rounded once; a longer one twice, which is far inside the 1e-12 that AVG promises.
    const sum = high == low >> 63 ? <f64>low : <f64>high * 18446744073709551616.0 + <f64>(<u64>low);
    store<f64>(out, sum / <f64>load<i64>(cell, 16));
  }
}

/**
 * AVG of i64 cells as 128-bit decimals: sum × factor / count, rounded half away from zero. Long division bit by bit
 * (Knuth 4.3.1): averages of decimals are read once a window and group, never once a row.
 */
export function averageI128(states: usize, cells: usize, n: i32, factor: i32, out: usize): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4, out += 16) {
    const cell = states + <usize>load<u32>(cells) * 48;
    const count = load<u64>(cell, 16);
    let low = load<u64>(cell);
    let high = load<u64>(cell, 8);
    const negative = <i64>high < 0;
    if (negative) {
      high = ~high + u64(low == 0);
      low = -low;
    }
    // × factor, in three steps of 32 bits; a sum below 2^96 cannot overflow.
    const first = (low & 0xffffffff) * factor;
    const second = (low >>> 32) * factor + (first >>> 32);
    high = high * factor + (second >>> 32);
    low = (second << 32) | (first & 0xffffffff);
    let rest: u64 = 0;
    for (let bit = 0; bit < 128 && count > 0; bit++) {
      rest = (rest << 1) | (high >>> 63);
      high = (high << 1) | (low >>> 63);
      low <<= 1;
      if (rest >= count) {
        rest -= count;
        low |= 1;
      }
    }
    // Half or more of the count is left: the next one up.
    if (count > 0 && rest >= count - rest) {
      low++;
      high += u64(low == 0);
    }
    if (negative) {
      high = ~high + u64(low == 0);
      low = -low;
    }
    store<u64>(out, low);
    store<u64>(out, high, 8);
  }
}

// ---- Cells as memory ----

/** The listed cells become empty again: `width` bytes (a multiple of 8) from `pattern`. */
export function resetCells(states: usize, width: i32, cells: usize, n: i32, pattern: usize): void {
  const end = cells + ((<usize>n) << 2);
  for (; cells < end; cells += 4) {
    const cell = states + <usize>load<u32>(cells) * width;
    for (let at = 0; at < width; at += 8) store<u64>(cell + at, load<u64>(pattern + at));
  }
}

/** Copies cells from[i] of one block to cells to[i] of another. */
export function moveCells(source: usize, from: usize, width: i32, n: i32, target: usize, to: usize): void {
  for (let i = 0; i < n; i++) {
    const left = source + <usize>load<u32>(from + ((<usize>i) << 2)) * width;
    const right = target + <usize>load<u32>(to + ((<usize>i) << 2)) * width;
    for (let at = 0; at < width; at += 8) store<u64>(right + at, load<u64>(left + at));
  }
}
