// A directory written in partitions, as Hive, Spark and DuckDB read them: `out/day=2026-01-31/part-0.ndjson`. The values stand in
// the path alone. Each partition is a directory of parts (file-sink.ts); a bounded number of them is written to at a time, and
// one that has to make room goes on with a new part when rows of it come again.
import type { Batch } from "../arrow/batch.js";
import { readColumn } from "../arrow/rows.js";
import { type Field, type Schema, STRING, schemaOf } from "../arrow/types.js";
import { DataError, hintNames, PlanError } from "../errors.js";
import { Evaluator } from "../operators/evaluate.js";
import type { Sink, SinkContext } from "../operators/sink.js";
import type { Completion } from "../platform/platform.js";
import type { Table } from "../runtime/connector.js";
import { Backlog, WRITTEN_MAX } from "./backlog.js";
import { FileSink } from "./file-sink.js";
import { NULL_TEXT } from "./partitions.js";

/** Of each partition it is kept which parts it has. */
const PARTITIONS_MAX = 100_000;

/** Types whose text reads back as the same value. */
const KINDS = ["boolean", "int8", "int16", "int32", "int64", "string", "date"];

export class PartitionedSink implements Sink {
  readonly #table: Table;
  readonly #partitionsMax: number;
  /** What the files themselves hold. */
  readonly #fileSchema: Schema;
  readonly #fileColumns: readonly number[];
  /** The partitions' columns as text. */
  readonly #texts: readonly Evaluator[];
  readonly #textSchema: Schema;
  readonly #backlog = new Backlog();
  /** By directory, below the target's. */
  readonly #partitions = new Map<string, FileSink>();
  /** Those that have a part open, the one that was written to last at the end. */
  readonly #written = new Set<FileSink>();
  #context!: SinkContext;

