// Calendar, clock and decimal text against Date, BigInt arithmetic and cases worked by hand.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  civilFromDays,
  DATE_MAX,
  DATE_MIN,
  daysFromCivil,
  formatDate,
  formatDecimal,
  formatHex,
  formatTime,
  formatTimestamp,
  microseconds,
  parseDate,
  parseDecimal,
  parseHex,
  parseTime,
  parseTimestamp,
  TIMESTAMP_MAX_MS,
  TIMESTAMP_MIN_MS,
} from "../../src/arrow/values.js";

const day = fc.integer({ min: DATE_MIN, max: DATE_MAX });

test("S27 days and calendar agree with Date in all years from -9999 to 9999", () => {
  fc.assert(
    fc.property(day, (days) => {
      const date = new Date(days * 86_400_000);
      const civil = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
      expect(civilFromDays(days)).toEqual(civil);
      expect(daysFromCivil(civil.year, civil.month, civil.day)).toBe(days);
      expect(parseDate(formatDate(days))).toBe(days);
    }),
    { numRuns: 2000 },
  );
});

test("S27 the first and the last day", () => {
  expect([formatDate(DATE_MIN), formatDate(DATE_MAX)]).toEqual(["-9999-01-01", "9999-12-31"]);
  expect([TIMESTAMP_MIN_MS, TIMESTAMP_MAX_MS]).toEqual([
    Date.parse("-009999-01-01T00:00:00Z"),
    Date.parse("9999-12-31T23:59:59.999Z"),
  ]);
  expect([formatDate(-719528), formatDate(-719529), formatDate(-141427)]).toEqual([
    "0000-01-01",
    "-0001-12-31",
    "1582-10-15",
  ]);
});

test("dates that do not exist are none", () => {
  for (const text of [
    "2021-02-29",
    "1900-02-29",
    "2020-13-01",
    "2020-00-01",
    "2020-01-00",
    "2020-04-31",
    "10000-01-01",
  ]) {
    expect(parseDate(text)).toBeUndefined();
  }
  for (const text of ["2020-1-1", "20-01-01", "2020/01/01", " 2020-01-01", "2020-01-01 ", "", "today", "2020-01-32"]) {
    expect(parseDate(text)).toBeUndefined();
  }
  expect(parseDate("2000-02-29")).toBe(11016);
  expect(parseDate("+002000-02-29")).toBe(11016);
});

test("times of the day", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 86_399_999 }), (ms) => {
      expect(parseTime(formatTime(ms))).toBe(ms);
    }),
  );
  expect(formatTime(0)).toBe("00:00:00");
  expect(formatTime(3_723_004)).toBe("01:02:03.004");
  expect(parseTime("01:02")).toBe(3_720_000);
  expect(parseTime("01:02:03.5")).toBe(3_723_500);
  for (const text of ["24:00", "23:60", "23:59:60", "1:00", "01", "01:02:03.", "01:02:03.0001", "-01:00"]) {
    expect(parseTime(text)).toBeUndefined();
  }
});

test("timestamps of milliseconds agree with Date's ISO text", () => {
  const ms = fc.integer({ min: Date.parse("0000-01-01"), max: TIMESTAMP_MAX_MS });
  fc.assert(
    fc.property(ms, (time) => {
      const iso = new Date(time).toISOString().slice(0, -1);
      expect(formatTimestamp(time, 3)).toBe(iso);
      expect(parseTimestamp(iso, 3, false)).toBe(time);
      expect(parseTimestamp(`${iso}Z`, 3, true)).toBe(time);
      expect(parseTimestamp(formatTimestamp(time, 3, " ", true), 3, false)).toBe(time);
    }),
    { numRuns: 1000 },
  );
});

