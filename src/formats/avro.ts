// Avro object container files (Avro 1.12 specification), both ways: read by the schema that they carry, codecs null, deflate and
// snappy; written with null or snappy.
import * as v from "valibot";
import { AvroDecoder, inferAvroSchema } from "./avro-decoder.js";
import { AvroEncoder } from "./avro-encoder.js";
import type { OpenFormat } from "./format.js";
import { checkFormatOptions } from "./options.js";

export const AVRO_OPTIONS = v.strictObject({
  /** Of what is written; reading tells by the header. */
  codec: v.optional(v.picklist(["null", "snappy"]), "null"),
});

/** `avro`. @throws OPTION */
export const openAvro: OpenFormat = (options, where) => {
  const { codec } = checkFormatOptions(AVRO_OPTIONS, options, "avro", where);
  return {
    name: "avro",
    inferSchema: inferAvroSchema,
    createDecoder: (given) => new AvroDecoder(given),
    createEncoder: (schema) => new AvroEncoder(schema, codec),
  };
};
