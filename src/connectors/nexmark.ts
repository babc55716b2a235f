// Nexmark's events as a table: persons, auctions and bids in their order, each a ROW that is NULL in the events of other kinds, or
// the rows of one kind alone. Only what is read is made.
import { Batch } from "../arrow/batch.js";
import { bitmapBytes, Column } from "../arrow/column.js";
import { columnFromData } from "../arrow/columns.js";
import { type Field, field, fieldText, isNested, type Schema, STRING, sameType, typeName } from "../arrow/types.js";
import { hintNames, SchemaError } from "../errors.js";
import type { Poll, Source, SourceContext } from "../operators/source.js";
import type { Completion } from "../platform/platform.js";
import type { Connector, Table } from "../runtime/connector.js";
import type { StateValue } from "../state/snapshot.js";
import { EVENT_VALUES, KINDS, type NexmarkKind, type NexmarkValue, nexmarkSchema, VALUES } from "./nexmark-columns.js";
import { CONTEXT_BYTES, loadNexmark, type NexmarkExports, nexmarkKernels, writeContext } from "./nexmark-kernels.js";
import { countOf, type NexmarkSettings, nexmarkSettings } from "./nexmark-options.js";

export const nexmark: Connector = {
  name: "nexmark",
  resolve: async ({ ref, platform }, declared) => {
    const settings = nexmarkSettings(ref.options);
    const schema = declared ?? nexmarkSchema(settings.only);
    for (const column of schema.fields) maker(column, settings.only);
    await loadNexmark(platform);
    return { schema, bounded: settings.events !== null, rowFields: settings.only === null };
  },
  source: (table, schema) => new NexmarkSource(table, schema),
};

/** Makes a column of a batch. */
type Maker = (batch: NexmarkBatch) => Column;

class NexmarkSource implements Source {
  readonly schema: Schema;
  readonly mayIdle = false;
  readonly #settings: NexmarkSettings;
  readonly #makers: readonly Maker[];
  /** Rows in all. */
  readonly #rows: number;
  #context!: SourceContext;
  #events!: Events;
  #row = 0;

  constructor({ ref }: Table, schema: Schema) {
    this.schema = schema;
    this.#settings = nexmarkSettings(ref.options);
    const { events, only } = this.#settings;
    this.#makers = schema.fields.map((column) => maker(column, only));
    this.#rows = events === null ? Number.POSITIVE_INFINITY : countOf(this.#settings, only, events);
  }

  open(context: SourceContext): void {
    this.#context = context;
    this.#events = new Events(context, this.#settings);
    context.split({ split: 0, status: "active" });
  }

