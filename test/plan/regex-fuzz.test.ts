// Random damage to regular expressions: a pattern is refused with a reason, or finds what lies in the text, with the same answer whether
// places are asked for or not; and what both sides understand alike JavaScript finds too. `npm run fuzz -- regex`.
import { Regex, RegexError } from "../../src/plan/regex/regex.js";
import { fuzz } from "../fuzz/harness.js";

const PIECES =
  "( ) (?: (?i) (?<n> (?m) | * + ? *? +? ?? {2} {1,3} {2,} [ ] [^ && - \\ \\d \\W \\s \\b \\B ^ $ . \\p{L} \\Q \\E \\x41 a b é 😀".split(
    " ",
  );
/** Java and JavaScript mean the same by these. */
const SHARED = /^(?:[ab|]|\((?:\?:)?|\)|\[ab\]|\\d|[*+?](?=[^+?]|$))*$/;

fuzz({
  name: "regex",
  seeds: [
    "(&|^)channel_id=([^&]*)",
    "(?i)a+|b*?[^c-e]{2,4}$",
    "(?<year>\\d{4})-\\d\\d",
    "\\bfoo\\B.\\p{Lu}",
    "(a|ab)(c|bcd)(d*)",
    "[a-z&&[^b]]+",
  ],
  pieces: PIECES,
  run(bytes, chance) {
    const pattern = new TextDecoder().decode(bytes.subarray(0, 200));
    const text = Array.from({ length: chance.below(12) }, () => "abcé😀1 \n"[chance.below(8)]).join("");
    let regex: Regex;
    try {
      regex = new Regex(pattern);
    } catch (error) {
      if (error instanceof RegexError && error.hint.length > 0) return;
      throw error;
    }
    const data = new TextEncoder().encode(text);
    const slots = new Int32Array(2);
    const found = regex.matcher([0]).find(data, 0, data.length, 0, slots);
    if (found !== regex.matcher([]).find(data, 0, data.length, 0, new Int32Array(0)))
      throw new Error("found and not found");
    const [start, end] = slots as unknown as [number, number];
    if (found && !(start >= 0 && start <= end && end <= data.length))
      throw new Error(`a match from ${start} to ${end}`);
    const other = SHARED.test(pattern) ? inJavaScript(pattern) : null;
    if (other !== null && found !== other.test(text))
      throw new Error(`JavaScript finds ${found ? "none" : "one"} in ${text}`);
  },
});

/** null for what Java has and JavaScript has not, such as flags of nothing: `(?)`. */
function inJavaScript(pattern: string): RegExp | null {
  try {
    return new RegExp(pattern);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
