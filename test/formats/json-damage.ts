// Damage to JSON texts, by chance: what the fuzz tests of the NDJSON decoder try it with.
import { bytesOf } from "./json-support.js";

/** What a damaged text is most likely to trip over. */
const PIECES = [
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "\n",
  "\r",
  " ",
  "\t",
  "0",
  "9",
  "-",
  "+",
  ".",
  "e",
  "E",
  "null",
  "true",
  "false",
  "\\u",
  "\\ud800",
  "\\udc00",
  '"a":',
  '"s":',
  '"i":',
  ',"a":1',
  '"":',
  "1e400",
  "0".repeat(30),
  "\0",
  "\x1f",
  "é",
  "\ufeff",
  "[".repeat(140),
  '{"a":'.repeat(20),
  "x".repeat(100),
].map(bytesOf);

/** The text with up to three places changed, or cut off. */
export function damage(bytes: Uint8Array, random: () => number): Uint8Array {
  const below = (n: number) => Math.floor(random() * n);
  let text = [...bytes];
  for (let count = below(4); count > 0; count--) {
    const at = below(text.length + 1);
    const piece = PIECES[below(PIECES.length)] as Uint8Array;
    switch (below(6)) {
      case 0:
        if (at < text.length) text[at] = below(256);
        break;
      case 1:
        text.splice(at, 1 + below(4));
        break;
      case 2:
        text.splice(at, 0, ...piece);
        break;
      case 3:
        text.splice(at, piece.length, ...piece);
        break;
      case 4: {
        const from = below(text.length + 1);
        text.splice(at, 0, ...text.slice(from, from + below(30)));
        break;
      }
      default:
        text = text.slice(0, at);
    }
  }
  return Uint8Array.from(text);
}
