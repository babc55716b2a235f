// Tables whose rows come while the job runs: WebSockets, event streams, URLs that are polled, events and observables. Options
// are checked here, where the user gives them; the connectors that read the tables load when a program first names one.
import { redacted } from "../platform/errors.js";
import { type Duration, parseDurationMs } from "./duration.js";
import { checkFunction, checkInteger, checkOptions, checkRecord, wrongArgument } from "./options.js";
import type { Runner } from "./runner.js";
import { openTable, TABLE_OPTIONS, type Table, type TableOptions } from "./table.js";
import { type BytesOptions, FORMAT_OPTIONS } from "./tables.js";
import type { BroadcastOptions } from "./targets.js";
import type { CheckedSchema, SchemaLiteral } from "./types.js";

/** How what fails is tried again: after `minDelay`, then twice as long each time, half of it chance. */
export interface RetryPolicy {
  /** Failures in a row that are tried again; 10 unless given. One success begins the count anew. */
  readonly attempts?: number;
  /** The pause after the first failure; 500 ms unless given. */
  readonly minDelay?: Duration;
  /** The longest pause; 30 s unless given. */
  readonly maxDelay?: Duration;
}

/** Options of the formats of records, each under its name. */
type RecordFormats = Pick<BytesOptions, "csv" | "avro" | "bytes" | "arrow">;

/** Tables of messages, each one or more records. Their columns cannot be found out: the schema is given. */
export interface MessageOptions<S extends SchemaLiteral = SchemaLiteral> extends TableOptions<S>, RecordFormats {
  /** The columns, which cannot be found out before the first message. */
  readonly schema: CheckedSchema<S>;
  /** Of the records; `ndjson` unless given. */
  readonly format?: string;
  /** Longest record; longer ones are refused. 16 MB unless given. */
  readonly maxRecordBytes?: number;
  /** Bytes that may wait for the engine before the server is held back; 16 MB unless given. */
  readonly bufferBytes?: number;
  /** What happens when the connection is lost; false: the job ends with the error. Tried again unless given. */
  readonly reconnect?: false | RetryPolicy;
}

type SocketMessages = string | Uint8Array | readonly (string | Uint8Array)[];

export interface WebSocketOptions<S extends SchemaLiteral = SchemaLiteral> extends MessageOptions<S> {
  /** Subprotocols that the server may choose from; none unless given. */
  readonly protocols?: string | readonly string[];
  /** What is sent each time the connection is open: text, bytes, several, or a function that gives them; nothing unless given. */
  readonly onOpen?: SocketMessages | (() => SocketMessages);
}

export interface EventSourceOptions<S extends SchemaLiteral = SchemaLiteral> extends MessageOptions<S> {
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Types of events that are read; all unless given. */
  readonly events?: readonly string[];
}

export interface PollOptions<S extends SchemaLiteral = SchemaLiteral> extends TableOptions<S>, RecordFormats {
  /** From one request to the next. */
  readonly every: Duration;
  /** Of the records; `ndjson` unless given. */
  readonly format?: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Longest record; longer ones are refused. 16 MB unless given. */
  readonly maxRecordBytes?: number;
  /** Longest answer; 64 MB unless given. */
  readonly bodyBytesMax?: number;
  /** What makes the next request ask for what is new; every answer is taken as a whole unless given. */
  readonly cursor?: {
    /** The column of the last row whose value the next request carries. */
    readonly column: string;
    /** The parameter of the URL that carries it. */
    readonly parameter: string;
    /** Its value in the first request; none unless given. */
    readonly start?: string;
  };
  /** What happens when a request fails; false: the job ends with the error. Tried again unless given. */
  readonly retry?: false | RetryPolicy;
}

