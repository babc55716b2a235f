// Key → dense group number, for 64-bit words and for strings. A table is a struct of addresses in linear memory that
// src/state/ lays out and enlarges; the kernels intern a whole batch, and stop early when there is no room left.
//
//     slots    2^k slots, linear probing; at most ¾ full (the host's business)
//              words    16 B  │ key u64 │ group i32, −1 = empty │ · │
//              strings  64 B  │ hash u64 │ group i32 │ length u32 │ prefix v128 │ suffix v128 │ · │
//     keys     by group: the word, u64;  or  │ start in the heap u32 │ length u32 │
//     holders  by group: u32, how many slices (or other keys) hold the group; FREE while its number waits to be reused
//     free     a stack of such numbers, u32
//
// Interning probes first without branches: every row takes the group of its key's home slot on trust, and the rows where
// that was wrong are listed and looked up properly in a second pass. Removal closes the gap by moving entries back (Knuth,
// The Art of Computer Programming 6.4, algorithm R), so there are no tombstones and no cleaning up.
import { HASH_NULL, hashParts, hashWord, prefixOf, suffixOf } from "./hash";

/** A slot, or a place of a map, without group. */
export const EMPTY: i32 = -1;
/** Holders of a number that is not in use. */
const FREE: u32 = 0xffffffff;
/** Length of the NULL string. */
const NULL_LENGTH: u32 = 0xffffffff;

@unmanaged
export class Table {
  slots: usize;
  mask: u32;
  keys: usize;
  holders: usize;
  free: usize;
  /** Groups that keys, holders and free have room for. */
  capacity: u32;
  /** Numbers given out so far: groups are 0 … end, less the free ones. */
  end: u32;
  freeCount: u32;
  /** Slots that may be taken before the index has to grow. */
  room: u32;
  /** Groups added since the host set it to 0; their numbers stand in the list it passed. */
  freshCount: u32;
  /** The group of NULL in a table of words; −1: none. Strings keep NULL among the slots. */
  nullGroup: i32;
  /** Strings only: their bytes. */
  heap: usize;
  heapCapacity: u32;
  heapUsed: u32;
}

@inline
export function isValid(validity: usize, row: i32): bool {
  return ((load<u8>(validity + (row >> 3)) >> (<u8>row & 7)) & 1) != 0;
}

@inline
function hasRoom(table: Table): bool {
  return table.room > 0 && (table.freeCount > 0 || table.end < table.capacity);
}

/** A number for a new group; hasRoom() was asked before. */
@inline
function newGroup(table: Table, fresh: usize): i32 {
  let group: u32;
  if (table.freeCount > 0) {
    table.freeCount--;
    group = load<u32>(table.free + ((<usize>table.freeCount) << 2));
  } else {
    group = table.end++;
  }
  store<u32>(table.holders + ((<usize>group) << 2), 0);
  store<u32>(fresh + ((<usize>table.freshCount) << 2), group);
  table.freshCount++;
  return group;
}

/** Lists the rows whose key is not in its home slot, NULLs left out. Returns the end of the list. */
@inline
function missWords(
  table: Table,
  words: usize,
  validity: usize,
  nullable: bool,
  from: i32,
  n: i32,
  groups: usize,
  misses: usize,
): usize {
  const slots = table.slots;
  const mask = table.mask;
  for (let i = from; i < n; i++) {
    const word = load<u64>(words + ((<usize>i) << 3));
    const slot = slots + ((<usize>(<u32>hashWord(word) & mask)) << 4);
    const group = load<i32>(slot, 8);
    store<i32>(groups + ((<usize>i) << 2), group);
    store<i32>(misses, i);
    let wrong = i32(load<u64>(slot) != word) | (group >>> 31);
    if (nullable) wrong &= i32(isValid(validity, i));
    misses += (<usize>wrong) << 2;
  }
  return misses;
}

/**
 * groups[i] = group of words[i] for rows from … n, new keys added in the order of their rows. `validity` 0: no NULLs.
 * `misses` and `fresh`: room for n × u32 each. Returns n, or the row that found no room.
 */
