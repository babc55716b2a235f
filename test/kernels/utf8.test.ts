// Kernels of assembly/utf8.ts against JavaScript strings taken apart into code points.
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { likeProgram } from "../../src/operators/evaluate/like.js";
import { parseLike } from "../../src/plan/scalar/text.js";
import { expectRows, putStrings, readBits, readInts, readStrings, texts } from "./columns.js";
import { type Bench, forEachVariant, SIZES, seeded } from "./harness.js";

/** Strings do not fill batches as numbers do: one size of a whole batch is enough. */
const STRING_SIZES = SIZES.filter((n) => n <= 200 || n === 8193);

const points = (text: string): string[] => [...text];
const bytesOf = (strings: readonly string[]): number => Buffer.byteLength(strings.join(""));

/** A LIKE pattern as a regular expression over code points. */
function likeRegExp(pattern: string): RegExp {
  const source = points(pattern).map((point) =>
    point === "%" ? "[^]*" : point === "_" ? "[^]" : point.replace(/[\\^$.*+?()[\]{}|/-]/gu, "\\$&"),
  );
  return new RegExp(`^${source.join("")}$`, "u");
}

forEachVariant((bench: Bench) => {
  const { kernels } = bench;
  beforeEach(() => bench.account.arena.reset());

  describe.each(STRING_SIZES)("%i strings", (n) => {
    const random = seeded(n);
    const strings = texts(n, random);
    const others = texts(n, random);
    const room = bytesOf(strings);

    test("charLengthUtf8", () => {
      const { offsets, bytes } = putStrings(bench, strings);
      const out = bench.room(n * 4);
      kernels.charLengthUtf8(offsets, bytes, n, out);
      expectRows(
        readInts(bench, out, n),
        strings.map((text) => points(text).length),
      );
    });

    test("changeCaseUtf8 tells of other letters", () => {
      const { offsets, bytes } = putStrings(bench, strings, 0);
      const out = bench.room(room);
      const ascii = [...strings.join("")].every((point) => point < "\u0080");
      for (const upper of [1, 0]) {
        expect(kernels.changeCaseUtf8(bytes, room, upper, out)).toBe(ascii ? 0 : 1);
        const expected = strings.map((text) =>
          text.replace(upper ? /[a-z]/g : /[A-Z]/g, (letter) => (upper ? letter.toUpperCase() : letter.toLowerCase())),
        );
        expectRows(readStrings(bench, offsets, out, n), expected);
      }
    });

    test("substringUtf8", () => {
      const { offsets, bytes } = putStrings(bench, strings);
      const [outOffsets, out] = [bench.room((n + 1) * 4), bench.room(room)];
      for (const [start, length] of [
        [1, 3],
        [0, 2],
        [2, 0],
        [3, 1000],
        [-2, 1],
        [-5, 2147483647],
        [2147483647, 5],
        [-2147483648, 5],
      ] as const) {
        const used = kernels.substringUtf8(offsets, bytes, n, start, length, outOffsets, out);
        const expected = strings.map((text) => {
          const all = points(text);
          const from = start > 0 ? start - 1 : start === 0 ? 0 : all.length + start;
          return from < 0 ? "" : all.slice(from, from + length).join("");
        });
        expectRows(readStrings(bench, outOffsets, out, n), expected);
        expect(used).toBe(bytesOf(expected));
      }
    });

    test("trimUtf8", () => {
      const padded = strings.map((text, i) => " ".repeat(i % 3) + text + " ".repeat(i % 19));
      const { offsets, bytes } = putStrings(bench, padded);
      const [outOffsets, out] = [bench.room((n + 1) * 4), bench.room(bytesOf(padded))];
      const oracles = [
        (text: string) => text.replace(/^ +/, ""),
        (text: string) => text.replace(/ +$/, ""),
        (text: string) => text.replace(/^ +| +$/g, ""),
      ];
      for (const [i, oracle] of oracles.entries()) {
        kernels.trimUtf8(offsets, bytes, n, i + 1, outOffsets, out);
        expectRows(readStrings(bench, outOffsets, out, n), padded.map(oracle));
      }
    });

    test("concatUtf8 of columns and constants", () => {
      const [left, right, fixed] = [
        putStrings(bench, strings),
        putStrings(bench, others, 1),
        putStrings(bench, [" – "]),
      ];
      const [outOffsets, out] = [bench.room((n + 1) * 4), bench.room(room + bytesOf(others) + n * 5)];
      const used = kernels.concatUtf8(left.offsets, left.bytes, 4, right.offsets, right.bytes, 4, n, outOffsets, out);
      const joined = strings.map((text, i) => text + others[i]);
      expectRows(readStrings(bench, outOffsets, out, n), joined);
      expect(used).toBe(bytesOf(joined));
      kernels.concatUtf8(fixed.offsets, fixed.bytes, 0, right.offsets, right.bytes, 4, n, outOffsets, out);
      expectRows(
        readStrings(bench, outOffsets, out, n),
        others.map((text) => ` – ${text}`),
      );
    });

    test("affixUtf8", () => {
      const { offsets, bytes } = putStrings(bench, strings);
      const out = bench.room((n + 7) >> 3);
      for (const part of ["", "a", "na", "ß", "x".repeat(17), strings[0] ?? "b"]) {
        const encoded = new TextEncoder().encode(part);
        const ptr = bench.put(encoded);
        kernels.affixUtf8(offsets, bytes, n, ptr, encoded.length, 0, out);
        expectRows(
          readBits(bench, out, n),
          strings.map((text) => text.startsWith(part)),
        );
        kernels.affixUtf8(offsets, bytes, n, ptr, encoded.length, 1, out);
        expectRows(
          readBits(bench, out, n),
          strings.map((text) => text.endsWith(part)),
        );
      }
    });
  });

  const like = (strings: readonly string[], pattern: string): boolean[] => {
    const { offsets, bytes } = putStrings(bench, strings);
    const program = likeProgram(parseLike(pattern, null) ?? []);
    if (program === null) throw new Error("the pattern is too long for the kernel");
    const out = bench.room((strings.length + 7) >> 3);
    kernels.likeUtf8(offsets, bytes, strings.length, bench.put(program), out);
    return readBits(bench, out, strings.length);
  };

  const patterns = [
    "",
    "%",
    "%%",
    "_",
    "__",
    "_%",
    "%_",
    "a",
    "a%",
    "%a",
    "%a%",
    "a%b",
    "%a_b%",
    "_b%",
    "%é%",
    "%€_%𝄞%",
    "a%b%a",
    "%_a_%b",
    "%%%a%%_",
    "x%x",
    "𝄞%",
    "%語",
    "_本_",
  ];

  test.each(patterns)("likeUtf8: LIKE '%s'", (pattern) => {
    const strings = texts(1000, seeded(pattern.length));
    expectRows(
      like(strings, pattern),
      strings.map((text) => likeRegExp(pattern).test(text)),
    );
  });

  test("likeUtf8 agrees with a regular expression on anything", () => {
    const letter = fc.constantFrom("a", "b", "é", "𝄞");
    const text = fc.string({ unit: letter, maxLength: 12 });
    const pattern = fc.string({ unit: fc.oneof(letter, fc.constantFrom("%", "_")), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), pattern, (strings, given) => {
        bench.account.arena.reset();
        expectRows(
          like(strings, given),
          strings.map((value) => likeRegExp(given).test(value)),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("likeUtf8 with a segment of 64 characters, the most that one word holds", () => {
    const segment = `${"ab".repeat(31)}é_`;
    const hit = `${"ab".repeat(31)}éz`;
    expect(like([hit, `--${hit}--`, hit.slice(1), `${hit}é`], `%${segment}%`)).toEqual([true, true, false, true]);
    expect(likeProgram(parseLike(`${segment}c`, null) ?? [])).toBeNull();
  });
});
