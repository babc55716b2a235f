// Parquet over HTTP: `mill.fetch("https://host/x.parquet")` reads the footer, then the pages of the columns that are wanted.
import type { Schema } from "../arrow/types.js";
import { StateError } from "../errors.js";
import type { ParquetFile, ParquetOptions } from "../formats/parquet.js";
import { openParquet } from "../formats/parquet-door.js";
import type { ParquetSplit } from "../formats/parquet-split.js";
import type { Poll, Source, SourceContext } from "../operators/source.js";
import type { BoundExpr } from "../plan/expr.js";
import { type Completion, promised } from "../platform/platform.js";
import type { Resolved, Table } from "../runtime/connector.js";
import type { StateValue } from "../state/snapshot.js";
import { checkOthers, PARQUET } from "./formats.js";
import { openRemote, type RemoteFile } from "./ranges.js";

/** @throws OPTION for options of another format, FETCH, and what is wrong with the file */
export async function resolveRemoteParquet(table: Table, schema: Schema | null): Promise<Resolved> {
  checkOthers(PARQUET, table.ref.name, table.ref.options);
  if (schema !== null) return { schema, bounded: true };
  const file = await promised<RemoteFile>((done) => void openRemote(placeOf(table), done));
  try {
    const parquet = await promised<ParquetFile>((done) => openParquet(file, optionsOf(table), done));
    return { schema: parquet.schema, bounded: true };
  } finally {
    await promised<void>((done) => file.close(done));
  }
}

function placeOf({ live, ref, platform }: Table) {
  const headers = ref.options["headers"] as Readonly<Record<string, string>> | undefined;
  return { url: live as string, headers, platform };
}

function optionsOf({ ref }: Table): ParquetOptions {
  return (ref.options[PARQUET] as ParquetOptions | undefined) ?? {};
}

interface Saved {
  readonly version: string | null;
  readonly position: StateValue;
}

export class RemoteParquet implements Source {
  readonly schema: Schema;
  /** It waits for its server only, which makes no split idle (S9). */
  readonly mayIdle = false;
  readonly #table: Table;
  readonly #predicate: BoundExpr | null;
  #context!: SourceContext;
  #giveUp: () => void = () => undefined;
  #file: RemoteFile | null = null;
  #split: ParquetSplit | null = null;
  #saved: Saved | null = null;
  #error: Error | null = null;
  #closed = false;

  constructor(table: Table, schema: Schema, predicate: BoundExpr | null) {
    this.#table = table;
    this.schema = schema;
    this.#predicate = predicate;
  }

  open(context: SourceContext): void {
    this.#context = context;
    context.split({ split: 0, status: "active" });
    this.#giveUp = openRemote(placeOf(this.#table), (error, file) => {
      if (error !== null) return this.#opened(error);
      this.#file = file;
      openParquet(file, optionsOf(this.#table), (failure, parquet) => this.#opened(failure, parquet));
    });
  }

  poll(): Poll {
    if (this.#error !== null) throw this.#error;
    return this.#split?.poll() ?? "blocked";
  }

  snapshot(): StateValue {
    if (this.#file === null || this.#split === null) return this.#saved as StateValue;
    return { version: this.#file.version, position: this.#split.snapshot() };
  }

  restore(state: StateValue): void {
    this.#saved = state as Saved | null;
  }

  progress(): { doneBytes: number; totalBytes: number | null } {
    return this.#split?.progress() ?? { doneBytes: 0, totalBytes: null };
  }

  close(done: Completion<void>): void {
    this.#closed = true;
    this.#split?.close();
    this.#giveUp();
    done(null);
  }

  /** An error is the next poll's: where this is called from, nobody waits for it. */
  #opened(error: Error | null, parquet?: ParquetFile): void {
    if (this.#closed) return;
    try {
      if (error !== null) throw error;
      if (parquet !== undefined) this.#start(parquet);
    } catch (cause) {
      this.#error = cause as Error;
    }
    this.#context.wake();
  }

  /** @throws STATE_MISMATCH when the server has another file by now, and what columns are refused with */
  #start(parquet: ParquetFile): void {
    const { workspace, batchRowsMax } = this.#context;
    const wake = () => this.#context.wake();
    const split = parquet.split({ workspace, schema: this.schema, predicate: this.#predicate, batchRowsMax, wake });
    const saved = this.#saved;
    if (saved !== null && saved.version !== this.#file?.version) {
      throw new StateError("STATE_MISMATCH", `${this.#table.ref.name} is another file than when the job was stopped`, {
        hint: "start the job anew; publish new files under new names",
      });
    }
    if (saved !== null) split.restore(saved.position);
    this.#split = split;
    split.start();
  }
}
