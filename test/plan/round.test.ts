// ROUND of a DOUBLE against exact decimal arithmetic on the digits that it prints.
import fc from "fast-check";
import { expect, test } from "vitest";
import { NUMBER_FUNCTIONS } from "../../src/plan/scalar/number.js";
import type { ScalarFunction } from "../../src/plan/scalar/value.js";

const FLOAT64 = { kind: "float64" } as const;
const round = (value: number, digits: number) =>
  (NUMBER_FUNCTIONS["round"] as ScalarFunction)([value, digits], { args: [FLOAT64, { kind: "int32" }], type: FLOAT64 });

/** Half away from zero on the decimal text of the number. */
function oracle(value: number, digits: number): number {
  const [mantissa, exponent] = Math.abs(value).toExponential().split("e") as [string, string];
  const [whole, fraction = ""] = mantissa.split(".") as [string, string?];
  const unscaled = BigInt(whole + fraction);
  // The number is unscaled × 10^-scale; keep `digits` of the scale.
  const dropped = fraction.length - Number(exponent) - digits;
  if (dropped <= 0) return value;
  const power = 10n ** BigInt(dropped);
  const rounded = (unscaled * 2n + power) / (2n * power);
  return Number(`${rounded}e${-digits}`) * Math.sign(value);
}

test("ROUND is exact on ties and beside them", () => {
  const tie = fc
    .tuple(fc.integer({ min: -(10 ** 7), max: 10 ** 7 }), fc.integer({ min: 0, max: 6 }))
    .map(([n, scale]) => Number(`${n}5e-${scale + 1}`));
  const any = fc.oneof(
    tie,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  );
  fc.assert(
    fc.property(any, fc.integer({ min: -20, max: 30 }), (value, digits) => {
      expect(Math.abs(round(value, digits) as number)).toBe(Math.abs(oracle(value, digits)));
    }),
    { numRuns: 5000 },
  );
});