/** An HTTP endpoint that other programs push records to. */
export interface IngestOptions<S extends SchemaLiteral = SchemaLiteral>
  extends TableOptions<S>,
    Pick<BroadcastOptions, "port" | "path" | "host" | "hosts" | "origins" | "token" | "onListen"> {
  /** The columns, which cannot be found out before the first request. */
  readonly schema: CheckedSchema<S>;
  /** Longest body; 16 MB unless given. */
  readonly bodyBytesMax?: number;
  /** Bytes that may wait for the job before senders are told to come again (429); 64 MB unless given. */
  readonly bufferBytes?: number;
}

const INGEST_OPTIONS = [
  "port",
  "path",
  "host",
  "hosts",
  "origins",
  "token",
  "bodyBytesMax",
  "bufferBytes",
  "onListen",
] as const;

/** Tables of what a program hands over by itself. */
export interface PushOptions<S extends SchemaLiteral = SchemaLiteral> extends TableOptions<S> {
  /** For messages and EXPLAIN. */
  readonly name?: string;
  /** Rows that may wait for the engine; one more ends the job with SOURCE_OVERRUN. 65,536 unless given. */
  readonly bufferRows?: number;
}

export interface EventsOptions<E, R, S extends SchemaLiteral = SchemaLiteral> extends PushOptions<S> {
  /** The row of an event; null and undefined: none, an array: several. */
  readonly map: (event: E) => R | readonly R[] | null | undefined;
}

/** The part of an `EventTarget` that is used: the DOM's, Node's, or any other. */
export interface EventSourceTarget<E> {
  addEventListener(type: string, listener: (event: E) => void): void;
  removeEventListener(type: string, listener: (event: E) => void): void;
}

/** The part of an observable that is used (RxJS, zen-observable, and what else follows the TC39 proposal). */
export interface ObservableLike<T> {
  subscribe(observer: { next(value: T): void; error(error: unknown): void; complete(): void }): {
    unsubscribe(): void;
  };
}

/** How a program that hands over rows is listened to; the answer stops it. */
export interface Pushed {
  readonly subscribe: (observer: PushObserver) => () => void;
  readonly bufferRows: number;
  /** Whether who listens anew gets the same rows again, as of a cold observable. */
  readonly repeats: boolean;
}

export interface PushObserver {
  next(row: unknown): void;
  error(error: unknown): void;
  complete(): void;
}

const BUFFER_ROWS = 65_536;
const RECORD_OPTIONS = ["format", "maxRecordBytes", ...FORMAT_OPTIONS] as const;
const MESSAGE_OPTIONS = [...RECORD_OPTIONS, "bufferBytes", "reconnect"] as const;

export function openWebSocket<Row>(runner: Runner, url: string, options: WebSocketOptions): Table<Row> {
  const where = "webSocket()";
  const { checked, others } = taken(options, ["protocols", "onOpen", "reconnect"], MESSAGE_OPTIONS, where);
  const { protocols, onOpen, reconnect } = checked;
  const own = {
    ...(protocols === undefined ? {} : { protocols: checkNames(protocols, "protocols") }),
    ...retryOption(reconnect, "reconnect"),
  };
  return open(runner, { where, connector: "websocket", url, live: { url, onOpen }, own, shared: others });
}

export function openEventSource<Row>(runner: Runner, url: string, options: EventSourceOptions): Table<Row> {
  const where = "eventSource()";
  const { checked, others } = taken(options, ["headers", "events", "reconnect"], MESSAGE_OPTIONS, where);
  const { headers, events, reconnect } = checked;
  const own = {
    ...(headers === undefined ? {} : { headers: checkHeaders(headers) }),
    ...(events === undefined ? {} : { events: checkNames(events, "events") }),
    ...retryOption(reconnect, "reconnect"),
  };
  return open(runner, { where, connector: "event-source", url, live: url, own, shared: others });
}

