// The body of an answer as one piece of bytes, within a bound.
import { joined } from "../formats/joined.js";
import type { Completion, FetchResult } from "../platform/platform.js";

/** The whole body; what is more than `bytesMax` is not read, and fails with the error of `tooLong`. */
export function readBody(
  response: FetchResult,
  bytesMax: number,
  tooLong: () => Error,
  done: Completion<Uint8Array<ArrayBuffer>>,
): void {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const next = (): void => {
    response.read((error, chunk) => {
      if (error !== null) done(error, undefined as never);
      else if (chunk === null) done(null, joined(chunks, length));
      else if (length + chunk.length > bytesMax) {
        response.cancel();
        done(tooLong(), undefined as never);
      } else {
        chunks.push(chunk);
        length += chunk.length;
        next();
      }
    });
  };
  next();
}
