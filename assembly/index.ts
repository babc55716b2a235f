// The named export list of the kernel module, and nothing else. One line a family, in the order of the data's journey.

export { andBitmaps, copyBits } from "./bitmap";
export {
  decodeBits,
  decodeByteArrays,
  decodeDelta,
  decodeIndexes,
  joinPrefixes,
  joinStreams,
  rankRows,
  spreadOffsets,
  sumLengths,
  sumPrefixes,
} from "./parquet";
export {
  checkUtf8,
  convertDecimals,
  convertInt96,
  divideTimes,
  narrowI32,
  widenI32,
  widenU64,
} from "./parquet-values";
export { decodeSnappy } from "./snappy";
export { initTables } from "./tables";
export { clearNulls32, takeBits, takeU8, takeU16, takeU32, takeU64, takeU128, takeUtf8, takeUtf8Size } from "./take";
