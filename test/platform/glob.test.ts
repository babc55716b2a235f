// Path patterns against cases worked by hand, and against a slow oracle that tries every way.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchGlob, matchName, parseGlob } from "../../src/platform/glob.js";

describe("matchGlob", () => {
  test.each([
    ["a.json", "a.json", true],
    ["a.json", "a.jsonl", false],
    ["*.json", "a.json", true],
    ["*.json", "x/a.json", false],
    ["*.json", ".a.json", false],
    [".*.json", ".a.json", true],
    ["x/*/z", "x/y/z", true],
    ["x/*/z", "x/y/y/z", false],
    ["**/a.json", "a.json", true],
    ["**/a.json", "x/y/a.json", true],
    ["**/a.json", "x/.y/a.json", false],
    ["x/**", "x/y/a.json", true],
    ["x/**", "y/a.json", false],
    ["x/**/b/*.csv", "x/b/1.csv", true],
    ["x/**/b/*.csv", "x/b/b/c/1.csv", false],
    ["x/**/b/*.csv", "x/a/b/b/1.csv", true],
    ["part-?.json", "part-1.json", true],
    ["part-?.json", "part-12.json", false],
    ["part-[0-3].json", "part-3.json", true],
    ["part-[0-3].json", "part-4.json", false],
    ["part-[!0-3].json", "part-4.json", true],
    ["[ab]c", "bc", true],
    ["[", "[", true],
    ["{a,b{c,d}}.x", "bd.x", true],
    ["{a,b{c,d}}.x", "b.x", false],
    ["/data/{2024,2025}/*.json", "/data/2025/a.json", true],
    ["?.x", "😀.x", true],
    ["a.c", "abc", false],
  ])("%s on %s: %s", (glob, path, expected) => {
    expect(matchGlob(glob, path)).toBe(expected);
  });

  test("agrees with an oracle that tries every split of the stars", () => {
    const oracle = (pattern: string, name: string): boolean => {
      if (pattern === "") return name === "";
      const rest = pattern.slice(1);
      if (pattern[0] === "*") return oracle(rest, name) || (name !== "" && oracle(pattern, name.slice(1)));
      return name !== "" && (pattern[0] === "?" || pattern[0] === name[0]) && oracle(rest, name.slice(1));
    };
    const letters = (alphabet: string) => fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 8 });
    fc.assert(
      fc.property(letters("ab*?"), letters("ab"), (pattern, name) => {
        expect(matchName(pattern, name)).toBe(oracle(pattern, name));
      }),
    );
  });

  test("a pattern made to backtrack is not slow", () => {
    expect(matchName(`${"*a".repeat(2000)}b`, "a".repeat(4000))).toBe(false);
  });

  test("braces that never close or multiply beyond reason are refused", () => {
    expect(() => matchGlob("a{b", "ab")).toThrow(/never closed/);
    expect(() => matchGlob("{a,b}".repeat(11), "a")).toThrow(/1000 patterns/);
  });
});

test("a pattern is walked from the last directory without wildcard", () => {
  expect(parseGlob("/data/x/*.json")).toEqual([{ base: "/data/x", names: ["*.json"] }]);
  expect(parseGlob("/*.json")).toEqual([{ base: "/", names: ["*.json"] }]);
  expect(parseGlob("**/a")).toEqual([{ base: "", names: ["**", "a"] }]);
  expect(parseGlob("x/{a,b}")).toEqual([
    { base: "x", names: ["a"] },
    { base: "x", names: ["b"] },
  ]);
});