  /** @throws OPTION, TYPE, UNKNOWN_COLUMN */
  constructor(table: Table, { fields }: Schema, names: readonly string[], partitionsMax = PARTITIONS_MAX) {
    this.#partitionsMax = partitionsMax;
    checkNames(table.ref.name, names, fields);
    this.#table = table;
    const isFile = ({ name }: Field) => !names.includes(name);
    this.#fileSchema = schemaOf(fields.filter(isFile));
    this.#fileColumns = fields.flatMap((own, index) => (isFile(own) ? [index] : []));
    const columns = names.map((name) => fields.findIndex((own) => own.name === name));
    this.#textSchema = schemaOf(columns.map((index) => ({ ...(fields[index] as Field), type: STRING })));
    this.#texts = columns.map((index) => {
      const own = fields[index] as Field;
      const column = { kind: "column", index, ...own } as const;
      if (own.type.kind === "string") return new Evaluator(column);
      return new Evaluator({ kind: "cast", input: column, type: STRING, try: false, nullable: own.nullable });
    });
  }

  open(context: SinkContext): void {
    this.#context = context;
  }

  get ready(): boolean {
    return !this.#backlog.isFull;
  }

  /** @throws CAST for a text that stands for NULL in paths, TOO_MANY_PARTITIONS */
  write(batch: Batch): void {
    const { account } = batch.workspace;
    const own = batch.pick(this.#fileSchema, this.#fileColumns);
    for (const [directory, rows] of this.#rowsOf(batch)) {
      const ptr = account.arena.allocate(rows.length * 4);
      account.memory.u32.set(rows, ptr >>> 2);
      this.#partition(directory).write(own.select(ptr, rows.length));
    }
    // What many files gather, each too little for a write, is more than may wait.
    if (this.#backlog.isFull) for (const partition of this.#written) partition.flush();
  }

  finish(done: Completion<void>): void {
    const partitions = [...this.#partitions.values()];
    const next = (index: number): void => {
      const partition = partitions[index];
      if (partition === undefined) done(null);
      else partition.finish((error) => (error === null ? next(index + 1) : done(error)));
    };
    next(0);
  }

  abort(done: Completion<void>): void {
    let left = this.#partitions.size;
    if (left === 0) done(null);
    for (const partition of this.#partitions.values()) {
      partition.abort(() => {
        if (--left === 0) done(null);
      });
    }
  }

  /** The rows of a batch by the directory that they belong to. */
  #rowsOf(batch: Batch): Map<string, number[]> {
    const directories: string[] = new Array(batch.rowCount).fill("");
    const text = batch.withColumns(
      this.#textSchema,
      this.#texts.map((column) => column.evaluate(batch)),
    );
    for (const [index, { name }] of this.#textSchema.fields.entries()) {
      const known = new Map<string | null, string>();
      const values = readColumn(text, index) as (string | null)[];
      for (let row = 0; row < values.length; row++) {
        const value = values[row] as string | null;
        let directory = known.get(value);
        if (directory === undefined) {
          directory = `${encoded(name)}=${valueText(value, name)}/`;
          known.set(value, directory);
        }
        directories[row] += directory;
      }
    }
    const rows = new Map<string, number[]>();
    for (let row = 0; row < directories.length; row++) {
      const own = rows.get(directories[row] as string);
      if (own === undefined) rows.set(directories[row] as string, [row]);
      else own.push(row);
    }
    return rows;
  }

  /** The partition's sink, now the one that was written to last. */
  #partition(directory: string): FileSink {
    let partition = this.#partitions.get(directory);
    if (partition === undefined) {
      const { name } = this.#table.ref;
      if (this.#partitions.size === this.#partitionsMax) throw tooMany(name, this.#partitionsMax);
      partition = new FileSink(this.#table, this.#fileSchema, this.#backlog, `${name}${directory}`);
      this.#partitions.set(directory, partition);
      partition.open(this.#context);
    }
    this.#written.delete(partition);
    this.#written.add(partition);
    for (const oldest of this.#written) {
      if (this.#written.size <= WRITTEN_MAX) break;
      oldest.rest();
      this.#written.delete(oldest);
    }
    return partition;
  }
}

function checkNames(path: string, names: readonly string[], fields: readonly Field[]): void {
  const hint = 'mill.file("out/", { format: "ndjson", partitionBy: ["day"] })';
  const isList = Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === "string");
  if (!isList || new Set(names).size !== names.length) {
    throw new PlanError("OPTION", "partitionBy takes names of columns, each once", { hint });
  }
  if (!path.endsWith("/")) {
    throw new PlanError("OPTION", `partitionBy wants a directory, and "${path}" is a file`, { hint });
  }
  for (const name of names) {
    const own = fields.find((candidate) => candidate.name === name);
    if (own === undefined) {
      const known = fields.map((candidate) => candidate.name);
      throw new PlanError("UNKNOWN_COLUMN", `partitionBy: there is no column "${name}"`, {
        hint: hintNames(name, known, "columns"),
      });
    }
    if (!KINDS.includes(own.type.kind)) {
      throw new PlanError("TYPE", `partitionBy: "${name}" is no text, integer, boolean or date`, {
        hint: "compute a column to partition by, the DATE of a time for one",
      });
    }
  }
  if (names.length === fields.length) {
    throw new PlanError("OPTION", "partitionBy leaves no column for the files", { hint: "partition by fewer columns" });
  }
}

function tooMany(path: string, partitionsMax: number): DataError {
  return new DataError("TOO_MANY_PARTITIONS", `${path} has ${partitionsMax} partitions, and is to get one more`, {
    hint: "partition by a column with fewer values: the day of a time, for one",
    at: { source: path },
  });
}

/** A name or value as part of a path: nothing in it can end a directory or be a pattern. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*~]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function valueText(value: string | null, name: string): string {
  if (value === null) return NULL_TEXT;
  if (value !== NULL_TEXT) return encoded(value);
  throw new DataError("CAST", `"${value}" in the column "${name}" would be read as NULL`, {
    hint: "write another text in its place",
    at: { field: name },
  });
}
