// CSV: records of fields, UTF-8 (RFC 4180, and what files do beyond it). Where records and fields end is found by quotes,
// delimiters and line ends; what a field holds is read by its column's type:
//
//     BOOLEAN            true, t, yes, y, 1 and their opposites, in any case
//     TINYINT … BIGINT   whole numbers in range; leading zeros, a plus, 1.0 and 1e3 are read, nothing is rounded
//     DECIMAL(p, s)      numbers with at most s digits behind the decimal mark, exact
//     FLOAT, DOUBLE      numbers, correctly rounded; nan, inf, infinity in any case
//     STRING             UTF-8 text; "" in quotes is the empty one
//     BYTES              base64
//     DATE, TIME         2020-02-29, 23:59[:59[.123]]
//     TIMESTAMP(p)       2020-02-29T23:59:59.123, with a blank for the T, without seconds, with a final Z
//     TIMESTAMP_LTZ(p)   the same with an offset, +02:00, or Z, or nothing, which is UTC
//     INTERVAL           whole milliseconds
//
// An empty field without quotes is NULL, and whatever else `nulls` names. Columns are found by the names of the header, or
// by their place in the table where there is none.
import { CsvDecoder } from "./csv-decoder.js";
import { CsvEncoder } from "./csv-encoder.js";
import { inferCsvSchema, tellCsvDialect } from "./csv-infer.js";
import { checkCsvOptions } from "./csv-options.js";
import type { OpenFormat } from "./format.js";

/** CSV with a table's options. @throws OPTION */
export const openCsv: OpenFormat = (given, where) => {
  const checked = checkCsvOptions(given, where);
  // What a file's name says of its delimiter.
  const tabs = checked.delimiter === undefined && where.toLowerCase().endsWith(".tsv");
  const options = tabs ? { ...checked, delimiter: "\t" } : checked;
  return {
    name: "csv",
    inferSchema: (sample) => inferCsvSchema(options, sample),
    tellDialect: (sample) => tellCsvDialect(options, sample),
    createDecoder: (decoding) => new CsvDecoder(options, decoding),
    createEncoder: (schema) => new CsvEncoder(options, schema),
  };
};
