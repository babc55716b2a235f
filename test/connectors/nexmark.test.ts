// Nexmark's events by what the benchmark says of them: proportions, ids of persons and auctions that exist, hot ones, prices,
// texts. Nothing here knows how they are made.
import { describe, expect, test } from "vitest";
import type { NexmarkAuction, NexmarkBid, NexmarkPerson } from "../../src/api/nexmark.js";
import { DataStream } from "../../src/api/stream.js";
import { Millrace } from "../../src/node.js";
import { openSim } from "./support.js";

const EVENTS = 50_000;

const events = await (async () => {
  await using mill = await Millrace.open();
  return await mill.nexmark({ events: EVENTS, seed: 7 }).toArray();
})();
const persons = events.flatMap(({ person }, n) => (person === null ? [] : [{ n, ...person }]));
const auctions = events.flatMap(({ auction }, n) => (auction === null ? [] : [{ n, ...auction }]));
const bids = events.flatMap(({ bid }, n) => (bid === null ? [] : [{ n, ...bid }]));

/** Share of the values for which it holds. */
function share<T>(values: readonly T[], holds: (value: T) => boolean): number {
  return values.filter(holds).length / values.length;
}

/** How far the commonest and the rarest value are from the mean number, as shares of it. */
function unevenness(values: readonly unknown[]): number {
  const counts = new Map<unknown, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const mean = values.length / counts.size;
  return Math.max(...[...counts.values()].map((count) => Math.abs(count / mean - 1)));
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Persons, and auctions, that came before event `n`. */
const personsBefore = (n: number) => Math.ceil(n / 50);
const auctionsBefore = (n: number) => Math.floor(n / 50) * 3 + Math.min(Math.max((n % 50) - 1, 0), 3);

describe("all events", () => {
  test("one person, three auctions and 46 bids in turn, ten a millisecond", () => {
    events.forEach(({ event_type, person, auction, bid, dateTime }, n) => {
      const kind = n % 50 < 1 ? 0 : n % 50 < 4 ? 1 : 2;
      expect(event_type).toBe(kind);
      expect([person, auction, bid].map((each) => each !== null)).toEqual([kind === 0, kind === 1, kind === 2]);
      expect(+dateTime).toBe(Date.UTC(2026, 0, 1) + Math.floor(n / 10));
      expect([person, auction, bid][kind]?.dateTime).toEqual(dateTime);
    });
  });

  test("ids count from 1000", () => {
    expect(persons.map(({ id }) => id)).toEqual(persons.map((_, i) => 1000 + i));
    expect(auctions.map(({ id }) => id)).toEqual(auctions.map((_, i) => 1000 + i));
  });

  test("extra brings every kind to its average size", () => {
    const bytesOf = (row: object) =>
      Object.entries(row).reduce((sum, [name, value]) => {
        if (["n", "channel", "url"].includes(name)) return sum;
        return sum + (typeof value === "string" ? value.length : 8);
      }, 0);
    // Nexmark counts the time of none, but that of bids.
    expect(Math.abs(mean(persons.map(bytesOf)) - 8 - 200)).toBeLessThan(3);
    expect(Math.abs(mean(auctions.map(bytesOf)) - 8 - 500)).toBeLessThan(5);
    expect(Math.abs(mean(bids.map(bytesOf)) - 100)).toBeLessThan(1);
    for (const { extra } of [...persons, ...auctions, ...bids]) expect(extra).toMatch(/^[a-z]*$/);
    const letters = bids.slice(0, 5000).flatMap(({ extra }) => [...extra]);
    expect(new Set(letters).size).toBe(26);
    expect(unevenness(letters)).toBeLessThan(0.1);
  });
});

describe("persons", () => {
  test("names, cities and states are Nexmark's, each as likely as any other", () => {
    expect(new Set(persons.map(({ name }) => name)).size).toBe(99);
    expect(new Set(persons.map(({ city }) => city)).size).toBe(10);
    expect([...new Set(persons.map(({ state }) => state))].sort()).toEqual(["AZ", "CA", "ID", "OR", "WA", "WY"]);
    expect(unevenness(persons.map(({ city }) => city))).toBeLessThan(0.4);
    expect(unevenness(persons.map(({ state }) => state))).toBeLessThan(0.4);
  });

  test("addresses and cards have their form", () => {
    for (const { emailAddress, creditCard } of persons) {
      expect(emailAddress).toMatch(/^[a-z ]{0,6}@[a-z ]{0,4}\.com$/);
      expect(creditCard).toMatch(/^\d{4} \d{4} \d{4} \d{4}$/);
    }
    expect(new Set(persons.map(({ creditCard }) => creditCard)).size).toBe(persons.length);
  });
});

describe("auctions", () => {
  test("three of four are by a hot seller, the others by an active person or one of the next ten", () => {
    for (const { n, seller } of auctions) {
      const known = personsBefore(n);
      const hot = 1000 + Math.floor((known - 1) / 100) * 100;
      if (seller === hot) continue;
      expect(seller).toBeGreaterThanOrEqual(1000 + Math.max(known - 1000, 0));
      expect(seller).toBeLessThan(1000 + known + 10);
    }
    expect(share(auctions, ({ seller }) => seller % 100 === 0)).toBeCloseTo(0.75, 1);
  });

  test("five categories, expiry within twice the time of 1,666 events, reserve above the first bid", () => {
    expect([...new Set(auctions.map(({ category }) => category))].sort()).toEqual([10, 11, 12, 13, 14]);
    expect(unevenness(auctions.map(({ category }) => category))).toBeLessThan(0.15);
    const spans = auctions.map(({ expires, dateTime }) => +expires - +dateTime);
    expect(Math.min(...spans)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...spans)).toBeLessThanOrEqual(2 * 167);
    expect(Math.abs(mean(spans) - 167)).toBeLessThan(5);
    for (const { initialBid, reserve } of auctions) expect(reserve).toBeGreaterThanOrEqual(initialBid + 100);
  });

  test("texts are of 3 to 19 and 3 to 99 letters with blanks, none at the ends", () => {
    for (const { itemName, description } of auctions) {
      expect(itemName).toMatch(/^([a-z]([a-z ]{0,17}[a-z])?)?$/);
      expect(description).toMatch(/^([a-z]([a-z ]{0,97}[a-z])?)?$/);
    }
    const all = auctions.flatMap(({ description }) => [...description.slice(1, -1)]);
    expect(share(all, (letter) => letter === " ")).toBeCloseTo(1 / 13, 2);
    expect(Math.max(...auctions.map(({ itemName }) => itemName.length))).toBe(19);
    expect(Math.max(...auctions.map(({ description }) => description.length))).toBe(99);
  });
});