export function openPoll<Row>(runner: Runner, url: string, options: PollOptions): Table<Row> {
  const where = "poll()";
  const names = ["every", "headers", "bodyBytesMax", "cursor", "retry"] as const;
  const { checked, others } = taken(options, names, RECORD_OPTIONS, where);
  const { every, headers, bodyBytesMax, cursor, retry } = checked;
  if (every === undefined) throw wrongArgument(where, "every", every, 'how often to ask: { every: "5s" }');
  const own = {
    everyMs: checkInteger(parseDurationMs(every, "every"), 1, "every"),
    ...(headers === undefined ? {} : { headers: checkHeaders(headers) }),
    ...(bodyBytesMax === undefined ? {} : { bodyBytesMax: checkInteger(bodyBytesMax, 1, "bodyBytesMax") }),
    ...(cursor === undefined ? {} : { cursor: checkCursor(cursor) }),
    ...retryOption(retry, "retry"),
  };
  return open(runner, { where, connector: "poll", url, live: url, own, shared: others });
}

/** The endpoint's options are kept beside the plan: there is a secret among them. */
export function openIngest<Row>(runner: Runner, options: IngestOptions): Table<Row> {
  const where = "ingest()";
  const { checked, others } = taken(options, INGEST_OPTIONS, [], where);
  const name = `ingest at :${checked.port}`;
  return openTable(runner, { where, connector: "ingest", name, own: [], live: checked }, others);
}

/** Rows of events: each kind of event of the target, as `map` has it. */
export function openEvents<Row, E, R>(
  runner: Runner,
  target: EventSourceTarget<E>,
  types: string | readonly string[],
  options: EventsOptions<E, R>,
): Table<Row> {
  const where = "events()";
  if (typeof target?.addEventListener !== "function") {
    throw wrongArgument(where, "an EventTarget", target, "what has addEventListener: an element, a window, a worker");
  }
  const names = checkNames(types, "types");
  const { map, ...others } = options ?? {};
  checkFunction(map, "map", "{ map: (event) => ({ x: event.clientX }) }");
  const subscribe = listenTo(target, names, map);
  return openPushed(runner, subscribe, others, { where, name: names.join(", "), repeats: false });
}

/** Hands on what `map` makes of each event: a row, an array of rows, or nothing. */
export function listenTo<E>(
  target: EventSourceTarget<E>,
  names: readonly string[],
  map: (event: E) => unknown,
): Pushed["subscribe"] {
  return (observer) => {
    const listener = (event: E): void => {
      let row: unknown;
      try {
        row = map(event);
      } catch (error) {
        observer.error(error);
        return;
      }
      if (Array.isArray(row)) for (const one of row) observer.next(one);
      else if (row !== null && row !== undefined) observer.next(row);
    };
    for (const name of names) target.addEventListener(name, listener);
    return () => {
      for (const name of names) target.removeEventListener(name, listener);
    };
  };
}

export function openObservable<Row>(
  runner: Runner,
  observable: ObservableLike<unknown>,
  options: PushOptions | undefined,
): Table<Row> {
  const subscribe = (observer: PushObserver): (() => void) => {
    const subscription = observable.subscribe(observer);
    return () => subscription.unsubscribe();
  };
  return openPushed(runner, subscribe, options ?? {}, { where: "from()", name: "observable", repeats: true });
}

/** What has the interop symbol of observables, or is one by its looks; null for what is none. */
export function observableOf(value: object): ObservableLike<unknown> | null {
  const symbol: unknown = Reflect.get(Symbol, "observable");
  for (const key of [symbol, "@@observable"]) {
    if (typeof key !== "symbol" && typeof key !== "string") continue;
    const interop: unknown = Reflect.get(value, key);
    if (typeof interop === "function") return interop.call(value) as ObservableLike<unknown>;
  }
  return "subscribe" in value && typeof value.subscribe === "function" ? (value as ObservableLike<unknown>) : null;
}

