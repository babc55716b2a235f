// The demo's stream: metrics of 50 servers as they really arrive. A daily shape with noise and injected spikes, a little out
// of order, some of them late, some twice, some broken. The same seed and start give the same events.

/** What one server reports. `cpu` and `memory` in percent, `requests` since its last report, `latency` in milliseconds. */
export const EVENT_SCHEMA = {
  id: "STRING",
  at: "TIMESTAMP(3)",
  host: "STRING",
  cpu: "DOUBLE",
  memory: "DOUBLE",
  requests: "BIGINT",
  latency: "DOUBLE",
} as const;

export type ServerEvent = Readonly<Record<keyof typeof EVENT_SCHEMA, string | number | Date | null>>;

export interface EventOptions {
  readonly seed: number;
  /** Time of the first event, in milliseconds since the epoch. */
  readonly startMs: number;
  readonly eventsPerSecond: number;
}

/** An event and when it arrives. */
export interface Arrival {
  readonly dueMs: number;
  readonly event: ServerEvent;
}

const HOST_COUNT = 50;
const DAY_MS = 86_400_000;
/** Shares of the events. */
const LATE = 0.003;
const TWICE = 0.01;
const NULLED = 0.001;
const MALFORMED = 0.001;
/** Most events take this long to arrive at most; late ones this much longer. */
const DELAY_MS = 1200;
const LATE_MS_MIN = 8_000;
const LATE_MS_MAX = 40_000;
/** A repeated event comes so many events later at most. */
const REPEAT_WITHIN = 300;
/** A host may have one spike in each slot of time. */
const SPIKE_SLOT_MS = 45_000;
const SPIKE_SHARE = 0.05;

/** Events without end, in the order of their arrival. */
export function* serverEvents({ seed, startMs, eventsPerSecond }: EventOptions): Generator<Arrival, never, undefined> {
  const chance = sequence(seed);
  const repeats: { at: number; event: ServerEvent }[] = [];
  for (let index = 0; ; index++) {
    const dueMs = startMs + (index * 1000) / eventsPerSecond;
    const first = repeats[0];
    if (first !== undefined && first.at <= index) {
      repeats.shift();
      yield { dueMs, event: first.event };
      continue;
    }
    const late = chance() < LATE;
    const delayMs = chance() ** 3 * DELAY_MS + (late ? LATE_MS_MIN + chance() * (LATE_MS_MAX - LATE_MS_MIN) : 0);
    const event = broken(measure(seed, index, Math.round(dueMs - delayMs), chance), chance());
    if (chance() < TWICE) {
      repeats.push({ at: index + 1 + Math.floor(chance() * REPEAT_WITHIN), event });
      repeats.sort((a, b) => a.at - b.at);
    }
    yield { dueMs, event };
  }
}

function measure(seed: number, index: number, atMs: number, chance: () => number): ServerEvent {
  const host = index % HOST_COUNT;
  const size = hash(seed, host);
  // The quietest hour is about four in the morning.
  const day = 0.5 - 0.5 * Math.cos(((atMs - 4 * 3_600_000) / DAY_MS) * 2 * Math.PI);
  const load = 0.16 + 0.26 * size + 0.2 * day + 0.14 * (wander(seed, host, atMs, 20_000) - 0.5);
  const spike = spikeAt(seed, host, atMs);
  const jitter = () => (chance() + chance() - 1) * 0.04;
  const cpu = clamp(load + spike * 0.55 + jitter());
  const memory = clamp(
    0.35 + 0.3 * hash(seed, host + 1000) + 0.1 * wander(seed, host + 1000, atMs, 90_000) + spike * 0.15,
  );
  const waiting = 1 / Math.max(0.08, 1 - cpu);
  return {
    id: `${index.toString(36)}-${host}`,
    at: new Date(atMs),
    host: `web-${String(host + 1).padStart(2, "0")}`,
    cpu: round(cpu * 100),
    memory: round(memory * 100),
    requests: Math.max(0, Math.round((2 + 9 * size) * (0.4 + day) * (1 + spike) + jitter() * 40)),
    latency: round((14 + 18 * hash(seed, host + 2000)) * waiting * (1 + jitter() * 4)),
  };
}

/** Some events come with holes, some with text where a number should be. */
function broken(event: ServerEvent, draw: number): ServerEvent {
  if (draw < NULLED / 2) return { ...event, host: null };
  if (draw < NULLED) return { ...event, cpu: null };
  if (draw < NULLED + MALFORMED) return { ...event, latency: "n/a" };
  return event;
}

/** 0 to 1: how deep the host is in a spike. It rises within two seconds and decays. */
function spikeAt(seed: number, host: number, atMs: number): number {
  const slot = Math.floor(atMs / SPIKE_SLOT_MS);
  const key = slot * 64 + host;
  if (hash(seed + 1, key) > SPIKE_SHARE) return 0;
  const startMs = hash(seed + 2, key) * SPIKE_SLOT_MS * 0.4;
  const sinceMs = atMs - slot * SPIKE_SLOT_MS - startMs;
  if (sinceMs < 0) return 0;
  const strength = 0.55 + 0.45 * hash(seed + 3, key);
  return strength * Math.min(1, sinceMs / 2000) * Math.exp(-Math.max(0, sinceMs - 8000) / 6000);
}

/** Smooth noise in [0, 1]: random values every `periodMs`, eased between. */
function wander(seed: number, lane: number, atMs: number, periodMs: number): number {
  const step = Math.floor(atMs / periodMs);
  const part = atMs / periodMs - step;
  const ease = part * part * (3 - 2 * part);
  const at = (k: number) => hash(seed + 7, (k % 1_000_003) * 4096 + lane);
  return at(step) * (1 - ease) + at(step + 1) * ease;
}

/** Values in [0, 1) one after another: mulberry32 (public domain). */
function sequence(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    return unit(state);
  };
}

/** The value in [0, 1) that belongs to a number. */
function hash(seed: number, key: number): number {
  const low = Math.imul(key | 0, 0x9e3779b1);
  const high = Math.imul(Math.floor(key / 4_294_967_296) | 0, 0x85ebca6b);
  return unit((Math.imul(seed, 0x6d2b79f5) ^ low ^ high) | 0);
}

function unit(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}

function clamp(share: number): number {
  return Math.min(0.99, Math.max(0.01, share));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
