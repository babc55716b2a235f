// What Nexmark's events consist of: the columns of persons, auctions and bids, which kernel makes each, and the texts that are
// few enough to be made once and drawn by number.
import { type DataType, field, INT32, INT64, rowOf, type Schema, STRING, schemaOf, TIMESTAMP } from "../arrow/types.js";

/** Kinds of events, by the number that the kernels have for them. */
export const KINDS = ["person", "auction", "bid"] as const;

export type NexmarkKind = (typeof KINDS)[number];

/** A column that a kernel fills. */
export interface NexmarkValue {
  readonly name: string;
  readonly type: DataType;
  /** The kernel's number of it (assembly/nexmark.ts). */
  readonly value: number;
  /** Texts that are drawn by number. */
  readonly texts?: (seed: number) => readonly string[];
}

const TIME: NexmarkValue = { name: "dateTime", type: TIMESTAMP, value: 30 };

const FIRST_NAMES = ["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"];
const LAST_NAMES = ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"];
const NAMES = FIRST_NAMES.flatMap((first) => LAST_NAMES.map((last) => `${first} ${last}`));
const CITIES = [
  ...["Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland"],
  ...["Bend", "Redmond", "Seattle", "Kent", "Cheyenne"],
];
const STATES = ["AZ", "CA", "ID", "OR", "WA", "WY"];
const HOT_CHANNELS = ["Google", "Facebook", "Baidu", "Apple"];
const OTHER_CHANNELS = 10_000;

/** Columns of each kind, in Nexmark's order. */
export const VALUES: Readonly<Record<NexmarkKind, readonly NexmarkValue[]>> = {
  person: [
    { name: "id", type: INT64, value: 0 },
    { name: "name", type: STRING, value: 1, texts: () => NAMES },
    { name: "emailAddress", type: STRING, value: 2 },
    { name: "creditCard", type: STRING, value: 3 },
    { name: "city", type: STRING, value: 4, texts: () => CITIES },
    { name: "state", type: STRING, value: 5, texts: () => STATES },
    TIME,
    { name: "extra", type: STRING, value: 7 },
  ],
  auction: [
    { name: "id", type: INT64, value: 10 },
    { name: "itemName", type: STRING, value: 11 },
    { name: "description", type: STRING, value: 12 },
    { name: "initialBid", type: INT64, value: 13 },
    { name: "reserve", type: INT64, value: 14 },
    TIME,
    { name: "expires", type: TIMESTAMP, value: 16 },
    { name: "seller", type: INT64, value: 17 },
    { name: "category", type: INT64, value: 18 },
    { name: "extra", type: STRING, value: 19 },
  ],
  bid: [
    { name: "auction", type: INT64, value: 20 },
    { name: "bidder", type: INT64, value: 21 },
    { name: "price", type: INT64, value: 22 },
    { name: "channel", type: STRING, value: 23, texts: channels },
    { name: "url", type: STRING, value: 23, texts: urls },
    TIME,
    { name: "extra", type: STRING, value: 26 },
  ],
};

/** Columns of an event whose kind is its own affair. */
export const EVENT_VALUES: readonly NexmarkValue[] = [{ name: "event_type", type: INT32, value: 31 }, TIME];

/** The columns that a table has unless it declares fewer: those of one kind, or of all events, each kind a ROW. */
export function nexmarkSchema(only: NexmarkKind | null): Schema {
  const fieldsOf = (kind: NexmarkKind) => VALUES[kind].map(({ name, type }) => field(name, type));
  if (only !== null) return schemaOf(fieldsOf(only));
  const [type, time] = EVENT_VALUES.map((value) => field(value.name, value.type, false));
  const kinds = KINDS.map((kind) => field(kind, rowOf(fieldsOf(kind))));
  return schemaOf([type, ...kinds, time].filter((column) => column !== undefined));
}

function channels(): readonly string[] {
  return [...HOT_CHANNELS, ...Array.from({ length: OTHER_CHANNELS }, (_, i) => `channel-${i}`)];
}

/** One URL a channel, whose number stands in nine of ten of those that are not hot. */
function urls(seed: number): readonly string[] {
  const draw = draws(seed);
  const page = () => `https://www.nexmark.com/${word(draw)}/${word(draw)}/${word(draw)}/item.htm?query=1`;
  const others = Array.from({ length: OTHER_CHANNELS }, (_, i) => {
    return draw(10) > 0 ? `${page()}&channel_id=${Math.abs(reversed(i))}` : page();
  });
  return [...HOT_CHANNELS.map(page), ...others];
}

/** Three or four letters, with an underscore for one in 13. */
function word(draw: (below: number) => number): string {
  const letters = Array.from({ length: 3 + draw(2) }, () => {
    const letter = 97 + draw(26);
    return draw(13) === 0 ? 95 : letter;
  });
  return String.fromCharCode(...letters);
}

/** Whole numbers below what is asked for, the same for the same seed: mulberry32 (public domain). */
function draws(seed: number): (below: number) => number {
  let state = seed ^ (seed / 4_294_967_296);
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/** The 32 bits of a number, the last one first. */
function reversed(value: number): number {
  let bits = 0;
  for (let bit = 0; bit < 32; bit++) bits |= ((value >>> bit) & 1) << (31 - bit);
  return bits;
}
