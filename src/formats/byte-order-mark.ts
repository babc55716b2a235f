// What the first bytes of a text tell: UTF-8, with or without its mark, is read; UTF-16 and UTF-32 are refused by name.
import { DataError } from "../errors.js";

/**
 * Length of the UTF-8 byte order mark that the bytes begin with, 0 for none.
 * @throws ENCODING for UTF-16 and UTF-32, with or without mark: text begins with an ASCII character
 * (RFC 4627 section 3 knows JSON by it; a text of which the first two bytes hold one zero is no UTF-8 that somebody wrote)
 */
export function byteOrderMark(bytes: Uint8Array, source: string): number {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 3;
  const marked = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff);
  if (marked || (bytes.length > 1 && (a === 0) !== (b === 0)) || (bytes.length > 3 && a === 0 && b === 0)) {
    throw new DataError("ENCODING", `${source} is not UTF-8 but UTF-16 or UTF-32`, {
      hint: "convert it first: `iconv -f UTF-16 -t UTF-8 in > out`",
      at: { source, byte: 0 },
    });
  }
  return 0;
}
