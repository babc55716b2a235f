// Nexmark's events as a table: its options, and what its rows are.
import { checkOptions } from "./options.js";
import type { Runner } from "./runner.js";
import { openTable, TABLE_OPTIONS, type Table, type TableOptions } from "./table.js";

export interface NexmarkPerson {
  readonly id: number;
  readonly name: string;
  readonly emailAddress: string;
  readonly creditCard: string;
  readonly city: string;
  readonly state: string;
  readonly dateTime: Date;
  readonly extra: string;
}

export interface NexmarkAuction {
  readonly id: number;
  readonly itemName: string;
  readonly description: string;
  readonly initialBid: number;
  readonly reserve: number;
  readonly dateTime: Date;
  readonly expires: Date;
  readonly seller: number;
  readonly category: number;
  readonly extra: string;
}

export interface NexmarkBid {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly url: string;
  readonly dateTime: Date;
  readonly extra: string;
}

/** An event: a person (`event_type` 0), an auction (1) or a bid (2); the two others are null. */
export interface NexmarkEvent {
  readonly event_type: number;
  readonly person: NexmarkPerson | null;
  readonly auction: NexmarkAuction | null;
  readonly bid: NexmarkBid | null;
  readonly dateTime: Date;
}

export interface NexmarkRows {
  readonly person: NexmarkPerson;
  readonly auction: NexmarkAuction;
  readonly bid: NexmarkBid;
}

export interface NexmarkOptions extends Omit<TableOptions, "schema" | "rowPolicy" | "time"> {
  /** The column of the event time, `dateTime`; rows have none unless given. */
  readonly time?: "dateTime";
  /** Events in all, of which one in 50 is a person and three are auctions; without end unless given. */
  readonly events?: number;
  /** Another seed, other events; 1 unless given. */
  readonly seed?: number;
  /** Rows of one kind alone; all events unless given. */
  readonly only?: keyof NexmarkRows;
  /** Events a second of event time; 10,000 unless given. */
  readonly rate?: number;
  /** Event time of the first event; 2026-01-01 unless given. */
  readonly start?: Date;
  /** Persons in turn; 1 unless given. */
  readonly persons?: number;
  /** Auctions in turn, after the persons; 3 unless given. */
  readonly auctions?: number;
  /** Bids in turn, after the auctions; 46 unless given. */
  readonly bids?: number;
  /** One auction in so many is not by a hot seller; 4 unless given. */
  readonly hotSellers?: number;
  /** One bid in so many is not for a hot auction; 2 unless given. */
  readonly hotAuctions?: number;
  /** One bid in so many is not by a hot bidder; 4 unless given. */
  readonly hotBidders?: number;
  /** Bytes of a person on average; 200 unless given. */
  readonly personBytes?: number;
  /** Bytes of an auction on average; 500 unless given. */
  readonly auctionBytes?: number;
  /** Bytes of a bid, without channel and URL, on average; 100 unless given. */
  readonly bidBytes?: number;
}

const OWN = [
  ...(["events", "seed", "only", "rate", "start", "persons", "auctions", "bids"] as const),
  ...(["hotSellers", "hotAuctions", "hotBidders", "personBytes", "auctionBytes", "bidBytes"] as const),
];

/** @throws OPTION for names; for values when it is opened */
export function openNexmark(runner: Runner, options?: NexmarkOptions): Table<never> {
  const names = [...TABLE_OPTIONS.filter((name) => name !== "schema" && name !== "rowPolicy"), ...OWN];
  checkOptions(options, names, "nexmark()");
  return openTable(runner, { where: "nexmark()", connector: "nexmark", name: "nexmark", own: OWN }, options);
}