test("timestamps keep six digits, before 1970 and beyond safe integers too", () => {
  const us = fc.bigInt({ min: BigInt(TIMESTAMP_MIN_MS) * 1000n, max: BigInt(TIMESTAMP_MAX_MS) * 1000n + 999n });
  fc.assert(
    fc.property(us, (time) => {
      const text = formatTimestamp(time, 6);
      expect(BigInt(parseTimestamp(text, 6, false) ?? "none")).toBe(time);
      expect(formatTimestamp(parseTimestamp(text, 6, false) ?? 0, 6)).toBe(text);
    }),
    { numRuns: 1000 },
  );
  expect(formatTimestamp(-1n, 6)).toBe("1969-12-31T23:59:59.999999");
  expect(formatTimestamp(-1, 6)).toBe("1969-12-31T23:59:59.999999");
  expect(formatTimestamp(1_234_500, 4)).toBe("1970-01-01T00:00:01.2345");
  expect(formatTimestamp(1500, 0)).toBe("1970-01-01T00:00:01");
  expect(microseconds(-1, 999)).toBe(-1);
  expect(microseconds(TIMESTAMP_MAX_MS, 999)).toBe(BigInt(TIMESTAMP_MAX_MS) * 1000n + 999n);
});

test("timestamps: zones, missing parts, digits that the precision does not keep", () => {
  expect(parseTimestamp("2020-01-01", 3, false)).toBe(Date.UTC(2020, 0, 1));
  expect(parseTimestamp("2020-01-01T01:00+01:00", 3, true)).toBe(Date.UTC(2020, 0, 1));
  expect(parseTimestamp("2020-01-01T01:00-0130", 3, true)).toBe(Date.UTC(2020, 0, 1, 2, 30));
  expect(parseTimestamp("2020-01-01T00:00:00.10", 1, false)).toBe(Date.UTC(2020, 0, 1) + 100);
  for (const text of [
    "2020-01-01T01:00+01:00",
    "2020-01-01T",
    "2020-01-01Z",
    "T00:00",
    "2020-01-01T00:00:00.0001",
    "2020-01-01  00:00",
  ]) {
    expect(parseTimestamp(text, 3, false)).toBeUndefined();
  }
});

test("decimals are exact to 38 digits, in and out", () => {
  const scale = fc.integer({ min: 0, max: 38 });
  const unscaled = fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n });
  fc.assert(
    fc.property(unscaled, scale, (value, digits) => {
      const text = formatDecimal(value, digits);
      expect(parseDecimal(text, 38, digits)).toBe(value);
      expect(BigInt(text.replace(".", ""))).toBe(value);
      expect(text.length - 1 - text.indexOf(".")).toBe(digits === 0 ? text.length : digits);
    }),
    { numRuns: 1000 },
  );
});

test("decimals move their point by exponent, and say why they are refused", () => {
  const cases: [string, number, number, bigint | string][] = [
    ["1.50", 5, 2, 150n],
    ["15e-1", 5, 2, 150n],
    [".15E+1", 5, 2, 150n],
    ["-0", 5, 2, 0n],
    ["000123.4500", 5, 2, 12345n],
    ["1.500", 3, 2, 150n],
    ["0e9999", 3, 2, 0n],
    ["1.005", 5, 2, "scale"],
    ["1e-3", 5, 2, "scale"],
    ["1000", 5, 2, "precision"],
    ["1e9999", 5, 2, "precision"],
    ["", 5, 2, "syntax"],
    [".", 5, 2, "syntax"],
    ["1e", 5, 2, "syntax"],
    ["0x10", 5, 2, "syntax"],
    ["1 000", 5, 2, "syntax"],
    ["NaN", 5, 2, "syntax"],
  ];
  expect(cases.map(([text, precision, scale]) => parseDecimal(text, precision, scale))).toEqual(
    cases.map((row) => row[3]),
  );
  expect(formatDecimal(-5, 2)).toBe("-0.05");
  expect(formatDecimal(0, 0)).toBe("0");
});

test("hex digits", () => {
  expect(formatHex(new Uint8Array([0, 15, 255]))).toBe("000fff");
  expect(parseHex("000FfF")).toEqual(new Uint8Array([0, 15, 255]));
  expect([parseHex("0"), parseHex("0g")]).toEqual([undefined, undefined]);
});