describe("bids", () => {
  test("half are for a hot auction, the others for one in flight or one of the next ten", () => {
    for (const { n, auction } of bids) {
      const known = auctionsBefore(n);
      const hot = 1000 + Math.floor((known - 1) / 100) * 100;
      if (auction === hot) continue;
      expect(auction).toBeGreaterThanOrEqual(1000 + Math.max(known - 1 - 100, 0));
      expect(auction).toBeLessThan(1000 + known + 10);
    }
    const isHot = ({ n, auction }: { n: number; auction: number }) =>
      auction === 1000 + Math.floor((auctionsBefore(n) - 1) / 100) * 100;
    expect(share(bids, isHot)).toBeCloseTo(0.5, 1);
  });

  test("three of four are by a hot bidder, who is no hot seller", () => {
    for (const { n, bidder } of bids) {
      const known = personsBefore(n);
      const hot = 1001 + Math.floor((known - 1) / 100) * 100;
      if (bidder === hot) continue;
      expect(bidder).toBeGreaterThanOrEqual(1000 + Math.max(known - 1000, 0));
      expect(bidder).toBeLessThan(1000 + known + 10);
    }
    expect(share(bids, ({ bidder }) => bidder % 100 === 1)).toBeCloseTo(0.75, 1);
  });

  test("prices are 100 to 100,000,000, each power of ten as likely as any other", () => {
    const prices = bids.map(({ price }) => price);
    expect(Math.min(...prices)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...prices)).toBeLessThanOrEqual(100_000_000);
    expect(unevenness(prices.map((price) => Math.floor(Math.log10(Math.min(price, 99_999_999)))))).toBeLessThan(0.05);
  });

  test("half come by four channels of one URL each, the others by 10,000 whose number is in nine of ten URLs", () => {
    const hot = ["Google", "Facebook", "Baidu", "Apple"];
    expect(share(bids, ({ channel }) => hot.includes(channel))).toBeCloseTo(0.5, 1);
    expect(unevenness(bids.map(({ channel }) => channel).filter((name) => hot.includes(name)))).toBeLessThan(0.05);
    const urlOf = new Map<string, string>();
    for (const { channel, url } of bids) {
      expect(url).toBe(urlOf.get(channel) ?? url);
      urlOf.set(channel, url);
      expect(url).toMatch(
        /^https:\/\/www\.nexmark\.com\/[a-z_]{3,4}\/[a-z_]{3,4}\/[a-z_]{3,4}\/item\.htm\?query=1(&channel_id=\d+)?$/,
      );
    }
    const others = [...urlOf].filter(([channel]) => !hot.includes(channel));
    expect(others.length).toBeGreaterThan(8500);
    expect(share(others, ([, url]) => url.includes("channel_id"))).toBeCloseTo(0.9, 1);
    for (const [channel, url] of urlOf) {
      const [, id] = /channel_id=(\d+)/.exec(url) ?? [];
      if (id === undefined) continue;
      const bits = Number(channel.slice("channel-".length)).toString(2).padStart(32, "0");
      expect(Number(id)).toBe(Math.abs(Number.parseInt([...bits].reverse().join(""), 2) | 0));
    }
  });
});

