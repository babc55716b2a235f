// Page compression: bytes of the file → uncompressed bytes in linear memory. UNCOMPRESSED, SNAPPY and ZSTD are ours; GZIP,
// BROTLI and LZ4 come with the optional package hyparquet-compressors.
import type { Workspace } from "../arrow/column.js";
import { DataError } from "../errors.js";
import type { Completion } from "../platform/platform.js";
import type { FormatWorkspace } from "./format.js";
import { missing } from "./parquet-library.js";

/** Uncompresses exactly `size` bytes to `out`. False, or any throw, when `bytes` do not hold so many. */
export type Codec = (workspace: FormatWorkspace, bytes: Uint8Array, out: number, size: number) => boolean;

type Library = typeof import("hyparquet-compressors");

const BUILT_IN: Readonly<Record<string, Codec>> = {
  UNCOMPRESSED: ({ account }, bytes, out, size) => {
    if (bytes.length !== size) return false;
    account.memory.u8.set(bytes, out);
    return true;
  },
  SNAPPY: (workspace, bytes, out, size) =>
    workspace.kernels.decodeSnappy(toArena(workspace, bytes), bytes.length, out, size) === size,
  ZSTD: (workspace, bytes, out, size) => {
    const scratch = workspace.account.arena.allocate(ZSTD_SCRATCH_BYTES);
    return workspace.kernels.decodeZstd(toArena(workspace, bytes), bytes.length, out, size, scratch) === size;
  },
};
const OPTIONAL = ["GZIP", "BROTLI", "LZ4", "LZ4_RAW"] as const;
/** Tables and literals of a Zstandard frame (assembly/zstd-entropy.ts). */
const ZSTD_SCRATCH_BYTES = 147_488;

/** Codecs for the files of a process; `load` brings the optional ones. */
export class Codecs {
  #library: Library | undefined;
  #failure: DataError | undefined;

  /** Loads what `names` need. A package that is missing is reported by `find`, when a column that needs it is read. */
  load(names: Iterable<string>, done: Completion<void>): void {
    const needed = [...names].find((name) => isOptional(name));
    if (needed === undefined || this.#library !== undefined) {
      done(null, undefined);
      return;
    }
    import("hyparquet-compressors").then(
      (library) => {
        this.#library = library;
        done(null, undefined);
      },
      (cause) => {
        this.#failure = missing("hyparquet-compressors", `Parquet columns compressed with ${needed}`, cause);
        done(null, undefined);
      },
    );
  }

  /** @throws PARQUET_CODEC, DEPENDENCY_MISSING */
  find(name: string): Codec {
    const builtIn = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
    if (builtIn !== undefined) return builtIn;
    if (!isOptional(name)) {
      throw new DataError("PARQUET_CODEC", `columns compressed with ${name} cannot be read`, {
        hint: `known are ${[...Object.keys(BUILT_IN), ...OPTIONAL].join(", ")}`,
      });
    }
    const uncompress = this.#library?.compressors[name];
    if (uncompress === undefined) throw this.#failure ?? missing("hyparquet-compressors", name, undefined);
    return ({ account }, bytes, out, size) => {
      const page = uncompress(bytes, size);
      if (page.length !== size) return false;
      account.memory.u8.set(page, out);
      return true;
    };
  }
}

function toArena({ account }: Workspace, bytes: Uint8Array): number {
  const ptr = account.arena.allocate(bytes.length);
  account.memory.u8.set(bytes, ptr);
  return ptr;
}

function isOptional(name: string): name is (typeof OPTIONAL)[number] {
  return (OPTIONAL as readonly string[]).includes(name);
}
