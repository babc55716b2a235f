// What a kernel answers instead of a count when it could not finish; mirrored by Status in src/wasm/kernels.ts.

/** The output region is too small: the host reserves a larger one and calls again. */
export const NEED_SPACE: i32 = -1;
/** Bytes that are not UTF-8. */
export const BAD_UTF8: i32 = -2;
/** An integer result does not fit. */
export const OVERFLOW: i32 = -3;
