// Arrow IPC as a format of records: streams and files, uncompressed, read from their start to their end.
import * as v from "valibot";
import { ArrowDecoder, inferArrowSchema } from "./arrow-decoder.js";
import { ArrowEncoder } from "./arrow-encoder.js";
import type { OpenFormat } from "./format.js";
import { checkFormatOptions } from "./options.js";

export const ARROW_OPTIONS = v.strictObject({
  /** What is written; reading tells by the first bytes. */
  layout: v.optional(v.picklist(["file", "stream"]), "file"),
});

/** `arrow`. @throws OPTION */
export const openArrow: OpenFormat = (options, where) => {
  const { layout } = checkFormatOptions(ARROW_OPTIONS, options, "arrow", where);
  return {
    name: "arrow",
    inferSchema: inferArrowSchema,
    createDecoder: (given) => new ArrowDecoder(given),
    createEncoder: (schema) => new ArrowEncoder(schema, layout),
  };
};
