// Short ways to write expressions in tests, and hand-worked cases that constant folding and the kernels must both pass.
import { type DataType, parseType } from "../../src/arrow/types.js";
import type { BoundValue, Expr, LiteralValue } from "../../src/plan/expr.js";

export const lit = (value: LiteralValue, type?: string): Expr => {
  return type === undefined ? { kind: "literal", value } : { kind: "literal", value, type: parseType(type).type };
};
export const col = (name: string): Expr => ({ kind: "column", name });
export const call = (fn: string, ...args: Expr[]): Expr => ({ kind: "call", fn, args });
export const cast = (input: Expr, type: string): Expr => ({
  kind: "cast",
  input,
  type: parseType(type).type,
  try: false,
});
export const tryCast = (input: Expr, type: string): Expr => ({ ...cast(input, type), try: true }) as Expr;
export const when = (branches: readonly (readonly [Expr, Expr])[], otherwise: Expr | null = null): Expr => ({
  kind: "case",
  branches: branches.map(([condition, then]) => ({ when: condition, then })),
  otherwise,
});

/** A value of a type in the units of bound literals: BIGINT, times and decimals (unscaled) as bigint, bytes as hex. */
export type Typed = readonly [type: string, value: BoundValue];

/** `fn` of the arguments gives `result` of `type`, or fails with the code. `fn` may be CAST or TRY_CAST to the type. */
export interface Case {
  readonly fn: string;
  readonly args: readonly Typed[];
  readonly type: string;
  readonly result: BoundValue;
  readonly fails?: string;
  /** Arguments that must be literals, by their place. */
  readonly literals?: readonly number[];
}

export const typeOf = (text: string): DataType => parseType(text).type;

const NAN = Number.NaN;
const INF = Number.POSITIVE_INFINITY;
const I64_MAX = 2n ** 63n - 1n;
const I64_MIN = -(2n ** 63n);

const gives = (fn: string, args: readonly Typed[], type: string, result: BoundValue): Case => ({
  fn,
  args,
  type,
  result,
});
const fails = (fn: string, args: readonly Typed[], type: string, code: string): Case => ({
  fn,
  args,
  type,
  result: null,
  fails: code,
});
const fixed = (literals: readonly number[], entry: Case): Case => ({ ...entry, literals });

/** The same function over many argument lists of one type. */
const each = (
  fn: string,
  types: readonly string[],
  type: string,
  rows: readonly (readonly [...BoundValue[]])[],
): Case[] =>
  rows.map((row) =>
    gives(
      fn,
      types.map((name, i): Typed => [name, row[i] as BoundValue]),
      type,
      row[types.length] as BoundValue,
    ),
  );

const casts = (
  from: string,
  to: string,
  rows: readonly (readonly [BoundValue, BoundValue | { fails: string }])[],
): Case[] =>
  rows.map(([value, result]) => {
    const args: Typed[] = [[from, value]];
    return typeof result === "object" && result !== null
      ? fails("CAST", args, to, result.fails)
      : gives("CAST", args, to, result);
  });
const OVERFLOW = { fails: "OVERFLOW" };
const CAST = { fails: "CAST" };

