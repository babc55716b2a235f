// The named export list of the formats' module, and nothing else: bytes → columns and back, one line a family. It is loaded with the
// first format, over the memory of the core module, whose tables it uses too.

export { countLines, decodeCsv, indexCsv, openCsv } from "./csv";
export { decodeJson, openJson } from "./json";
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
export { countLevelRows, levelBits, levelOffsets, levelRow } from "./parquet-levels";
export { convertDecimals, convertInt96, narrowI32, widenU64 } from "./parquet-values";
export { decodeSnappy } from "./snappy";
export { initPowers } from "./tables";
export { writeRows } from "./text-rows";
export { decodeZstd } from "./zstd";
