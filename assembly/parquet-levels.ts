// Dremel's levels → what Arrow's nested columns need (parquet-format, Nested Encoding). Every value, NULL or empty list of a leaf is
// an entry of two levels: repetition, at which list it goes on (0: a new row), and definition, how much of its path is there.
//
// A node of the schema has an instance at each entry whose repetition is at most that of the lists around it and whose definition
// is at least `floor`, from which on these lists have an element. Levels are u32; address 0 stands for zeros.
import { CORRUPT } from "./status";

@inline
function levelAt(levels: usize, i: i32): u32 {
  return levels == 0 ? 0 : load<u32>(levels + ((<usize>i) << 2));
}

/** A bit for each instance of a node: whether it is defined up to `definition`. `bits` are zeros. Returns how many instances. */
export function levelBits(
  repetitions: usize,
  definitions: usize,
  n: i32,
  repetition: u32,
  floor: u32,
  definition: u32,
  bits: usize,
): i32 {
  let count = 0;
  for (let i = 0; i < n; i++) {
    const defined = levelAt(definitions, i);
    if (levelAt(repetitions, i) > repetition || defined < floor) continue;
    if (defined >= definition) {
      const byte = bits + (count >> 3);
      store<u8>(byte, load<u8>(byte) | (1 << (<u8>count & 7)));
    }
    count++;
  }
  return count;
}

/**
 * Offsets (i32, one more than instances) of a list, which has an element where the definition is at least `present`. Returns how
 * many instances; CORRUPT where an entry goes on in a list that has no element.
 */
export function levelOffsets(
  repetitions: usize,
  definitions: usize,
  n: i32,
  repetition: u32,
  floor: u32,
  present: u32,
  offsets: usize,
): i32 {
  let count = 0;
  let elements: u32 = 0;
  let open = false;
  for (let i = 0; i < n; i++) {
    const repeated = levelAt(repetitions, i);
    const defined = levelAt(definitions, i);
    if (repeated > repetition) {
      if (!open || defined < present) return CORRUPT;
      if (repeated == repetition + 1) elements++;
      continue;
    }
    open = defined >= present;
    if (defined < floor) continue;
    store<u32>(offsets + ((<usize>count) << 2), elements);
    count++;
    if (open) elements++;
  }
  store<u32>(offsets + ((<usize>count) << 2), elements);
  return count;
}

/** The entry that row number `rows` begins with, counted from 0 and from the first entry on; n when there is none. */
export function levelRow(repetitions: usize, n: i32, rows: i32): i32 {
  if (repetitions == 0) return min(n, rows);
  for (let i = 0; i < n; i++) {
    if (load<u32>(repetitions + ((<usize>i) << 2)) == 0 && rows-- == 0) return i;
  }
  return n;
}

/** How many rows begin. */
export function countLevelRows(repetitions: usize, n: i32): i32 {
  if (repetitions == 0) return n;
  let count = 0;
  for (let i = 0; i < n; i++) count += <i32>(load<u32>(repetitions + ((<usize>i) << 2)) == 0);
  return count;
}
