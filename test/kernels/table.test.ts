// Tables of keys (assembly/table.ts and its host side) against a Map: interning, NULL, holders, removal, reuse, growth.
import { beforeEach, describe, expect, test } from "vitest";
import type { Workspace } from "../../src/arrow/column.js";
import { StateStore } from "../../src/state/store.js";
import { Utf8Table, WordTable } from "../../src/state/table.js";
import {
  expectRows,
  flags,
  ints,
  longs,
  putBits,
  putStrings,
  readBits,
  readInts,
  readLongs,
  readStrings,
} from "./columns.js";
import { type Bench, forEachVariant, SIZES, seeded } from "./harness.js";

/** Keys by group as the table has them; null is NULL. */
type Model<K> = Map<number, K | null>;

/** What both tables can do, with their keys as JS values. */
interface Subject<K> {
  readonly table: WordTable | Utf8Table;
  intern(keys: readonly (K | null)[]): number;
  /** The keys of groups, as the table gives them back. */
  keysOf(groups: readonly number[]): (K | null)[];
}

function wordSubject(bench: Bench, store: StateStore): Subject<bigint> {
  const table = new WordTable(store);
  return {
    table,
    intern(keys) {
      const words = bench.put(BigInt64Array.from(keys, (key) => key ?? 0x5a5an));
      const valid = keys.every((key) => key !== null)
        ? 0
        : putBits(
            bench,
            keys.map((key) => key !== null),
          );
      return table.intern(words, valid, keys.length);
    },
    keysOf(groups) {
      const list = bench.put(Uint32Array.from(groups));
      const words = bench.room(groups.length * 8);
      bench.kernels.takeU64(table.keys, list, groups.length, words);
      const valid = bench.room(groups.length);
      bench.kernels.differBits(list, groups.length, table.nullGroup, valid);
      const bits = readBits(bench, valid, groups.length);
      return Array.from(readLongs(bench, words, groups.length), (key, i) => (bits[i] ? key : null));
    },
  };
}

function textSubject(bench: Bench, store: StateStore): Subject<string> {
  const table = new Utf8Table(store);
  return {
    table,
    intern(keys) {
      const { offsets, bytes } = putStrings(
        bench,
        keys.map((key) => key ?? "under NULL"),
      );
      const valid = keys.every((key) => key !== null)
        ? 0
        : putBits(
            bench,
            keys.map((key) => key !== null),
          );
      return table.intern(offsets, bytes, valid, keys.length);
    },
    keysOf(groups) {
      const { kernels } = bench;
      const n = groups.length;
      const list = bench.put(Uint32Array.from(groups));
      const offsets = bench.room((n + 1) * 4);
      const bytes = bench.room(kernels.sizeOfUtf8(table.struct, list, n));
      kernels.gatherUtf8(table.struct, list, n, offsets, bytes);
      const valid = bench.room(n);
      const nulls = kernels.validUtf8(table.struct, list, n, valid);
      const bits = readBits(bench, valid, n);
      expect(nulls).toBe(bits.filter((bit) => !bit).length);
      return readStrings(bench, offsets, bytes, n).map((key, i) => (bits[i] ? key : null));
    },
  };
}

/** Strings that share prefix, suffix or length with others, of all sizes around the vector and the 32 bytes in a slot. */
const text = (code: number) => {
  const length = [0, 1, 7, 15, 16, 17, 31, 32, 33, 48, 49, 100][code % 12] as number;
  const name = `${code}`.padStart(6, "0");
  if (length <= 16) return name.slice(-length) + (length > 6 ? "p".repeat(length - 6) : "");
  const middle = Math.floor((length - 6) / 2);
  return `${"a".repeat(middle)}${name}${"z".repeat(length - 6 - middle)}`;
};

