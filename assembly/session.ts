// Session windows: of each group the spans of rows that lie no more than a gap apart. A row joins the session that it touches
// (S29), bridges two and makes them one (S30), or begins one of its own; one that would be over at once is refused as late.
// Times are i64 in `units` to the millisecond and are floored to it.
//
//     session   32 B  │ start i64 │ last i64 │ group u32 │ older u32 │ newer u32 │ next u32 │    its number is its cell
//               group NONE: not in use; older and newer: the group's sessions in the order of time
//     recent    by group: the session that had its last row, u32, or NONE
//     buckets   sessions by their ends, 2^shift ms a bucket, round and round; `next` links those of one bucket
//
// A session stands in the bucket of the end it had when it was put there. It may have grown since, or have been absorbed: that
// shows when event time reaches the bucket, and it is put on, or its number given back. So a row that makes its session longer,
// as nearly all do, writes one time and nothing else. (G. Varghese, T. Lauck, "Hashed and hierarchical timing wheels", SOSP 1987.)
import { floorDiv } from "./window";

const NONE: u32 = 0xffffffff;
/** What `slowly` finds for a row that is late. */
const LATE: u32 = 0xfffffffe;
/** src/state/session-table.ts reserves as many buckets. */
const BUCKETS: i64 = 1024;
/** So many buckets at most are gone through in the order of time when it leaps: 64 rounds. */
const ORDERED: i64 = 64 * 1024;
/** A span without limit: more than all of time. */
const FOREVER: i64 = 1 << 60;

@unmanaged
class Session {
  start: i64;
  last: i64;
  group: u32;
  older: u32;
  newer: u32;
  next: u32;
}

@unmanaged
class Table {
  /** Buckets before it are empty; FOREVER while all are. */
  bucket: i64;
  gap: i64;
  /** A session takes no row that lies so far behind its start. */
  span: i64;
  /** A row whose own session ends here or before is late. */
  closedMs: f64;
  sessions: usize;
  capacity: u32;
  /** Numbers given out so far. */
  end: u32;
  /** The first number to be used again, linked by `next`. */
  free: u32;
  live: u32;
  recent: usize;
  /** By group: the sessions that it has, u32. */
  holders: usize;
  buckets: usize;
  shift: u32;
  /** What is left of a bucket that was gone through in part. */
  rest: u32;
  /** Rows of the batch that are in a session. */
  placed: u32;
  /** Sessions that the batch has put an end to. */
  absorbed: u32;
  /** Set by `before`: the session behind the one it found. */
  after: u32;
}

/** Infinities as times beyond all others. */
function inMs(ms: f64): i64 {
  return ms < 1e18 ? <i64>max(ms, -1e18) : FOREVER;
}

@inline
function at(table: Table, id: u32): Session {
  return changetype<Session>(table.sessions + ((<usize>id) << 5));
}

@inline
function recentOf(table: Table, group: u32): usize {
  return table.recent + ((<usize>group) << 2);
}

@inline
function hold(table: Table, group: u32, by: i32): void {
  const holders = table.holders + ((<usize>group) << 2);
  store<u32>(holders, load<u32>(holders) + by);
}

function endOf(table: Table, session: Session): i64 {
  return min(session.last + table.gap, session.start + table.span);
}

@inline
function bucketOf(table: Table, bucket: i64): usize {
  return table.buckets + ((<usize>(bucket & (BUCKETS - 1))) << 2);
}

/** Puts a session where event time finds it when it ends. */
function enlist(table: Table, id: u32): void {
  const session = at(table, id);
  const bucket = endOf(table, session) >> table.shift;
  table.bucket = min(table.bucket, bucket);
  const place = bucketOf(table, bucket);
  session.next = load<u32>(place);
  store<u32>(place, id);
}

/** The newest session of a group that starts at or before `time`, or NONE; `after` is then the next one. */
function before(table: Table, group: u32, time: i64): u32 {
  let found = load<u32>(recentOf(table, group));
  let after = NONE;
  if (found != NONE && at(table, found).start <= time) {
    for (after = at(table, found).newer; after != NONE && at(table, after).start <= time; ) {
      found = after;
      after = at(table, found).newer;
    }
  } else {
    while (found != NONE && at(table, found).start > time) {
      after = found;
      found = at(table, found).older;
    }
  }
  table.after = after;
  return found;
}