const ARITHMETIC: Case[] = [
  ...each("add", ["INT", "INT"], "INT", [
    [2, 3, 5],
    [-5, 5, 0],
    [2147483647, -1, 2147483646],
  ]),
  fails(
    "add",
    [
      ["INT", 2147483647],
      ["INT", 1],
    ],
    "INT",
    "OVERFLOW",
  ),
  fails(
    "sub",
    [
      ["INT", -2147483648],
      ["INT", 1],
    ],
    "INT",
    "OVERFLOW",
  ),
  fails(
    "mul",
    [
      ["INT", 65536],
      ["INT", 32768],
    ],
    "INT",
    "OVERFLOW",
  ),
  ...each("mul", ["INT", "INT"], "INT", [
    [46341, -46340, -2147441940],
    [-2147483648, 1, -2147483648],
  ]),
  ...each("add", ["INT", "BIGINT"], "BIGINT", [[1, 2n ** 53n, 2n ** 53n + 1n]]),
  fails(
    "add",
    [
      ["BIGINT", I64_MAX],
      ["BIGINT", 1n],
    ],
    "BIGINT",
    "OVERFLOW",
  ),
  fails(
    "sub",
    [
      ["BIGINT", I64_MIN],
      ["BIGINT", 1n],
    ],
    "BIGINT",
    "OVERFLOW",
  ),
  fails(
    "mul",
    [
      ["BIGINT", 3037000500n],
      ["BIGINT", 3037000500n],
    ],
    "BIGINT",
    "OVERFLOW",
  ),
  ...each("mul", ["BIGINT", "BIGINT"], "BIGINT", [
    [3037000499n, 3037000499n, 9223372030926249001n],
    [I64_MIN, 1n, I64_MIN],
  ]),
  fails(
    "mul",
    [
      ["BIGINT", I64_MIN],
      ["BIGINT", -1n],
    ],
    "BIGINT",
    "OVERFLOW",
  ),
  ...each("div", ["INT", "INT"], "INT", [
    [7, 2, 3],
    [-7, 2, -3],
    [7, -2, -3],
    [-2147483648, 1, -2147483648],
  ]),
  fails(
    "div",
    [
      ["INT", 1],
      ["INT", 0],
    ],
    "INT",
    "DIVISION_BY_ZERO",
  ),
  fails(
    "div",
    [
      ["INT", -2147483648],
      ["INT", -1],
    ],
    "INT",
    "OVERFLOW",
  ),
  fails(
    "div",
    [
      ["BIGINT", I64_MIN],
      ["BIGINT", -1n],
    ],
    "BIGINT",
    "OVERFLOW",
  ),
  ...each("mod", ["INT", "INT"], "INT", [
    [7, 3, 1],
    [-7, 3, -1],
    [7, -3, 1],
    [-2147483648, -1, 0],
  ]),
  ...each("mod", ["BIGINT", "INT"], "INT", [[2n ** 62n, 7, 4]]),
  fails(
    "mod",
    [
      ["BIGINT", 1n],
      ["BIGINT", 0n],
    ],
    "BIGINT",
    "DIVISION_BY_ZERO",
  ),
  ...each("add", ["TINYINT", "TINYINT"], "TINYINT", [[100, 27, 127]]),
  fails(
    "add",
    [
      ["TINYINT", 100],
      ["TINYINT", 28],
    ],
    "TINYINT",
    "OVERFLOW",
  ),
  ...each("mul", ["SMALLINT", "TINYINT"], "SMALLINT", [[300, 100, 30000]]),
  ...each("div", ["DOUBLE", "DOUBLE"], "DOUBLE", [
    [1, 0, INF],
    [-1, 0, -INF],
    [0, 0, NAN],
    [1, 4, 0.25],
  ]),
  ...each("mod", ["DOUBLE", "DOUBLE"], "DOUBLE", [
    [7.5, 2, 1.5],
    [-7.5, 2, -1.5],
    [1, 0, NAN],
  ]),
  ...each("add", ["FLOAT", "FLOAT"], "FLOAT", [[Math.fround(0.1), Math.fround(0.2), Math.fround(0.3)]]),
  ...each("mul", ["INT", "DOUBLE"], "DOUBLE", [[3, 0.5, 1.5]]),
  ...each("add", ["INT", "FLOAT"], "FLOAT", [[1, 0.5, 1.5]]),
  ...each("neg", ["INT"], "INT", [
    [5, -5],
    [0, 0],
  ]),
  ...each("neg", ["DOUBLE"], "DOUBLE", [
    [1.5, -1.5],
    [NAN, NAN],
  ]),
  fails("neg", [["BIGINT", I64_MIN]], "BIGINT", "OVERFLOW"),
  ...each("abs", ["BIGINT"], "BIGINT", [
    [-5n, 5n],
    [I64_MAX, I64_MAX],
  ]),
  fails("abs", [["INT", -2147483648]], "INT", "OVERFLOW"),
  ...each("abs", ["DOUBLE"], "DOUBLE", [
    [-2.5, 2.5],
    [-INF, INF],
  ]),
  ...each("sign", ["DOUBLE"], "DOUBLE", [
    [-2.5, -1],
    [0, 0],
    [NAN, NAN],
  ]),
  ...each("sign", ["DECIMAL(5, 2)"], "DECIMAL(5, 2)", [[-250n, -100n]]),
  ...each("ceil", ["DOUBLE"], "DOUBLE", [
    [2.1, 3],
    [-2.1, -2],
  ]),
  ...each("floor", ["DOUBLE"], "DOUBLE", [
    [2.9, 2],
    [-2.1, -3],
  ]),
  ...each("ceil", ["DECIMAL(3, 2)"], "DECIMAL(3, 0)", [
    [999n, 10n],
    [-250n, -2n],
  ]),
  ...each("floor", ["DECIMAL(3, 2)"], "DECIMAL(3, 0)", [
    [999n, 9n],
    [-250n, -3n],
  ]),
  ...each("floor", ["INT"], "INT", [[7, 7]]),
  ...each("round", ["DOUBLE"], "DOUBLE", [
    [2.5, 3],
    [-2.5, -3],
    [0.49999999999999994, 0],
    [NAN, NAN],
    [1e300, 1e300],
  ]),
  ...each("round", ["DOUBLE", "INT"], "DOUBLE", [
    [2.345, 2, 2.35],
    [1.005, 2, 1.01],
    [1234.5, -2, 1200],
    [1e-9, 20, 1e-9],
    [1.2345e-15, 18, 1.235e-15],
    [123456.5, 0, 123457],
    [0.285, 2, 0.29],
    [-1.15, 1, -1.2],
    [1e300, -299, 1e300],
    [5e299, -300, 1e300],
    [4.9e299, -300, 0],
    [1.5, -2147483648, 0],
    [1.5, 2147483647, 1.5],
    [5e-324, 400, 5e-324],
  ]),
  ...each("round", ["INT", "INT"], "INT", [
    [1250, -2, 1300],
    [-1250, -2, -1300],
    [7, 3, 7],
  ]),
  fixed(
    [1],
    gives(
      "round",
      [
        ["DECIMAL(5, 3)", 99995n],
        ["INT", 1],
      ],
      "DECIMAL(4, 1)",
      1000n,
    ),
  ),
  ...each("round", ["DECIMAL(5, 3)"], "DECIMAL(3, 0)", [
    [2500n, 3n],
    [-2500n, -3n],
    [2499n, 2n],
  ]),
  ...each("sqrt", ["DOUBLE"], "DOUBLE", [
    [9, 3],
    [NAN, NAN],
  ]),
  ...each("sqrt", ["INT"], "DOUBLE", [[2, Math.SQRT2]]),
  fails("sqrt", [["DOUBLE", -1]], "DOUBLE", "OVERFLOW"),
  ...each("ln", ["DOUBLE"], "DOUBLE", [
    [1, 0],
    [0, -INF],
  ]),
  fails("ln", [["DOUBLE", -1]], "DOUBLE", "OVERFLOW"),
  ...each("power", ["DOUBLE", "INT"], "DOUBLE", [
    [2, 10, 1024],
    [0, -1, INF],
  ]),
];

