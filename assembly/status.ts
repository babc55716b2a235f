// What a kernel answers instead of a count when it could not finish; mirrored by Status in src/wasm/kernels.ts.

/** The output region is too small: the host reserves a larger one and calls again. */
export const NEED_SPACE: i32 = -1;
/** Bytes that are not UTF-8. */
export const BAD_UTF8: i32 = -2;
/** An integer result does not fit. */
export const OVERFLOW: i32 = -3;
/** Bytes that do not follow their format. */
export const CORRUPT: i32 = -4;
/** A record that does not follow its format or does not fit its columns; the context says which and why. */
export const BAD_RECORD: i32 = -5;
