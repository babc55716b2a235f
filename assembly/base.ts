// The named export list of the module that a page loads at once, and nothing else: what batches need on their way into targets and
// out of tables, and what formats share with operators. All of them are in the core module too, which comes with the compiler.

export { andBitmaps, bitmapToSelection, copyBits, countBits } from "./bitmap";
export { divideTimes } from "./datetime";
export { widenI32 } from "./arithmetic";
export { initTables } from "./tables";
export {
  clearNulls32,
  rebaseOffsets,
  takeBits,
  takeLists,
  takeU128,
  takeU16,
  takeU32,
  takeU64,
  takeU8,
  takeUtf8,
  takeUtf8Size,
} from "./take";
export { checkUtf8 } from "./utf8-check";
