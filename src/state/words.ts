// Values of fixed width as 64-bit words and back: how keys are hashed and compared, and how integers are accumulated. What
// a word is for each type: assembly/hash.ts.
import { bitmapBytes, type Column, type Workspace } from "../arrow/column.js";
import { type DataType, layoutOf, widthOf } from "../arrow/types.js";

/** The column's values as 64-bit words, equal words for equal keys. */
export function wordsOf({ account, kernels }: Workspace, column: Column): number {
  const { layout, values, length } = column;
  if (layout === "i64") return values;
  // Every NULL of the type NULL is the same key.
  if (layout === "none") return account.arena.allocateZeroed(length * 8);
  const words = account.arena.allocate(length * 8);
  switch (layout) {
    case "bool":
      kernels.wordsBits(values, length, words);
      break;
    case "i8":
      kernels.wordsI8(values, length, words);
      break;
    case "i16":
      kernels.wordsI16(values, length, words);
      break;
    case "i32":
      kernels.wordsI32(values, length, words);
      break;
    case "f32":
      kernels.promoteF32(values, length, words);
      kernels.wordsF64(words, length, words);
      break;
    case "f64":
      kernels.wordsF64(values, length, words);
      break;
  }
  return words;
}

/** Words back to values of their type. */
export function valuesOfWords({ account, kernels }: Workspace, type: DataType, words: number, count: number): number {
  const layout = layoutOf(type);
  const values = account.arena.allocate(layout === "bool" ? bitmapBytes(count) : count * widthOf(layout));
  switch (layout) {
    case "bool":
      kernels.bitsOfWords(words, count, values);
      return values;
    case "i8":
    case "i16":
    case "i32":
      kernels.narrowWords(words, count, widthOf(layout), values);
      return values;
    case "f32":
      kernels.demoteF64(words, count, values);
      return values;
    default:
      return words;
  }
}