  poll(): Poll {
    const { workspace, batchRowsMax } = this.#context;
    const count = Math.min(batchRowsMax, this.#rows - this.#row);
    if (count === 0) return "done";
    const batch = new NexmarkBatch(this.#events, this.#row, count);
    this.#row += count;
    const columns = this.#makers.map((make) => make(batch));
    return new Batch(workspace, this.schema, columns, count);
  }

  snapshot(): StateValue {
    return this.#row;
  }

  restore(state: StateValue): void {
    this.#row = state as number;
  }

  progress(): { doneBytes: number; totalBytes: null } {
    return { doneBytes: 0, totalBytes: null };
  }

  close(done: Completion<void>): void {
    this.#events?.close();
    done(null);
  }
}

/** @throws UNKNOWN_COLUMN, TYPE for what Nexmark has not */
function maker(column: Field, only: NexmarkKind | null): Maker {
  const { name, type } = column;
  if (only !== null) return valueMaker(column, find(VALUES[only], column, column.name), null);
  const [outer = name, inner] = name.split(".");
  const kind = KINDS.find((known) => known === outer);
  if (kind === undefined) {
    const known = [...KINDS, ...EVENT_VALUES.map((value) => value.name)];
    const value = EVENT_VALUES.find((each) => each.name === name);
    if (value === undefined) throw unknown(name, known);
    return valueMaker(column, find(EVENT_VALUES, column, name), null);
  }
  if (!column.nullable) {
    throw new SchemaError("TYPE", `${fieldText(column)}, but most events are of another kind`, {
      hint: `${name} ${typeName(type)}, without NOT NULL`,
    });
  }
  if (inner !== undefined) return valueMaker(column, find(VALUES[kind], column, inner), kind);
  if (!isNested(type) || type.kind !== "row") {
    throw new SchemaError("TYPE", `${fieldText(column)}`, { hint: `${name} ROW<…> with columns of ${name}s` });
  }
  const children = type.fields.map((child) => valueMaker(child, find(VALUES[kind], child, child.name), null));
  return (batch) => {
    const length = batch.count;
    const columns = children.map((make) => make(batch));
    return new Column({ type, length, validity: batch.kindBits(kind), values: 0, children: columns });
  };
}

function find(values: readonly NexmarkValue[], column: Field, name: string): NexmarkValue {
  const value = values.find((each) => each.name === name);
  if (value === undefined) {
    throw unknown(
      name,
      values.map((each) => each.name),
    );
  }
  if (sameType(value.type, column.type)) return value;
  throw new SchemaError("TYPE", `${fieldText(column)}, but ${name} is ${typeName(value.type)}`, {
    hint: `${name} ${typeName(value.type)}`,
  });
}

function unknown(name: string, known: readonly string[]): SchemaError {
  return new SchemaError("UNKNOWN_COLUMN", `nexmark has no column "${name}"`, {
    hint: hintNames(name, known, "columns"),
  });
}

/** @param nulls - the kind whose events have the value: the others have NULL; null: all have it, or a ROW around it knows */
function valueMaker({ type }: Field, { value, texts }: NexmarkValue, nulls: NexmarkKind | null): Maker {
  return (batch) => {
    const parts = texts === undefined ? batch.make(value, type) : batch.drawn(value, texts);
    const validity = nulls === null ? 0 : batch.kindBits(nulls);
    return new Column({ type, length: batch.count, validity, ...parts });
  };
}

type Parts = Pick<Column, "values"> & Partial<Pick<Column, "offsets" | "dictionary">>;

/** What the batches of a source share: the kernels, their settings, the texts that are drawn. */
class Events {
  readonly context: SourceContext;
  readonly settings: NexmarkSettings;
  readonly kernels: NexmarkExports;
  readonly settingsPtr: number;
  readonly #dictionaries = new Map<(seed: number) => readonly string[], Column>();

  constructor(context: SourceContext, settings: NexmarkSettings) {
    const { account } = context.workspace;
    this.context = context;
    this.settings = settings;
    this.kernels = nexmarkKernels(account.memory);
    this.settingsPtr = writeContext(account, settings);
  }

  dictionary(texts: (seed: number) => readonly string[]): Column {
    const known = this.#dictionaries.get(texts);
    if (known !== undefined) return known;
    const values = texts(this.settings.seed);
    const { workspace } = this.context;
    const made = columnFromData(workspace, field("texts", STRING, false), values, 0, values.length, "region");
    this.#dictionaries.set(texts, made);
    return made;
  }

  close(): void {
    for (const column of this.#dictionaries.values()) column.region?.release();
    this.context.workspace.account.free(this.settingsPtr, CONTEXT_BYTES);
  }
}

/** Bytes of the events' list, a row. */
const ROW_BYTES = 16;
/** Room behind texts, which the kernels use to try what others come to. */
const TEXT_SLACK = 512;

/** The longest texts, by the kernel's number, of those that no average decides. */
const TEXT_BYTES_MAX: Readonly<Record<number, number>> = { 2: 15, 3: 19, 11: 19, 12: 99 };

/** Columns of `count` rows from row `first`, made in the arena when they are asked for. */
class NexmarkBatch {
  readonly count: number;
  readonly #events: Events;
  readonly #first: number;
  readonly #rows: number;
  readonly #kinds = new Map<NexmarkKind, number>();

  constructor(events: Events, first: number, count: number) {
    const { kernels, settingsPtr, context } = events;
    this.#events = events;
    this.#first = first;
    this.count = count;
    this.#rows = context.workspace.account.arena.allocate(count * ROW_BYTES);
    kernels.nexmarkRows(settingsPtr, first, count, this.#rows);
  }

  /** A bitmap of the events of a kind. */
  kindBits(kind: NexmarkKind): number {
    const known = this.#kinds.get(kind);
    if (known !== undefined) return known;
    const { kernels, settingsPtr } = this.#events;
    const bits = this.#allocate(bitmapBytes(this.count));
    kernels.nexmarkKinds(settingsPtr, KINDS.indexOf(kind), this.#rows, this.count, bits);
    this.#kinds.set(kind, bits);
    return bits;
  }

  make(value: number, type: Field["type"]): Parts {
    if (type.kind === "string") return this.#texts(value);
    const { kernels, settingsPtr } = this.#events;
    if (type.kind === "int32") return { values: this.#codes(value) };
    const values = this.#allocate(this.count * 8);
    kernels.nexmarkWholes(settingsPtr, value, this.#rows, this.count, values);
    return { values };
  }

  drawn(value: number, texts: (seed: number) => readonly string[]): Parts {
    const dictionary = this.#events.dictionary(texts);
    return { values: this.#codes(value), dictionary };
  }

  #codes(value: number): number {
    const { kernels, settingsPtr } = this.#events;
    const values = this.#allocate(this.count * 4);
    kernels.nexmarkCodes(settingsPtr, value, this.#rows, this.count, values);
    return values;
  }

  #texts(value: number): Parts {
    const { kernels, settingsPtr, settings } = this.#events;
    const kind = KINDS[Math.floor(value / 10)] as NexmarkKind;
    const texts = settings.only === null ? this.#countOf(kind) : this.count;
    const averageBytes = { person: settings.personBytes, auction: settings.auctionBytes, bid: settings.bidBytes }[kind];
    const bytesMax = TEXT_BYTES_MAX[value] ?? Math.ceil(averageBytes * 1.2) + 2;
    const offsets = this.#allocate((this.count + 1) * 4);
    const values = this.#allocate(texts * bytesMax + TEXT_SLACK);
    kernels.nexmarkTexts(settingsPtr, value, this.#rows, this.count, offsets, values);
    return { values, offsets };
  }

  #countOf(kind: NexmarkKind): number {
    const { settings } = this.#events;
    return countOf(settings, kind, this.#first + this.count) - countOf(settings, kind, this.#first);
  }

  #allocate(bytes: number): number {
    return this.#events.context.workspace.account.arena.allocate(bytes);
  }
}
