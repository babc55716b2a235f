// Files as tables: finds out which files a path, a directory or a pattern names, their format and columns; reads them as splits
// (file-source.ts) and writes new ones (file-sink.ts).
import type { Field, Schema } from "../arrow/types.js";
import type { ParquetFile } from "../formats/parquet.js";
import { openParquet } from "../formats/parquet-door.js";
import { fileNotFound } from "../platform/errors.js";
import { type FileInfo, promised, type ReadableFile } from "../platform/platform.js";
import type { Connector, Resolved, Table } from "../runtime/connector.js";
import { takeSample } from "./bytes.js";
import { type FileOptions, followMs, listFiles, openBytes, optionsOf } from "./file-options.js";
import { FileSink, writtenFormat } from "./file-sink.js";
import { FileSource } from "./file-source.js";
import { checkOthers, formatOf, loadFormat, loadWriter, openFormat, PARQUET } from "./formats.js";
import { PartitionedSink } from "./partitioned-sink.js";
import { partitionFields, withPartitions } from "./partitions.js";

export const file: Connector = {
  name: "file",

  async resolve(table, schema): Promise<Resolved> {
    const { ref, platform } = table;
    const options = optionsOf(ref);
    const isFollowed = followMs(options) !== null;
    const files = await promised<FileInfo[]>((done) => listFiles(platform, options, done));
    const first = files[0];
    if (first === undefined && !(isFollowed && schema !== null)) throw fileNotFound(options.path);
    const format = formatOf(first?.path ?? options.path, options.format);
    if (format === PARQUET) checkOthers(format, ref.name, ref.options);
    else await loadFormat(format, ref.name);
    const bounded = !isFollowed || table.availableNow === true;
    if (schema !== null) return resolved(schema, partitionsOf(files, options, schema), format, bounded);
    const { schema: own, dialect } = await lookInto(first as FileInfo, format, table);
    const partitions = partitionsOf(files, options, null);
    const known = resolved(withPartitions(own, partitions), partitions, format, bounded);
    return { ...known, dialect, options: { ...known.options, columns: own.fields.map(({ name }) => name) } };
  },

  source: (table, schema, predicate) => new FileSource(table, schema, predicate),
  prepareSink: ({ ref }) => loadWriter(writtenFormat(ref), ref.name),
  sink: (table, schema) => {
    const { partitionBy } = optionsOf(table.ref);
    return partitionBy === undefined ? new FileSink(table, schema) : new PartitionedSink(table, schema, partitionBy);
  },
};

function resolved(schema: Schema, partitions: readonly Field[], format: string, bounded: boolean): Resolved {
  const partitionedBy = partitions.map(({ name }) => name);
  const columns = schema.fields.map(({ name }) => name).filter((name) => !partitionedBy.includes(name));
  return { schema, bounded, options: { format, columns, partitionedBy } };
}

/** The columns that the paths tell; with a schema those of them that it names. */
function partitionsOf(files: readonly FileInfo[], options: FileOptions, schema: Schema | null): readonly Field[] {
  if (options.partitions === false) return [];
  const fields = partitionFields(files.map(({ path }) => path));
  return fields.filter(({ name }) => schema === null || schema.fields.some((own) => own.name === name));
}

/** The columns that one file has, and how it is written where that was found out. */
async function lookInto(info: FileInfo, format: string, { ref, platform }: Table) {
  const opened = await promised<ReadableFile>((done) => platform.storage.open(info.path, done));
  try {
    if (format === PARQUET) {
      const parquet = await promised<ParquetFile>((done) => openParquet(opened, optionsOf(ref).parquet ?? {}, done));
      return { schema: parquet.schema, dialect: undefined };
    }
    const { read } = openBytes(opened, optionsOf(ref), platform, 0);
    const { bytes, complete } = await takeSample(read);
    const sample = { bytes, complete, source: info.path };
    const reader = openFormat(format, ref);
    return { schema: reader.inferSchema(sample), dialect: reader.tellDialect?.(sample) };
  } finally {
    await promised<void>((done) => opened.close(done));
  }
}