const DECIMALS: Case[] = [
  ...each("add", ["DECIMAL(10, 2)", "DECIMAL(5, 3)"], "DECIMAL(12, 3)", [[1250n, 5n, 12505n]]),
  ...each("sub", ["DECIMAL(4, 2)", "INT"], "DECIMAL(13, 2)", [[1250n, 20, -750n]]),
  ...each("add", ["DECIMAL(18, 0)", "DECIMAL(18, 0)"], "DECIMAL(19, 0)", [
    [999999999999999999n, 999999999999999999n, 1999999999999999998n],
  ]),
  ...each("mul", ["DECIMAL(3, 3)", "DECIMAL(4, 2)"], "DECIMAL(8, 5)", [[908n, 1250n, 1135000n]]),
  ...each("mul", ["DECIMAL(10, 2)", "DECIMAL(10, 2)"], "DECIMAL(21, 4)", [
    [9999999999n, -9999999999n, -99999999980000000001n],
  ]),
  ...each("mul", ["DECIMAL(20, 2)", "DECIMAL(5, 0)"], "DECIMAL(26, 2)", [[10n ** 19n, -3n, -3n * 10n ** 19n]]),
  ...each("div", ["DECIMAL(5, 2)", "DECIMAL(5, 2)"], "DECIMAL(13, 8)", [
    [100n, 300n, 33333333n],
    [200n, 300n, 66666667n],
    [-200n, 300n, -66666667n],
  ]),
  fails(
    "div",
    [
      ["DECIMAL(5, 2)", 100n],
      ["DECIMAL(5, 2)", 0n],
    ],
    "DECIMAL(13, 8)",
    "DIVISION_BY_ZERO",
  ),
  ...each("mod", ["DECIMAL(5, 2)", "DECIMAL(3, 1)"], "DECIMAL(4, 2)", [
    [1234n, 50n, 234n],
    [-1234n, 50n, -234n],
  ]),
  fails(
    "add",
    [
      ["DECIMAL(38, 0)", 10n ** 38n - 1n],
      ["DECIMAL(38, 0)", 1n],
    ],
    "DECIMAL(38, 0)",
    "OVERFLOW",
  ),
  ...each("add", ["DECIMAL(5, 2)", "DOUBLE"], "DOUBLE", [[125n, 0.25, 1.5]]),
  ...each("neg", ["DECIMAL(20, 2)"], "DECIMAL(20, 2)", [[10n ** 19n, -(10n ** 19n)]]),
  ...each("abs", ["DECIMAL(5, 2)"], "DECIMAL(5, 2)", [[-125n, 125n]]),
  ...each("eq", ["DECIMAL(5, 2)", "DECIMAL(4, 1)"], "BOOLEAN", [
    [150n, 15n, true],
    [151n, 15n, false],
  ]),
  ...each("lt", ["DECIMAL(38, 0)", "DECIMAL(4, 2)"], "BOOLEAN", [
    [2n, 151n, false],
    [1n, 151n, true],
  ]),
  ...each("gt", ["DECIMAL(30, 10)", "DECIMAL(30, 10)"], "BOOLEAN", [
    [2n ** 70n, -(2n ** 70n), true],
    [2n ** 64n, 2n ** 64n + 1n, false],
  ]),
  ...each("in", ["DECIMAL(38, 0)", "DECIMAL(4, 2)"], "BOOLEAN", [
    [2n, 151n, false],
    [2n, 200n, true],
  ]),
];

