// What every source and every format has to hold to, whatever it reads: the same rows however its bytes are cut and whatever
// the batch size, no reading ahead without a bound, nothing left open when it is closed in the middle, going on at a
// snapshot or saying that it cannot, the place of what is refused. A connector's test gives a fixture and calls
// `describeSource`, a format's calls `describeFormat`; sinks have their own suite.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { readRows, type Value } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import type { Place } from "../../src/errors.js";
import {
  type Decoder,
  type DecoderOptions,
  type DecoderPosition,
  type Encoder,
  START,
} from "../../src/formats/format.js";
import type { BadRecord } from "../../src/operators/bad-records.js";
import { newMetrics, type SplitEvent } from "../../src/operators/operator.js";
import type { Poll, Source } from "../../src/operators/source.js";
import { promised } from "../../src/platform/platform.js";
import type { Connector, Table } from "../../src/runtime/connector.js";
import type { StateValue } from "../../src/state/snapshot.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { MemoryAccount } from "../../src/wasm/memory.js";

type Rows = readonly Readonly<Record<string, Value>>[];
type Columns = Readonly<Record<string, string>>;
type Kit = Awaited<ReturnType<typeof openTestWorkspace>>;

/** One thing to read, set up in the world outside. */
export interface Subject {
  readonly connector: Connector;
  readonly table: Table;
  /** Lets that world go on until the promise settles: the simulator's `drive`; nothing on a real host. */
  wait?<T>(promise: Promise<T>): Promise<T>;
  /** What the source has open out there: handles, iterators, connections, timers. */
  openCount(): number;
  /** Rows that the source has taken over so far, whether or not it has delivered them. */
  takenRows?(): number;
  /** Takes the world down again. */
  dispose?(): Promise<void>;
}

/** A source under test; `Options` is what its world can be set up with. */
export interface SourceFixture {
  readonly schema: Columns;
  /** What it gives, in order. */
  readonly rows: Rows;
  open(kit: Kit): Subject | Promise<Subject>;
  /** For sources of bytes: the same rows, the bytes arriving in two chunks, the first of `cut` bytes. */
  readonly cuts?: { readonly byteCount: number; open(kit: Kit, cut: number): Subject | Promise<Subject> };
  /** More rows than it may read ahead; `takenRows` of the subject is looked at. */
  readonly flood?: { open(kit: Kit): Subject | Promise<Subject>; readonly aheadRowsMax: number };
  /** Records that are refused among good ones, and where. */
  readonly bad?: {
    open(kit: Kit): Subject | Promise<Subject>;
    readonly rows: Rows;
    readonly places: readonly { readonly code: string; readonly at: Place }[];
  };
  /** It has no end: it is read until it has given its rows. */
  readonly endless?: boolean;
  /** Whether it goes on at a snapshot; else `restore` says UNSUPPORTED. */
  readonly replayable: boolean;
}

/** A source between `open` and `close`, driven as its operator drives it. */
class Reading {
  readonly bad: BadRecord[] = [];
  readonly rows: Record<string, Value>[] = [];
  readonly batchRows: number[] = [];
  readonly splits: SplitEvent[] = [];
  readonly account: MemoryAccount;
  readonly source: Source;
  readonly #subject: Subject;
  #awake = false;
  #wakeUp: (() => void) | null = null;
  #closed = false;

  constructor(
    kit: Kit,
    subject: Subject,
    schema: Columns,
    options: { batchRowsMax?: number; state?: StateValue } = {},
  ) {
    this.#subject = subject;
    this.account = new MemoryAccount(kit.memory);
    const make = subject.connector.source?.bind(subject.connector);
    if (make === undefined) throw new Error(`${subject.connector.name} is no source`);
    this.source = make(subject.table, parseSchema(schema), null);
    if (options.state !== undefined) this.source.restore(options.state);
    this.source.open({
      platform: subject.table.platform,
      workspace: { account: this.account, kernels: kit.kernels },
      metrics: newMetrics(),
      rowPolicy: "deadLetter",
      batchRowsMax: options.batchRowsMax ?? 8192,
      wake: () => {
        if (this.#closed) throw new Error("woken after it was closed");
        this.#awake = true;
        this.#wakeUp?.();
      },
      split: (event) => void this.splits.push(event),
      bad: (record) => void this.bad.push(record),
      progressMs: () => Number.NEGATIVE_INFINITY,
      connection: () => undefined,
    });
  }

  /** One poll; what it gives is read at once. */
  poll(): "batch" | "blocked" | "done" {
    this.#awake = false;
    const polled: Poll = this.source.poll();
    if (typeof polled === "string") return polled;
    if (polled.rowCount > 0) {
      this.batchRows.push(polled.rowCount);
      this.rows.push(...readRows(polled));
    }
    this.account.arena.reset();
    return "batch";
  }

  /** Polls until something came; false at the end. */
  async next(): Promise<boolean> {
    for (;;) {
      const polled = this.poll();
      if (polled !== "blocked") return polled === "batch";
      await this.#woken();
    }
  }

  /** Reads to the end, or until there are so many rows. */
  async end(rowsMax = Number.POSITIVE_INFINITY): Promise<void> {
    while (this.rows.length < rowsMax && (await this.next()));
  }

  async close(): Promise<void> {
    await this.#wait(promised<void>((done) => this.source.close(done)));
    this.#closed = true;
    this.account.arena.release();
    expect(this.account.usedBytes).toBe(0);
  }

  #wait<T>(promise: Promise<T>): Promise<T> {
    return this.#subject.wait?.(promise) ?? promise;
  }

