// Compression between the bytes of a file or stream and the decoder: told by the name's ending or by the `compression` option.
// Output is made piece by piece as it is asked for, and bounded against bombs by what came out, never by what headers claim.
import { ConnectorError, DataError, hintNames, PlanError } from "../errors.js";
import { loadPart } from "../platform/errors.js";
import type { Completion, Platform } from "../platform/platform.js";
import type { ReadChunk } from "./bytes.js";
import type { Decompressor } from "./gunzip.js";

export type Compression = "none" | "gzip" | "zstd";

/** What compressed data may become. */
export interface DecompressLimits {
  /** Bytes out for one byte in, once a megabyte has come out; 200 unless given. */
  readonly ratioMax?: number;
  /** Bytes that one file or stream may become; no bound unless given: it is never in memory as a whole. */
  readonly bytesMax?: number;
}

const ENDINGS: readonly (readonly [ending: string, compression: Compression])[] = [
  [".gz", "gzip"],
  [".zst", "zstd"],
];
const NAMES: readonly Compression[] = ["none", "gzip", "zstd"];
const RATIO_MAX = 200;
/** The ratio is looked at from here on: short text repeats itself. */
const RATIO_FROM_BYTES = 1 << 20;
const LIMIT_NAMES = ["ratioMax", "bytesMax"];

/** How a file is compressed, by option or by its name's ending. @throws OPTION */
export function compressionOf(path: string, option: unknown): Compression {
  if (option === undefined) return ENDINGS.find(([ending]) => path.toLowerCase().endsWith(ending))?.[1] ?? "none";
  const known = NAMES.find((name) => name === option);
  if (known !== undefined) return known;
  throw new ConnectorError("OPTION", `${path}: there is no compression "${String(option)}"`, {
    hint: hintNames(String(option), NAMES, "compressions"),
    domain: "user",
  });
}

/** The ending of files that are compressed so. */
export function endingOf(compression: Compression): string {
  return ENDINGS.find(([, known]) => known === compression)?.[0] ?? "";
}

/** The path without the ending of a compression, which stands behind that of the format. */
export function uncompressedPath(path: string): string {
  const found = ENDINGS.find(([ending]) => path.toLowerCase().endsWith(ending));
  return found === undefined ? path : path.slice(0, -found[0].length);
}

/** The limits of a table's `decompress` option. @throws OPTION */
export function checkLimits(option: unknown, where: string): DecompressLimits {
  if (option === undefined) return {};
  const limits = (typeof option === "object" && option !== null ? option : { decompress: option }) as object;
  for (const [name, value] of Object.entries(limits)) {
    if (!LIMIT_NAMES.includes(name)) {
      throw new PlanError("OPTION", `${where}: decompress has no option "${name}"`, {
        hint: hintNames(name, LIMIT_NAMES, "options"),
      });
    }
    if (typeof value !== "number" || !(value >= 1)) {
      throw new PlanError("OPTION", `${where}: decompress.${name} is ${String(value)}`, { hint: "a number from 1 on" });
    }
  }
  return limits;
}

interface PiecesOptions {
  readonly compression: Compression;
  /** Name in messages. */
  readonly source: string;
  readonly limits: DecompressLimits;
  /** Bytes of the output to pass over: where a reader goes on. */
  readonly fromByte?: number;
}

export interface DecompressOptions extends PiecesOptions {
  readonly platform: Platform;
}

/** The uncompressed bytes of what `read` gives. Each piece comes in a turn of its own, so that none holds up the host. */
export function decompressed(read: ReadChunk, options: DecompressOptions): ReadChunk {
  if (options.compression === "none") return read;
  const { platform } = options;
  let pieces: Pieces | null = null;
  const next = (from: Pieces, done: Completion<Uint8Array | null>): void => {
    let piece: Uint8Array | null;
    try {
      piece = from.next();
    } catch (error) {
      done(error as Error, null);
      return;
    }
    if (piece !== null || from.ended) done(null, piece);
    else {
      read((error, chunk) => {
        if (error !== null) return done(error, null);
        from.push(chunk);
        return platform.scheduler.soon(() => next(from, done));
      });
    }
  };
  return (done) => {
    const opened = pieces;
    if (opened !== null) {
      platform.scheduler.soon(() => next(opened, done));
      return;
    }
    openPieces(options).then(
      (open) => {
        pieces = open;
        next(open, done);
      },
      (error: Error) => done(error, null),
    );
  };
}

/** What unpacks chunks as they are pushed, within the limits. @throws DEPENDENCY_MISSING */
export async function openPieces(options: PiecesOptions): Promise<Pieces> {
  return new Pieces(await openDecompressor(options.compression, options.source), options);
}

async function openDecompressor(compression: Compression, source: string): Promise<Decompressor> {
  if (compression === "gzip") {
    const { Gunzip } = await loadPart("the gzip reader", () => import("./gunzip.js"));
    return new Gunzip(source);
  }
  const { openUnzstd } = await loadPart("the Zstandard reader", () => import("./unzstd.js"));
  return await openUnzstd(source);
}

/** Counts what comes out, and holds it within the limits. */
export class Pieces {
  ended = false;
  readonly #decompressor: Decompressor;
  readonly #options: PiecesOptions;
  #outputBytes = 0;
  #finished = false;

  constructor(decompressor: Decompressor, options: PiecesOptions) {
    this.#decompressor = decompressor;
    this.#options = options;
  }

  /** The next compressed bytes; null: no more come. Only after `next` gave null. */
  push(chunk: Uint8Array | null): void {
    this.#finished = chunk === null;
    this.#decompressor.push(chunk);
  }

  /** @throws DECOMPRESS_LIMIT, and what is wrong with the compressed bytes */
  next(): Uint8Array | null {
    const { fromByte = 0 } = this.#options;
    for (;;) {
      const piece = this.#decompressor.next();
      if (piece === null) {
        this.ended = this.#finished;
        return null;
      }
      const before = this.#outputBytes;
      this.#outputBytes += piece.length;
      this.#check();
      if (this.#outputBytes > fromByte) return before >= fromByte ? piece : piece.subarray(fromByte - before);
    }
  }

  #check(): void {
    const { source, limits } = this.#options;
    const { ratioMax = RATIO_MAX, bytesMax = Number.POSITIVE_INFINITY } = limits;
    const { usedBytes } = this.#decompressor;
    const ratio = this.#outputBytes / usedBytes;
    const isBomb = this.#outputBytes > RATIO_FROM_BYTES && ratio > ratioMax;
    if (!isBomb && this.#outputBytes <= bytesMax) return;
    const limit = isBomb ? `more than ${ratioMax} for one` : `more than ${bytesMax}`;
    const became = `${usedBytes} compressed bytes became ${this.#outputBytes} so far`;
    throw new DataError("DECOMPRESS_LIMIT", `${source}: ${became}, ${limit}`, {
      hint: "raise { decompress: { ratioMax, bytesMax } } if the data is to be trusted",
      at: { source, byte: this.#outputBytes },
    });
  }
}
