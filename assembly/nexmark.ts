// Nexmark's events straight into columns (github.com/nexmark/nexmark, its generator). A value depends on the seed, the number of
// its event and its column alone: any range of events can be made in any order, a column that nobody reads costs nothing, and
// every host makes the same bytes. Arithmetic is on integers, and on doubles where each step is exact or correctly rounded.
//
//     event  0        1 2 3              4 … 49        50       51 …
//            person   auctions           bids          person   auctions …      as many of each as the context says
//
// The host lists the events of a batch first (nexmarkRows), then asks for column by column. Where an event is of another kind
// than the column, a number is 0 and a text empty.

/** Mirrored by src/connectors/nexmark-kernels.ts. */
@unmanaged
class NexmarkContext {
  seed: u64;
  /** Event time of event 0, in ms. */
  startMs: i64;
  /** Events a second of event time. */
  rate: u64;
  /** How many of each kind come in turn. */
  persons: u32;
  auctions: u32;
  bids: u32;
  /** One in so many is not for the hot one. */
  hotSellers: u32;
  hotAuctions: u32;
  hotBidders: u32;
  /** Bytes that an event has on average. */
  personBytes: u32;
  auctionBytes: u32;
  bidBytes: u32;
  /** The kind that rows are made of; 3 for all. */
  only: u32;
}

/** An event: its number is epoch × (persons + auctions + bids) + offset. */
@unmanaged
class Row {
  id: u64;
  epoch: u32;
  offset: u32;
}

const ROW_BYTES: usize = 16;

namespace Kind {
  export const PERSON: u32 = 0;
  export const AUCTION: u32 = 1;
  export const BID: u32 = 2;
  export const ALL: u32 = 3;
}

/** Columns by number: the kind in the tens. */
namespace Value {
  export const PERSON_ID: u32 = 0;
  export const PERSON_NAME: u32 = 1;
  export const PERSON_EMAIL: u32 = 2;
  export const PERSON_CARD: u32 = 3;
  export const PERSON_CITY: u32 = 4;
  export const PERSON_STATE: u32 = 5;
  export const PERSON_EXTRA: u32 = 7;
  export const AUCTION_ID: u32 = 10;
  export const AUCTION_ITEM: u32 = 11;
  export const AUCTION_DESCRIPTION: u32 = 12;
  export const AUCTION_INITIAL: u32 = 13;
  export const AUCTION_RESERVE: u32 = 14;
  export const AUCTION_EXPIRES: u32 = 16;
  export const AUCTION_SELLER: u32 = 17;
  export const AUCTION_CATEGORY: u32 = 18;
  export const AUCTION_EXTRA: u32 = 19;
  export const BID_AUCTION: u32 = 20;
  export const BID_BIDDER: u32 = 21;
  export const BID_PRICE: u32 = 22;
  export const BID_CHANNEL: u32 = 23;
  export const BID_EXTRA: u32 = 26;
  /** Of every kind. */
  export const TIME: u32 = 30;
  export const KIND: u32 = 31;
}

const FIRST_ID: u64 = 1000;
const FIRST_CATEGORY: u64 = 10;
const CATEGORIES: u32 = 5;
/** Persons and auctions so far ahead may be named already. */
const LEAD: u32 = 10;
/** One of so many persons or auctions in a row is hot. */
const HOT_EVERY: u64 = 100;
const IN_FLIGHT: u64 = 100;
const ACTIVE_PERSONS: u64 = 1000;
const FIRST_NAMES: u32 = 11;
const LAST_NAMES: u32 = 9;
const CITIES: u32 = 10;
const STATES: u32 = 6;
const HOT_CHANNELS: u32 = 4;
const CHANNELS: u32 = 10000;
/** Lengths of the first and last names and the cities that the host has, four bits each from the lowest. */
const FIRST_NAME_LENGTHS: u64 = 0x66554544445;
const LAST_NAME_LENGTHS: u64 = 0x555675766;
const CITY_LENGTHS: u64 = 0x8477485db7;
const CARD_BYTES: u32 = 19;
const STATE_BYTES: u32 = 2;
const BLANK: u8 = 0x20;

/** SplitMix64's steps (Steele, Lea, Flood, OOPSLA 2014). */
@inline
function mixed(word: u64): u64 {
  word = (word ^ (word >>> 30)) * 0xbf58476d1ce4e5b9;
  word = (word ^ (word >>> 27)) * 0x94d049bb133111eb;
  return word ^ (word >>> 31);
}

/** 64 random bits for draw `stream` of an event. */
@inline
function draw(context: NexmarkContext, row: Row, stream: u32): u64 {
  return mixed(mixed(context.seed + row.id * 0x9e3779b97f4a7c15) + <u64>stream * 0xd1342543de82ef95);
}