export function internWords(
  address: usize,
  words: usize,
  validity: usize,
  from: i32,
  n: i32,
  groups: usize,
  misses: usize,
  fresh: usize,
): i32 {
  const table = changetype<Table>(address);
  const end =
    validity == 0
      ? missWords(table, words, 0, false, from, n, groups, misses)
      : missWords(table, words, validity, true, from, n, groups, misses);
  const mask = table.mask;
  for (let miss = misses; miss < end; miss += 4) {
    const i = load<i32>(miss);
    const word = load<u64>(words + ((<usize>i) << 3));
    let at = <u32>hashWord(word) & mask;
    let group: i32;
    while (true) {
      const slot = table.slots + ((<usize>at) << 4);
      group = load<i32>(slot, 8);
      if (group < 0) {
        if (!hasRoom(table)) return i;
        group = newGroup(table, fresh);
        table.room--;
        store<u64>(table.keys + ((<usize>group) << 3), word);
        store<u64>(slot, word);
        store<i32>(slot, group, 8);
        break;
      }
      if (load<u64>(slot) == word) break;
      at = (at + 1) & mask;
    }
    store<i32>(groups + ((<usize>i) << 2), group);
  }
  return validity == 0 ? n : internNulls(table, validity, n, groups, fresh);
}

/** Gives NULL rows their group; its key is the word 0. All rows: an earlier call may have stopped before it came here. */
function internNulls(table: Table, validity: usize, n: i32, groups: usize, fresh: usize): i32 {
  for (let i = 0; i < n; i++) {
    if (isValid(validity, i)) continue;
    if (table.nullGroup < 0) {
      if (!hasRoom(table)) return i;
      table.nullGroup = newGroup(table, fresh);
      store<u64>(table.keys + ((<usize>table.nullGroup) << 3), 0);
    }
    store<i32>(groups + ((<usize>i) << 2), table.nullGroup);
  }
  return n;
}

/** groups[i] = group of words[i], −1 where there is none. `validity` 0: no NULLs. */
export function findWords(address: usize, words: usize, validity: usize, n: i32, groups: usize): void {
  const table = changetype<Table>(address);
  const mask = table.mask;
  for (let i = 0; i < n; i++) {
    const word = load<u64>(words + ((<usize>i) << 3));
    let at = <u32>hashWord(word) & mask;
    let slot = table.slots + ((<usize>at) << 4);
    while (load<u64>(slot) != word && load<i32>(slot, 8) >= 0) {
      at = (at + 1) & mask;
      slot = table.slots + ((<usize>at) << 4);
    }
    const valid = validity == 0 || isValid(validity, i);
    store<i32>(groups + ((<usize>i) << 2), valid ? load<i32>(slot, 8) : table.nullGroup);
  }
}

/** Fills cleared slots from the keys of all groups in use. */
export function rebuildWords(address: usize): void {
  const table = changetype<Table>(address);
  const mask = table.mask;
  for (let group: u32 = 0; group < table.end; group++) {
    if (load<u32>(table.holders + ((<usize>group) << 2)) == FREE || <i32>group == table.nullGroup) continue;
    const word = load<u64>(table.keys + ((<usize>group) << 3));
    let at = <u32>hashWord(word) & mask;
    while (load<i32>(table.slots + ((<usize>at) << 4), 8) >= 0) at = (at + 1) & mask;
    const slot = table.slots + ((<usize>at) << 4);
    store<u64>(slot, word);
    store<i32>(slot, <i32>group, 8);
    table.room--;
  }
}

/** Takes the listed groups out of the table; their numbers will be reused. */
export function removeWords(address: usize, list: usize, n: i32): void {
  const table = changetype<Table>(address);
  const mask = table.mask;
  for (let i = 0; i < n; i++) {
    const group = load<i32>(list + ((<usize>i) << 2));
    freeGroup(table, group);
    if (group == table.nullGroup) {
      table.nullGroup = EMPTY;
      continue;
    }
    let hole = <u32>hashWord(load<u64>(table.keys + ((<usize>group) << 3))) & mask;
    while (load<i32>(table.slots + ((<usize>hole) << 4), 8) != group) hole = (hole + 1) & mask;
    table.room++;
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const slot = table.slots + ((<usize>at) << 4);
      if (load<i32>(slot, 8) < 0) break;
      const home = <u32>hashWord(load<u64>(slot)) & mask;
      // An entry may move back to the hole unless its home lies between the two.
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      v128.store(table.slots + ((<usize>hole) << 4), v128.load(slot));
      hole = at;
    }
    store<i32>(table.slots + ((<usize>hole) << 4), EMPTY, 8);
  }
}

