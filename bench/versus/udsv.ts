// uDSV: the fastest CSV parser in plain JavaScript. It reads typed columns from the whole text at once; its column of times is
// Dates, which are read once more.
import { readFileSync } from "node:fs";
import type { Checksum, Contender } from "../harness.js";
import type { Lines } from "../inputs/lines.js";
import { loadRival, type Rival } from "./rival.js";

interface Api {
  inferSchema(text: string): unknown;
  initParser(schema: unknown): {
    typedCols(text: string): readonly (readonly unknown[])[];
    stringArrs(text: string): string[][];
  };
}

const PACKAGE = "udsv";

function sum(values: readonly unknown[]): number {
  let total = 0;
  for (const value of values) total += value as number;
  return total;
}

function typed({ path }: Lines): Contender {
  return {
    name: "udsv typedCols",
    run: async (): Promise<Checksum> => {
      const { inferSchema, initParser } = await loadRival<Api>(PACKAGE);
      const text = readFileSync(path, "utf8");
      const [time = [], id = [], item = [], price = [], quantity = [], paid = []] = initParser(
        inferSchema(text),
      ).typedCols(text);
      let timeMs = 0;
      for (const value of time) timeMs = Math.max(timeMs, (value as Date).getTime());
      let itemLength = 0;
      for (const text of item) itemLength += (text as string).length;
      return {
        rows: time.length,
        timeMs,
        id: sum(id),
        itemLength,
        price: sum(price),
        quantity: sum(quantity),
        paid: paid.filter((value) => value === true || value === 1).length,
      };
    },
  };
}

export const udsv: Rival = { package: PACKAGE, csv: (lines) => [typed(lines)] };