/** A number below `bound` of 32 random bits. */
@inline
function below(bits: u64, bound: u32): u32 {
  return <u32>(((bits & 0xffffffff) * <u64>bound) >> 32);
}

@inline
function kindOf(context: NexmarkContext, row: Row): u32 {
  const persons = context.persons;
  return row.offset < persons ? Kind.PERSON : row.offset < persons + context.auctions ? Kind.AUCTION : Kind.BID;
}

@inline
function totalOf(context: NexmarkContext): u64 {
  return <u64>(context.persons + context.auctions + context.bids);
}

@inline
function timeOf(context: NexmarkContext, id: u64): i64 {
  return context.startMs + <i64>((id * 1000) / context.rate);
}

/** Number of the person that came last, from 0: this one, if it is one. */
@inline
function lastPerson(context: NexmarkContext, row: Row): u64 {
  return <u64>row.epoch * context.persons + <u64>min(row.offset, context.persons - 1);
}

/** Number of the auction that came last, from 0. Not asked of persons. */
@inline
function lastAuction(context: NexmarkContext, row: Row): u64 {
  return <u64>row.epoch * context.auctions + <u64>min(row.offset - context.persons, context.auctions - 1);
}

/** One of the active persons, or of those that come next. */
@inline
function anyPerson(context: NexmarkContext, row: Row, bits: u64): u64 {
  const persons = lastPerson(context, row) + 1;
  const active = min<u64>(persons, ACTIVE_PERSONS);
  return persons - active + <u64>below(bits, <u32>active + LEAD);
}

/** One of the auctions in flight, or of those that come next. */
@inline
function anyAuction(context: NexmarkContext, row: Row, bits: u64): u64 {
  const last = lastAuction(context, row);
  const first = last > IN_FLIGHT ? last - IN_FLIGHT : 0;
  return first + <u64>below(bits, <u32>(last - first) + 1 + LEAD);
}

/** 100 to 100,000,000 cents, the logarithm even: round(100 × 10^(6u)). */
function priceOf(bits: u64): u64 {
  const u = <f64>(bits >>> 11) * (1.0 / 9007199254740992.0);
  // 10^(6u) = 2^(whole + rest) with the rest in [−1/2, 1/2], whose power is the series of e^x to its 13th term.
  const exponent = u * (6.0 * 3.321928094887362348);
  const whole = nearest(exponent);
  const x = (exponent - whole) * 0.693147180559945309;
  let sum = 1.0;
  for (let term = 13.0; term > 0; term -= 1.0) sum = 1.0 + (sum * x) / term;
  const power = reinterpret<f64>((<u64>whole + 1023) << 52);
  return <u64>floor(sum * power * 100.0 + 0.5);
}

function wholeOf(context: NexmarkContext, value: u32, row: Row): i64 {
  if (value == Value.TIME) return timeOf(context, row.id);
  if (value == Value.PERSON_ID) return FIRST_ID + lastPerson(context, row);
  if (value == Value.AUCTION_ID) return FIRST_ID + lastAuction(context, row);
  if (value == Value.AUCTION_RESERVE) {
    return priceOf(draw(context, row, Value.AUCTION_INITIAL)) + priceOf(draw(context, row, value));
  }
  const bits = draw(context, row, value);
  if (value == Value.AUCTION_INITIAL || value == Value.BID_PRICE) return priceOf(bits);
  if (value == Value.AUCTION_CATEGORY) return FIRST_CATEGORY + below(bits, CATEGORIES);
  if (value == Value.AUCTION_EXPIRES) {
    const ahead = (IN_FLIGHT * totalOf(context)) / context.auctions;
    const horizonMs = timeOf(context, row.id + ahead) - timeOf(context, row.id);
    // As many as the horizon may be long: more than 32 bits of it are no use.
    const spanMs = <u32>min<i64>(max<i64>(horizonMs * 2, 1), 0xffffffff);
    return timeOf(context, row.id) + 1 + <i64>below(bits, spanMs);
  }
  const chance = bits >>> 32;
  if (value == Value.AUCTION_SELLER) {
    const hot = below(chance, context.hotSellers) > 0;
    return FIRST_ID + (hot ? hundreds(lastPerson(context, row)) : anyPerson(context, row, bits));
  }
  if (value == Value.BID_BIDDER) {
    // The second of them, so that hot bidders are no hot sellers.
    const hot = below(chance, context.hotBidders) > 0;
    return FIRST_ID + (hot ? hundreds(lastPerson(context, row)) + 1 : anyPerson(context, row, bits));
  }
  const hot = below(chance, context.hotAuctions) > 0;
  return FIRST_ID + (hot ? hundreds(lastAuction(context, row)) : anyAuction(context, row, bits));
}

