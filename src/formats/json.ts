// NDJSON: one JSON object a line, UTF-8, LF or CRLF (RFC 8259; ndjson.org). Records are read strictly: what is no JSON, or no
// value of its column's type, is a bad record. By type:
//
//     BOOLEAN            true, false
//     TINYINT … BIGINT   numbers that are whole (1.0 and 1e3 are) and in range: never rounded
//     DECIMAL(p, s)      numbers with at most s digits behind the point, exact
//     FLOAT, DOUBLE      numbers, correctly rounded, in range; "NaN", "Infinity", "-Infinity"
//     STRING             strings; objects and arrays as their text
//     BYTES              strings of base64
//     DATE, TIME         "2020-02-29", "23:59[:59[.123]]"
//     TIMESTAMP(p)       "2020-02-29T23:59:59.123", with a blank for the T, without seconds, with a final Z
//     TIMESTAMP_LTZ(p)   the same with an offset, "+02:00", or Z, or nothing, which is UTC
//     INTERVAL           whole milliseconds
//
// null, and a missing key, is NULL. Of equal keys the last one counts. Keys without a column are checked and passed over.
import * as v from "valibot";
import type { Format, OpenFormat } from "./format.js";
import { JsonDecoder } from "./json-decoder.js";
import { JsonEncoder } from "./json-encoder.js";
import { inferJsonSchema } from "./json-infer.js";
import { checkFormatOptions } from "./options.js";

/** Lines of JSON objects. */
export const json: Format = {
  name: "ndjson",
  inferSchema: (sample) => inferJsonSchema(sample),
  createDecoder: (options) => new JsonDecoder(options),
  createEncoder: (schema) => new JsonEncoder(schema),
};

const OPTIONS = v.strictObject({});

/** `json`, which has no options. @throws OPTION for any */
export const openJson: OpenFormat = (options, where) => {
  checkFormatOptions(OPTIONS, options, json.name, where);
  return json;
};
