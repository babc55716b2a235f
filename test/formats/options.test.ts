// Options of formats: what the schema does not name is refused with its nearest neighbour, what is not legal with what is.
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { openJson } from "../../src/formats/json.js";
import { checkFormatOptions } from "../../src/formats/options.js";

const SCHEMA = v.strictObject({
  delimiter: v.optional(v.string(), ","),
  rows: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
});
const check = (options: unknown) => checkFormatOptions(SCHEMA, options, "csv", "x.csv");

describe("format options", () => {
  test("defaults are filled in", () => {
    expect(check({ rows: 3 })).toEqual({ delimiter: ",", rows: 3 });
  });

  test.each([
    [{ delimitr: ";" }, 'x.csv: csv has no option "delimitr"', 'did you mean "delimiter"?'],
    [{ rows: "3" }, 'x.csv: csv.rows is "3"', "legal: number"],
    [{ rows: -1 }, "x.csv: csv.rows is -1", "legal: >=0"],
    [null, "x.csv: csv takes an object of options", "options: delimiter, rows"],
    [[], "x.csv: csv takes an object of options", "options: delimiter, rows"],
  ])("%j is refused", (options, message, hint) => {
    expect(() => check(options)).toThrow(expect.objectContaining({ code: "OPTION", message, hint }));
  });

  test("a format without options says so", () => {
    expect(() => openJson({ lines: true }, "x.ndjson")).toThrow(
      expect.objectContaining({ message: 'x.ndjson: ndjson has no option "lines"', hint: "ndjson has no options" }),
    );
  });
});