forEachVariant((bench: Bench) => {
  const workspace: Workspace = { account: bench.account, kernels: bench.kernels };
  beforeEach(() => bench.account.arena.reset());

  /** Random interning, holding and dropping; the model is a Map that never forgets to forget. */
  function replay<K>(open: (bench: Bench, store: StateStore) => Subject<K>, keyOf: (code: number) => K, seed: number) {
    const random = seeded(seed);
    const store = new StateStore(workspace);
    const subject = open(bench, store);
    const { table } = subject;
    const model: Model<K> = new Map();
    const groupOf = new Map<K | null, number>();
    let held: number[] = [];
    for (let round = 0; round < 60; round++) {
      bench.account.arena.reset();
      const n = Math.floor(random() ** 2 * 300);
      const codes = Math.floor(random() * 2000) + 1;
      const keys = Array.from({ length: n }, () => (random() < 0.05 ? null : keyOf(Math.floor(random() * codes))));
      const groups = readInts(bench, subject.intern(keys), n);
      const fresh = [...readInts(bench, table.fresh.ptr, table.fresh.count)];
      const before = new Set(model.keys());
      keys.forEach((key, row) => {
        const known = groupOf.get(key);
        if (known === undefined) {
          groupOf.set(key, groups[row] as number);
          model.set(groups[row] as number, key);
        } else expect({ round, row, group: groups[row] }).toEqual({ round, row, group: known });
      });
      // New groups: numbers that were free, each once, in the order of their first row but for NULL, which words add last.
      expect(fresh.length).toBe(new Set(fresh).size);
      expect(new Set(fresh)).toEqual(new Set([...model.keys()].filter((group) => !before.has(group))));
      expect(table.live).toBe(model.size);
      expect(Math.max(-1, ...model.keys())).toBeLessThan(table.end);
      // Every new group gets one or two holders, then some of all holders go.
      const newHolders = fresh.flatMap((group) => (random() < 0.3 ? [group, group] : [group]));
      table.hold(bench.put(Uint32Array.from(newHolders)), newHolders.length);
      const share = round % 10 === 9 ? 0.9 : 0.3;
      const going: number[] = [];
      const staying: number[] = [];
      for (const group of [...held, ...newHolders]) (random() < share ? going : staying).push(group);
      held = staying;
      const released = bench.room(going.length * 4);
      const count = table.drop(bench.put(Uint32Array.from(going)), going.length, released);
      const gone = [...readInts(bench, released, count)];
      expect(new Set(gone)).toEqual(new Set([...model.keys()].filter((group) => !staying.includes(group))));
      table.remove(released, count);
      for (const group of gone) {
        groupOf.delete(model.get(group) as K | null);
        model.delete(group);
      }
      expect(table.live).toBe(model.size);
      expect(subject.keysOf([...model.keys()])).toEqual([...model.values()]);
    }
    table.release();
    expect(store.usedBytes).toBe(0);
  }

  describe.each([1, 2, 3])("seed %i", (seed) => {
    test("words are interned, held, removed and reused", () => {
      replay(wordSubject, (code) => BigInt(code) * 4_294_967_296n - 7n, seed);
    });
    test("strings are interned, held, removed and reused", () => replay(textSubject, text, seed));
  });

  test.each(SIZES.filter((n) => n <= 40 || n > 8192))(
    "%i rows are interned at once, however much room there was",
    (n) => {
      const random = seeded(n);
      const store = new StateStore(workspace);
      const subject = wordSubject(bench, store);
      const keys = [...longs(n, random)];
      const groups = readInts(bench, subject.intern(keys), n);
      const first = new Map<bigint, number>();
      for (const key of keys) if (!first.has(key)) first.set(key, first.size);
      expectRows(
        groups,
        keys.map((key) => first.get(key) as number),
      );
      subject.table.release();
    },
  );

  test("an empty table can be made small again", () => {
    const store = new StateStore(workspace);
    const subject = textSubject(bench, store);
    const emptyBytes = store.usedBytes;
    const keys = Array.from({ length: 5000 }, (_, code) => text(code));
    const groups = subject.intern(keys);
    const { table } = subject;
    const live = table.live;
    table.hold(table.fresh.ptr, live);
    const released = bench.room(live * 4);
    expect(table.drop(table.fresh.ptr, live, released)).toBe(live);
    table.remove(released, live);
    expect(groups).toBeGreaterThan(0);
    table.shrink();
    subject.intern(["one"]);
    table.hold(table.fresh.ptr, 1);
    table.remove(released, table.drop(table.fresh.ptr, 1, released));
    table.shrink();
    expect(table.end).toBe(0);
    // The heap of strings is packed when it next fills up; index, keys and numbers are small at once.
    expect(store.usedBytes).toBeLessThan(emptyBytes + 500_000);
    expect(subject.keysOf([...readInts(bench, subject.intern(["a", null]), 2)])).toEqual(["a", null]);
    table.release();
  });

  describe.each(SIZES.filter((n) => n <= 200 || n === 8193))("%i rows", (n) => {
    const random = seeded(n + 7);

    test("keys in a small range through a direct map", () => {
      const keys = Int32Array.from({ length: n }, () => Math.floor(random() * 40) - 5);
      const map = Int32Array.from({ length: 31 }, (_, i) => (i === 30 || i % 5 === 0 ? -1 : i * 10));
      const [out, misses] = [bench.room(n * 4), bench.room(n * 4)];
      const count = bench.kernels.mapWords(bench.put(keys), n, bench.put(map), -3, 30, out, misses);
      const groupOf = (key: number) => (key >= -3 && key < 27 ? (map[key + 3] as number) : -1);
      expectRows(readInts(bench, out, n), Array.from(keys, groupOf));
      const missing = [...keys.keys()].filter((row) => groupOf(keys[row] as number) === -1);
      expectRows(readInts(bench, misses, count), missing);
    });

    test("codes to groups, NULL to its own", () => {
      const codes = Int32Array.from({ length: n }, () => Math.floor(random() * 10));
      const valid = flags(n, random);
      const coded = codes.map((code, row) => (valid[row] ? code : 123_456_789));
      const mapping = Uint32Array.from({ length: 11 }, (_, i) => i * i);
      const out = bench.room(n * 4);
      bench.kernels.mapCodes(bench.put(coded), putBits(bench, valid), n, bench.put(mapping), 10, out);
      expectRows(
        readInts(bench, out, n),
        Array.from(codes, (code, row) => (valid[row] ? code * code : 100)),
      );
    });

    test("pairs of groups, scattered groups, bits of a group", () => {
      const left = ints(n, random).map(Math.abs);
      const right = ints(n, random).map(Math.abs);
      const words = bench.room(n * 8);
      bench.kernels.pairWords(bench.put(left), bench.put(right), n, words);
      const pairs = Array.from(left, (high, i) => (BigInt(high >>> 0) << 32n) | BigInt((right[i] as number) >>> 0));
      expectRows(
        readLongs(bench, words, n),
        pairs.map((pair) => BigInt.asIntN(64, pair)),
      );

      const rows = Uint32Array.from([...left.keys()].sort(() => random() - 0.5));
      const scattered = bench.room(n * 4);
      bench.kernels.scatterU32(bench.put(left), bench.put(rows), n, scattered);
      const expected = new Int32Array(n);
      rows.forEach((row, i) => {
        expected[row] = left[i] as number;
      });
      expectRows(readInts(bench, scattered, n), expected);

      const value = left[0] ?? 0;
      const bits = bench.room(n);
      const equal = bench.kernels.differBits(bench.put(left), n, value, bits);
      expect(equal).toBe(left.filter((other) => other === value).length);
      expectRows(
        readBits(bench, bits, n),
        Array.from(left, (other) => other !== value),
      );
    });
  });

  test.each([1, 3, 4, 5, 64, 8193])("the range of %i keys", (n) => {
    const keys = ints(n, seeded(n));
    const out = bench.room(8);
    bench.kernels.rangeI32(bench.put(keys), n, out);
    expect([...readInts(bench, out, 2)]).toEqual([Math.min(...keys), Math.max(...keys)]);
  });
});