@inline
function isFull(table: Table): bool {
  return table.free == NONE && table.end == table.capacity;
}

/** A session of a group between two others; there is room for it. */
function create(table: Table, group: u32, start: i64, last: i64, older: u32, newer: u32): u32 {
  let id = table.free;
  if (id == NONE) id = table.end++;
  else table.free = at(table, id).next;
  const session = at(table, id);
  session.start = start;
  session.last = last;
  session.group = group;
  session.older = older;
  session.newer = newer;
  if (older != NONE) at(table, older).newer = id;
  if (newer != NONE) at(table, newer).older = id;
  hold(table, group, 1);
  enlist(table, id);
  table.live++;
  return id;
}

/** A session takes the one behind it in; its accumulators are added by the host. */
function absorb(table: Table, id: u32, absorbed: usize, into: usize): void {
  const session = at(table, id);
  const gone = session.newer;
  const other = at(table, gone);
  session.last = max(session.last, other.last);
  session.newer = other.newer;
  if (other.newer != NONE) at(table, other.newer).older = id;
  other.group = NONE;
  hold(table, session.group, -1);
  table.live--;
  const place = (<usize>table.absorbed) << 2;
  table.absorbed++;
  store<u32>(absorbed + place, gone);
  store<u32>(into + place, id);
}

/** The session of a row that the group's last one does not simply take; LATE, or NONE when there is no room for it. */
function slowly(table: Table, group: u32, time: i64, absorbed: usize, into: usize): u32 {
  const gap = table.gap;
  const span = table.span;
  const older = before(table, group, time);
  const newer = table.after;
  let id = older;
  const takes = older != NONE && time - at(table, older).last <= gap && time - at(table, older).start < span;
  const start = takes ? at(table, older).start : time;
  const touches = newer != NONE && at(table, newer).start - time <= gap && at(table, newer).last - start < span;
  if (takes) {
    at(table, older).last = max(at(table, older).last, time);
    if (touches) absorb(table, older, absorbed, into);
  } else if (touches && span == FOREVER) {
    id = newer;
    at(table, newer).start = time;
  } else {
    if (!touches && time + gap <= inMs(table.closedMs)) return LATE;
    if (isFull(table)) return NONE;
    id = create(table, group, time, time, older, newer);
    // One that starts earlier may end earlier too, before its bucket is reached: another takes its place.
    if (touches) absorb(table, id, absorbed, into);
  }
  store<u32>(recentOf(table, group), id);
  return id;
}

/**
 * The sessions of rows from … n. Those that are in one are listed in `rows`, their sessions in `cells`; the others, which are
 * late, in `refused` (u32, room for n each). Sessions that were absorbed, and by which, are listed one behind the other in
 * `absorbed` and `into`. Returns n, or the row that found no room.
 */
export function placeSessions(
  address: usize,
  times: usize,
  groups: usize,
  from: i32,
  n: i32,
  units: i32,
  cells: usize,
  rows: usize,
  refused: usize,
  absorbed: usize,
  into: usize,
): i32 {
  const table = changetype<Table>(address);
  const gap = table.gap;
  const span = table.span;
  const sessions = table.sessions;
  const recent = table.recent;
  let placed: usize = table.placed;
  let i = from;
  for (; i < n; i++) {
    const group = load<u32>(groups + ((<usize>i) << 2));
    let time = load<i64>(times + ((<usize>i) << 3));
    if (units != 1) time = floorDiv(time, units);
    let id = load<u32>(recent + ((<usize>group) << 2));
    const session = changetype<Session>(sessions + ((<usize>id) << 5));
    if (id != NONE && time >= session.start && time - session.last <= gap && time - session.start < span) {
      if (time > session.last) {
        if (session.newer == NONE) session.last = time;
        else id = slowly(table, group, time, absorbed, into);
      }
    } else {
      id = slowly(table, group, time, absorbed, into);
    }
    if (id == NONE) break;
    store<u32>(rows + (placed << 2), i);
    store<u32>(cells + (placed << 2), id);
    store<u32>(refused + ((<usize>i - placed) << 2), i);
    placed += <usize>(id != LATE);
  }
  table.placed = <u32>placed;
  return i;
}

