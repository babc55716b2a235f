// Watermarks and windows over random input: against the row-by-row oracle, in any batches and layout, and through restarts.
import fc from "fast-check";
import { expect, test } from "vitest";
import { openTestWorkspace } from "../../src/testing/index.js";
import { type Case, cases, expected, outputOf, release, runEngine, runRestarting, summarize } from "./window-cases.js";

const withoutLateness = (input: Case): Case => ({ ...input, spec: { ...input.spec, latenessMs: 0 } });

test("any rows, keys and cuts give what the row-by-row oracle gives", () => {
  fc.assert(
    fc.property(cases, fc.constantFrom(1, 5, 50), (input, size) => {
      const emitted = runEngine(input, size);
      expect(summarize(emitted, input)).toEqual(expected(input));
      release(emitted);
    }),
    { numRuns: 200 },
  );
});

test("without lateness the order of the output depends on neither batches nor layout", () => {
  fc.assert(
    fc.property(cases.map(withoutLateness), (input) => {
      const outputs = [1, 7, 1000].flatMap((size) =>
        [undefined, 0, 5_000].map((denseBytesMax) => {
          const emitted = runEngine({ ...input, denseBytesMax }, size);
          const output = outputOf(emitted);
          release(emitted);
          return output;
        }),
      );
      for (const output of outputs) expect(output).toBe(outputs[0]);
    }),
    { numRuns: 40 },
  );
});

test("stopped and restored after every batch, in another layout, the output is the same", () => {
  fc.assert(
    fc.property(cases, fc.constantFrom(1, 5, 50), (input, size) => {
      const straight = runEngine(input, size);
      const restarted = runRestarting(input, size);
      expect(outputOf(restarted)).toBe(outputOf(straight));
      expect(summarize(restarted, input)).toEqual(summarize(straight, input));
      release(straight);
      release(restarted);
    }),
    { numRuns: 60 },
  );
});

/** A workspace whose memory grows at every reservation. */
async function growingWorkspace() {
  const opened = await openTestWorkspace();
  const { account, memory } = opened;
  for (const owner of [account, account.arena]) {
    const allocate = owner.allocate.bind(owner);
    owner.allocate = (bytes: number) => {
      const ptr = allocate(bytes);
      // By no page: that too detaches the buffer, and costs nothing.
      memory.wasm.grow(0);
      memory.refresh();
      return ptr;
    };
  }
  return opened;
}

test("memory that grows at every reservation, which detaches all views, changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (input) => {
      const { workspace, account } = await growingWorkspace();
      const straight = runEngine(input, 20);
      const grown = runEngine(input, 20, workspace);
      expect(summarize(grown, input)).toEqual(summarize(straight, input));
      release(straight);
      account.dispose();
    }),
    { numRuns: 30 },
  );
});
