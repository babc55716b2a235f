// Lists as expressions see them: how many elements each has, where one of them lies. Offsets are i32, n + 1 of them; the list
// of a NULL is empty. Places count from the children's first element; where there is none, the place is 0 and the bit is not set.

/** lengths[i] (i32) = elements of list i. */
export function listLengths(offsets: usize, n: i32, lengths: usize): void {
  for (let i = 0; i < n; i++) {
    const at = (<usize>i) << 2;
    store<i32>(lengths + at, load<i32>(offsets + at, 4) - load<i32>(offsets + at));
  }
}

@inline
function setPlace(i: i32, place: u32, places: usize, present: usize): void {
  store<u32>(places + ((<usize>i) << 2), place);
  const byte = present + (i >> 3);
  store<u8>(byte, load<u8>(byte) | (1 << (<u8>i & 7)));
}

/**
 * The place (u32) of element `index` of each list, counted from 1: i64, `step` bytes from row to row. `places` and the bitmap
 * `present` are zeros.
 */
export function listElements(offsets: usize, n: i32, indexes: usize, step: usize, places: usize, present: usize): void {
  for (let i = 0; i < n; i++, indexes += step) {
    const at = offsets + ((<usize>i) << 2);
    const start = load<u32>(at);
    const index = load<i64>(indexes);
    if (index >= 1 && index <= <i64>(load<u32>(at, 4) - start)) setPlace(i, start + <u32>index - 1, places, present);
  }
}

/**
 * The place (u32) of the last element of each list whose bit is set; bit 0 is the first element of the first list. `places` and
 * the bitmap `present` are zeros.
 */
export function lastListElements(offsets: usize, n: i32, bits: usize, places: usize, present: usize): void {
  const first = load<u32>(offsets);
  for (let i = 0; i < n; i++) {
    const start = load<u32>(offsets + ((<usize>i) << 2));
    for (let place = load<u32>(offsets + ((<usize>i) << 2), 4); place > start; ) {
      const bit = --place - first;
      if (((load<u8>(bits + (bit >> 3)) >> (<u8>bit & 7)) & 1) == 0) continue;
      setPlace(i, place, places, present);
      break;
    }
  }
}
