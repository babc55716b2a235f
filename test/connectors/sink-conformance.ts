// What every sink has to hold to, wherever its rows go: all rows arrive, in order and whatever the batch size; it says when it is
// full and wakes its task when it is not; what it keeps of a batch is its own; stopped at any time it leaves nothing open, and
// nothing published where it promises that; its errors say where. A connector's test gives a fixture and calls `describeSink`.
import { describe, expect, test } from "vitest";
import { type Row, RowBuilder } from "../../src/arrow/builder.js";
import { parseSchema } from "../../src/arrow/types.js";
import { EngineError } from "../../src/errors.js";
import { newMetrics } from "../../src/operators/operator.js";
import type { Sink } from "../../src/operators/sink.js";
import { promised } from "../../src/platform/platform.js";
import type { Connector, Table } from "../../src/runtime/connector.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { MemoryAccount } from "../../src/wasm/memory.js";

type Kit = Awaited<ReturnType<typeof openTestWorkspace>>;
type Columns = Readonly<Record<string, string>>;

/** One target, set up in the world outside. */
export interface SinkSubject {
  readonly connector: Connector;
  readonly table: Table;
  /** Lets that world go on until the promise settles: the simulator's `drive`; nothing on a real host. */
  wait?<T>(promise: Promise<T>): Promise<T>;
  /** What has arrived out there. */
  rows(): readonly unknown[] | Promise<readonly unknown[]>;
  /** What the sink has open out there: handles, connections, timers. */
  openCount(): number;
  /** Resolves when the world out there is ready for the first row; the sink has been opened. */
  opened?(): Promise<void>;
  /** Resolves when all that was on its way has arrived. */
  ended?(): Promise<void>;
  /** Lets a world that takes nothing take again. */
  release?(): void;
  dispose?(): Promise<void>;
}

type Open = (kit: Kit) => SinkSubject | Promise<SinkSubject>;

/** A sink under test. */
export interface SinkFixture {
  readonly schema: Columns;
  readonly rows: readonly Row[];
  /** What arrives of them; the rows themselves unless given. */
  readonly arrive?: readonly unknown[];
  readonly open: Open;
  /** Whether an abort leaves nothing that can be seen. */
  readonly atomic: boolean;
  /** A world that takes nothing before `release`, and rows that the sink may take until it is full; null: it is never full. */
  readonly full: { readonly open: Open; readonly rowsMax: number } | null;
  /** A world that fails, and how that is told. */
  readonly broken: { readonly open: Open; readonly code: string } | null;
}

/** A sink between `open` and its end, driven as its operator drives it. */
class Writing {
  readonly sink: Sink;
  readonly errors: Error[] = [];
  wakes = 0;
  readonly #kit: Kit;
  readonly #subject: SinkSubject;
  readonly #account: MemoryAccount;
  readonly #builder: RowBuilder;
  #wakeUp: () => void = () => undefined;
  #ended = false;

  private constructor(kit: Kit, subject: SinkSubject, columns: Columns) {
    const schema = parseSchema(columns);
    this.#kit = kit;
    this.#subject = subject;
    this.#account = new MemoryAccount(kit.memory);
    const workspace = { account: this.#account, kernels: kit.kernels };
    this.#builder = new RowBuilder(workspace, schema);
    const make = subject.connector.sink?.bind(subject.connector);
    if (make === undefined) throw new Error(`${subject.connector.name} is no sink`);
    this.sink = make(subject.table, schema);
    this.sink.open({
      platform: subject.table.platform,
      workspace,
      schema,
      metrics: newMetrics(),
      connection: () => undefined,
      wake: () => {
        if (this.#ended) throw new Error("woken after its end");
        this.wakes++;
        this.#wakeUp();
      },
      fail: (error) => {
        this.errors.push(error);
        this.#wakeUp();
      },
    });
  }

  static async begin(kit: Kit, subject: SinkSubject, columns: Columns): Promise<Writing> {
    await subject.connector.prepareSink?.(subject.table);
    const writing = new Writing(kit, subject, columns);
    await subject.opened?.();
    return writing;
  }

  /** Writes rows while the sink takes them; gives how many it took. */
  write(rows: readonly Row[], batchRows: number): number {
    let taken = 0;
    while (taken < rows.length && this.sink.ready) {
      const batch = this.#builder.build(rows, taken, Math.min(rows.length, taken + batchRows));
      this.sink.write(batch);
      taken += batch.rowCount;
      this.#endStep();
    }
    return taken;
  }

  async writeAll(rows: readonly Row[], batchRows: number): Promise<void> {
    for (let taken = 0; taken < rows.length && this.errors.length === 0; ) {
      taken += this.write(rows.slice(taken), batchRows);
      if (!this.sink.ready) await this.woken();
    }
  }

  /** An error that comes meanwhile ends the job, whether or not the sink still answers. */
  async finish(): Promise<void> {
    const failed = new Promise<void>((resolve) => {
      this.#wakeUp = () => {
        if (this.errors.length > 0) resolve();
      };
    });
    await this.#wait(Promise.race([failed, promised<void>((done) => this.sink.finish(done))]));
    if (this.errors.length === 0) await this.#end();
  }

  async abort(): Promise<void> {
    await this.#wait(promised<void>((done) => this.sink.abort(done)));
    await this.#end();
  }

  async woken(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wakeUp = resolve;
    });
    await this.#wait(woken);
  }

  /** What lay in the arena is gone, and something else lies there. */
  #endStep(): void {
    const { arena } = this.#account;
    arena.reset();
    const ptr = arena.allocate(1 << 16);
    this.#kit.memory.u8.fill(0xa5, ptr, ptr + (1 << 16));
    arena.reset();
  }

  async #end(): Promise<void> {
    this.#ended = true;
    await this.#subject.ended?.();
    this.#builder.close();
    this.#account.arena.release();
    expect(this.#account.usedBytes).toBe(0);
  }

  #wait<T>(promise: Promise<T>): Promise<T> {
    return this.#subject.wait?.(promise) ?? promise;
  }
}

