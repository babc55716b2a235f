// Orders of rows by their times: a merge sort of row numbers, which leaves alone what is in order already, as most streams
// nearly are. Stable: rows of one time stay in the order in which they came.

@inline
function timeOf(times: usize, list: usize, at: i32): i64 {
  return load<i64>(times + ((<usize>load<u32>(list + ((<usize>at) << 2))) << 3));
}

/** The row numbers 0 … n by their times (i64) at `rows`, u32. `scratch`: room for n × u32. Returns whether they moved: 0 or 1. */
export function sortTimes(times: usize, n: i32, rows: usize, scratch: usize): i32 {
  let sorted = true;
  for (let i = 0; i < n; i++) {
    store<u32>(rows + ((<usize>i) << 2), i);
    if (i > 0 && load<i64>(times + ((<usize>i) << 3)) < load<i64>(times + ((<usize>(i - 1)) << 3))) sorted = false;
  }
  if (sorted) return 0;
  let from = rows;
  let to = scratch;
  for (let width = 1; width < n; width <<= 1) {
    for (let start = 0; start < n; start += 2 * width) {
      const middle = min(start + width, n);
      mergeRuns(times, from, start, middle, min(middle + width, n), to);
    }
    const merged = to;
    to = from;
    from = merged;
  }
  if (from != rows) memory.copy(rows, from, (<usize>n) << 2);
  return 1;
}

/** Merges the sorted rows start … middle … end of the list `from` to the same places of `to`; the left ones first. */
function mergeRuns(times: usize, from: usize, start: i32, middle: i32, end: i32, to: usize): void {
  if (middle == end || timeOf(times, from, middle - 1) <= timeOf(times, from, middle)) {
    memory.copy(to + ((<usize>start) << 2), from + ((<usize>start) << 2), (<usize>(end - start)) << 2);
    return;
  }
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takeLeft = left < middle && (right == end || timeOf(times, from, left) <= timeOf(times, from, right));
    const taken = takeLeft ? left++ : right++;
    store<u32>(to + ((<usize>at) << 2), load<u32>(from + ((<usize>taken) << 2)));
  }
}
