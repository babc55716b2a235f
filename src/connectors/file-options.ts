// What a table of files is told by its options: which files, how they are compressed, whether they are followed.
import { type Duration, parseDurationMs } from "../api/duration.js";
import { checkOptions } from "../api/options.js";
import type { ParquetOptions } from "../formats/parquet.js";
import type { TableRef } from "../plan/logical.js";
import type { Completion, FileInfo, Platform, ReadableFile } from "../platform/platform.js";
import { fileChunks, type ReadChunk } from "./bytes.js";
import { checkLimits, compressionOf, type DecompressLimits, decompressed } from "./compression.js";

/** How often a directory that is followed is looked at, unless it is told. */
const FOLLOW_MS = 500;

/** What `mill.file(path, options)` keeps with the table; its name is the path. */
export interface FileOptions {
  readonly path: string;
  /** By the file's ending unless given. */
  readonly format?: string;
  /** Longest record of a record format. */
  readonly maxRecordBytes?: number;
  readonly parquet?: ParquetOptions;
  /** By the file's ending unless given. */
  readonly compression?: string;
  readonly decompress?: DecompressLimits;
  /** Files in directories below, too. */
  readonly recursive?: boolean;
  /** false: what looks like partitions in a path is none. */
  readonly partitions?: boolean;
  /** Columns whose values are directories, when it is written. */
  readonly partitionBy?: readonly string[];
  /** Reads on when the end is reached, and new files too. */
  readonly follow?: boolean | { readonly every?: Duration };
  /** Names of the partitions' columns, once they are known. */
  readonly partitionedBy?: readonly string[];
  /** Names of the files' own columns, once they are known. */
  readonly columns?: readonly string[];
}

export function optionsOf({ name, options }: TableRef): FileOptions {
  return { ...options, path: name };
}

/** The files of a table, none when there are none. `recursive` is for directories, or patterns of them. */
export function listFiles(platform: Platform, { path, recursive }: FileOptions, done: Completion<FileInfo[]>): void {
  platform.storage.list(recursive === true ? `${path.replace(/\/+$/, "")}/**` : path, done);
}

/** Milliseconds between two looks at files that are followed; null: they are not. @throws OPTION, TIME_UNIT */
export function followMs({ follow }: FileOptions): number | null {
  if (follow === undefined || follow === false) return null;
  if (follow === true) return FOLLOW_MS;
  const { every } = checkOptions(follow, ["every"], "follow");
  return every === undefined ? FOLLOW_MS : Math.max(1, parseDurationMs(every, "every"));
}

/** The bytes that a decoder is fed from `fromByte` on, and how many of the file's were read for them. */
export function openBytes(opened: ReadableFile, options: FileOptions, platform: Platform, fromByte: number) {
  const { path } = opened;
  const compression = compressionOf(path, options.compression);
  if (compression === "none") return { read: fileChunks(opened, fromByte) };
  const limits = checkLimits(options.decompress, path);
  let readBytes = 0;
  const counted: ReadChunk = (done) =>
    compressed((error, chunk) => {
      readBytes += chunk?.length ?? 0;
      done(error, chunk);
    });
  const compressed = fileChunks(opened, 0);
  const read = decompressed(counted, { compression, source: path, limits, platform, fromByte });
  return { read, readBytes: () => readBytes };
}
