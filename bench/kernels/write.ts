// Columns to text: the encoders of NDJSON and CSV beside the loops that programs write.
import { openCsv } from "../../src/formats/csv.js";
import type { Format } from "../../src/formats/format.js";
import { json } from "../../src/formats/json.js";
import type { Bench, Checksum, Contender } from "../harness.js";
import { type Lines, type OrderLine, orderLines } from "../inputs/lines.js";
import { ORDER_SCHEMA, orderBatches } from "./orders.js";

const ROWS = 300_000;
let lines: Lines | undefined;

function input(): Lines {
  if (lines === undefined) {
    lines = orderLines(ROWS);
    lines.dispose();
  }
  return lines;
}

/** Writes all rows; `take` gets the pieces, as a file would. */
type Write = (take: (bytes: Uint8Array) => void) => void;

/** Sums over what a text says, read back by plain JavaScript. */
function sums(written: readonly Uint8Array[], orderOf: (line: string) => OrderLine): Checksum {
  const total = { rows: 0, timeMs: 0, id: 0, itemLength: 0, price: 0, quantity: 0, paid: 0 };
  for (const line of Buffer.concat(written).toString().trimEnd().split("\n")) {
    const { time, id, item, price, quantity, paid } = orderOf(line);
    total.rows++;
    // The engine's timestamps have no zone, a blank for the T and no fraction of zero.
    total.timeMs = Math.max(total.timeMs, Date.parse(time.endsWith("Z") ? time : `${time}Z`));
    total.id += Number(id);
    total.itemLength += item.length;
    total.price += Number(price);
    total.quantity += Number(quantity);
    total.paid += String(paid) === "true" ? 1 : 0;
  }
  return total;
}

const jsonOrder = (line: string) => JSON.parse(line) as OrderLine;

/** Fields are quoted as the encoders quote them: texts with a comma or a quote. */
function csvOrder(line: string): OrderLine {
  const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain,
  );
  const [time, id, item, price, quantity, paid] = fields;
  return { time, id, item, price, quantity, paid } as unknown as OrderLine;
}

function contender(name: string, orderOf: (line: string) => OrderLine, write: Write): Contender {
  return {
    name,
    run: () => {
      write(() => undefined);
      return undefined;
    },
    outcome: () => {
      const written: Uint8Array[] = [];
      write((bytes) => written.push(bytes));
      return sums(written, orderOf);
    },
  };
}

async function encoder(format: Format, orderOf: (line: string) => OrderLine): Promise<Contender> {
  const { workspace, batches } = await orderBatches(json, input);
  return contender("encoder", orderOf, (take) => {
    const opened = format.createEncoder(ORDER_SCHEMA);
    for (const batch of batches) {
      take(opened.encode(batch));
      workspace.account.arena.reset();
    }
  });
}

/** One object a row in memory, texts of so many rows encoded together. */
function loop(name: string, orderOf: (line: string) => OrderLine, textOf: (order: OrderLine) => string): Contender {
  const orders = Buffer.from(input().bytes).toString().trimEnd().split("\n").map(jsonOrder);
  const utf8 = new TextEncoder();
  return contender(name, orderOf, (take) => {
    let text = "";
    orders.forEach((order, row) => {
      text += `${textOf(order)}\n`;
      if (row % 8192 < 8191) return;
      take(utf8.encode(text));
      text = "";
    });
    take(utf8.encode(text));
  });
}

const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

export const benches: readonly Bench[] = [
  {
    name: "kernel-write/ndjson",
    title: "300,000 rows of 6 columns to NDJSON, the encoder without the engine.",
    rows: ROWS,
    baseline: "encoder",
    expected: () => input().expected,
    contenders: async () => [
      await encoder(json, jsonOrder),
      loop("JSON.stringify a row", jsonOrder, (order) => JSON.stringify(order)),
    ],
  },
  {
    name: "kernel-write/csv",
    title: "300,000 rows of 6 columns to CSV, every text in quotes, the encoder without the engine.",
    rows: ROWS,
    baseline: "encoder",
    expected: () => input().expected,
    contenders: async () => [
      await encoder(openCsv({ header: false }, "orders.csv"), csvOrder),
      loop(
        "template a row",
        csvOrder,
        ({ time, id, item, price, quantity, paid }) => `${time},${id},${quoted(item)},${price},${quantity},${paid}`,
      ),
    ],
  },
];
