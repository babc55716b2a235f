// NDJSON bytes → columns (assembly/json*.ts, float.ts) against JSON.parse, Number and BigInt.
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { Value } from "../../src/arrow/rows.js";
import { decode, decodeValue, GuardedAccount } from "../formats/json-support.js";
import { type Bench, forEachVariant, SIZES, seeded } from "./harness.js";

/** Doubles of every size, as their bits. */
const anyDouble = fc
  .tuple(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 0xffffffff }))
  .map(([high, low]) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setUint32(0, high);
    view.setUint32(4, low);
    return view.getFloat64(0);
  })
  .filter(Number.isFinite);

const digits = (min: number, max: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: min, maxLength: max }).map((list) => list.join(""));

/** Numbers as JSON allows them to be written. */
const numberText = fc
  .tuple(
    fc.boolean(),
    fc.oneof(
      fc.constant("0"),
      fc.tuple(fc.integer({ min: 1, max: 9 }), digits(0, 30)).map(([a, b]) => a + b),
    ),
    fc.option(digits(1, 40), { nil: null }),
    fc.option(fc.tuple(fc.constantFrom("e", "E"), fc.constantFrom("", "+", "-"), digits(1, 3)), { nil: null }),
  )
  .map(([minus, whole, fraction, exponent]) =>
    [minus ? "-" : "", whole, fraction === null ? "" : `.${fraction}`, exponent === null ? "" : exponent.join("")].join(
      "",
    ),
  );

/** Numbers whose rounding is hardest: doubles, half way between two of them, and just beside that. */
const HARD_NUMBERS = [
  "0",
  "-0",
  "0.0",
  "-0.0e5",
  "0e400",
  "1e-400",
  "-1e-400",
  "1e22",
  "1e23",
  "123456789012345678",
  "9007199254740993",
  "9007199254740992.5",
  "9007199254740993.0000000000000000000000000000000000000000000000001",
  "9007199254740992.9999999999999999999999999999999999999999999999999999",
  "179769313486231570814527423731704356798070e267",
  "1.7976931348623158e308",
  "1.7976931348623159e307",
  "4.9406564584124654e-324",
  "2.4703282292062327208e-324",
  "2.4703282292062327209e-324",
  "2.2250738585072011e-308",
  "2.2250738585072014e-308",
  "2.2250738585072012e-308",
  "6.9294956446009195e15",
  "7.3177701707893310e15",
  "8.533e+68",
  "4.1006e-184",
  "9.998e+307",
  "9.9538452227e-280",
  "6.47660115e-260",
  "7.4e+47",
  "5.92e+48",
  "7.35e+66",
  "8.32116e+55",
  "1.00000000000000011102230246251565404236316680908203125",
  "1.00000000000000011102230246251565404236316680908203124",
  "1.00000000000000011102230246251565404236316680908203126",
  `1.${"0".repeat(700)}1`,
  `0.${"0".repeat(320)}49406564584124654417656879286822137236505980`,
  `${"9".repeat(300)}`,
  `9007199254740993${"0".repeat(50)}.${"0".repeat(800)}1e-50`,
  `9007199254740993.${"0".repeat(900)}`,
  "0.1e1",
  "1E+2",
  "123e-2",
  "0.000001",
  "5e-324",
  "3e-324",
  "1.2345678901234567e19",
  "18446744073709551615",
  "18446744073709551616",
];

const EXPECTED_ESCAPES: readonly (readonly [string, string])[] = [
  [String.raw`"\"\\\/\b\f\n\r\t"`, '"\\/\b\f\n\r\t'],
  [String.raw`"\u0041\u00e9\u20AC\ud83d\uDE00"`, "Aé€😀"],
  [String.raw`"\u0000"`, "\0"],
  [String.raw`"a\u0000b"`, "a\0b"],
  [`"${"x".repeat(15)}\\n${"y".repeat(17)}"`, `${"x".repeat(15)}\n${"y".repeat(17)}`],
  [`"${"x".repeat(16)}é${"y".repeat(40)}\\u00e9"`, `${"x".repeat(16)}é${"y".repeat(40)}é`],
  ['"\x7f"', "\x7f"],
];