const COMPARISON: Case[] = [
  ...each("eq", ["DOUBLE", "DOUBLE"], "BOOLEAN", [
    [NAN, NAN, true],
    [0, -0, true],
    [1, NAN, false],
  ]),
  ...each("lt", ["DOUBLE", "DOUBLE"], "BOOLEAN", [
    [INF, NAN, true],
    [NAN, INF, false],
    [NAN, NAN, false],
    [-0, 0, false],
  ]),
  ...each("ge", ["DOUBLE", "DOUBLE"], "BOOLEAN", [
    [NAN, INF, true],
    [NAN, NAN, true],
  ]),
  ...each("gt", ["FLOAT", "FLOAT"], "BOOLEAN", [
    [NAN, 1, true],
    [1, NAN, false],
  ]),
  ...each("eq", ["BIGINT", "BIGINT"], "BOOLEAN", [[2n ** 53n, 2n ** 53n + 1n, false]]),
  ...each("lt", ["INT", "BIGINT"], "BOOLEAN", [[-1, 0n, true]]),
  ...each("le", ["TINYINT", "SMALLINT"], "BOOLEAN", [[127, 128, true]]),
  ...each("lt", ["STRING", "STRING"], "BOOLEAN", [
    ["a", "ab", true],
    ["\uffff", "\u{10000}", true],
    ["B", "a", true],
    ["é", "z", false],
  ]),
  ...each("eq", ["STRING", "STRING"], "BOOLEAN", [
    ["e\u0301", "\u00e9", false],
    ["", "", true],
  ]),
  ...each("lt", ["BYTES", "BYTES"], "BOOLEAN", [
    ["00ff", "01", true],
    ["7f", "80", true],
  ]),
  ...each("lt", ["BOOLEAN", "BOOLEAN"], "BOOLEAN", [
    [false, true, true],
    [true, true, false],
    [true, false, false],
  ]),
  ...each("ge", ["BOOLEAN", "BOOLEAN"], "BOOLEAN", [
    [true, false, true],
    [false, true, false],
  ]),
  ...each("eq", ["TIMESTAMP(3)", "TIMESTAMP(6)"], "BOOLEAN", [
    [1000n, 1_000_000n, true],
    [1000n, 1_000_001n, false],
  ]),
  ...each("gt", ["TIMESTAMP(3)", "DATE"], "BOOLEAN", [
    [86_400_001n, 1, true],
    [86_400_000n, 1, false],
  ]),
  ...each("lt", ["TIME", "TIME"], "BOOLEAN", [[1, 2, true]]),
  fixed(
    [1],
    gives(
      "ge",
      [
        ["TIMESTAMP(3)", 60_000n],
        ["STRING", "1970-01-01 00:01:00"],
      ],
      "BOOLEAN",
      true,
    ),
  ),
  fixed(
    [1],
    gives(
      "eq",
      [
        ["DECIMAL(5, 2)", 1250n],
        ["STRING", "12.5"],
      ],
      "BOOLEAN",
      true,
    ),
  ),
  ...each("is_distinct_from", ["INT", "INT"], "BOOLEAN", [
    [1, 1, false],
    [1, 2, true],
    [null, 1, true],
    [null, null, false],
  ]),
  ...each("is_not_distinct_from", ["STRING", "STRING"], "BOOLEAN", [
    ["a", "a", true],
    [null, "a", false],
    [null, null, true],
  ]),
  ...each("in", ["INT", "INT", "INT"], "BOOLEAN", [
    [1, 2, 1, true],
    [1, 2, 3, false],
    [1, null, 1, true],
    [1, null, 2, null],
    [null, 1, 2, null],
  ]),
  ...each("between", ["INT", "INT", "INT"], "BOOLEAN", [
    [2, 1, 3, true],
    [1, 1, 1, true],
    [0, 1, 3, false],
    [0, 1, null, false],
    [2, 1, null, null],
  ]),
];

const T = true;
const F = false;
const LOGIC: Case[] = [
  ...each("and", ["BOOLEAN", "BOOLEAN"], "BOOLEAN", [
    [T, T, T],
    [T, F, F],
    [F, null, F],
    [null, F, F],
    [T, null, null],
    [null, null, null],
  ]),
  ...each("or", ["BOOLEAN", "BOOLEAN"], "BOOLEAN", [
    [F, F, F],
    [T, F, T],
    [T, null, T],
    [null, T, T],
    [F, null, null],
    [null, null, null],
  ]),
  ...each("not", ["BOOLEAN"], "BOOLEAN", [
    [T, F],
    [F, T],
    [null, null],
  ]),
  ...each("is_true", ["BOOLEAN"], "BOOLEAN", [
    [T, T],
    [F, F],
    [null, F],
  ]),
  ...each("is_not_true", ["BOOLEAN"], "BOOLEAN", [
    [T, F],
    [F, T],
    [null, T],
  ]),
  ...each("is_false", ["BOOLEAN"], "BOOLEAN", [
    [T, F],
    [F, T],
    [null, F],
  ]),
  ...each("is_not_false", ["BOOLEAN"], "BOOLEAN", [
    [T, T],
    [F, F],
    [null, T],
  ]),
  ...each("is_null", ["STRING"], "BOOLEAN", [
    ["", F],
    [null, T],
  ]),
  ...each("is_not_null", ["BIGINT"], "BOOLEAN", [
    [0n, T],
    [null, F],
  ]),
  ...each("coalesce", ["INT", "INT", "BIGINT"], "BIGINT", [
    [null, 2, 3n, 2n],
    [null, null, 3n, 3n],
    [null, null, null, null],
  ]),
  ...each("coalesce", ["STRING", "STRING"], "STRING", [
    [null, "b", "b"],
    ["", "b", ""],
  ]),
  ...each("coalesce", ["DECIMAL(20, 2)", "DECIMAL(5, 2)"], "DECIMAL(20, 2)", [
    [null, 125n, 125n],
    [10n ** 19n, 1n, 10n ** 19n],
  ]),
  ...each("coalesce", ["TINYINT", "TINYINT"], "TINYINT", [
    [null, -5, -5],
    [7, 1, 7],
  ]),
  ...each("if_null", ["DOUBLE", "INT"], "DOUBLE", [
    [null, 2, 2],
    [1.5, 2, 1.5],
  ]),
  ...each("nullif", ["INT", "INT"], "INT", [
    [0, 0, null],
    [1, 0, 1],
    [null, 0, null],
  ]),
  ...each("greatest", ["INT", "BIGINT", "INT"], "BIGINT", [
    [1, 3n, 2, 3n],
    [1, null, 2, null],
  ]),
  ...each("greatest", ["DOUBLE", "DOUBLE"], "DOUBLE", [
    [1, NAN, NAN],
    [2, 1, 2],
  ]),
  ...each("least", ["STRING", "STRING"], "STRING", [
    ["b", "ab", "ab"],
    ["b", null, null],
  ]),
  ...each("least", ["FLOAT", "FLOAT"], "FLOAT", [[NAN, 1.5, 1.5]]),
];

