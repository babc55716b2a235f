// Sessions over random input: against the row-by-row oracle, in any batches, and through restarts.
import fc from "fast-check";
import { expect, test } from "vitest";
import { expected, outputOf, release, runEngine, runRestarting, sessionCases, summarize } from "./window-cases.js";

const lines = (output: string): string[] => output.split("\n").sort();

test("S29 to S36: any rows, keys, gaps and cuts give what the row-by-row oracle gives", () => {
  fc.assert(
    fc.property(sessionCases, fc.constantFrom(1, 7, 50), (input, size) => {
      const emitted = runEngine(input, size);
      expect(summarize(emitted, input)).toEqual(expected(input));
      release(emitted);
    }),
    { numRuns: 250 },
  );
});

test("each session comes out once, in the same bounds whatever the batches are", () => {
  fc.assert(
    fc.property(sessionCases, (input) => {
      const [first, ...others] = [1, 7, 1000].map((size) => {
        const emitted = runEngine(input, size);
        const output = lines(outputOf(emitted));
        release(emitted);
        return output;
      });
      for (const other of others) expect(other).toEqual(first);
    }),
    { numRuns: 100 },
  );
});

test("stopped and restored after every batch, the output is the same", () => {
  fc.assert(
    fc.property(sessionCases, fc.constantFrom(1, 7, 50), (input, size) => {
      const straight = runEngine(input, size);
      const restarted = runRestarting(input, size);
      expect(lines(outputOf(restarted))).toEqual(lines(outputOf(straight)));
      expect(summarize(restarted, input)).toEqual(summarize(straight, input));
      release(straight);
      release(restarted);
    }),
    { numRuns: 40 },
  );
});
