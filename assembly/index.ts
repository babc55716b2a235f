// The named export list of the kernel module, and nothing else. One line a family, in the order of the data's journey.

export { andBitmaps, copyBits } from "./bitmap";
export { initTables } from "./tables";
export { clearNulls32, takeBits, takeU8, takeU16, takeU32, takeU64, takeU128, takeUtf8, takeUtf8Size } from "./take";
