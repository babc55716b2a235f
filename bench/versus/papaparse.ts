// Papa Parse: the CSV parser that most pages use. Once as its manual has it, header and types by itself, an object a record; and
// once with the strings of a record converted by hand, each by the call that its column takes, which is faster.
import { readFileSync } from "node:fs";
import type { Checksum, Contender } from "../harness.js";
import type { Lines } from "../inputs/lines.js";
import { loadRival, type Rival } from "./rival.js";

interface Api {
  parse<Record>(text: string, options: object): { readonly data: readonly Record[] };
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

function typed({ path }: Lines): Contender {
  let orders: readonly TypedOrder[] = [];
  return {
    name: "papaparse, its types",
    run: async () => {
      const { parse } = await loadRival<Api>(PACKAGE);
      const text = readFileSync(path, "utf8");
      orders = parse<TypedOrder>(text, { header: true, dynamicTyping: true, skipEmptyLines: true }).data;
      return undefined;
    },
    outcome: () => sumsOf(orders),
  };
}

function converted({ path }: Lines): Contender {
  let orders: TypedOrder[] = [];
  return {
    name: "papaparse, by hand",
    run: async () => {
      const { parse } = await loadRival<Api>(PACKAGE);
      orders = [];
      let header = true;
      parse<string[]>(readFileSync(path, "utf8"), {
        delimiter: ",",
        step: ({ data: [time, id, item, price, quantity, paid] }: { data: string[] }) => {
          if (header || item === undefined) {
            header = false;
            return;
          }
          orders.push({
            time: new Date(time as string),
            id: Number(id),
            item,
            price: Number(price),
            quantity: Number(quantity),
            paid: paid === "true",
          });
        },
      });
      return undefined;
    },
    outcome: () => sumsOf(orders),
  };
}

function sumsOf(orders: readonly TypedOrder[]): Checksum {
  const sums = { rows: orders.length, timeMs: 0, id: 0, itemLength: 0, price: 0, quantity: 0, paid: 0 };
  for (const { time, id, item, price, quantity, paid } of orders) {
    sums.timeMs = Math.max(sums.timeMs, time.getTime());
    sums.id += id;
    sums.itemLength += item.length;
    sums.price += price;
    sums.quantity += quantity;
    if (paid) sums.paid++;
  }
  return sums;
}

export const papaparse: Rival = { package: PACKAGE, csv: (lines) => [typed(lines), converted(lines)] };