function openPushed<Row>(
  runner: Runner,
  subscribe: Pushed["subscribe"],
  options: PushOptions,
  { where, name, repeats }: { readonly where: string; readonly name: string; readonly repeats: boolean },
): Table<Row> {
  const { checked, others } = taken(options, ["name", "bufferRows"], [], where);
  const bufferRows = checkInteger(checked.bufferRows ?? BUFFER_ROWS, 1, "bufferRows");
  const live: Pushed = { subscribe, bufferRows, repeats };
  return openTable(runner, { where, connector: "push", name: checked.name ?? name, own: [], live }, others);
}

/** Takes what a table handles by itself out of its options, whose names are all checked. @throws OPTION */
function taken<O extends object, K extends keyof O & string>(
  options: O,
  names: readonly K[],
  further: readonly string[],
  where: string,
): { readonly checked: Partial<Pick<O, K>>; readonly others: Readonly<Record<string, unknown>> } {
  const all = [...names, ...further, ...TABLE_OPTIONS] as (keyof O & string)[];
  const given = checkOptions(options, [...new Set(all)], where);
  const entries = Object.entries(given);
  const isOwn = (name: string): boolean => (names as readonly string[]).includes(name);
  return {
    checked: Object.fromEntries(entries.filter(([name]) => isOwn(name))) as Partial<Pick<O, K>>,
    others: Object.fromEntries(entries.filter(([name]) => !isOwn(name))),
  };
}

interface Opening {
  readonly where: string;
  readonly connector: string;
  readonly url: string;
  readonly live: unknown;
  /** The connector's options, checked and in its own units. */
  readonly own: Readonly<Record<string, unknown>>;
  /** Options of every table, and of its format. */
  readonly shared: Readonly<Record<string, unknown>>;
}

function open<Row>(runner: Runner, { where, connector, url, live, own, shared }: Opening): Table<Row> {
  if (typeof url !== "string" || url === "") throw wrongArgument(where, "a URL", url, "a URL as text");
  for (const name of ["maxRecordBytes", "bufferBytes"] as const) {
    if (shared[name] !== undefined) checkInteger(shared[name] as number, 1, name);
  }
  const names = [...Object.keys(own), ...RECORD_OPTIONS, "bufferBytes"];
  return openTable(runner, { where, connector, name: redacted(url), own: names, live }, { ...shared, ...own });
}

function retryOption(policy: false | RetryPolicy | undefined, where: string): object {
  if (policy === undefined) return {};
  if (policy === false) return { retry: { attempts: 0, minDelayMs: 0, maxDelayMs: 0 } };
  const {
    attempts = 10,
    minDelay = 500,
    maxDelay = 30_000,
  } = checkOptions(policy, ["attempts", "minDelay", "maxDelay"], where);
  const minDelayMs = checkInteger(parseDurationMs(minDelay, "minDelay"), 1, "minDelay");
  return {
    retry: {
      attempts: checkInteger(attempts, 0, "attempts"),
      minDelayMs,
      maxDelayMs: checkInteger(parseDurationMs(maxDelay, "maxDelay"), minDelayMs, "maxDelay"),
    },
  };
}

function checkNames(value: string | readonly string[], what: string): readonly string[] {
  const names = typeof value === "string" ? [value] : value;
  if (Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === "string")) return names;
  throw wrongArgument(what, "a name or several", value, `["one", "two"]`);
}

function checkHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return checkRecord(headers, "headers", "an object of names and values", '{ authorization: "Bearer …" }');
}

function checkCursor(cursor: NonNullable<PollOptions["cursor"]>): NonNullable<PollOptions["cursor"]> {
  const { column, parameter, start } = checkOptions(cursor, ["column", "parameter", "start"], "cursor");
  const isName = (name: unknown): name is string => typeof name === "string" && name !== "";
  if (isName(column) && isName(parameter) && (start === undefined || typeof start === "string")) return cursor;
  throw wrongArgument("cursor", "a column and a parameter", cursor, '{ column: "id", parameter: "after" }');
}
