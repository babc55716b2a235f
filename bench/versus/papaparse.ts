// Papa Parse: the CSV parser that most pages use. Once as its manual has it, header and types by itself, an object a record; and
// once with the strings of a record converted by hand, each by the call that its column takes, which is faster.
import { readFileSync } from "node:fs";
import type { Checksum, Contender } from "../harness.js";
import type { Lines } from "../inputs/lines.js";
import { loadRival, type Rival } from "./rival.js";

interface Options<Record> {
  readonly delimiter?: string;
  readonly header?: boolean;
  readonly dynamicTyping?: boolean;
  readonly skipEmptyLines?: boolean;
  step(result: { data: Record }): void;
}

interface Api {
  parse<Record>(text: string, options: Options<Record>): void;
}

/** A record as Papa Parse types it. */
interface TypedOrder {
  readonly time: Date;
  readonly id: number;
  readonly item: string;
  readonly price: number;
  readonly quantity: number;
  readonly paid: boolean;
}

const PACKAGE = "papaparse";

const noSums = () => ({ rows: 0, timeMs: 0, id: 0, itemLength: 0, price: 0, quantity: 0, paid: 0 });

function typed({ path }: Lines): Contender {
  return {
    name: "papaparse, its types",
    run: async (): Promise<Checksum> => {
      const { parse } = await loadRival<Api>(PACKAGE);
      const sums = noSums();
      parse<TypedOrder>(readFileSync(path, "utf8"), {
        header: true,
        dynamicTyping: true,
        skipEmptyLines: true,
        step: ({ data: { time, id, item, price, quantity, paid } }) => {
          sums.rows++;
          sums.timeMs = Math.max(sums.timeMs, time.getTime());
          sums.id += id;
          sums.itemLength += item.length;
          sums.price += price;
          sums.quantity += quantity;
          if (paid) sums.paid++;
        },
      });
      return sums;
    },
  };
}

function converted({ path }: Lines): Contender {
  return {
    name: "papaparse, by hand",
    run: async (): Promise<Checksum> => {
      const { parse } = await loadRival<Api>(PACKAGE);
      const sums = noSums();
      let header = true;
      parse<string[]>(readFileSync(path, "utf8"), {
        delimiter: ",",
        step: ({ data: [time, id, item, price, quantity, paid] }) => {
          if (header || item === undefined) {
            header = false;
            return;
          }
          sums.rows++;
          sums.timeMs = Math.max(sums.timeMs, Date.parse(time as string));
          sums.id += Number(id);
          sums.itemLength += item.length;
          sums.price += Number(price);
          sums.quantity += Number(quantity);
          if (paid === "true") sums.paid++;
        },
      });
      return sums;
    },
  };
}

export const papaparse: Rival = { package: PACKAGE, csv: (lines) => [typed(lines), converted(lines)] };