@inline
function freeGroup(table: Table, group: i32): void {
  store<u32>(table.holders + ((<usize>group) << 2), FREE);
  store<i32>(table.free + ((<usize>table.freeCount) << 2), group);
  table.freeCount++;
}

/** One more holder for each listed group. */
export function holdGroups(address: usize, list: usize, n: i32): void {
  const table = changetype<Table>(address);
  for (let i = 0; i < n; i++) {
    const at = table.holders + ((<usize>load<u32>(list + ((<usize>i) << 2))) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
}

/** One holder less for each listed group. Writes those that nobody holds any more to `released`; returns how many. */
export function dropGroups(address: usize, list: usize, n: i32, released: usize): i32 {
  const table = changetype<Table>(address);
  let count: usize = 0;
  for (let i = 0; i < n; i++) {
    const group = load<u32>(list + ((<usize>i) << 2));
    const at = table.holders + ((<usize>group) << 2);
    const holders = load<u32>(at) - 1;
    store<u32>(at, holders);
    store<u32>(released + (count << 2), group);
    count += usize(holders == 0);
  }
  return <i32>count;
}

// ---- Strings ----

/** Whether the slot holds the string of this hash and these parts; beyond 32 bytes the middle is compared in the heap. */
@inline
function holds(table: Table, slot: usize, hash: u64, length: u32, prefix: v128, suffix: v128, at: usize): bool {
  if (load<u64>(slot) != hash || load<u32>(slot, 12) != length) return false;
  const differ = v128.or(v128.xor(prefix, v128.load(slot, 16)), v128.xor(suffix, v128.load(slot, 32)));
  if (v128.any_true(differ)) return false;
  if (length <= 32 || length == NULL_LENGTH) return true;
  const kept = table.heap + load<u32>(table.keys + ((<usize>load<u32>(slot, 8)) << 3));
  return memory.compare(at, kept, length) == 0;
}

/**
 * groups[i] = group of string i for rows from … n, new keys added in the order of their rows. `validity` 0: no NULLs.
 * `misses` and `fresh`: room for n × u32 each. Returns n, or the row that found no room for its key or its bytes.
 */
export function internUtf8(
  address: usize,
  offsets: usize,
  bytes: usize,
  validity: usize,
  from: i32,
  n: i32,
  groups: usize,
  misses: usize,
  fresh: usize,
): i32 {
  const table = changetype<Table>(address);
  const slots = table.slots;
  const mask = table.mask;
  let end = misses;
  for (let i = from; i < n; i++) {
    const start = load<u32>(offsets + ((<usize>i) << 2));
    const length = load<u32>(offsets + ((<usize>i) << 2), 4) - start;
    const at = bytes + start;
    const prefix = prefixOf(at, length);
    const suffix = suffixOf(at, length);
    const hash = hashParts(prefix, suffix, at, length);
    const slot = slots + ((<usize>(<u32>hash & mask)) << 6);
    // The whole 64-bit hash and both ends agree: short strings are equal then, longer ones are looked at again.
    const differ = v128.or(v128.xor(prefix, v128.load(slot, 16)), v128.xor(suffix, v128.load(slot, 32)));
    let wrong = i32(load<u64>(slot) != hash) | i32(v128.any_true(differ)) | i32(load<u32>(slot, 12) != length);
    const group = load<i32>(slot, 8);
    wrong |= i32(length > 32) | (group >>> 31);
    if (validity != 0) wrong |= i32(!isValid(validity, i));
    store<i32>(groups + ((<usize>i) << 2), group);
    store<i32>(end, i);
    end += (<usize>wrong) << 2;
  }
  for (let miss = misses; miss < end; miss += 4) {
    const i = load<i32>(miss);
    let at: usize = 0;
    let length = NULL_LENGTH;
    let hash = HASH_NULL;
    let prefix = i64x2.splat(0);
    let suffix = prefix;
    if (validity == 0 || isValid(validity, i)) {
      const start = load<u32>(offsets + ((<usize>i) << 2));
      length = load<u32>(offsets + ((<usize>i) << 2), 4) - start;
      at = bytes + start;
      prefix = prefixOf(at, length);
      suffix = suffixOf(at, length);
      hash = hashParts(prefix, suffix, at, length);
    }
    let index = <u32>hash & mask;
    let group: i32;
    while (true) {
      const slot = slots + ((<usize>index) << 6);
      group = load<i32>(slot, 8);
      if (group < 0) {
        const size: u32 = length == NULL_LENGTH ? 0 : length;
        if (!hasRoom(table) || table.heapCapacity - table.heapUsed < size) return i;
        group = newGroup(table, fresh);
        table.room--;
        const key = table.keys + ((<usize>group) << 3);
        store<u32>(key, table.heapUsed);
        store<u32>(key, length, 4);
        memory.copy(table.heap + table.heapUsed, at, size);
        table.heapUsed += size;
        fillSlot(slot, hash, group, length, prefix, suffix);
        break;
      }
      if (holds(table, slot, hash, length, prefix, suffix, at)) break;
      index = (index + 1) & mask;
    }
    store<i32>(groups + ((<usize>i) << 2), group);
  }
  return n;
}

/** groups[i] = group of string i, −1 where there is none. `validity` 0: no NULLs. */
export function findUtf8(address: usize, offsets: usize, bytes: usize, validity: usize, n: i32, groups: usize): void {
  const table = changetype<Table>(address);
  const mask = table.mask;
  for (let i = 0; i < n; i++) {
    let at: usize = 0;
    let length = NULL_LENGTH;
    let hash = HASH_NULL;
    let prefix = i64x2.splat(0);
    let suffix = prefix;
    if (validity == 0 || isValid(validity, i)) {
      const start = load<u32>(offsets + ((<usize>i) << 2));
      length = load<u32>(offsets + ((<usize>i) << 2), 4) - start;
      at = bytes + start;
      prefix = prefixOf(at, length);
      suffix = suffixOf(at, length);
      hash = hashParts(prefix, suffix, at, length);
    }
    let index = <u32>hash & mask;
    let slot = table.slots + ((<usize>index) << 6);
    while (load<i32>(slot, 8) >= 0 && !holds(table, slot, hash, length, prefix, suffix, at)) {
      index = (index + 1) & mask;
      slot = table.slots + ((<usize>index) << 6);
    }
    store<i32>(groups + ((<usize>i) << 2), load<i32>(slot, 8));
  }
}

@inline
function fillSlot(slot: usize, hash: u64, group: i32, length: u32, prefix: v128, suffix: v128): void {
  store<u64>(slot, hash);
  store<i32>(slot, group, 8);
  store<u32>(slot, length, 12);
  v128.store(slot, prefix, 16);
  v128.store(slot, suffix, 32);
}

/** Fills cleared slots from the strings of all groups in use. */
export function rebuildUtf8(address: usize): void {
  const table = changetype<Table>(address);
  const mask = table.mask;
  for (let group: u32 = 0; group < table.end; group++) {
    if (load<u32>(table.holders + ((<usize>group) << 2)) == FREE) continue;
    const key = table.keys + ((<usize>group) << 3);
    const at = table.heap + load<u32>(key);
    const length = load<u32>(key, 4);
    let hash = HASH_NULL;
    let prefix = i64x2.splat(0);
    let suffix = prefix;
    if (length != NULL_LENGTH) {
      prefix = prefixOf(at, length);
      suffix = suffixOf(at, length);
      hash = hashParts(prefix, suffix, at, length);
    }
    let index = <u32>hash & mask;
    while (load<i32>(table.slots + ((<usize>index) << 6), 8) >= 0) index = (index + 1) & mask;
    fillSlot(table.slots + ((<usize>index) << 6), hash, <i32>group, length, prefix, suffix);
    table.room--;
  }
}

/** Takes the listed groups out of the table; their numbers will be reused. Returns the bytes that they leave in the heap. */
export function removeUtf8(address: usize, list: usize, n: i32): u32 {
  const table = changetype<Table>(address);
  const mask = table.mask;
  let bytes: u32 = 0;
  for (let i = 0; i < n; i++) {
    const group = load<i32>(list + ((<usize>i) << 2));
    const key = table.keys + ((<usize>group) << 3);
    const length = load<u32>(key, 4);
    const at = table.heap + load<u32>(key);
    let hash = HASH_NULL;
    if (length != NULL_LENGTH) {
      hash = hashParts(prefixOf(at, length), suffixOf(at, length), at, length);
      bytes += length;
    }
    let hole = <u32>hash & mask;
    while (load<i32>(table.slots + ((<usize>hole) << 6), 8) != group) hole = (hole + 1) & mask;
    freeGroup(table, group);
    table.room++;
    for (let index = (hole + 1) & mask; ; index = (index + 1) & mask) {
      const slot = table.slots + ((<usize>index) << 6);
      if (load<i32>(slot, 8) < 0) break;
      const home = <u32>load<u64>(slot) & mask;
      if (((index - home) & mask) < ((index - hole) & mask)) continue;
      memory.copy(table.slots + ((<usize>hole) << 6), slot, 64);
      hole = index;
    }
    store<i32>(table.slots + ((<usize>hole) << 6), EMPTY, 8);
  }
  return bytes;
}

/** Moves the strings in use to another heap, without gaps. Returns the bytes they take. */
export function compactUtf8(address: usize, heap: usize): u32 {
  const table = changetype<Table>(address);
  let used: u32 = 0;
  for (let group: u32 = 0; group < table.end; group++) {
    const key = table.keys + ((<usize>group) << 3);
    if (load<u32>(table.holders + ((<usize>group) << 2)) == FREE || load<u32>(key, 4) == NULL_LENGTH) continue;
    const length = load<u32>(key, 4);
    memory.copy(heap + used, table.heap + load<u32>(key), length);
    store<u32>(key, used);
    used += length;
  }
  return used;
}

/** Bytes that the strings of the listed groups take together. */
export function sizeOfUtf8(address: usize, list: usize, n: i32): f64 {
  const table = changetype<Table>(address);
  let bytes: u64 = 0;
  for (let i = 0; i < n; i++) {
    const length = load<u32>(table.keys + ((<usize>load<u32>(list + ((<usize>i) << 2))) << 3), 4);
    bytes += length == NULL_LENGTH ? 0 : <u64>length;
  }
  return <f64>bytes;
}

/** The strings of the listed groups as a column: n + 1 offsets and their bytes. */
export function gatherUtf8(address: usize, list: usize, n: i32, offsets: usize, bytes: usize): void {
  const table = changetype<Table>(address);
  let used: u32 = 0;
  store<u32>(offsets, 0);
  for (let i = 0; i < n; i++) {
    const key = table.keys + ((<usize>load<u32>(list + ((<usize>i) << 2))) << 3);
    const length = load<u32>(key, 4);
    if (length != NULL_LENGTH) {
      memory.copy(bytes + used, table.heap + load<u32>(key), length);
      used += length;
    }
    store<u32>(offsets + ((<usize>(i + 1)) << 2), used);
  }
}

/** The keys of the listed groups where all take 16 bytes; undefined under NULLs. */
export function gatherI128(address: usize, list: usize, n: i32, out: usize): void {
  const table = changetype<Table>(address);
  for (let i = 0; i < n; i++) {
    const key = table.keys + ((<usize>load<u32>(list + ((<usize>i) << 2))) << 3);
    v128.store(out + ((<usize>i) << 4), v128.load(table.heap + load<u32>(key)));
  }
}

/** Bit i of out = the key of group list[i] is not NULL, for a table of strings. Returns how many are. */
export function validUtf8(address: usize, list: usize, n: i32, out: usize): i32 {
  const table = changetype<Table>(address);
  let nulls = 0;
  memory.fill(out, 0xff, (n + 7) >> 3);
  for (let i = 0; i < n; i++) {
    const key = table.keys + ((<usize>load<u32>(list + ((<usize>i) << 2))) << 3);
    if (load<u32>(key, 4) != NULL_LENGTH) continue;
    nulls++;
    const at = out + (i >> 3);
    store<u8>(at, load<u8>(at) & ~((<u8>1) << (<u8>i & 7)));
  }
  return nulls;
}