const TEXT: Case[] = [
  ...each("char_length", ["STRING"], "INT", [
    ["", 0],
    ["naïve", 5],
    ["𝄞€a", 3],
  ]),
  ...each("upper", ["STRING"], "STRING", [
    ["straße é", "STRASSE É"],
    ["abc", "ABC"],
  ]),
  ...each("lower", ["STRING"], "STRING", [
    ["ÀB", "àb"],
    ["[Z]@", "[z]@"],
  ]),
  ...each("trim", ["STRING"], "STRING", [
    ["  a b ", "a b"],
    ["   ", ""],
    ["\ta", "\ta"],
  ]),
  ...each("ltrim", ["STRING", "STRING"], "STRING", [
    ["xyxab", "yx", "ab"],
    ["€€a", "€", "a"],
  ]),
  ...each("rtrim", ["STRING"], "STRING", [["  a ", "  a"]]),
  ...each("substring", ["STRING", "INT"], "STRING", [
    ["stream", 3, "ream"],
    ["𝄞clef", 2, "clef"],
    ["abc", -2, "bc"],
    ["abc", -5, ""],
    ["abc", 9, ""],
  ]),
  ...each("substring", ["STRING", "INT", "INT"], "STRING", [
    ["stream", 0, 2, "st"],
    ["stream", 5, 99, "am"],
    ["abc", 1, 0, ""],
    ["abc", 1, -1, null],
  ]),
  fixed(
    [1, 2],
    gives(
      "substring",
      [
        ["STRING", "é€𝄞!"],
        ["INT", -3],
        ["INT", 2],
      ],
      "STRING",
      "€𝄞",
    ),
  ),
  ...each("concat", ["STRING", "STRING", "STRING"], "STRING", [
    ["a", "", "é", "aé"],
    ["a", null, "b", null],
  ]),
  ...each("position", ["STRING", "STRING"], "INT", [
    ["re", "stream", 3],
    ["x", "abc", 0],
    ["", "abc", 1],
    ["b", "€𝄞b", 3],
  ]),
  ...each("starts_with", ["STRING", "STRING"], "BOOLEAN", [
    ["stream", "str", true],
    ["s", "str", false],
    ["a", "", true],
  ]),
  ...each("ends_with", ["STRING", "STRING"], "BOOLEAN", [
    ["stream", "eam", true],
    ["m", "eam", false],
  ]),
  ...each("contains", ["STRING", "STRING"], "BOOLEAN", [
    ["stream", "rea", true],
    ["stream", "ae", false],
    ["", "", true],
  ]),
  ...each("like", ["STRING", "STRING"], "BOOLEAN", [
    ["stream", "s%m", true],
    ["stream", "s_m", false],
    ["𝄞", "_", true],
    ["a\nb", "a%b", true],
    ["", "", true],
    ["a", "", false],
    ["ab", "a%b%", true],
  ]),
  fixed(
    [1, 2],
    gives(
      "like",
      [
        ["STRING", "50%"],
        ["STRING", "50!%"],
        ["STRING", "!"],
      ],
      "BOOLEAN",
      true,
    ),
  ),
  fixed(
    [1, 2],
    gives(
      "like",
      [
        ["STRING", "500"],
        ["STRING", "50!%"],
        ["STRING", "!"],
      ],
      "BOOLEAN",
      false,
    ),
  ),
  fixed(
    [1],
    gives(
      "like",
      [
        ["STRING", `${"a".repeat(70)}b`],
        ["STRING", `%${"a".repeat(69)}b`],
      ],
      "BOOLEAN",
      true,
    ),
  ),
  ...each("replace", ["STRING", "STRING", "STRING"], "STRING", [
    ["a-b-", "-", "", "ab"],
    ["aa", "a", "aa", "aaaa"],
    ["ab", "", "-", "-a-b-"],
  ]),
  ...each("reverse", ["STRING"], "STRING", [["a𝄞b", "b𝄞a"]]),
  ...each("lpad", ["STRING", "INT", "STRING"], "STRING", [
    ["7", 3, "0", "007"],
    ["abc", 2, "x", "ab"],
    ["a", 4, "xy", "xyxa"],
    ["a", 2, "", null],
    ["a", -1, "x", null],
  ]),
  ...each("rpad", ["STRING", "INT"], "STRING", [["a", 3, "a  "]]),
];

const MS = Date.UTC(2024, 1, 29, 13, 5, 9, 250);
const US = BigInt(MS) * 1000n + 7n;
const BEFORE = Date.UTC(1969, 11, 31, 23, 59, 59, 999);
const parts = (value: bigint, type: string, expected: Readonly<Record<string, number>>): Case[] =>
  Object.entries(expected).map(([unit, number]) =>
    fixed(
      [0],
      gives(
        "extract",
        [
          ["STRING", unit],
          [type, value],
        ],
        "BIGINT",
        BigInt(number),
      ),
    ),
  );