/** The suite for a sink. */
export function describeSink(name: string, fixture: SinkFixture): void {
  const { schema, rows, atomic, full, broken } = fixture;
  const arrive = fixture.arrive ?? rows;

  const within = async (open: Open, work: (writing: Writing, subject: SinkSubject) => Promise<void>) => {
    const kit = await openTestWorkspace();
    const subject = await open(kit);
    try {
      await work(await Writing.begin(kit, subject, schema), subject);
    } finally {
      await subject.dispose?.();
    }
  };

  describe(`${name} as a sink`, () => {
    test.each([1, 7, 8192])("hands on every row, in order, from batches of %d", async (batchRows) => {
      await within(fixture.open, async (writing, subject) => {
        await writing.writeAll(rows, batchRows);
        await writing.finish();
        expect(writing.errors).toEqual([]);
        expect(await subject.rows()).toEqual(arrive);
        expect(subject.openCount()).toBe(0);
      });
    });

    test("ends well without any rows", async () => {
      await within(fixture.open, async (writing, subject) => {
        await writing.finish();
        expect(await subject.rows()).toEqual([]);
        expect(subject.openCount()).toBe(0);
      });
    });

    test(`stopped at any time leaves nothing open${atomic ? " and nothing to be seen" : ", and whole rows"}`, async () => {
      for (const count of [0, 1, 3, rows.length]) {
        await within(fixture.open, async (writing, subject) => {
          await writing.writeAll(rows.slice(0, count), 2);
          await writing.abort();
          expect(subject.openCount()).toBe(0);
          const seen = await subject.rows();
          expect(seen).toEqual(atomic ? [] : arrive.slice(0, seen.length));
        });
      }
    });

    if (full !== null) {
      test("says when it is full, and wakes its task when it is not any more", async () => {
        await within(full.open, async (writing, subject) => {
          let taken = 0;
          while (writing.sink.ready && taken <= full.rowsMax) taken += writing.write(rows, 8192);
          expect(taken).toBeLessThanOrEqual(full.rowsMax);
          expect(writing.wakes).toBe(0);
          const woken = writing.woken();
          subject.release?.();
          while (!writing.sink.ready) await woken;
          await writing.abort();
          expect(subject.openCount()).toBe(0);
        });
      });

      test("stopped while it is full leaves nothing open", async () => {
        await within(full.open, async (writing, subject) => {
          for (let taken = 0; writing.sink.ready && taken <= full.rowsMax; ) taken += writing.write(rows, 8192);
          const aborted = writing.abort();
          subject.release?.();
          await aborted;
          expect(subject.openCount()).toBe(0);
        });
      });
    }

    if (broken !== null) {
      test(`tells a world that fails as ${broken.code}, with what to do`, async () => {
        await within(broken.open, async (writing, subject) => {
          let error: unknown = null;
          try {
            await writing.writeAll(rows, 8192);
            if (writing.errors.length === 0) await writing.finish();
          } catch (thrown) {
            error = thrown;
          }
          error ??= writing.errors[0];
          expect(error).toBeInstanceOf(EngineError);
          expect(error).toMatchObject({ code: broken.code, hint: expect.stringMatching(/\w/) });
          await writing.abort();
          expect(subject.openCount()).toBe(0);
        });
      });
    }
  });
}