  async #woken(): Promise<void> {
    if (this.#awake) return;
    await this.#wait(
      new Promise<void>((resolve) => {
        this.#wakeUp = resolve;
      }),
    );
    this.#wakeUp = null;
  }
}

/** Opens a subject, binds its table as the engine does, hands it over, and takes it down whatever happened. */
async function within(
  open: () => Subject | Promise<Subject>,
  schema: Columns,
  work: (subject: Subject) => Promise<void>,
): Promise<void> {
  const subject = await open();
  try {
    const { connector, table } = subject;
    const binding = connector.resolve?.(table, parseSchema(schema)) ?? Promise.resolve(null);
    const bound = await (subject.wait?.(binding) ?? binding);
    const ref = { ...table.ref, options: { ...table.ref.options, ...bound?.options } };
    await work({ ...subject, table: { ...table, ref } });
  } finally {
    await subject.dispose?.();
  }
}

/** Turns of the real host that a source which is not polled gets, to read ahead in. */
const IDLE_TURNS = 20;

/** The suite for a source. */
export function describeSource(name: string, fixture: SourceFixture): void {
  const { schema, rows } = fixture;
  const rowsMax = fixture.endless === true ? rows.length : undefined;
  const open = async () => {
    const kit = await openTestWorkspace();
    return { kit, subject: () => fixture.open(kit) };
  };

  describe(`${name} as a source`, () => {
    test.each([1, 7, 8192])(
      "gives its rows in batches of %d at most, its splits announced before",
      async (batchRowsMax) => {
        const { kit, subject } = await open();
        await within(subject, schema, async (given) => {
          const reading = new Reading(kit, given, schema, { batchRowsMax });
          await reading.next();
          expect(reading.splits[0]?.status).toBe("active");
          await reading.end(rowsMax);
          expect(reading.rows).toEqual(rows);
          expect(Math.max(...reading.batchRows)).toBeLessThanOrEqual(batchRowsMax);
          const { doneBytes, totalBytes } = reading.source.progress();
          if (totalBytes !== null) expect(doneBytes).toBe(totalBytes);
          await reading.close();
          await turns(given);
          expect(given.openCount()).toBe(0);
        });
      },
    );

    test("closed at any time leaves nothing open and no memory behind, and wakes nobody", async () => {
      const { kit, subject } = await open();
      for (const batches of [0, 1, 3, Number.POSITIVE_INFINITY]) {
        await within(subject, schema, async (given) => {
          const reading = new Reading(kit, given, schema, { batchRowsMax: 2 });
          for (
            let i = 0;
            i < batches && reading.rows.length < (rowsMax ?? Number.POSITIVE_INFINITY) && (await reading.next());
            i++
          );
          await reading.close();
          await turns(given);
          expect(given.openCount()).toBe(0);
        });
      }
    });

    if (fixture.replayable) {
      test("goes on at a snapshot taken after any batch", async () => {
        const { kit, subject } = await open();
        for (let batches = 0, ended = false; !ended; batches++) {
          let state: StateValue = null;
          let before: Rows = [];
          await within(subject, schema, async (given) => {
            const first = new Reading(kit, given, schema, { batchRowsMax: 3 });
            for (let i = 0; i < batches && !ended; i++) {
              ended = !(await first.next()) || (rowsMax !== undefined && first.rows.length >= rowsMax);
            }
            state = structuredClone(first.source.snapshot());
            before = first.rows;
            await first.close();
          });
          await within(subject, schema, async (given) => {
            const second = new Reading(kit, given, schema, { batchRowsMax: 2, state });
            if (!ended || rowsMax === undefined) await second.end(rowsMax && rowsMax - before.length);
            expect([...before, ...second.rows]).toEqual(rows);
            await second.close();
          });
        }
      });
    } else {
      test("says that it cannot go on at a snapshot", async () => {
        const { kit, subject } = await open();
        await within(subject, schema, async (given) => {
          const reading = new Reading(kit, given, schema, { batchRowsMax: 1 });
          while (reading.rows.length === 0) await reading.next();
          const state = reading.source.snapshot();
          expect(() => reading.source.restore(state)).toThrow(
            expect.objectContaining({ code: "UNSUPPORTED", hint: expect.any(String) }),
          );
          await reading.close();
        });
      });
    }

    const { cuts, flood, bad } = fixture;
    if (cuts !== undefined) {
      test("gives the same rows when its bytes are cut at any byte", async () => {
        const kit = await openTestWorkspace();
        for (let cut = 1; cut < cuts.byteCount; cut++) {
          await within(
            () => cuts.open(kit, cut),
            schema,
            async (given) => {
              const reading = new Reading(kit, given, schema);
              await reading.end(rowsMax);
              expect(reading.rows, `cut at ${cut}`).toEqual(rows);
              await reading.close();
            },
          );
        }
      });
    }

    if (flood !== undefined) {
      test(`takes at most ${flood.aheadRowsMax} rows ahead of whom it gives them to`, async () => {
        const kit = await openTestWorkspace();
        await within(
          () => flood.open(kit),
          schema,
          async (given) => {
            const reading = new Reading(kit, given, schema, { batchRowsMax: 100 });
            for (let i = 0; i < 5; i++) {
              await turns(given);
              expect((given.takenRows?.() ?? 0) - reading.rows.length).toBeLessThanOrEqual(flood.aheadRowsMax);
              await reading.next();
            }
            await reading.close();
            await turns(given);
            expect(given.openCount()).toBe(0);
          },
        );
      });
    }

    if (bad !== undefined) {
      test.each([1, 7, 8192])("refuses bad records with their places (batches of %d)", async (batchRowsMax) => {
        const kit = await openTestWorkspace();
        await within(
          () => bad.open(kit),
          schema,
          async (given) => {
            const reading = new Reading(kit, given, schema, { batchRowsMax });
            await reading.end(fixture.endless === true ? bad.rows.length : undefined);
            expect(reading.rows).toEqual(bad.rows);
            expect(reading.bad.map(({ code, at }) => ({ code, at }))).toMatchObject(bad.places);
            await reading.close();
          },
        );
      });
    }
  });
}

