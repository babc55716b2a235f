// Kernels of assembly/arithmetic.ts against BigInt and JavaScript's own doubles.
import { beforeEach, describe, expect, test } from "vitest";
import {
  doubles,
  expectRows,
  flags,
  ints,
  longs,
  putBits,
  readBits,
  readDoubles,
  readInts,
  readLongs,
} from "./columns.js";
import { type Bench, forEachVariant, SIZES, seeded } from "./harness.js";

/** What an integer operation gives before it is cut to its width; null where there is no result. */
const EXACT = {
  add: (a: bigint, b: bigint) => a + b,
  sub: (a: bigint, b: bigint) => a - b,
  mul: (a: bigint, b: bigint) => a * b,
  div: (a: bigint, b: bigint) => (b === 0n ? null : a / b),
  mod: (a: bigint, b: bigint) => (b === 0n ? null : a % b),
};
const OPERATIONS = Object.keys(EXACT) as (keyof typeof EXACT)[];
/** Numbers of the operations in overflowedI32 and overflowedI64. */
const NUMBER = { add: 0, sub: 1, mul: 2, div: 3 } as const;

forEachVariant((bench: Bench) => {
  const { kernels } = bench;
  beforeEach(() => bench.account.arena.reset());

  const integers = [
    ["I32", 4, 32, ints, readInts],
    ["I64", 8, 64, longs, readLongs],
  ] as const;

  describe.each(integers)("%s", (type, width, bits, make, read) => {
    describe.each(OPERATIONS)("%s", (operation) => {
      // One operation shows that counts beyond 16 bits are right; BigInt makes them slow.
      test.each(SIZES.filter((n) => n < 65536 || operation === "add"))(
        "%i rows, columns and constants, overflows found among the rows asked for",
        (n) => {
          const random = seeded(n + width);
          // Now and then all operands are small: the kernels that look before they check are right then too.
          const values = (count: number): bigint[] => {
            return Array.from(make(count, random) as ArrayLike<number | bigint>, (value) =>
              n % 3 === 0 ? BigInt.asIntN(20, BigInt(value)) : BigInt(value),
            );
          };
          const put = (wide: readonly bigint[]): number => {
            return bench.put(bits === 32 ? Int32Array.from(wide, Number) : BigInt64Array.from(wide));
          };
          const [a, b] = [values(n), values(n)];
          const [constant] = values(1) as [bigint];
          const left = put(a);
          for (const [right, step, operand] of [
            [put(b), width, (row: number) => b[row] as bigint],
            [put([constant, constant, constant, constant]), 0, () => constant],
          ] as const) {
            const results = a.map((x, row) => EXACT[operation](x, operand(row)));
            const fits = (value: bigint | null): boolean => value !== null && BigInt.asIntN(bits, value) === value;
            const out = bench.room(n * width);
            const suspect = kernels[`${operation}${type}`](left, width, right, step, n, out);
            if (!results.every(fits)) expect(suspect).toBe(1);
            const actual = Array.from(read(bench, out, n) as ArrayLike<number | bigint>, (value) => BigInt(value));
            expectRows(
              actual,
              results.map((value, row) => (fits(value) ? value : actual[row])),
            );
            if (operation === "mod") continue;
            const rows = flags(n, random, 0.7);
            const errors = bench.room((n + 7) >> 3);
            const overflow = results.map((value, row) => value !== null && !fits(value) && (rows[row] as boolean));
            const find = kernels[`overflowed${type}`];
            const count = find(NUMBER[operation], left, width, right, step, n, putBits(bench, rows), errors);
            expect(count).toBe(overflow.filter((bit) => bit).length);
            expectRows(readBits(bench, errors, n), overflow);
          }
        },
      );
    });

    test("division by zero and least / −1 do not trap, and are told", () => {
      const least = bits === 32 ? [-(2 ** 31)] : [-(2n ** 63n)];
      const a = bench.put(
        bits === 32 ? Int32Array.from([...(least as number[]), 7]) : BigInt64Array.from([...(least as bigint[]), 7n]),
      );
      const b = bench.put(bits === 32 ? Int32Array.from([-1, 0]) : BigInt64Array.from([-1n, 0n]));
      const out = bench.room(16);
      for (const kernel of [kernels[`div${type}`], kernels[`mod${type}`]])
        expect(kernel(a, width, b, width, 2, out)).toBe(1);
      expect(kernels[`mod${type}`](a, width, b, width, 1, out)).toBe(0);
      expect(BigInt(read(bench, out, 1)[0] as never)).toBe(0n);
    });

    test("the usual batch is not suspected", () => {
      const n = 1000;
      const values =
        bits === 32
          ? Int32Array.from({ length: n }, (_, i) => i - 500)
          : BigInt64Array.from({ length: n }, (_, i) => BigInt(i - 500) * 1_000_003n);
      const ptr = bench.put(values);
      const out = bench.room(n * width);
      for (const operation of ["add", "sub", "mul"] as const) {
        expect(kernels[`${operation}${type}`](ptr, width, ptr, width, n, out)).toBe(0);
      }
    });
  });

  const floats = [
    ["addF64", (a: number, b: number) => a + b],
    ["subF64", (a: number, b: number) => a - b],
    ["mulF64", (a: number, b: number) => a * b],
    ["divF64", (a: number, b: number) => a / b],
  ] as const;

  test.each(SIZES)("F64 of %i rows is IEEE 754", (n) => {
    const random = seeded(n);
    const [a, b] = [doubles(n, random), doubles(n, random)];
    const [left, right, fixed] = [bench.put(a), bench.put(b), bench.put(new Float64Array(2).fill(-0.75))];
    for (const [name, oracle] of floats) {
      const out = bench.room(n * 8);
      kernels[name](left, 8, right, 8, n, out);
      expectRows(
        readDoubles(bench, out, n),
        a.map((x, i) => oracle(x, b[i] as number)),
      );
      kernels[name](fixed, 0, right, 8, n, out);
      expectRows(
        readDoubles(bench, out, n),
        b.map((y) => oracle(-0.75, y)),
      );
    }
    const maps = [Math.ceil, Math.floor, Math.sqrt, Math.abs, Math.trunc];
    for (const [operation, oracle] of maps.entries()) {
      const out = bench.room(n * 8);
      kernels.mapF64(operation, left, n, out);
      expectRows(readDoubles(bench, out, n), a.map(oracle));
    }
  });
});
