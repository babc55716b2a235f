// What a Nexmark stream can be told: how many events, how dense in event time, how many of each kind, how hot the hot ones are.
import { checkChoice, checkDate, checkInteger, checkOptions } from "../api/options.js";
import { PlanError } from "../errors.js";
import { KINDS, type NexmarkKind } from "./nexmark-columns.js";

/** Checked options; the defaults are Nexmark's own. */
export interface NexmarkSettings {
  /** null: without end. */
  readonly events: number | null;
  readonly seed: number;
  /** Events a second of event time. */
  readonly rate: number;
  readonly startMs: number;
  /** The kind that rows are made of; null: all of them. */
  readonly only: NexmarkKind | null;
  readonly persons: number;
  readonly auctions: number;
  readonly bids: number;
  readonly hotSellers: number;
  readonly hotAuctions: number;
  readonly hotBidders: number;
  readonly personBytes: number;
  readonly auctionBytes: number;
  readonly bidBytes: number;
}

/** Whole numbers: the least, the greatest, and what they are unless given. */
const NUMBERS = {
  seed: [0, Number.MAX_SAFE_INTEGER, 1],
  rate: [1, 1_000_000_000, 10_000],
  persons: [1, 1000, 1],
  auctions: [1, 1000, 3],
  bids: [1, 1000, 46],
  hotSellers: [1, 1_000_000, 4],
  hotAuctions: [1, 1_000_000, 2],
  hotBidders: [1, 1_000_000, 4],
  personBytes: [0, 10_000, 200],
  auctionBytes: [0, 10_000, 500],
  bidBytes: [0, 10_000, 100],
} as const;

type NumberName = keyof typeof NUMBERS;

/** Numbers of events stay so small that their times, in millionths of a second, are whole numbers of 64 bits. */
const EVENTS_MAX = 1_000_000_000_000;
const START_MS = Date.UTC(2026, 0, 1);

const NAMES = ["events", "start", "only", "nextRate", ...Object.keys(NUMBERS)];

/** @throws OPTION naming the nearest, or what is legal */
export function nexmarkSettings(options: Readonly<Record<string, unknown>>): NexmarkSettings {
  const checked = checkOptions(options as Record<string, unknown>, NAMES, "nexmark");
  const { events, start, only, nextRate } = checked;
  const { rate = NUMBERS.rate[2] } = checked;
  if (nextRate !== undefined && nextRate !== rate) {
    throw new PlanError("OPTION", `a rate that goes from ${rate} to ${nextRate}`, { hint: "give both the same" });
  }
  const numbers = Object.entries(NUMBERS).map(([name, [min, max, standard]]) => {
    const given = checked[name];
    return [name, given === undefined ? standard : checkInteger(given as number, min, name, max)];
  });
  return {
    ...(Object.fromEntries(numbers) as Readonly<Record<NumberName, number>>),
    events: events === undefined ? null : checkInteger(events as number, 0, "events", EVENTS_MAX),
    startMs: start === undefined ? START_MS : checkDate(start as Date, "start"),
    only: only === undefined ? null : checkChoice(only as NexmarkKind, KINDS, "only"),
  };
}

/** How many of the first `events` events are of a kind; null: all of them. */
export function countOf(settings: NexmarkSettings, kind: NexmarkKind | null, events: number): number {
  const { persons, auctions, bids } = settings;
  if (kind === null) return events;
  const total = persons + auctions + bids;
  const [first, count] = { person: [0, persons], auction: [persons, auctions], bid: [persons + auctions, bids] }[
    kind
  ] as [number, number];
  const epochs = Math.floor(events / total);
  return epochs * count + Math.min(Math.max(events - epochs * total - first, 0), count);
}
