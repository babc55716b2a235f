// The hash of a row's keys: 64 bits, fixed for ever (assembly/hash.ts, version 1). It decides the key group of a row.
import type { Column, Workspace } from "../arrow/column.js";
import { decodeDictionary } from "../arrow/take.js";
import { wordsOf } from "./words.js";

/** Raised when the same key would hash to something else; part of every checkpoint. */
export const HASH_VERSION = 1;

/** Hash of each row over the columns in their order: `count` × u64 in the arena. */
export function hashColumns(workspace: Workspace, columns: readonly Column[], count: number): number {
  const { account, kernels } = workspace;
  const hashes = account.arena.allocate(count * 8);
  columns.forEach((coded, index) => {
    const column = decodeDictionary(workspace, coded);
    const { layout, validity, values } = column;
    const combine = index === 0 ? 0 : 1;
    if (layout === "utf8") {
      kernels.hashUtf8(column.offsets, values, validity, count, combine, hashes);
    } else if (layout === "i128") {
      const offsets = account.arena.allocate((count + 1) * 4);
      kernels.strideOffsets(count, 16, offsets);
      kernels.hashUtf8(offsets, values, validity, count, combine, hashes);
    } else {
      kernels.hashWords(wordsOf(workspace, column), validity, count, combine, hashes);
    }
  });
  return hashes;
}
