// The named export list of the core module, and nothing else: what every job needs, one line a family. Kernels that only a
// format needs are in formats.ts.

export {
  addCells,
  addOnes,
  averageF64,
  averageI128,
  averageI64,
  countNaNs,
  gatherCells,
  integersOfF64,
  maxF64,
  minF64,
  moveCells,
  resetCells,
  scatterCells,
  splitValid,
  sumF64,
  sumI128,
  sumI64,
  updateF64,
  updateI64,
} from "./aggregate";
export {
  addF64,
  addI32,
  addI64,
  castF64I32,
  castF64I64,
  castI32F64,
  castI64F64,
  castI64I32,
  divF64,
  divI32,
  divI64,
  mapF64,
  modI32,
  modI64,
  mulF64,
  mulI32,
  mulI64,
  overflowedI32,
  overflowedI64,
  subF64,
  subI32,
  subI64,
  widenI32,
} from "./arithmetic";
export {
  andBitmaps,
  andKleene,
  andNotBitmaps,
  appendBits,
  bitmapToSelection,
  copyBits,
  countBits,
  notBitmap,
  orBitmaps,
  orKleene,
  setBits,
  xorBitmaps,
} from "./bitmap";
export { compareI128, compareUtf8, equalF64, equalI32, equalI64, lessF64, lessI32, lessI64 } from "./compare";
export { civilI64, cycleI64, divideTimes, floorToI64 } from "./datetime";
export { formatI64, multiplyWideI64, narrowI128, rescaleI64, widenI64 } from "./decimal";
export { forgetFirsts, keepFirsts } from "./deduplicate";
export {
  bitsOfWords,
  demoteF64,
  hashUtf8,
  hashWords,
  narrowWords,
  promoteF32,
  strideOffsets,
  wordsBits,
  wordsF64,
  wordsI16,
  wordsI32,
  wordsI8,
} from "./hash";
export { lastListElements, listElements, listLengths } from "./list";
export { differBits, learnWords, mapCodes, mapWords, pairWords, rangeI32, scatterU32, splitWords } from "./shortcuts";
export { sortTimes } from "./sort";
export {
  compactUtf8,
  dropGroups,
  gatherI128,
  gatherUtf8,
  holdGroups,
  internUtf8,
  internWords,
  rebuildUtf8,
  rebuildWords,
  removeUtf8,
  removeWords,
  sizeOfUtf8,
  validUtf8,
} from "./table";
export { initTables } from "./tables";
export {
  chooseU32,
  chooseU64,
  chooseUtf8,
  clearNulls32,
  rebaseOffsets,
  takeBits,
  takeLists,
  takeU8,
  takeU16,
  takeU32,
  takeU64,
  takeU128,
  takeUtf8,
  takeUtf8Size,
  unnestLists,
} from "./take";
export {
  affixUtf8,
  changeCaseUtf8,
  charLengthUtf8,
  concatUtf8,
  likeUtf8,
  substringUtf8,
  trimUtf8,
} from "./utf8";
export { checkUtf8 } from "./utf8-check";
export {
  cellsOfSlots,
  cellsOfTwo,
  distinctCells,
  enterDense,
  enterSparse,
  fillFlags,
  fillI64,
  firstBehind,
  firstTime,
  firstTimeBefore,
  offsetEntries,
  rangeTimes,
  selectTimes,
  startsOf,
} from "./window";