describe("the same seed", () => {
  test("gives the same rows, whatever the batch size, the columns that are read and the kinds", async () => {
    await using mill = await Millrace.open();
    const few = { events: 1234, seed: 7 };
    for (const batchRows of [1, 7, 8192]) {
      expect(await mill.nexmark(few).toArray({ batchRows })).toEqual(events.slice(0, few.events));
    }
    const only = (kind: "person" | "auction" | "bid") => {
      return mill.nexmark({ ...few, only: kind }).toArray({ batchRows: 77 });
    };
    const without = (rows: readonly ({ n: number } & (NexmarkPerson | NexmarkAuction | NexmarkBid))[]) =>
      rows.filter(({ n }) => n < few.events).map(({ n: _, ...row }) => row);
    expect(await only("person")).toEqual(without(persons));
    expect(await only("auction")).toEqual(without(auctions));
    expect(await only("bid")).toEqual(without(bids));
    const rows = await mill
      .nexmark({ ...few, only: "auction" })
      .select("extra", "id")
      .toArray();
    expect(rows).toEqual(without(auctions).map((row) => ({ extra: row.extra, id: (row as NexmarkAuction).id })));
  });

  test("another seed gives others", async () => {
    await using mill = await Millrace.open();
    const [one, other] = await Promise.all(
      [1, 2].map((seed) => mill.nexmark({ events: 1000, seed, only: "bid" }).select("price", "url").toArray()),
    );
    expect(one).not.toEqual(other);
  });
});

test("proportions, ratios, sizes, rate and start are as asked", async () => {
  await using mill = await Millrace.open();
  const start = new Date("2015-07-15T00:00:00Z");
  const options = { events: 5000, persons: 2, auctions: 1, bids: 7, hotAuctions: 1, bidBytes: 0, rate: 1000, start };
  const rows = await mill.nexmark(options).toArray();
  expect(rows.slice(0, 10).map(({ event_type }) => event_type)).toEqual([0, 0, 1, 2, 2, 2, 2, 2, 2, 2]);
  expect(+(rows[4999]?.dateTime ?? 0)).toBe(+start + 4999);
  expect(rows.flatMap(({ bid }) => (bid === null ? [] : [bid.extra])).join("")).toBe("");
  expect(rows.flatMap(({ person }) => (person === null ? [] : [person.id]))).toEqual(
    Array.from({ length: 1000 }, (_, i) => 1000 + i),
  );
});

test("without a number of events it goes on until it is left", async () => {
  const { mill, wait } = await openSim();
  let seen = 0;
  const read = async () => {
    for await (const row of mill.nexmark({ only: "bid" })) if (row.auction > 0 && ++seen === 50_000) return;
  };
  await wait(read());
  expect(seen).toBe(50_000);
});

test("a blackhole takes all rows and keeps none", async () => {
  await using mill = await Millrace.open();
  const result = await mill.nexmark({ events: 10_000 }).to(mill.blackhole()).run();
  expect(result).toMatchObject({ rowsIn: 10_000, rowsOut: 10_000 });
});

describe("refuses", () => {
  const refusals: readonly [string, object, object][] = [
    ["an unknown option", { event: 3 }, { code: "OPTION", hint: expect.stringContaining("events") }],
    ["a kind that is none", { only: "bids" }, { code: "OPTION", hint: expect.stringContaining("bid") }],
    ["a share of an event", { events: 1.5 }, { code: "OPTION" }],
    ["no persons", { persons: 0 }, { code: "OPTION" }],
  ];
  test.each(refusals)("%s", async (_, options, error) => {
    await using mill = await Millrace.open();
    await expect((async () => mill.nexmark(options).toArray())()).rejects.toMatchObject(error);
  });

  const tables: readonly [string, string, object][] = [
    ["a column that Nexmark has not", "bid ROW<bider BIGINT>", { code: "UNKNOWN_COLUMN", hint: /bidder/ }],
    ["another type", "bid ROW<bidder INT>", { code: "TYPE", hint: /bidder BIGINT/ }],
    ["a kind that is always there", "bid ROW<bidder BIGINT> NOT NULL", { code: "TYPE" }],
    ["a kind that is no row", "person BIGINT", { code: "TYPE" }],
  ];
  test.each(tables)("%s", async (_, column, { hint = /./, ...error }: { hint?: RegExp }) => {
    await using mill = await Millrace.open();
    const script = `CREATE TABLE nexmark (${column}) WITH ('connector' = 'nexmark', 'events.num' = '10'); SELECT * FROM nexmark`;
    const read = async () => {
      for await (const step of mill.script(script)) if (step instanceof DataStream) await step.toArray();
    };
    await expect(read()).rejects.toMatchObject({ ...error, hint: expect.stringMatching(hint) });
  });
});