/** Puts n sessions back that there is room for: their groups (u32), first and last times (i64 ms). Their numbers: `cells`. */
export function restoreSessions(
  address: usize,
  groups: usize,
  starts: usize,
  lasts: usize,
  n: i32,
  cells: usize,
): void {
  const table = changetype<Table>(address);
  for (let i = 0; i < n; i++) {
    const group = load<u32>(groups + ((<usize>i) << 2));
    const start = load<i64>(starts + ((<usize>i) << 3));
    const older = before(table, group, start);
    const id = create(table, group, start, load<i64>(lasts + ((<usize>i) << 3)), older, table.after);
    store<u32>(recentOf(table, group), id);
    store<u32>(cells + ((<usize>i) << 2), id);
  }
}

/**
 * Takes sessions that end at or before `untilMs` out of their buckets and lists them (u32), no more than `room`: bucket by
 * bucket, so in the order of time but for those within one, and for those that are a very long way ahead. Returns how many;
 * fewer than `room` when there are no more.
 */
export function dueSessions(address: usize, untilMs: f64, room: i32, out: usize): i32 {
  const table = changetype<Table>(address);
  const until = inMs(untilMs);
  const last = until >> table.shift;
  if (table.bucket > last) return 0;
  // Whatever is further ahead is found in one more round, in which nothing is put on.
  const inOrder = min(last, table.bucket + ORDERED - 1);
  const end = last == inOrder ? last : inOrder + BUCKETS;
  let count = 0;
  for (let bucket = table.bucket; bucket <= end; bucket++) {
    if (bucket <= inOrder) table.bucket = bucket;
    const place = bucketOf(table, bucket);
    let id = table.rest;
    if (id == NONE) {
      id = load<u32>(place);
      store<u32>(place, NONE);
    }
    while (id != NONE) {
      const session = at(table, id);
      const next = session.next;
      const over = endOf(table, session);
      if (session.group == NONE) {
        session.next = table.free;
        table.free = id;
      } else if (over > until || (bucket <= inOrder && over >> table.shift > bucket)) {
        enlist(table, id);
      } else {
        if (count == room) break;
        store<u32>(out + ((<usize>count) << 2), id);
        count++;
      }
      id = next;
    }
    table.rest = id;
    if (id != NONE) return count;
  }
  table.bucket = last;
  return count;
}

/** Groups (u32), starts and ends (i64 ms) of n sessions. */
export function readSessions(address: usize, list: usize, n: i32, groups: usize, starts: usize, ends: usize): void {
  const table = changetype<Table>(address);
  for (let i: usize = 0; i < <usize>n; i++) {
    const session = at(table, load<u32>(list + (i << 2)));
    store<u32>(groups + (i << 2), session.group);
    store<i64>(starts + (i << 3), session.start);
    store<i64>(ends + (i << 3), endOf(table, session));
  }
}

/** Forgets n sessions that were due. Their groups are let go of by the host. */
export function closeSessions(address: usize, list: usize, n: i32): void {
  const table = changetype<Table>(address);
  for (let i: usize = 0; i < <usize>n; i++) {
    const id = load<u32>(list + (i << 2));
    const session = at(table, id);
    const older = session.older;
    const newer = session.newer;
    if (older != NONE) at(table, older).newer = newer;
    if (newer != NONE) at(table, newer).older = older;
    const recent = recentOf(table, session.group);
    if (load<u32>(recent) == id) store<u32>(recent, newer == NONE ? older : newer);
    session.group = NONE;
    session.next = table.free;
    table.free = id;
    table.live--;
  }
}

/** Lists the sessions (u32, room for one more than are live). Returns how many. */
export function listSessions(address: usize, out: usize): i32 {
  const table = changetype<Table>(address);
  let count = 0;
  for (let id: u32 = 0; id < table.end; id++) {
    store<u32>(out + ((<usize>count) << 2), id);
    count += i32(at(table, id).group != NONE);
  }
  return count;
}
