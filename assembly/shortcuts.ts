// Shortcuts in front of a table: i32 keys of a small span looked up in a map, dictionary codes through a mapping, and keys of
// several columns as pairs of group numbers. Only what they do not know goes on to the table (table.ts).
import { EMPTY, isValid, Table } from "./table";

/**
 * groups[i] = map[keys[i] − min] for i32 keys; map has span + 1 entries, −1 where there is no group, and one more for keys
 * outside. Writes the rows without group to `misses`; returns how many.
 */
export function mapWords(keys: usize, n: i32, map: usize, min: i32, span: u32, groups: usize, misses: usize): i32 {
  const end = groups + ((<usize>n) << 2);
  const mins = i32x4.splat(min);
  const spans = i32x4.splat(span);
  let any: i32 = 0;
  // Four at a time, overrunning by up to three rows: what they map to is inside the map too.
  for (let out = groups; out < end; out += 16, keys += 16) {
    const at = i32x4.shl(i32x4.min_u(i32x4.sub(v128.load(keys), mins), spans), 2);
    const first = load<i32>(map + <usize>i32x4.extract_lane(at, 0));
    const second = load<i32>(map + <usize>i32x4.extract_lane(at, 1));
    const third = load<i32>(map + <usize>i32x4.extract_lane(at, 2));
    const fourth = load<i32>(map + <usize>i32x4.extract_lane(at, 3));
    store<i32>(out, first);
    store<i32>(out, second, 4);
    store<i32>(out, third, 8);
    store<i32>(out, fourth, 12);
    any |= first | second | third | fourth;
  }
  if (any >= 0) return 0;
  const first = misses;
  for (let i = 0; i < n; i++) {
    store<i32>(misses, i);
    misses += (<usize>(load<i32>(groups + ((<usize>i) << 2)) >>> 31)) << 2;
  }
  return <i32>((misses - first) >> 2);
}

/** map[word of group − min] = group, or −1 when `forget`, for the listed groups whose key lies in the span. */
export function learnWords(address: usize, list: usize, n: i32, forget: i32, map: usize, min: i32, span: u32): void {
  const table = changetype<Table>(address);
  for (let i = 0; i < n; i++) {
    const group = load<i32>(list + ((<usize>i) << 2));
    if (group == table.nullGroup) continue;
    const index = load<u64>(table.keys + ((<usize>group) << 3)) - <u64>(<i64>min);
    if (index < <u64>span) store<i32>(map + ((<usize>index) << 2), forget ? EMPTY : group);
  }
}

/** out[i] = mapping[codes[i]], or mapping[nullIndex] where bit i of `validity` is 0. */
export function mapCodes(codes: usize, validity: usize, n: i32, mapping: usize, nullIndex: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    const index = isValid(validity, i) ? load<u32>(codes + ((<usize>i) << 2)) : nullIndex;
    store<u32>(out + ((<usize>i) << 2), load<u32>(mapping + ((<usize>index) << 2)));
  }
}

/** out[rows[i]] = values[i], 4-byte values. */
export function scatterU32(values: usize, rows: usize, n: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    store<u32>(out + ((<usize>load<u32>(rows + ((<usize>i) << 2))) << 2), load<u32>(values + ((<usize>i) << 2)));
  }
}

/** Bit i of out = values[i] is not `value` (u32). Writes whole bytes. Returns how many are equal. */
export function differBits(values: usize, n: i32, value: i32, out: usize): i32 {
  let equal = 0;
  for (let i = 0; i < n; i += 8) {
    let byte: u32 = 0;
    const count = min(8, n - i);
    for (let j = 0; j < count; j++) byte |= u32(load<i32>(values + ((<usize>(i + j)) << 2)) != value) << j;
    store<u8>(out + (i >> 3), byte);
    equal += count - popcnt(byte);
  }
  return equal;
}

/** Smallest and largest of n > 0 i32, as two i32 at `out`. */
export function rangeI32(values: usize, n: i32, out: usize): void {
  const end = values + ((<usize>n) << 2);
  const last = values + ((<usize>(n & ~3)) << 2);
  let low = i32x4.splat(i32.MAX_VALUE);
  let high = i32x4.splat(i32.MIN_VALUE);
  for (; values < last; values += 16) {
    const four = v128.load(values);
    low = i32x4.min_s(low, four);
    high = i32x4.max_s(high, four);
  }
  let least = min(
    min(i32x4.extract_lane(low, 0), i32x4.extract_lane(low, 1)),
    min(i32x4.extract_lane(low, 2), i32x4.extract_lane(low, 3)),
  );
  let most = max(
    max(i32x4.extract_lane(high, 0), i32x4.extract_lane(high, 1)),
    max(i32x4.extract_lane(high, 2), i32x4.extract_lane(high, 3)),
  );
  for (; values < end; values += 4) {
    least = min(least, load<i32>(values));
    most = max(most, load<i32>(values));
  }
  store<i32>(out, least);
  store<i32>(out, most, 4);
}

/** out[i] = left[i] above right[i]: two group numbers as one word. */
export function pairWords(left: usize, right: usize, n: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    store<u32>(out + ((<usize>i) << 3), load<u32>(right + ((<usize>i) << 2)));
    store<u32>(out + ((<usize>i) << 3), load<u32>(left + ((<usize>i) << 2)), 4);
  }
}

/** The two numbers that the words of the listed groups were made of. */
export function splitWords(address: usize, list: usize, n: i32, left: usize, right: usize): void {
  const table = changetype<Table>(address);
  for (let i = 0; i < n; i++) {
    const word = load<u64>(table.keys + ((<usize>load<u32>(list + ((<usize>i) << 2))) << 3));
    store<u32>(left + ((<usize>i) << 2), <u32>(word >>> 32));
    store<u32>(right + ((<usize>i) << 2), <u32>word);
  }
}
