// Lookup tables of the kernels. The modules have no data segments: the tables live at fixed addresses in page 0 of linear
// memory, which the host keeps free (src/wasm/memory.ts). Each module fills its own, once a memory: initTables() those of the
// core, which formats use too, and initPowers() the powers that only formats need.
//
//   1024            2048                                     65536
//   | reserved | one slot a family, 16-byte aligned  ...        |

import { initPowersOfFive } from "./powers";

/** 16 bytes of 0xff then 16 of 0: `load(MASK + 16 - len)` keeps the first `len` bytes of a vector. */
export const MASK: usize = 1024;
/** For each 4-bit mask the set lane numbers as 4 × i32, packed left (16 × 16 bytes). */
export const LANES: usize = 1056;
/** Powers of ten 1e0 … 1e22 as f64, all exact (23 × 8 bytes, padded). */
export const POW10: usize = 1312;
/** Powers of ten 1e0 … 1e19 as u64 (20 × 8 bytes). */
export const POW10_U64: usize = 1504;
/** 5^−342 … 5^308, their 128 highest bits, high half first (651 × 16 bytes; powers.ts). */
export const POW5: usize = 1664;
/** The next free address for a new table; move it when a table is added. */
export const TABLES_END: usize = 12080;

/** Fills the tables of the core. Called once a memory, by whoever creates it. */
export function initTables(): void {
  memory.fill(MASK, 0xff, 16);
  memory.fill(MASK + 16, 0, 16);
  for (let mask = 0; mask < 16; mask++) {
    const row = LANES + ((<usize>mask) << 4);
    v128.store(row, i64x2.splat(0));
    let at = row;
    for (let lane = 0; lane < 4; lane++) {
      if (mask & (1 << lane)) {
        store<i32>(at, lane);
        at += 4;
      }
    }
  }
}

/** Fills the tables of formats, when their module is loaded. Returns the first address after all tables. */
export function initPowers(): usize {
  let power = 1.0;
  for (let i: usize = 0; i < 23; i++) {
    store<f64>(POW10 + (i << 3), power);
    power *= 10.0;
  }
  let whole: u64 = 1;
  for (let i: usize = 0; i < 20; i++) {
    store<u64>(POW10_U64 + (i << 3), whole);
    whole *= 10;
  }
  initPowersOfFive(POW5, TABLES_END);
  return TABLES_END;
}
