// The 128-bit powers of five that decimal ⇄ binary conversion works with (Daniel Lemire, "Number Parsing at a Gigabyte per
// Second", 2021, section 6), computed once a memory: the module has no data segments to carry them.

/** Exponents of the table: beyond them every double is 0 or infinite. */
export const POW5_MIN: i32 = -342;
export const POW5_MAX: i32 = 308;

/** The 128 highest bits of a big number whose highest limb is `count − 1`, as (high, low) at `out`. */
function storeTop(limbs: usize, count: i32, out: usize): void {
  const top = limbs + ((<usize>count) << 2);
  const zeros = <u64>clz<u32>(load<u32>(top - 4));
  // Limbs below the number are zero: five are always readable.
  const high = ((<u64>load<u32>(top - 4)) << 32) | load<u32>(top - 8);
  const low = ((<u64>load<u32>(top - 12)) << 32) | load<u32>(top - 16);
  store<u64>(out, (high << zeros) | ((low >> 32) >> (32 - zeros)));
  store<u64>(out, (low << zeros) | (<u64>load<u32>(top - 20) >> (32 - zeros)), 8);
}

/**
 * Fills the table of 5^q for q from −342 to 308: 128 bits each, the highest bit set, truncated; the reciprocals to 5^27
 * rounded up, as the proof of Eisel–Lemire wants them. table: (POW5_MAX − POW5_MIN + 1) × 16 bytes; work: 256 bytes.
 */
export function initPowersOfFive(table: usize, work: usize): void {
  memory.fill(work, 0, 256);
  // Five zero limbs stand below the number.
  const limbs = work + 20;
  let out = table + ((<usize>-POW5_MIN) << 4);
  let count = 1;
  store<u32>(limbs, 1);
  for (let q = 0; q <= POW5_MAX; q++) {
    storeTop(limbs, count, out);
    out += 16;
    let carry: u64 = 0;
    for (let i = 0; i < count; i++) {
      const limb = limbs + ((<usize>i) << 2);
      carry += <u64>load<u32>(limb) * 5;
      store<u32>(limb, <u32>carry);
      carry >>= 32;
    }
    if (carry != 0) {
      store<u32>(limbs + ((<usize>count) << 2), <u32>carry);
      count++;
    }
  }
  // 2^1055 / 5^n keeps more than 128 bits down to n = 342.
  memory.fill(work, 0, 256);
  count = 33;
  store<u32>(limbs + (32 << 2), 1 << 31);
  out = table + ((<usize>-POW5_MIN) << 4);
  for (let q = -1; q >= POW5_MIN; q--) {
    out -= 16;
    let rest: u64 = 0;
    for (let i = count - 1; i >= 0; i--) {
      const limb = limbs + ((<usize>i) << 2);
      const value = (rest << 32) | load<u32>(limb);
      store<u32>(limb, <u32>(value / 5));
      rest = value % 5;
    }
    if (load<u32>(limbs + ((<usize>(count - 1)) << 2)) == 0) count--;
    storeTop(limbs, count, out);
    if (q >= -27) {
      const low = load<u64>(out, 8) + 1;
      store<u64>(out, low, 8);
      if (low == 0) store<u64>(out, load<u64>(out) + 1);
    }
  }
}
