// Deduplication: the time of each group's first row, an i64 of milliseconds a group; NONE where a group has none.

/** No time; src/state/first-times.ts fills new groups with it. */
const NONE: i64 = i64.MIN_VALUE;

/**
 * Goes through n rows in the order of time: one is kept when its group has no first row, or that one is `withinMs` or more
 * before it (+Infinity: never), and is then the group's first. `kept` takes the row numbers, u32. Returns how many.
 */
export function keepFirsts(times: usize, groups: usize, n: i32, firsts: usize, withinMs: f64, kept: usize): i32 {
  const within = withinMs < 9.2e15 ? <i64>withinMs : i64.MAX_VALUE;
  let count: usize = 0;
  for (let i = 0; i < n; i++) {
    const time = load<i64>(times + ((<usize>i) << 3));
    const first = firsts + ((<usize>load<u32>(groups + ((<usize>i) << 2))) << 3);
    const known = load<i64>(first);
    if (known != NONE && time - known < within) continue;
    store<i64>(first, time);
    store<u32>(kept + (count << 2), i);
    count++;
  }
  return <i32>count;
}

/**
 * Forgets first rows whose times are at or before `untilMs`: entries `from` … n of a list in the order of time. One that a
 * later first row of its group has replaced forgets nothing. Returns the first entry that stays.
 */
export function forgetFirsts(times: usize, groups: usize, from: i32, n: i32, untilMs: f64, firsts: usize): i32 {
  const until = untilMs < 9.2e15 ? <i64>max(untilMs, -9.2e15) : i64.MAX_VALUE;
  let i = from;
  for (; i < n; i++) {
    const time = load<i64>(times + ((<usize>i) << 3));
    if (time > until) break;
    const first = firsts + ((<usize>load<u32>(groups + ((<usize>i) << 2))) << 3);
    if (load<i64>(first) == time) store<i64>(first, NONE);
  }
  return i;
}
