// RxJS: the stream library of JavaScript, one object an event. Its own groupBy costs two to three times what a scan over Maps
// does, and flattening inner streams again as much: the fastest form we know is what we compare with.
import type { Contender } from "../harness.js";
import { DISORDER_MS, type EventObject, eventObjects, WINDOW_MS } from "../inputs/events.js";
import { Accumulator, type OpenWindow, WindowTotals } from "./plain.js";
import { loadRival, type Rival } from "./rival.js";

interface Observable<T> {
  pipe<A, B>(
    first: (source: Observable<T>) => Observable<A>,
    second: (source: Observable<A>) => Observable<B>,
  ): Observable<B>;
  subscribe(next: (value: T) => void): unknown;
}
type Operator<T, R> = (source: Observable<T>) => Observable<R>;
interface Subject<T> extends Observable<T> {
  next(value: T): void;
  complete(): void;
}
interface Api {
  readonly Subject: new <T>() => Subject<T>;
  scan<T, S>(accumulate: (state: S, value: T) => S, seed: S): Operator<T, S>;
  filter<T>(keep: (value: T) => boolean): Operator<T, T>;
}

const PACKAGE = "rxjs";

/** Rows that fit as objects beside everything else; its speed a row does not grow with more of them. */
const OBJECTS_MAX = 1_000_000;

interface State {
  readonly open: Map<number, OpenWindow>;
  maxTime: number;
  nextEnd: number;
  /** Windows that the last event closed; mostly this one empty array. */
  closed: readonly OpenWindow[];
}

const NONE: readonly OpenWindow[] = [];

function accumulate(state: State, { time, key, value }: EventObject): State {
  const start = time - (time % WINDOW_MS);
  let window = state.open.get(start);
  if (window === undefined) {
    window = new Map();
    state.open.set(start, window);
    state.nextEnd = Math.min(state.nextEnd, start + WINDOW_MS);
  }
  let accumulator = window.get(key);
  if (accumulator === undefined) {
    accumulator = new Accumulator();
    window.set(key, accumulator);
  }
  accumulator.add(value);
  state.closed = NONE;
  if (time > state.maxTime) {
    state.maxTime = time;
    if (time - DISORDER_MS >= state.nextEnd) state.closed = takeClosed(state, time - DISORDER_MS);
  }
  return state;
}

function takeClosed(state: State, watermark: number): OpenWindow[] {
  const closed: OpenWindow[] = [];
  state.nextEnd = Number.POSITIVE_INFINITY;
  for (const [start, window] of state.open) {
    if (start + WINDOW_MS <= watermark) {
      closed.push(window);
      state.open.delete(start);
    } else {
      state.nextEnd = Math.min(state.nextEnd, start + WINDOW_MS);
    }
  }
  return closed;
}

function scanContender(objects: () => readonly EventObject[], rows: number): Contender {
  let api: Api | undefined;
  let events: readonly EventObject[] = [];
  return {
    name: "RxJS scan",
    rows,
    prepare: async () => {
      api = await loadRival<Api>(PACKAGE);
      events = objects();
    },
    run: () => {
      if (api === undefined) throw new Error("not prepared");
      const infinity = Number.POSITIVE_INFINITY;
      const state: State = { open: new Map(), maxTime: -infinity, nextEnd: infinity, closed: NONE };
      const totals = new WindowTotals();
      const subject = new api.Subject<EventObject>();
      subject
        .pipe(
          api.scan(accumulate, state),
          api.filter((current: State) => current.closed.length > 0),
        )
        .subscribe((current) => {
          for (const window of current.closed) totals.add(window);
        });
      for (const event of events) subject.next(event);
      subject.complete();
      for (const window of takeClosed(state, infinity)) totals.add(window);
      return totals.total;
    },
    close: () => {
      events = [];
    },
  };
}

export const rxjs: Rival = {
  package: PACKAGE,
  window: (events) => {
    const rows = Math.min(events.rows, OBJECTS_MAX);
    return [scanContender(() => eventObjects(events, rows), rows)];
  },
  windowObjects: (objects) => [scanContender(() => objects, objects.length)],
};
