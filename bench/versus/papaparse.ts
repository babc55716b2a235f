// Papa Parse: the CSV parser that most pages use. Its own typing is slower than converting its strings, so they are converted
// here, once a field.
import { readFileSync } from "node:fs";
import type { Checksum, Contender } from "../harness.js";
import type { Lines } from "../inputs/lines.js";
import { loadRival, type Rival } from "./rival.js";

interface Api {
  parse(text: string, options: { step(result: { data: string[] }): void; delimiter: string }): void;
}

const PACKAGE = "papaparse";

function converted({ path }: Lines): Contender {
  return {
    name: "papaparse",
    run: async (): Promise<Checksum> => {
      const { parse } = await loadRival<Api>(PACKAGE);
      const sums = { rows: 0, timeMs: 0, id: 0, itemLength: 0, price: 0, quantity: 0, paid: 0 };
      let header = true;
      parse(readFileSync(path, "utf8"), {
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

export const papaparse: Rival = { package: PACKAGE, csv: (lines) => [converted(lines)] };
