// Strings, S63: compared as UTF-8 bytes, measured in code points, never normalised, and '' is a value.
import { afterAll, beforeAll, expect } from "vitest";
import {
  charLength,
  col,
  count,
  greatest,
  least,
  lpad,
  position,
  reverse,
  substring,
  tumble,
} from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { law, shown, windows } from "./support.js";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

const [ASTRAL, HIGH_BMP] = ["😀", "\uffff"];
const [COMPOSED, DECOMPOSED] = ["é", "e\u0301"];
/** In the order of their UTF-8 bytes. JavaScript puts 😀 (a surrogate pair, d83d) before U+FFFF. */
const ORDERED = [
  "",
  "\u0000",
  "A",
  "Z",
  "a",
  "a\u0000",
  "aa",
  "b",
  DECOMPOSED,
  "z",
  COMPOSED,
  "ÿ",
  "€",
  HIGH_BMP,
  ASTRAL,
  "😀a",
].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

const strings = (values: readonly (string | null)[]) =>
  mill.rows(
    values.map((s) => ({ ts: new Date(0), s })),
    { schema: { ts: "TIMESTAMP(3)", s: "STRING" }, time: "ts" },
  );

law("S63 the greater string is that of the greater bytes: 😀 is behind U+FFFF", async (batchRows) => {
  const pairs: [string, string][] = [
    [HIGH_BMP, ASTRAL],
    ["Z", "a"],
    ["", "\u0000"],
    ["a", "a\u0000"],
    ["a\u0000", "aa"],
    [DECOMPOSED, COMPOSED],
    ["e", DECOMPOSED],
    ["abcdefgh", "abcdefghi"],
    ["abcdefg\u007f", "abcdefg\u0080"],
  ];
  for (const [less, more] of pairs) {
    const pair = mill.rows([{ a: less, b: more }], { schema: { a: "STRING", b: "STRING" } });
    const [a, b] = [col("a"), col("b")];
    const compared = pair.select({ lt: a.lt(b), gt: a.gt(b), eq: a.eq(b), most: greatest(a, b), least: least(b, a) });
    expect(await compared.toArray({ batchRows })).toEqual([
      { lt: true, gt: false, eq: false, most: more, least: less },
    ]);
  }
});

law("S63 WHERE over many strings cuts them where their bytes do", async (batchRows) => {
  for (const [index, bound] of ORDERED.entries()) {
    const where = async (predicate: Parameters<ReturnType<typeof strings>["where"]>[0]) =>
      (await strings(ORDERED).where(predicate).toArray({ batchRows })).map(({ s }) => s);
    expect(await where(col("s").lt(bound))).toEqual(ORDERED.slice(0, index));
    expect(await where(col("s").ge(bound))).toEqual(ORDERED.slice(index));
    expect(await where(col("s").eq(bound))).toEqual([bound]);
  }
});

law("S63 every string is a key of its own: '' is not NULL, nothing is normalised or cut at NUL", async (batchRows) => {
  const values = [...ORDERED, null, ...ORDERED, null, COMPOSED];
  const grouped = strings(values)
    .window(tumble("1s"))
    .groupBy("s")
    .aggregate({ n: count(), v: count("s") });
  const expected = [...ORDERED, null].map((s) => ({
    s,
    n: s === COMPOSED ? 3 : 2,
    v: s === null ? 0 : s === COMPOSED ? 3 : 2,
  }));
  expect(windows(await grouped.toArray({ batchRows }))).toEqual(shown(expected).map((line) => `[0, 1) ${line}`));
});

law("S63 lengths, positions and parts count code points", async (batchRows) => {
  const s = col("s");
  const measured = strings(["😀a", COMPOSED, DECOMPOSED, "", null, "x😀y😀", HIGH_BMP]).select({
    length: charLength(s),
    first: substring(s, 1, 1),
    rest: substring(s, 2),
    last: substring(s, -1),
    at: position("😀", s),
    back: reverse(s),
    padded: lpad(s, 3, "€"),
  });
  expect((await measured.toArray({ batchRows })).map((row) => Object.values(row))).toEqual([
    [2, "😀", "a", "a", 1, "a😀", "€😀a"],
    [1, COMPOSED, "", COMPOSED, 0, COMPOSED, `€€${COMPOSED}`],
    [2, "e", "\u0301", "\u0301", 0, "\u0301e", `€${DECOMPOSED}`],
    [0, "", "", "", 0, "", "€€€"],
    [null, null, null, null, null, null, null],
    [4, "x", "😀y😀", "😀", 2, "😀y😀x", "x😀y"],
    [1, HIGH_BMP, "", HIGH_BMP, 0, HIGH_BMP, `€€${HIGH_BMP}`],
  ]);
});

law("S63 '' is not NULL", async (batchRows) => {
  const s = col("s");
  const told = strings(["", null]).select({ none: s.isNull(), empty: s.eq(""), n: charLength(s) });
  expect(await told.toArray({ batchRows })).toEqual([
    { none: false, empty: true, n: 0 },
    { none: true, empty: null, n: null },
  ]);
});