const TIME: Case[] = [
  ...parts(BigInt(MS), "TIMESTAMP(3)", {
    year: 2024,
    quarter: 1,
    month: 2,
    week: 9,
    day: 29,
    dow: 5,
    isodow: 4,
    doy: 60,
    hour: 13,
    minute: 5,
    second: 9,
    millisecond: 250,
    epoch: Math.floor(MS / 1000),
  }),
  ...parts(US, "TIMESTAMP(6)", { year: 2024, second: 9, millisecond: 250, isodow: 4 }),
  ...parts(BigInt(BEFORE), "TIMESTAMP(3)", {
    year: 1969,
    month: 12,
    day: 31,
    hour: 23,
    second: 59,
    millisecond: 999,
    epoch: -1,
    dow: 4,
    week: 1,
  }),
  ...parts(BigInt(Date.UTC(2021, 0, 3)), "TIMESTAMP(3)", { week: 53, isodow: 7, dow: 1 }),
  ...each("year", ["DATE"], "BIGINT", [
    [19782, 2024n],
    [-1, 1969n],
  ]),
  ...each("hour", ["TIME"], "BIGINT", [[47_109_250, 13n]]),
  ...(
    [
      ["second", Date.UTC(2024, 1, 29, 13, 5, 9)],
      ["minute", Date.UTC(2024, 1, 29, 13, 5)],
      ["hour", Date.UTC(2024, 1, 29, 13)],
      ["day", Date.UTC(2024, 1, 29)],
      ["week", Date.UTC(2024, 1, 26)],
      ["month", Date.UTC(2024, 1, 1)],
      ["quarter", Date.UTC(2024, 0, 1)],
      ["year", Date.UTC(2024, 0, 1)],
    ] as const
  ).flatMap(([unit, start]): Case[] => [
    fixed(
      [1],
      gives(
        "date_floor",
        [
          ["TIMESTAMP(3)", BigInt(MS)],
          ["STRING", unit],
        ],
        "TIMESTAMP(3)",
        BigInt(start),
      ),
    ),
    fixed(
      [1],
      gives(
        "date_floor",
        [
          ["TIMESTAMP(6)", US],
          ["STRING", unit],
        ],
        "TIMESTAMP(6)",
        BigInt(start) * 1000n,
      ),
    ),
  ]),
  fixed(
    [1],
    gives(
      "date_floor",
      [
        ["DATE", 19782],
        ["STRING", "week"],
      ],
      "DATE",
      19779,
    ),
  ),
  fixed(
    [1],
    gives(
      "date_floor",
      [
        ["DATE", -1],
        ["STRING", "year"],
      ],
      "DATE",
      -365,
    ),
  ),
  ...each("add", ["TIMESTAMP(3)", "INTERVAL"], "TIMESTAMP(3)", [
    [1000n, 500n, 1500n],
    [0n, -1n, -1n],
  ]),
  ...each("add", ["INTERVAL", "TIMESTAMP(6)"], "TIMESTAMP(6)", [[500n, 1n, 500_001n]]),
  ...each("sub", ["DATE", "INTERVAL"], "TIMESTAMP(3)", [[1, 1n, 86_399_999n]]),
  ...each("sub", ["TIMESTAMP(3)", "TIMESTAMP(6)"], "INTERVAL", [[1500n, 500_000n, 1000n]]),
  ...each("mul", ["INTERVAL", "INT"], "INTERVAL", [[60_000n, -3, -180_000n]]),
  ...each("mul", ["BIGINT", "INTERVAL"], "INTERVAL", [[2n, 5n, 10n]]),
  ...each("add", ["INTERVAL", "INTERVAL"], "INTERVAL", [[1n, 2n, 3n]]),
  fails(
    "add",
    [
      ["TIMESTAMP(3)", BigInt(Date.UTC(9999, 11, 31))],
      ["INTERVAL", 86_400_000n],
    ],
    "TIMESTAMP(3)",
    "TIME_RANGE",
  ),
  fails(
    "sub",
    [
      ["TIMESTAMP(3)", 0n],
      ["INTERVAL", I64_MAX],
    ],
    "TIMESTAMP(3)",
    "TIME_RANGE",
  ),
  ...each("to_timestamp", ["STRING"], "TIMESTAMP(3)", [
    ["2024-02-29T13:05:09.250", BigInt(MS)],
    ["2024-02-29", BigInt(Date.UTC(2024, 1, 29))],
  ]),
  fails("to_timestamp", [["STRING", "yesterday"]], "TIMESTAMP(3)", "CAST"),
  ...each("to_date", ["STRING"], "DATE", [["1969-12-31", -1]]),
  ...each("to_epoch_ms", ["TIMESTAMP(6)"], "BIGINT", [
    [-1n, -1n],
    [1_999n, 1n],
  ]),
  ...each("from_epoch_ms", ["BIGINT"], "TIMESTAMP_LTZ(3)", [[-1n, -1n]]),
  fails("from_epoch_ms", [["BIGINT", 253402300800000n]], "TIMESTAMP_LTZ(3)", "TIME_RANGE"),
];

