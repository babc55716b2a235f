// Files over HTTP that are read at any place of them: `mill.fetch("https://host/x.parquet")` reads the footer, then the pages of
// the columns that are wanted; of an Arrow file the buffers. Where the server has no ranges, Arrow is read as a stream.
import type { Schema } from "../arrow/types.js";
import { StateError } from "../errors.js";
import type { ParquetOptions } from "../formats/parquet.js";
import { openParquet } from "../formats/parquet-door.js";
import type { RangedFile, RangedSplit } from "../formats/ranged-file.js";
import type { Poll, Source, SourceContext } from "../operators/source.js";
import type { BoundExpr } from "../plan/expr.js";
import { loadPart } from "../platform/errors.js";
import { type Completion, promised, type ReadableFile } from "../platform/platform.js";
import type { Table } from "../runtime/connector.js";
import type { StateValue } from "../state/snapshot.js";
import { compressionOf } from "./compression.js";
import { PARQUET } from "./formats.js";
import { openRanges, openRemote, type RemoteFile } from "./ranges.js";

const ARROW = "arrow";

/** Opens a file of one format; null: it is to be read as a stream. */
type OpenFormat = (file: ReadableFile, table: Table, done: Completion<RangedFile | null>) => void;

const openArrow: OpenFormat = (file, _, done) => {
  loadPart("the Arrow reader", () => import("../formats/arrow-file.js")).then(
    ({ openArrowFile }) => openArrowFile(file, done),
    (error: Error) => done(error, null),
  );
};

const FORMATS: ReadonlyMap<string, OpenFormat> = new Map([
  [
    PARQUET,
    (file, { ref }, done) => openParquet(file, (ref.options[PARQUET] as ParquetOptions | undefined) ?? {}, done),
  ],
  [ARROW, openArrow],
]);

/** Whether a table of this format is read by ranges: what is compressed as a whole cannot be. @throws OPTION */
export function isRanged(format: string, { ref }: Table): boolean {
  return FORMATS.has(format) && (format === PARQUET || compressionOf(ref.name, ref.options["compression"]) === "none");
}

/** Opens the file. What it gives is closed by whoever asked; null: there are no ranges, or no file that has a footer. */
function open(format: string, table: Table, done: Completion<Opened | null>): () => void {
  const { live, ref, platform } = table;
  const headers = ref.options["headers"] as Readonly<Record<string, string>> | undefined;
  // Parquet cannot be read from its start: without ranges it is taken whole.
  const openPlace: typeof openRanges = format === PARQUET ? openRemote : openRanges;
  return openPlace({ url: live as string, headers, platform }, (error, remote) => {
    if (error !== null || remote === null) return done(error, null);
    const openFormat = FORMATS.get(format) as OpenFormat;
    return openFormat(remote, table, (failure, file) => {
      if (failure === null && file !== null) done(null, { remote, file });
      else remote.close(() => done(failure, null));
    });
  });
}

interface Opened {
  readonly remote: RemoteFile;
  readonly file: RangedFile;
}

/** The columns of the file; null when it is to be read as a stream. @throws FETCH, and what is wrong with the file */
export async function remoteSchema(format: string, table: Table): Promise<Schema | null> {
  const opened = await promised<Opened | null>((done) => void open(format, table, done));
  if (opened === null) return null;
  await promised<void>((done) => opened.remote.close(done));
  return opened.file.schema;
}

interface Saved {
  readonly version: string | null;
  readonly position: StateValue;
}

/** What a source that reads the file as a stream has saved. */
interface SavedStream {
  readonly stream: StateValue;
}

export interface RemoteFileOptions {
  readonly format: string;
  readonly table: Table;
  readonly schema: Schema;
  readonly predicate: BoundExpr | null;
  /** Reads the same as a stream. */
  readonly stream: () => Source;
}

export class RemoteFileSource implements Source {
  readonly schema: Schema;
  readonly #options: RemoteFileOptions;
  #context!: SourceContext;
  #giveUp: () => void = () => undefined;
  #remote: RemoteFile | null = null;
  #split: RangedSplit | null = null;
  /** What reads on in its place. */
  #stream: Source | null = null;
  #saved: Saved | null = null;
  #error: Error | null = null;
  #closed = false;

  constructor(options: RemoteFileOptions) {
    this.#options = options;
    this.schema = options.schema;
  }

  /** By ranges it waits for its server only, which makes no split idle (S9). */
  get mayIdle(): boolean {
    return this.#stream?.mayIdle ?? false;
  }

  open(context: SourceContext): void {
    this.#context = context;
    if (this.#stream !== null) {
      this.#stream.open(context);
      return;
    }
    context.split({ split: 0, status: "active" });
    const { format, table } = this.#options;
    this.#giveUp = open(format, table, (error, opened) => this.#opened(error, opened));
  }

  poll(): Poll {
    if (this.#error !== null) throw this.#error;
    return this.#stream?.poll() ?? this.#split?.poll() ?? "blocked";
  }

  snapshot(): StateValue {
    if (this.#stream !== null) return { stream: this.#stream.snapshot() } satisfies SavedStream;
    if (this.#remote === null || this.#split === null) return this.#saved && { ...this.#saved };
    return { version: this.#remote.version, position: this.#split.snapshot() } satisfies Saved;
  }

  /** @throws UNSUPPORTED for what was read as a stream that cannot go on */
  restore(state: StateValue): void {
    const saved = state as Saved | SavedStream | null;
    if (saved === null || !("stream" in saved)) {
      this.#saved = saved;
      return;
    }
    this.#stream = this.#options.stream();
    this.#stream.restore(saved.stream);
  }

  progress(): { doneBytes: number; totalBytes: number | null } {
    return this.#stream?.progress() ?? this.#split?.progress() ?? { doneBytes: 0, totalBytes: null };
  }

  close(done: Completion<void>): void {
    this.#closed = true;
    this.#split?.close();
    this.#giveUp();
    if (this.#stream === null) done(null);
    else this.#stream.close(done);
  }

  /** An error is the next poll's: where this is called from, nobody waits for it. */
  #opened(error: Error | null, opened: Opened | null): void {
    if (this.#closed) return;
    try {
      if (error !== null) throw error;
      if (opened !== null) this.#start(opened);
      else if (this.#saved !== null) throw this.#isAnother();
      else {
        this.#stream = this.#options.stream();
        this.#stream.open(this.#context);
      }
    } catch (cause) {
      this.#error = cause as Error;
    }
    this.#context.wake();
  }

  /** @throws STATE_MISMATCH when the server has another file by now, and what columns are refused with */
  #start({ remote, file }: Opened): void {
    const { schema, predicate } = this.#options;
    const { workspace, batchRowsMax } = this.#context;
    const wake = () => this.#context.wake();
    this.#remote = remote;
    const split = file.split({ workspace, schema, predicate, batchRowsMax, wake });
    const saved = this.#saved;
    if (saved !== null && saved.version !== remote.version) throw this.#isAnother();
    if (saved !== null) split.restore(saved.position);
    this.#split = split;
    split.start();
  }

  #isAnother(): StateError {
    const { name } = this.#options.table.ref;
    return new StateError("STATE_MISMATCH", `${name} is another file than when the job was stopped`, {
      hint: "start the job anew; publish new files under new names",
    });
  }
}
