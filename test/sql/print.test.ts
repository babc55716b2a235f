// What is printed is parsed to the same tree: for trees made at random, and for texts as people write them.
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseStatement } from "../../src/sql/parser.js";
import { printStatement } from "../../src/sql/print.js";
import type { Statement } from "../../src/sql/statements.js";
import { statement } from "./arbitrary.js";
import { withoutSpans } from "./support.js";

test("a printed tree parses to itself", () => {
  fc.assert(
    fc.property(statement, (tree) => {
      const text = printStatement(tree as unknown as Statement);
      expect(withoutSpans(parseStatement(text)), text).toEqual(withoutSpans(tree));
    }),
    { numRuns: Number(process.env.FUZZ_EXECS ?? 300), seed: Number(process.env.FUZZ_SEED ?? 1) },
  );
});