/** Time for the world outside to do what nobody polls for. */
async function turns(subject: Subject): Promise<void> {
  const { scheduler } = subject.table.platform;
  const pause = new Promise<void>((resolve) => void scheduler.after(IDLE_TURNS, resolve));
  await (subject.wait?.(pause) ?? pause);
}

/** A format of records under test. */
export interface FormatFixture {
  readonly schema: Columns;
  /** Input with everything in it that a boundary may cut badly, and records that are refused. */
  readonly bytes: Uint8Array;
  readonly rows: Rows;
  /** The refused records in order. */
  readonly bad: readonly { readonly code: string; readonly at: Place }[];
  /** Its beginning has to be read again to go on: positions count rows. */
  readonly startsOver?: boolean;
  decoder(options: DecoderOptions): Decoder;
  encoder?(schema: ReturnType<typeof parseSchema>): Encoder;
}

interface Decoded {
  readonly rows: Record<string, Value>[];
  readonly bad: BadRecord[];
  readonly position: DecoderPosition;
}

/** What decoding is tried with. */
interface Decoding {
  /** Sizes of the chunks, repeated; all in one unless given. */
  readonly chunks?: readonly number[];
  readonly batchRowsMax?: number;
  readonly start?: DecoderPosition;
  /** Called with each batch while it lives. */
  each?(batch: Batch): void;
  /** Called between batches; true ends the decoding there. */
  stop?(decoder: Decoder): boolean;
}