@inline
function hundreds(id: u64): u64 {
  return id - (id % HOT_EVERY);
}

/** The number of one of the texts that the host has. */
function codeOf(context: NexmarkContext, value: u32, row: Row): u32 {
  if (value == Value.KIND) return kindOf(context, row);
  const bits = draw(context, row, value);
  if (value == Value.PERSON_CITY) return below(bits, CITIES);
  if (value == Value.PERSON_STATE) return below(bits, STATES);
  if (value == Value.PERSON_NAME) return below(bits, FIRST_NAMES) * LAST_NAMES + below(bits >>> 32, LAST_NAMES);
  // Half of the bids come by the hot channels.
  return bits >>> 63 ? below(bits, HOT_CHANNELS) : HOT_CHANNELS + below(bits, CHANNELS);
}

/** Sixteen letters of as many random bytes. */
@inline
function lettersOf(bytes: v128): v128 {
  const low = i16x8.shr_u(i16x8.extmul_low_i8x16_u(bytes, i8x16.splat(26)), 8);
  const high = i16x8.shr_u(i16x8.extmul_high_i8x16_u(bytes, i8x16.splat(26)), 8);
  return i8x16.add(i8x16.narrow_i16x8_u(low, high), i8x16.splat(0x61));
}

/** Sixteen random bytes. */
@inline
function bytesOf(state: u64): v128 {
  const word = mixed(state);
  return i64x2.replace_lane(i64x2.splat(word), 1, mixed(word + 0x2545f4914f6cdd1d));
}

/** `length` letters. Returns their end; writes up to 15 bytes more. */
@inline
function writeLetters(state: u64, length: u32, out: usize): usize {
  const end = out + <usize>length;
  for (; out < end; out += 16, state += 0x9e3779b97f4a7c15) v128.store(out, lettersOf(bytesOf(state)));
  return end;
}

/** 3 to `lengthMax` − 1 letters with a blank for one in 13, none of them at the ends. Returns their end; writes 15 bytes more. */
function writeWords(state: u64, lengthMax: u32, out: usize): usize {
  let end = out + 3 + <usize>below(state >>> 32, lengthMax - 3);
  for (let at = out; at < end; at += 16) {
    state += 0x9e3779b97f4a7c15;
    // 20 of 256 are as good as one of 13.
    const blanks = i8x16.lt_u(bytesOf(~state), i8x16.splat(20));
    v128.store(at, v128.bitselect(i8x16.splat(BLANK), lettersOf(bytesOf(state)), blanks));
  }
  while (end > out && load<u8>(end - 1) == BLANK) end--;
  let start = out;
  while (start < end && load<u8>(start) == BLANK) start++;
  if (start > out) memory.copy(out, start, end - start);
  return out + (end - start);
}

/** Letters that bring an event of `bytes` to the average, give or take a fifth of what is missing. */
function writeExtra(bits: u64, bytes: u32, averageBytes: u32, out: usize): usize {
  if (bytes >= averageBytes) return out;
  const missing = averageBytes - bytes;
  const spread = (missing + 2) / 5;
  return writeLetters(bits, missing - spread + below(bits >>> 32, 2 * spread), out);
}

function writeEmail(context: NexmarkContext, row: Row, out: usize): usize {
  const bits = draw(context, row, Value.PERSON_EMAIL);
  out = writeWords(bits, 7, out);
  store<u8>(out, 0x40);
  out = writeWords(mixed(bits), 5, out + 1);
  // .com
  store<u32>(out, 0x6d6f632e);
  return out + 4;
}

function writeCard(bits: u64, out: usize): usize {
  for (let group = 0; group < 4; group++, bits = mixed(bits)) {
    if (group > 0) store<u8>(out++, BLANK);
    let digits = below(bits, 10000);
    for (let place = 3; place >= 0; place--, digits /= 10) store<u8>(out + place, <u8>(0x30 + (digits % 10)));
    out += 4;
  }
  return out;
}

