// Rows where the program's user sees them: an aligned table on standard output, or the page's own console. It shows the first
// rows of what may be an endless stream, and says at the end how many it did not show.
import type { Batch } from "../arrow/batch.js";
import { readRows, type Value } from "../arrow/rows.js";
import { field, type Schema, STRING, schemaOf } from "../arrow/types.js";
import type { Sink, SinkContext } from "../operators/sink.js";
import { CHANGE_COLUMN, CHANGE_KINDS, hasChanges, withoutChanges } from "../plan/changes.js";
import type { Completion, HostOutput } from "../platform/platform.js";
import type { Connector, Table } from "../runtime/connector.js";

export const consoleConnector: Connector = {
  name: "console",
  sink: ({ ref, platform }, schema) => new ConsoleSink(ref, platform.output, schema),
};

/** How long rows are gathered, so that those that come together are aligned together. */
const GATHER_MS = 100;
/** Rows that wait to be shown before the sink says that it is full. */
const WAITING_ROWS_MAX = 1000;
const ROWS_MAX = 40;

type ShownRow = Readonly<Record<string, Value>>;

class ConsoleSink implements Sink {
  readonly #rowsMax: number;
  readonly #output: HostOutput;
  readonly #table: TextTable;
  #context!: SinkContext;
  #waiting: ShownRow[] = [];
  #taken = 0;
  #hidden = 0;
  #writing = false;
  #cancelTimer: (() => void) | null = null;
  #aborted = false;
  #finished: Completion<void> | null = null;

  constructor({ options }: Table["ref"], output: HostOutput, schema: Schema) {
    this.#rowsMax = (options["rowsMax"] as number | undefined) ?? ROWS_MAX;
    this.#output = output;
    this.#table = new TextTable(schema);
  }

  open(context: SinkContext): void {
    this.#context = context;
  }

  get ready(): boolean {
    return this.#waiting.length < WAITING_ROWS_MAX;
  }

  write(batch: Batch): void {
    const shown = Math.min(batch.rowCount, this.#rowsMax - this.#taken);
    this.#taken += shown;
    this.#hidden += batch.rowCount - shown;
    if (shown === 0) return;
    for (const row of readRows(batch.slice(0, shown), { bigint: true })) this.#waiting.push(withKind(row));
    this.#cancelTimer ??= this.#context.platform.scheduler.after(GATHER_MS, () => this.#show());
  }

  finish(done: Completion<void>): void {
    this.#finished = done;
    this.#show();
  }

  /** Rows that were taken are shown: they are what the user looks at to see what went wrong. */
  abort(done: Completion<void>): void {
    this.#aborted = true;
    this.#finished = () => done(null);
    this.#show();
  }

  #show(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#writing) return;
    const rows = this.#waiting.splice(0);
    const last = this.#finished !== null;
    if (rows.length === 0 && !last) return;
    this.#writing = true;
    this.#print(rows, last, (error) => {
      this.#writing = false;
      if (error !== null) this.#ended(error);
      else if (this.#waiting.length > 0 || (this.#finished !== null && !last)) this.#show();
      else if (last) this.#ended(null);
      else this.#context.wake();
    });
  }

  #ended(error: Error | null): void {
    const finished = this.#finished;
    this.#finished = null;
    if (finished !== null) finished(error);
    else if (error !== null && !this.#aborted) this.#context.fail(error);
  }

  #print(rows: readonly ShownRow[], last: boolean, done: Completion<void>): void {
    const more =
      last && !this.#aborted && this.#hidden > 0 ? `… ${this.#hidden.toLocaleString("en-US")} more rows` : "";
    if (this.#output.write !== undefined) {
      const text = this.#table.lines(rows, last).concat(more === "" ? [] : [more]);
      this.#output.write(new TextEncoder().encode(text.map((line) => `${line}\n`).join("")), done);
      return;
    }
    if (rows.length > 0) this.#output.table?.(rows);
    if (more !== "") this.#output.line?.(more);
    done(null);
  }
}

/** Changes are shown with their kind in front, in a column of this name. */
const OP = "op";

function changesFirst(schema: Schema): Schema {
  return schemaOf([field(OP, STRING, false), ...withoutChanges(schema).fields]);
}

function withKind(row: ShownRow): ShownRow {
  const { [CHANGE_COLUMN]: kind, ...others } = row;
  return kind === undefined ? row : { [OP]: CHANGE_KINDS[kind as number] as string, ...others };
}

const CELL_LENGTH_MAX = 60;

/** Lines of text whose columns are aligned; numbers stand right. A column is as wide as its widest cell so far. */
class TextTable {
  readonly #fields: readonly string[];
  readonly #names: readonly string[];
  readonly #right: readonly boolean[];
  readonly #widths: number[];
  #headed = false;

  constructor(schema: Schema) {
    const { fields } = hasChanges(schema) ? changesFirst(schema) : schema;
    this.#fields = fields.map(({ name }) => name);
    this.#names = this.#fields.map(shown);
    this.#right = fields.map(({ type }) => /^(int|float|decimal)/.test(type.kind));
    this.#widths = this.#names.map((name) => [...name].length);
  }

  /** @param last - the table ends here: without any rows its head is shown at least */
  lines(rows: readonly ShownRow[], last: boolean): string[] {
    const cells = rows.map((row) => this.#fields.map((name) => cellText(row[name])));
    for (const row of cells) {
      row.forEach((text, column) => {
        this.#widths[column] = Math.max(this.#widths[column] as number, [...text].length);
      });
    }
    const head = !this.#headed && (rows.length > 0 || last) ? [this.#names, this.#rules()] : [];
    this.#headed ||= head.length > 0;
    return [...head, ...cells].map((row) => this.#line(row));
  }

  #rules(): string[] {
    return this.#widths.map((width) => "─".repeat(width));
  }

  #line(cells: readonly string[]): string {
    const padded = cells.map((text, column) => {
      const blanks = " ".repeat((this.#widths[column] as number) - [...text].length);
      return this.#right[column] ? blanks + text : text + blanks;
    });
    return padded.join("  ").trimEnd();
  }
}

/** One value as a person reads it. */
function cellText(value: Value | undefined): string {
  if (value === null || value === undefined) return "NULL";
  if (value instanceof Date)
    return value
      .toISOString()
      .replace("T", " ")
      .replace(/(\.000)?Z$/, "");
  if (value instanceof Uint8Array)
    return shown(`x'${Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("")}'`);
  if (typeof value === "object") return shown(JSON.stringify(value, plain));
  return shown(String(value));
}

/** What JSON has no notation for. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return value instanceof Map ? [...value] : value;
}

/** On one line and not too long; control characters are written out, since a terminal would obey them. */
function shown(text: string): string {
  const safe = text.replace(/[\p{Cc}\u2028\u2029]/gu, (char) => {
    return `\\u${(char.codePointAt(0) as number).toString(16).padStart(4, "0")}`;
  });
  const chars = [...safe];
  return chars.length <= CELL_LENGTH_MAX ? safe : `${chars.slice(0, CELL_LENGTH_MAX - 1).join("")}…`;
}