forEachVariant((bench: Bench) => {
  const workspace = { account: bench.account, kernels: bench.kernels };
  const value = (type: string, text: string) => decodeValue(workspace, type, text);
  beforeEach(() => bench.account.arena.reset());

  describe("doubles equal Number() bit for bit", () => {
    const check = (texts: readonly string[]) => {
      const { rows, bad } = decode(workspace, { v: "DOUBLE" }, texts.map((text) => `{"v":${text}}\n`).join(""));
      const finite = texts.filter((text) => Number.isFinite(Number(text)));
      expect(rows.map(({ v }) => v)).toEqual(finite.map(Number));
      expect(bad.map(({ code }) => code)).toEqual(texts.slice(finite.length).map(() => "OVERFLOW"));
    };

    test("hard ones", () => {
      check(HARD_NUMBERS);
      check(HARD_NUMBERS.map((text) => (text.startsWith("-") ? text : `-${text}`)));
    });

    test("beyond the largest double is OVERFLOW", () => {
      check(["1e309", "-1e309", "1.7976931348623159e308", "179769313486231580793e289", "1e400", "1e999999999999"]);
    });

    test("few digits, whatever stands behind them", () => {
      const whole = [
        "0",
        "7",
        "10",
        "999999",
        "9999999",
        "12345678",
        "123456789",
        "123456789012345",
        "1234567890123456",
      ];
      const fractions = ["0", "5", "25", "00", "125", "0625", "12345", "123456", "1234567", "12345678"];
      const texts = whole.flatMap((text) => [text, `-${text}`, ...fractions.map((fraction) => `${text}.${fraction}`)]);
      for (const behind of ["}", " }", ',"w":1}', '\t,"w":1}']) {
        const lines = texts.map((text) => `{"v":${text}${behind}\n`).join("");
        expect(decode(workspace, { v: "DOUBLE" }, lines).rows.map(({ v }) => v)).toEqual(texts.map(Number));
        const { rows } = decode(workspace, { v: "BIGINT" }, lines);
        expect(rows.map(({ v }) => v)).toEqual(
          texts.filter((text) => /^-?\d+(\.0+)?$/.test(text)).map((text) => BigInt(text.replace(/\..*/, ""))),
        );
      }
      const wrong = [
        "00",
        "01",
        "00.5",
        "0.",
        "1.",
        "1..2",
        "1.2.3",
        ".5",
        "1234567.",
        "12a",
        "1_000",
        "0x10",
        "1,",
        "1 2",
      ];
      for (const text of wrong) {
        expect(value("DOUBLE", text)).toEqual({ code: "JSON" });
        // A fraction is seen before what stands behind it.
        for (const type of ["INT", "BIGINT"])
          expect(value(type, text)).toEqual({ code: expect.stringMatching(/^(JSON|TYPE)$/) });
      }
    });

    test("as JavaScript writes them", () => {
      fc.assert(
        fc.property(fc.array(anyDouble, { maxLength: 50 }), (list) => check(list.map(String))),
        { numRuns: 60 },
      );
    });

    test("as anyone may write them", () => {
      const property = fc.property(fc.array(numberText, { maxLength: 40 }), (list) => {
        check(list.filter((text) => Number.isFinite(Number(text))));
      });
      fc.assert(property, { numRuns: 100 });
    });

    test("half way between two doubles, with and without more digits", () => {
      const property = fc.property(
        anyDouble.filter((x) => Math.abs(x) < 1e300),
        fc.constantFrom("", "0", "1", "5"),
        (x, more) => {
          check([`${exactMiddle(Math.abs(x))}${more}`]);
        },
      );
      fc.assert(property, { numRuns: 60 });
    });

    test("FLOAT is the nearest float of the double", () => {
      const property = fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(value("FLOAT", String(x))).toBe(Number(String(x)));
      });
      fc.assert(property, { numRuns: 100 });
      expect(value("FLOAT", "0.1")).toBe(Math.fround(0.1));
      expect(value("FLOAT", "1e39")).toEqual({ code: "OVERFLOW" });
    });
  });

  describe("integers are exact or refused", () => {
    const limits: Record<string, bigint> = { TINYINT: 7n, SMALLINT: 15n, INT: 31n, BIGINT: 63n };
    test.each(Object.entries(limits))("%s", (type, bits) => {
      const max = 2n ** bits - 1n;
      const read = (text: string) => {
        const got = value(type, text);
        return typeof got === "number" ? BigInt(got) : got;
      };
      for (const exact of [0n, 1n, -1n, max, max - 1n, -max - 1n, -max]) expect(read(exact.toString())).toBe(exact);
      for (const beyond of [max + 1n, -max - 2n, 10n * max, 10n ** 19n, 10n ** 30n]) {
        expect(read(beyond.toString())).toEqual({ code: "OVERFLOW" });
      }
      expect(read(`${max}.000`)).toBe(max);
      expect(read(`${max}00000000000000000000000e-23`)).toBe(max);
    });

    test("whole numbers in any notation, no others", () => {
      for (const [text, whole] of [
        ["1.0", 1n],
        ["1e3", 1000n],
        ["-12.50e1", -125n],
        ["0e99", 0n],
        ["-0", 0n],
        ["-0.0", 0n],
      ]) {
        expect(value("BIGINT", text as string)).toBe(whole);
      }
      const refused = ["1.5", "1e-1", "0.1", "1e-400", "9007199254740993.1", `1.${"0".repeat(30)}1`];
      for (const text of refused) expect(value("BIGINT", text)).toEqual({ code: "TYPE" });
      for (const text of ["1e19", "9.3e18", "1e400"]) expect(value("BIGINT", text)).toEqual({ code: "OVERFLOW" });
      for (const text of ['"1"', "true", "[]", "{}"]) expect(value("BIGINT", text)).toEqual({ code: "TYPE" });
    });

    test("any 64-bit integer", () => {
      const property = fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (x) => {
        expect(value("BIGINT", x.toString())).toBe(x);
      });
      fc.assert(property, { numRuns: 200 });
    });
  });

  describe("decimals are exact or refused", () => {
    test.each([
      ["DECIMAL(10, 2)", "12.5", "12.50"],
      ["DECIMAL(10, 2)", "-0.01", "-0.01"],
      ["DECIMAL(10, 2)", "1e3", "1000.00"],
      ["DECIMAL(10, 2)", "12.500", "12.50"],
      ["DECIMAL(10, 2)", "99999999.99", "99999999.99"],
      ["DECIMAL(18, 18)", "0.123456789012345678", "0.123456789012345678"],
      ["DECIMAL(18, 0)", "-999999999999999999", "-999999999999999999"],
      ["DECIMAL(38, 0)", "9".repeat(38), "9".repeat(38)],
      ["DECIMAL(38, 38)", `-0.${"9".repeat(38)}`, `-0.${"9".repeat(38)}`],
      ["DECIMAL(38, 10)", "1234567890123456789012345678.0123456789", "1234567890123456789012345678.0123456789"],
      ["DECIMAL(38, 2)", "12345678901234567890123.4500000e3", "12345678901234567890123450.00"],
      ["DECIMAL(38, 2)", "-18446744073709551616", "-18446744073709551616.00"],
      ["DECIMAL(20, 5)", "0.00001", "0.00001"],
    ])("%s %s", (type, text, expected) => {
      expect(value(type, text)).toBe(expected);
    });

    test.each([
      ["DECIMAL(10, 2)", "0.001", "TYPE"],
      ["DECIMAL(10, 2)", "100000000", "OVERFLOW"],
      ["DECIMAL(18, 0)", "1e18", "OVERFLOW"],
      ["DECIMAL(38, 0)", `1${"0".repeat(38)}`, "OVERFLOW"],
      ["DECIMAL(38, 0)", "1e39", "OVERFLOW"],
      ["DECIMAL(38, 0)", `${"9".repeat(30)}.${"0".repeat(10)}1`, "TYPE"],
      ["DECIMAL(38, 2)", "0.001", "TYPE"],
      ["DECIMAL(10, 2)", '"1"', "TYPE"],
    ])("%s %s is %s", (type, text, code) => {
      expect(value(type, text)).toEqual({ code });
    });

    test("any decimal of 38 digits", () => {
      const property = fc.property(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), (unscaled) => {
        const magnitude = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(11, "0");
        const text = `${unscaled < 0n ? "-" : ""}${magnitude.slice(0, -10)}.${magnitude.slice(-10)}`;
        expect(value("DECIMAL(38, 10)", text)).toBe(text);
      });
      fc.assert(property, { numRuns: 60 });
    });
  });

  describe("strings equal JSON.parse", () => {
    test.each(EXPECTED_ESCAPES)("%s", (text, expected) => {
      expect(value("STRING", text)).toBe(expected);
    });

    test("any string, written plainly or with escapes, at any place of a vector", () => {
      const escaped = (text: string) =>
        `"${[...text].map((c) => ([...c].length === 1 && c.length === 1 ? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}` : c)).join("")}"`;
      const property = fc.property(
        fc.array(fc.string({ unit: "binary", maxLength: 60 }), { maxLength: 12 }),
        (texts) => {
          const lines = texts.flatMap((text) => [`{"v":${JSON.stringify(text)}}`, `{"v":${escaped(text)}}`]);
          const { rows, bad } = decode(workspace, { v: "STRING" }, lines.join("\n"));
          expect(bad).toEqual([]);
          expect(rows.map(({ v }) => v)).toEqual(texts.flatMap((text) => [text, text]));
        },
      );
      fc.assert(property, { numRuns: 60 });
    });

    test("broken escapes and control characters are JSON, halves of a pair UTF8", () => {
      for (const text of [
        String.raw`"\x"`,
        String.raw`"\u12"`,
        String.raw`"\u12G4"`,
        '"\t"',
        '"\0"',
        '"\x1f"',
        '"a',
        '"\\',
      ]) {
        expect(value("STRING", text)).toEqual({ code: "JSON" });
      }
      for (const text of [
        String.raw`"\ud800"`,
        String.raw`"\udc00"`,
        String.raw`"\ud800\u0041"`,
        String.raw`"\ud83dx"`,
      ]) {
        expect(value("STRING", text)).toEqual({ code: "UTF8" });
      }
    });

    test("every sequence of up to four bytes is UTF-8 or refused, as TextDecoder says", () => {
      const random = seeded(3);
      const strict = new TextDecoder("utf-8", { fatal: true });
      const firsts = [
        0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4,
        0xf5, 0xff,
      ];
      const seconds = [0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
      const head = new TextEncoder().encode('{"v":"');
      for (const first of firsts) {
        for (const second of seconds) {
          for (const third of [0x41, 0x80, 0xbf, 0xc0]) {
            const fourth = [0x41, 0x7f, 0x80, 0xbf, 0xc0][Math.floor(random() * 5)] as number;
            const text = Uint8Array.of(first, second, third, fourth);
            const { rows, bad } = decode(workspace, { v: "STRING" }, Uint8Array.of(...head, ...text, 0x22, 0x7d));
            let expected: string | null = null;
            try {
              expected = strict.decode(text);
            } catch (error) {
              expect(error).toBeInstanceOf(TypeError);
            }
            if (expected === null) expect(bad[0]?.code).toBe("UTF8");
            else expect(rows).toEqual([{ v: expected }]);
          }
        }
      }
    });

    test("objects and arrays keep their text, other values are TYPE", () => {
      for (const text of ["{}", "[]", '{ "a" : [1, {"b":"}]"}] }', '[true,\tnull,-1e5,"\\u00e9é"]']) {
        expect(value("STRING", text)).toBe(text);
      }
      for (const text of ["1", "true", "-0.5"]) expect(value("STRING", text)).toEqual({ code: "TYPE" });
    });
  });

  describe("times", () => {
    const ms = (text: string) => Date.parse(text);
    test.each([
      ["TIMESTAMP(3)", "2020-02-29T23:59:59.123Z", ms("2020-02-29T23:59:59.123Z")],
      ["TIMESTAMP(3)", "2020-02-29 23:59:59.123", ms("2020-02-29T23:59:59.123Z")],
      ["TIMESTAMP(3)", "2020-02-29T23:59", ms("2020-02-29T23:59:00Z")],
      ["TIMESTAMP(3)", "2020-02-29", ms("2020-02-29T00:00:00Z")],
      ["TIMESTAMP(3)", "1969-12-31T23:59:59.999", -1],
      ["TIMESTAMP(3)", "1582-10-15 00:00:00.5", ms("1582-10-15T00:00:00.500Z")],
      ["TIMESTAMP(3)", "0001-01-01T00:00:00", ms("0001-01-01T00:00:00Z")],
      ["TIMESTAMP(3)", "9999-12-31T23:59:59.999000000", ms("9999-12-31T23:59:59.999Z")],
      ["TIMESTAMP(0)", "2262-04-12T00:00:00.000", ms("2262-04-12T00:00:00Z")],
      ["TIMESTAMP_LTZ(3)", "2020-03-01T01:30:00+02:00", ms("2020-02-29T23:30:00Z")],
      ["TIMESTAMP_LTZ(3)", "2020-03-01T01:30:00-0230", ms("2020-03-01T04:00:00Z")],
      ["TIMESTAMP_LTZ(3)", "2020-03-01T01:30:00.5+00:00", ms("2020-03-01T01:30:00.500Z")],
      ["TIMESTAMP_LTZ(3)", "2020-03-01T01:30:00", ms("2020-03-01T01:30:00Z")],
    ])("%s %s", (type, text, expected) => {
      expect(value(type, `"${text}"`)).toEqual(new Date(expected));
    });

    test.each([
      ["TIMESTAMP(6)", "1900-01-01 00:00:00.000001", "1900-01-01T00:00:00.000001"],
      ["TIMESTAMP(4)", "2020-01-01 00:00:00.1234", "2020-01-01T00:00:00.1234"],
      ["TIMESTAMP_LTZ(6)", "2020-01-01T00:00:00.999999+14:00", "2019-12-31T10:00:00.999999Z"],
      ["DATE", "2020-02-29", "2020-02-29"],
      ["DATE", "-0044-03-15", "-0044-03-15"],
      ["TIME", "23:59:59.007", "23:59:59.007"],
      ["TIME", "00:00", "00:00:00"],
    ])("%s %s", (type, text, expected) => {
      expect(value(type, `"${text}"`)).toBe(expected);
    });

    test("escapes in the text are read", () => {
      const text = String.raw`"2020-03-01T01:30:00\u002b02:00"`;
      expect(value("TIMESTAMP_LTZ(3)", text)).toEqual(new Date("2020-02-29T23:30:00Z"));
      expect(value("DATE", String.raw`"2020\u002d03-01"`)).toBe("2020-03-01");
      expect(value("DATE", String.raw`"2020\u002d13-01"`)).toEqual({ code: "TIME_RANGE" });
      expect(value("DATE", String.raw`"2020-03-01\u0022x"`)).toEqual({ code: "TYPE" });
      expect(value("DATE", String.raw`"2020-03-01\""`)).toEqual({ code: "TYPE" });
      expect(value("DATE", String.raw`"2020\\u002d03-01"`)).toEqual({ code: "TYPE" });
      expect(value("DATE", '"2020-03-01')).toEqual({ code: "JSON" });
    });

    test.each([
      ["TIMESTAMP(3)", "", "TYPE"],
      ["TIMESTAMP(3)", "yesterday", "TYPE"],
      ["TIMESTAMP(3)", "2020-1-1", "TYPE"],
      ["TIMESTAMP(3)", "2020-01-01T1:00", "TYPE"],
      ["TIMESTAMP(3)", "2020-01-01T01:00:0", "TYPE"],
      ["TIMESTAMP(3)", "2020-01-01T01:00:00.", "TYPE"],
      ["TIMESTAMP(3)", "2020-01-01T01:00:00.1234", "TYPE"],
      ["TIMESTAMP(0)", "2020-01-01T01:00:00.5", "TYPE"],
      ["TIMESTAMP(3)", "2020-01-01T01:00:00+02:00", "TYPE"],
      ["TIMESTAMP(3)", "2020-01-01T01:00:00Zulu", "TYPE"],
      ["TIMESTAMP(3)", "2020-01-01Z", "TYPE"],
      ["TIMESTAMP_LTZ(3)", "2020-01-01T01:00:00+2", "TYPE"],
      ["TIMESTAMP_LTZ(3)", "2020-01-01T01:00:00+25:00", "TIME_RANGE"],
      ["TIMESTAMP(3)", "2020-01-01T24:00:00", "TIME_RANGE"],
      ["TIMESTAMP(3)", "2016-12-31T23:59:60", "TIME_RANGE"],
      ["TIMESTAMP(3)", "2020-01-01T23:60", "TIME_RANGE"],
      ["TIMESTAMP(3)", "2019-02-29", "TIME_RANGE"],
      ["TIMESTAMP(3)", "1900-02-29", "TIME_RANGE"],
      ["TIMESTAMP(3)", "2020-13-01", "TIME_RANGE"],
      ["TIMESTAMP(3)", "2020-00-01", "TIME_RANGE"],
      ["TIMESTAMP(3)", "2020-04-31", "TIME_RANGE"],
      ["TIMESTAMP(3)", "10000-01-01T00:00:00", "TIME_RANGE"],
      ["TIMESTAMP(3)", "+010000-01-01T00:00:00Z", "TIME_RANGE"],
      ["DATE", "2020-01-01T00:00", "TYPE"],
      ["TIME", "12:00:00Z", "TYPE"],
      ["TIME", "12:00:00.0001", "TYPE"],
      ["TIME", "24:00", "TIME_RANGE"],
    ])("%s %s is %s", (type, text, code) => {
      expect(value(type, `"${text}"`)).toEqual({ code });
    });

    test("dates before year 0 between others", () => {
      const dates = [
        "2020-01-01",
        "-0044-03-15",
        "2020-01-01",
        "2020-01-02",
        "-0044-03-15",
        "-0044-03-14",
        "2020-01-02",
      ];
      const { rows } = decode(workspace, { v: "DATE" }, dates.map((date) => `{"v":"${date}"}\n`).join(""));
      expect(rows.map(({ v }) => v)).toEqual(dates);
    });

    test("ten NULs are no date", () => {
      expect(value("DATE", `"${"\0".repeat(10)}"`)).toEqual({ code: "JSON" });
    });

    test("every day of 400 years and around", () => {
      const days = Array.from({ length: 147_000 }, (_, day) => day - 74_000);
      const text = days.map((day) => `{"v":"${new Date(day * 86_400_000).toISOString().slice(0, 10)}"}\n`).join("");
      let seen = 0;
      decode(workspace, { v: "DATE" }, text, {
        onBatch: (batch) => {
          const at = batch.column(0).values >>> 2;
          for (let row = 0; row < batch.rowCount; row++) {
            if (bench.memory.i32[at + row] !== days[seen++]) throw new Error(`day ${days[seen - 1]}`);
          }
        },
      });
      expect(seen).toBe(days.length);
    });
  });

  describe("other types", () => {
    test.each<[string, string, Value | { code: string }]>([
      ["BOOLEAN", "true", true],
      ["BOOLEAN", "false", false],
      ["BOOLEAN", "null", null],
      ["BOOLEAN", "1", { code: "TYPE" }],
      ["BOOLEAN", "tru", { code: "JSON" }],
      ["BYTES", '""', new Uint8Array()],
      ["BYTES", '"aGk="', Uint8Array.of(0x68, 0x69)],
      ["BYTES", String.raw`"\/+\u002bA"`, Uint8Array.of(0xff, 0xef, 0x80)],
      ["BYTES", '"aGk"', { code: "TYPE" }],
      ["BYTES", '"aGl="', { code: "TYPE" }],
      ["BYTES", '"a=k="', { code: "TYPE" }],
      ["BYTES", '"aG k"', { code: "TYPE" }],
      ["INTERVAL", "-5000", -5000],
      ["DOUBLE", '"NaN"', Number.NaN],
      ["DOUBLE", '"-Infinity"', Number.NEGATIVE_INFINITY],
      ["FLOAT", '"Infinity"', Number.POSITIVE_INFINITY],
      ["DOUBLE", '"nan"', { code: "TYPE" }],
      ["DOUBLE", '"Infinity "', { code: "TYPE" }],
      ["DOUBLE", '"-NaN"', { code: "TYPE" }],
      ["DOUBLE", "NaN", { code: "JSON" }],
      ["DOUBLE", "Infinity", { code: "JSON" }],
    ])("%s %s", (type, text, expected) => {
      expect(value(type, text)).toEqual(expected);
    });
  });

  describe("rows", () => {
    test.each(SIZES)("%i rows of several types, with NULLs and missing keys", (n) => {
      const random = seeded(n);
      const records = Array.from({ length: n }, (_, row) => {
        const record: Record<string, unknown> = {};
        if (random() < 0.8) record.i = random() < 0.2 ? null : row - 5;
        if (random() < 0.8) record.s = random() < 0.2 ? null : "x".repeat(row % 37);
        if (random() < 0.8) record.b = random() < 0.2 ? null : row % 3 === 0;
        if (random() < 0.5) record.extra = [row];
        if (random() < 0.8) record.f = random() < 0.2 ? null : row / 8;
        return record;
      });
      const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
      const { rows, bad } = decode(workspace, { f: "DOUBLE", i: "INT", s: "STRING", b: "BOOLEAN" }, text);
      expect(bad).toEqual([]);
      expect(rows.length).toBe(n);
      const expected = records.map(({ f, i, s, b }) => ({ f: f ?? null, i: i ?? null, s: s ?? null, b: b ?? null }));
      expect(rows).toEqual(expected);
    });

    test("nothing is written outside the blocks, whatever the strings' lengths", () => {
      const account = new GuardedAccount(bench.memory);
      const guarded = { account, kernels: bench.kernels };
      const lines = Array.from({ length: 3000 }, (_, row) => {
        const text = row % 7 === 0 ? "é".repeat(row % 50) : "x".repeat((row * 13) % 400);
        return `{"s":"${text}","b":true,"d":1,"t":"${row % 3 === 0 ? "\\u00e9".repeat(row % 40) : ""}","z":null}\n`;
      });
      const schema = { s: "STRING", b: "BOOLEAN", d: "DECIMAL(38, 2)", t: "STRING", z: "STRING" };
      for (const chunks of [[1 << 20], [70_000], [999, 1]]) {
        const { rows } = decode(guarded, schema, lines.join(""), { batchRowsMax: 1000, chunks });
        expect(rows.map(({ s }) => s)).toEqual(lines.map((line) => (JSON.parse(line) as { s: string }).s));
      }
      expect(account.usedBytes).toBe(0);
    });
  });
});

/** All digits of the number half way between a positive double and the next one. */
function exactMiddle(x: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = Number(bits >> 52n);
  const fraction = bits & (2n ** 52n - 1n);
  const significand = 2n * (exponent === 0 ? fraction : fraction | (1n << 52n)) + 1n;
  const twos = (exponent === 0 ? 1 : exponent) - 1076;
  if (twos >= 0) return `${significand << BigInt(twos)}.0`;
  // significand / 2^n = significand × 5^n / 10^n
  const unscaled = (significand * 5n ** BigInt(-twos)).toString().padStart(1 - twos, "0");
  return `${unscaled.slice(0, twos)}.${unscaled.slice(twos)}`;
}