function writeText(context: NexmarkContext, value: u32, row: Row, out: usize): usize {
  if (value == Value.PERSON_EMAIL) return writeEmail(context, row, out);
  const bits = draw(context, row, value);
  if (value == Value.BID_EXTRA) return writeExtra(bits, 32, context.bidBytes, out);
  if (value == Value.PERSON_CARD) return writeCard(bits, out);
  if (value == Value.AUCTION_ITEM) return writeWords(bits, 20, out);
  if (value == Value.AUCTION_DESCRIPTION) return writeWords(bits, 100, out);
  // What the other texts come to is found by writing them here.
  if (value == Value.AUCTION_EXTRA) {
    const item = writeText(context, Value.AUCTION_ITEM, row, out) - out;
    const description = writeText(context, Value.AUCTION_DESCRIPTION, row, out) - out;
    return writeExtra(bits, 48 + <u32>(item + description), context.auctionBytes, out);
  }
  const email = <u32>(writeEmail(context, row, out) - out);
  const name = codeOf(context, Value.PERSON_NAME, row);
  const first = <u32>(FIRST_NAME_LENGTHS >> ((<u64>(name / LAST_NAMES)) << 2)) & 15;
  const last = <u32>(LAST_NAME_LENGTHS >> ((<u64>(name % LAST_NAMES)) << 2)) & 15;
  const city = <u32>(CITY_LENGTHS >> ((<u64>codeOf(context, Value.PERSON_CITY, row)) << 2)) & 15;
  const bytes = 8 + first + 1 + last + email + CARD_BYTES + city + STATE_BYTES;
  return writeExtra(bits, bytes, context.personBytes, out);
}

/** Lists `n` events from row number `first` of the kind that rows are made of. rows: n × 16 bytes. */
export function nexmarkRows(contextPtr: usize, first: f64, n: i32, rows: usize): void {
  const context = changetype<NexmarkContext>(contextPtr);
  const persons = context.persons;
  const auctions = context.auctions;
  const only = context.only;
  const total = totalOf(context);
  const start = only == Kind.AUCTION ? persons : only == Kind.BID ? persons + auctions : 0;
  const count =
    only == Kind.PERSON ? persons : only == Kind.AUCTION ? auctions : only == Kind.BID ? context.bids : <u32>total;
  let epoch = <u64>first / <u64>count;
  let offset = <u32>(<u64>first - epoch * <u64>count);
  for (const end = rows + <usize>n * ROW_BYTES; rows < end; rows += ROW_BYTES) {
    const row = changetype<Row>(rows);
    row.epoch = <u32>epoch;
    row.offset = start + offset;
    row.id = epoch * total + <u64>row.offset;
    if (++offset == count) {
      offset = 0;
      epoch++;
    }
  }
}

@inline
function isOf(context: NexmarkContext, value: u32, row: Row): bool {
  return value >= 30 || value / 10 == kindOf(context, row);
}

/** Numbers and times of the events at `rows`. out: n × i64. */
export function nexmarkWholes(contextPtr: usize, value: u32, rows: usize, n: i32, out: usize): void {
  const context = changetype<NexmarkContext>(contextPtr);
  for (const end = out + ((<usize>n) << 3); out < end; out += 8, rows += ROW_BYTES) {
    const row = changetype<Row>(rows);
    store<i64>(out, isOf(context, value, row) ? wholeOf(context, value, row) : 0);
  }
}

/** Numbers of the texts that the host has, and kinds. out: n × i32. */
export function nexmarkCodes(contextPtr: usize, value: u32, rows: usize, n: i32, out: usize): void {
  const context = changetype<NexmarkContext>(contextPtr);
  for (const end = out + ((<usize>n) << 2); out < end; out += 4, rows += ROW_BYTES) {
    const row = changetype<Row>(rows);
    store<u32>(out, isOf(context, value, row) ? codeOf(context, value, row) : 0);
  }
}

/** Texts. offsets: (n + 1) × i32; out has room for the longest of all, and 512 bytes. */
export function nexmarkTexts(contextPtr: usize, value: u32, rows: usize, n: i32, offsets: usize, out: usize): void {
  const context = changetype<NexmarkContext>(contextPtr);
  const start = out;
  store<i32>(offsets, 0);
  for (const end = offsets + ((<usize>n) << 2); offsets < end; rows += ROW_BYTES) {
    const row = changetype<Row>(rows);
    if (isOf(context, value, row)) out = writeText(context, value, row, out);
    offsets += 4;
    store<u32>(offsets, <u32>(out - start));
  }
}

/** Bit i of out: whether row i is an event of the kind. */
export function nexmarkKinds(contextPtr: usize, kind: u32, rows: usize, n: i32, out: usize): void {
  const context = changetype<NexmarkContext>(contextPtr);
  for (let row = 0; row < n; out++) {
    let byte: u32 = 0;
    for (let bit = 0; bit < 8 && row < n; bit++, row++, rows += ROW_BYTES) {
      byte |= u32(kindOf(context, changetype<Row>(rows)) == kind) << bit;
    }
    store<u8>(out, <u8>byte);
  }
}
