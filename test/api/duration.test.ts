// Spans of time as people write them, and what is refused.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isWeeks, parseDurationMs } from "../../src/api/duration.js";

const HOUR = 3_600_000;

test.each([
  ["250ms", 250],
  ["5s", 5000],
  ["5 seconds", 5000],
  ["10m", 600_000],
  ["10 min", 600_000],
  ["1h", HOUR],
  ["1 HOUR", HOUR],
  ["1 day", 24 * HOUR],
  ["2d", 48 * HOUR],
  ["1w", 168 * HOUR],
  ["2 weeks", 336 * HOUR],
  ["1h 30m", 1.5 * HOUR],
  ["1h30m", 1.5 * HOUR],
  ["1.5h", 1.5 * HOUR],
  ["0.5ms 0.5ms", 1],
  ["-8h", -8 * HOUR],
  ["- 1h 30m", -1.5 * HOUR],
  ["+8h", 8 * HOUR],
  ["  5s  ", 5000],
  ["0s", 0],
  [1500, 1500],
  [-1500, -1500],
])("%s is %d ms", (duration, ms) => {
  expect(parseDurationMs(duration)).toBe(ms);
});

describe("what is no duration is refused, never guessed", () => {
  test.each([
    ["5", "TIME_UNIT", 'duration "5" has no unit'],
    ["1h 30", "TIME_UNIT", 'duration "1h 30" has no unit'],
    ["", "TIME_UNIT", 'duration "" is no duration'],
    ["h", "TIME_UNIT", 'duration "h" is no duration'],
    ["5s!", "TIME_UNIT", 'duration "5s!" is no duration'],
    ["1e3s", "TIME_UNIT", 'duration "1e3s" has the unknown unit "e"'],
    ["5 secnds", "TIME_UNIT", 'duration "5 secnds" has the unknown unit "secnds"'],
    ["1.5ms", "TIME_UNIT", 'duration "1.5ms" is no whole number of milliseconds'],
    ["999999999999999999s", "TIME_UNIT", 'duration "999999999999999999s" is no whole number of milliseconds'],
    [1.5, "TIME_UNIT", "duration 1.5 is no whole number of milliseconds"],
    [Number.NaN, "TIME_UNIT", "duration NaN is no whole number of milliseconds"],
    [Number.POSITIVE_INFINITY, "TIME_UNIT", "duration Infinity is no whole number of milliseconds"],
    ["1 month", "UNSUPPORTED", 'duration "1 month" counts month, whose lengths differ'],
    ["3mo", "UNSUPPORTED", 'duration "3mo" counts mo, whose lengths differ'],
    ["2 quarters", "UNSUPPORTED", 'duration "2 quarters" counts quarters, whose lengths differ'],
    ["1y", "UNSUPPORTED", 'duration "1y" counts y, whose lengths differ'],
    ["1 year", "UNSUPPORTED", 'duration "1 year" counts year, whose lengths differ'],
  ])("%s", (duration, code, message) => {
    expect(() => parseDurationMs(duration)).toThrow(expect.objectContaining({ code, message }));
  });

  test("a wrong unit names its neighbour, a missing one the legal ones", () => {
    expect(() => parseDurationMs("5 secnds")).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('did you mean "seconds"') }),
    );
    expect(() => parseDurationMs("5", "outOfOrder")).toThrow(
      expect.objectContaining({ message: 'outOfOrder "5" has no unit', hint: expect.stringContaining('"5s"') }),
    );
  });
});

test("any whole amount of any unit is that many milliseconds", () => {
  const units = { ms: 1, s: 1000, m: 60_000, h: HOUR, d: 24 * HOUR, w: 168 * HOUR } as const;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.constantFrom(...Object.keys(units)), (amount, unit) => {
      expect(parseDurationMs(`${amount}${unit}`)).toBe(amount * units[unit as keyof typeof units]);
    }),
  );
});

test("any text is answered at once, with a number or a coded error", () => {
  const pieces = fc.array(fc.constantFrom("1", "11111", ".", " ", "h", "m", "-", "ms", "x", "\n"), { maxLength: 60 });
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = parts.join("");
      try {
        expect(parseDurationMs(text)).toSatisfy(Number.isSafeInteger);
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(TIME_UNIT|UNSUPPORTED)$/) });
      }
    }),
  );
});

test("weeks alone are weeks", () => {
  expect(["1w", "1 week", "2 WEEKS", " 3 weeks "].every(isWeeks)).toBe(true);
  expect([7 * 24 * HOUR, "7 days", "1w 1d", "168h"].some(isWeeks)).toBe(false);
});