const CASTS: Case[] = [
  ...casts("INT", "TINYINT", [
    [127, 127],
    [-128, -128],
    [128, OVERFLOW],
  ]),
  ...casts("BIGINT", "INT", [
    [2n ** 31n - 1n, 2147483647],
    [2n ** 31n, OVERFLOW],
  ]),
  ...casts("BIGINT", "SMALLINT", [
    [-32768n, -32768],
    [2n ** 32n, OVERFLOW],
  ]),
  ...casts("TINYINT", "BIGINT", [[-1, -1n]]),
  ...casts("BIGINT", "DOUBLE", [
    [2n ** 53n + 1n, 2 ** 53],
    [-5n, -5],
  ]),
  ...casts("INT", "FLOAT", [[16777217, 16777216]]),
  ...casts("SMALLINT", "DOUBLE", [[-7, -7]]),
  ...casts("DOUBLE", "INT", [
    [2.9, 2],
    [-2.9, -2],
    [-2147483648.9, -2147483648],
    [2147483648, OVERFLOW],
    [NAN, OVERFLOW],
    [-INF, OVERFLOW],
  ]),
  ...casts("DOUBLE", "BIGINT", [
    [-0.5, 0n],
    [2 ** 53, 2n ** 53n],
    [-(2 ** 63), I64_MIN],
    [2 ** 63, OVERFLOW],
    [NAN, OVERFLOW],
  ]),
  ...casts("DOUBLE", "TINYINT", [
    [127.9, 127],
    [128, OVERFLOW],
  ]),
  ...casts("FLOAT", "INT", [[1.5, 1]]),
  ...casts("FLOAT", "DOUBLE", [[Math.fround(0.1), Math.fround(0.1)]]),
  ...casts("DOUBLE", "FLOAT", [
    [0.1, Math.fround(0.1)],
    [NAN, NAN],
  ]),
  ...casts("INT", "BOOLEAN", [
    [0, false],
    [-3, true],
  ]),
  ...casts("DOUBLE", "BOOLEAN", [
    [0, false],
    [0.5, true],
  ]),
  ...casts("BOOLEAN", "INT", [
    [true, 1],
    [false, 0],
  ]),
  ...casts("BOOLEAN", "DOUBLE", [[true, 1]]),
  ...casts("BOOLEAN", "STRING", [
    [true, "TRUE"],
    [false, "FALSE"],
  ]),
  ...casts("INT", "DECIMAL(5, 2)", [
    [-123, -12300n],
    [1000, OVERFLOW],
  ]),
  ...casts("BIGINT", "DECIMAL(18, 0)", [
    [999999999999999999n, 999999999999999999n],
    [10n ** 18n, OVERFLOW],
  ]),
  ...casts("BIGINT", "DECIMAL(38, 10)", [[I64_MIN, I64_MIN * 10n ** 10n]]),
  ...casts(
    "DECIMAL(5, 2)",
    "DECIMAL(4, 1)",
    [
      [1255n, 126n],
      [-1255n, -126n],
      [1254n, 125n],
      [99995n, OVERFLOW],
      [99994n, 9999n],
    ].map(([a, b]) => [a, b] as [bigint, bigint | typeof OVERFLOW]),
  ),
  ...casts("DECIMAL(5, 2)", "DECIMAL(6, 4)", [
    [9999n, 999900n],
    [10000n, OVERFLOW],
  ]),
  ...casts("DECIMAL(5, 2)", "DECIMAL(30, 4)", [[-12345n, -1234500n]]),
  ...casts("DECIMAL(30, 4)", "DECIMAL(5, 2)", [
    [-1234550n, -12346n],
    [10n ** 20n, OVERFLOW],
  ]),
  ...casts("DECIMAL(5, 2)", "INT", [[-1299n, -12]]),
  ...casts("DECIMAL(18, 0)", "TINYINT", [
    [127n, 127],
    [128n, OVERFLOW],
  ]),
  ...casts("DECIMAL(30, 2)", "BIGINT", [
    [10n ** 20n, 10n ** 18n],
    [10n ** 25n, OVERFLOW],
  ]),
  ...casts("DECIMAL(5, 2)", "DOUBLE", [[-12345n, -123.45]]),
  ...casts("DECIMAL(38, 0)", "DOUBLE", [[10n ** 30n, 1e30]]),
  ...casts("DOUBLE", "DECIMAL(5, 2)", [
    [2.345, 235n],
    [-2.345, -235n],
    [999.995, OVERFLOW],
    [NAN, OVERFLOW],
    [1e-30, 0n],
  ]),
  ...casts("FLOAT", "DECIMAL(5, 2)", [[Math.fround(0.1), 10n]]),
  ...casts("INT", "STRING", [
    [-2147483648, "-2147483648"],
    [0, "0"],
  ]),
  ...casts("BIGINT", "STRING", [[I64_MIN, "-9223372036854775808"]]),
  ...casts("TINYINT", "STRING", [[-5, "-5"]]),
  ...casts("DECIMAL(5, 2)", "STRING", [
    [5n, "0.05"],
    [-12345n, "-123.45"],
  ]),
  ...casts("DECIMAL(38, 10)", "STRING", [[-1n, "-0.0000000001"]]),
  ...casts("DOUBLE", "STRING", [
    [1, "1.0"],
    [-0, "0.0"],
    [0.1, "0.1"],
    [1e7, "1.0E7"],
    [1234567.5, "1234567.5"],
    [0.0001, "1.0E-4"],
    [-1.5e300, "-1.5E300"],
    [NAN, "NaN"],
    [-INF, "-Infinity"],
  ]),
  ...casts("FLOAT", "STRING", [
    [Math.fround(0.1), "0.1"],
    [16777216, "1.6777216E7"],
  ]),
  ...casts("DATE", "STRING", [
    [-1, "1969-12-31"],
    [19782, "2024-02-29"],
  ]),
  ...casts("TIME", "STRING", [
    [47_109_000, "13:05:09"],
    [1, "00:00:00.001"],
  ]),
  ...casts("TIMESTAMP(3)", "STRING", [[BigInt(MS), "2024-02-29 13:05:09.250"]]),
  ...casts("TIMESTAMP(0)", "STRING", [[-1000n, "1969-12-31 23:59:59"]]),
  ...casts("TIMESTAMP(6)", "STRING", [[US, "2024-02-29 13:05:09.250007"]]),
  ...casts("INTERVAL", "STRING", [
    [93_784_005n, "+1 02:03:04.005"],
    [-1n, "-0 00:00:00.001"],
  ]),
  ...casts("BYTES", "STRING", [
    ["c3a9", "é"],
    ["ff", CAST],
  ]),
  ...casts("STRING", "BYTES", [["é", "c3a9"]]),
  ...casts("STRING", "INT", [
    ["-12", -12],
    ["+7", 7],
    ["12.9", 12],
    ["2147483648", OVERFLOW],
    ["", CAST],
    [" 1", CAST],
    ["1e3", CAST],
    ["0x1", CAST],
  ]),
  ...casts("STRING", "BIGINT", [
    ["9223372036854775807", I64_MAX],
    ["9223372036854775808", OVERFLOW],
  ]),
  ...casts("STRING", "DOUBLE", [
    ["1e3", 1000],
    [" -.5 ", -0.5],
    ["NaN", NAN],
    ["-Infinity", -INF],
    ["1,5", CAST],
    ["", CAST],
  ]),
  ...casts("STRING", "FLOAT", [["0.1", Math.fround(0.1)]]),
  ...casts("STRING", "DECIMAL(5, 2)", [
    ["12.345", 1235n],
    ["-1e1", -1000n],
    ["1000", OVERFLOW],
    ["abc", CAST],
    ["1e400", OVERFLOW],
    ["1e-400", 0n],
  ]),
  ...casts("STRING", "BOOLEAN", [
    ["TRUE", true],
    ["no", false],
    ["1", true],
    ["maybe", CAST],
  ]),
  ...casts("STRING", "DATE", [
    ["2024-02-29", 19782],
    ["2023-02-29", CAST],
    ["-0001-12-31", -719529],
  ]),
  ...casts("STRING", "TIME", [
    ["13:05:09.25", 47_109_250],
    ["24:00:00", CAST],
  ]),
  ...casts("STRING", "TIMESTAMP(3)", [
    ["2024-02-29 13:05:09.250999", BigInt(MS)],
    ["2024-13-01", CAST],
  ]),
  ...casts("STRING", "TIMESTAMP(6)", [["2024-02-29T13:05:09.250007", US]]),
  ...casts("STRING", "TIMESTAMP_LTZ(3)", [["2024-02-29T15:05:09.250+02:00", BigInt(MS)]]),
  ...casts("TIMESTAMP(6)", "TIMESTAMP(3)", [
    [-1n, -1n],
    [1_999n, 1n],
  ]),
  ...casts("TIMESTAMP(3)", "TIMESTAMP(6)", [[-5n, -5000n]]),
  ...casts("TIMESTAMP(3)", "TIMESTAMP(0)", [
    [1999n, 1000n],
    [-1n, -1000n],
  ]),
  ...casts("TIMESTAMP(3)", "TIMESTAMP_LTZ(3)", [[7n, 7n]]),
  ...casts("DATE", "TIMESTAMP(6)", [[-1, -86_400_000_000n]]),
  ...casts("TIMESTAMP(3)", "DATE", [
    [-1n, -1],
    [86_400_000n, 1],
  ]),
  ...casts("TIMESTAMP(6)", "DATE", [[-1n, -1]]),
  ...casts("TIMESTAMP(3)", "TIME", [[-1n, 86_399_999]]),
  ...casts("TIMESTAMP(6)", "TIME", [[US, 47_109_250]]),
  gives("TRY_CAST", [["STRING", "x"]], "INT", null),
  gives("TRY_CAST", [["BIGINT", 2n ** 31n]], "INT", null),
  gives("TRY_CAST", [["DOUBLE", NAN]], "BIGINT", null),
  gives("TRY_CAST", [["INT", 1000]], "DECIMAL(5, 2)", null),
  gives("TRY_CAST", [["DECIMAL(5, 2)", 10000n]], "DECIMAL(6, 4)", null),
  gives("TRY_CAST", [["STRING", "12"]], "INT", 12),
];

export const CASES: readonly Case[] = [...ARITHMETIC, ...DECIMALS, ...COMPARISON, ...LOGIC, ...TEXT, ...TIME, ...CASTS];

/** The expression of a case over these arguments. */
export function caseExpr(entry: Case, args: readonly Expr[]): Expr {
  const [first] = args as [Expr];
  if (entry.fn === "CAST") return cast(first, entry.type);
  return entry.fn === "TRY_CAST" ? tryCast(first, entry.type) : call(entry.fn, ...args);
}

/** What the case is called: `add(INT 2147483647, INT 1)`. */
export function caseName({ fn, args, type, fails: code }: Case): string {
  const given = args.map(
    ([name, value]) => `${name} ${typeof value === "string" ? JSON.stringify(value) : String(value)}`,
  );
  return `${fn}(${given.join(", ")}) → ${type}${code === undefined ? "" : ` ${code}`}`;
}
