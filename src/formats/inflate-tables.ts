// The Huffman codes of DEFLATE (RFC 1951 section 3.2.2) as tables that the next bits of the input index.

export const WINDOW_BYTES = 32 << 10;

/** Order in which a block's header gives the lengths of the code that its code lengths are written in. */
export const LENGTH_ORDER = Uint8Array.from([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

export interface HuffmanTable {
  /** By the next bits: symbol << 4 | code length; 0 where no code matches. */
  readonly entries: Uint16Array;
  /** Number of entries − 1. */
  readonly mask: number;
}

/**
 * The canonical code of these lengths; null when they make none. zlib takes an incomplete code in one case only, a single
 * code of one bit, which is how a block without matches says so.
 */
export function codeTable(lengths: Uint8Array, needs: "complete" | "one may be missing"): HuffmanTable | null {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length] = (counts[length] as number) + 1;
  const used = lengths.length - (counts[0] as number);
  counts[0] = 0;
  let longest = 15;
  while (longest > 0 && counts[longest] === 0) longest--;
  const size = 1 << longest;
  const starts = new Uint16Array(17);
  let code = 0;
  for (let length = 1; length <= longest; length++) {
    code = (code + (counts[length - 1] as number)) << 1;
    starts[length] = code;
    if (code + (counts[length] as number) > 1 << length) return null;
  }
  const isComplete = longest > 0 && code + (counts[longest] as number) === size;
  if (!isComplete && (needs === "complete" ? !(used === 1 && longest === 1) : used > 1 || longest > 1)) return null;
  const entries = new Uint16Array(size);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] as number;
    if (length === 0) continue;
    const next = starts[length] as number;
    starts[length] = next + 1;
    // Codes come with their first bit first, and the input gives its lowest bit first.
    for (let index = reversed(next, length); index < size; index += 1 << length)
      entries[index] = (symbol << 4) | length;
  }
  return { entries, mask: size - 1 };
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let bit = 0; bit < length; bit++) result |= ((code >>> bit) & 1) << (length - 1 - bit);
  return result;
}

/** The codes of blocks that bring none (section 3.2.6). */
export const FIXED = {
  lengths: codeTable(
    Uint8Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
    "complete",
  ) as HuffmanTable,
  distances: codeTable(new Uint8Array(32).fill(5), "complete") as HuffmanTable,
};