/** The suite for a format of records. */
export function describeFormat(name: string, fixture: FormatFixture): void {
  const schema = parseSchema(fixture.schema);

  function decode(kit: Kit, bytes: Uint8Array, options: Decoding = {}): Decoded {
    const account = new MemoryAccount(kit.memory);
    const bad: BadRecord[] = [];
    const rows: Record<string, Value>[] = [];
    const { start = START, chunks = [Math.max(1, bytes.length)], batchRowsMax = 8192 } = options;
    const decoder = fixture.decoder({
      workspace: { account, kernels: kit.kernels },
      schema,
      source: "subject",
      split: 0,
      batchRowsMax,
      start,
      bad: (record) => bad.push(record),
    });
    let at = start.byte;
    let ended = false;
    let fed = new Uint8Array(0);
    try {
      for (let turn = 0; ; ) {
        const batch = decoder.next();
        if (batch !== null) {
          expect(batch.rowCount).toBeLessThanOrEqual(batchRowsMax);
          rows.push(...readRows(batch, { bigint: true }));
          options.each?.(batch);
          account.arena.reset();
          if (options.stop?.(decoder) === true) break;
        } else if (ended) break;
        else if (at >= bytes.length) {
          decoder.finish();
          ended = true;
        } else {
          const end = at + (chunks[turn++ % chunks.length] as number);
          const chunk = bytes.slice(at, end);
          decoder.feed(chunk);
          // Lent bytes are overwritten once the next ones were fed.
          fed.fill(0x23);
          fed = chunk;
          at = end;
        }
      }
      return { rows, bad, position: decoder.position };
    } finally {
      decoder.close();
      decoder.close();
      account.arena.release();
      expect(account.usedBytes).toBe(0);
    }
  }

  describe(`${name} as a format`, () => {
    test("gives the rows, and the places of what it refuses", async () => {
      const decoded = decode(await openTestWorkspace(), fixture.bytes);
      expect(decoded.rows).toEqual(fixture.rows);
      expect(decoded.bad.map(({ code, at }) => ({ code, at }))).toMatchObject(fixture.bad);
      const end = fixture.startsOver ? { byte: 0, rows: fixture.rows.length } : { byte: fixture.bytes.length };
      expect(decoded.position).toMatchObject(end);
    });

    test("R7 gives the same rows, places and position when it is cut at any byte", async () => {
      const kit = await openTestWorkspace();
      const whole = decode(kit, fixture.bytes);
      for (let cut = 1; cut < fixture.bytes.length; cut++) {
        const parts = decode(kit, fixture.bytes, { chunks: [cut, fixture.bytes.length] });
        expect(parts, `cut at ${cut}`).toEqual(whole);
      }
      expect(decode(kit, fixture.bytes, { chunks: [1] })).toEqual(whole);
    });

    test("gives the same for any chunks and batch sizes", async () => {
      const kit = await openTestWorkspace();
      const whole = decode(kit, fixture.bytes);
      const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 12 });
      const property = fc.property(sizes, fc.constantFrom(1, 2, 7, 8192), (chunks, batchRowsMax) => {
        expect(decode(kit, fixture.bytes, { chunks, batchRowsMax })).toEqual(whole);
      });
      fc.assert(property, { numRuns: 100 });
    });

    test("goes on at the position after any batch", async () => {
      const kit = await openTestWorkspace();
      const whole = decode(kit, fixture.bytes);
      for (let batches = 1; ; batches++) {
        let left = batches;
        const before = decode(kit, fixture.bytes, { batchRowsMax: 1, chunks: [50], stop: () => --left === 0 });
        if (left > 0) break;
        const after = decode(kit, fixture.bytes, { start: before.position, chunks: [13] });
        expect([...before.rows, ...after.rows]).toEqual(whole.rows);
        expect([...before.bad, ...after.bad]).toEqual(whole.bad);
      }
    });

    test("of an input that ends anywhere gives the rows before the break, and coded refusals for the rest", async () => {
      const kit = await openTestWorkspace();
      const { rows } = decode(kit, fixture.bytes);
      for (let end = 0; end < fixture.bytes.length; end++) {
        const cut = decode(kit, fixture.bytes.subarray(0, end));
        const whole = cut.rows.slice(0, -1);
        expect(whole).toEqual(rows.slice(0, whole.length));
        for (const { code } of cut.bad) expect(code).toMatch(/^[A-Z_0-9]+$/);
      }
    });

    const { encoder } = fixture;
    if (encoder !== undefined) {
      test("reads what it writes", async () => {
        const kit = await openTestWorkspace();
        const written = encoder(schema);
        const parts: Uint8Array[] = [];
        const each = (batch: Batch): void => void parts.push(written.encode(batch));
        const { rows } = decode(kit, fixture.bytes, { batchRowsMax: 3, each });
        parts.push(written.finish());
        expect(decode(kit, Buffer.concat(parts)).rows).toEqual(rows);
      });
    }
  });
}
