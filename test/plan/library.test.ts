// Functions that are loaded late, one row at a time, beside what the host and plain JavaScript give.
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bindExpr } from "../../src/plan/bind-expr.js";
import type { Expr, LiteralValue } from "../../src/plan/expr.js";
import { addFunctions } from "../../src/plan/functions.js";
import { LIBRARY } from "../../src/plan/library/index.js";

addFunctions(LIBRARY);

/** What a call with these literals gives; the code of the error where it has no value. */
function value(fn: string, ...args: readonly LiteralValue[]): unknown {
  const literals = args.map((arg): Expr => ({ kind: "literal", value: arg }));
  const bound = bindExpr({ kind: "call", fn, args: literals }, { fields: [] });
  return bound.kind === "literal" ? bound.value : "no value";
}

test("there are a hundred and fifty functions and more", async () => {
  const { FUNCTIONS } = await import("../../src/plan/functions.js");
  expect(FUNCTIONS.size).toBeGreaterThanOrEqual(150);
});

describe("digests", () => {
  const names = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"];
  test.each(names)("%s as the host computes it", (name) => {
    const lengths = [0, 1, 55, 56, 63, 64, 111, 112, 119, 120, 127, 128, 200];
    for (const length of lengths) {
      const text = "aé".repeat(length).slice(0, length);
      expect(value(name, text)).toBe(createHash(name).update(text).digest("hex"));
    }
  });
});

test("base64, hexadecimal and forms as the host writes them", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), (text) => {
      const bytes = Buffer.from(text);
      expect(value("to_base64", text)).toBe(bytes.toString("base64"));
      expect(value("from_base64", bytes.toString("base64"))).toBe(bytes.toString());
      expect(value("hex", text)).toBe(bytes.toString("hex").toUpperCase());
      expect(value("url_encode", text)).toBe(new URLSearchParams([["", text]]).toString().slice(1));
      expect(value("url_decode", encodeURIComponent(text))).toBe(text);
      expect(value("json_unquote", value("json_quote", text) as string)).toBe(text);
    }),
  );
});

test("times by a pattern are read as they were written", () => {
  const years = { min: new Date("1000-01-01"), max: new Date("9999-12-31"), noInvalidDate: true };
  fc.assert(
    fc.property(fc.date(years), (date) => {
      const pattern = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'";
      expect(value("date_format", date, pattern)).toBe(date.toISOString());
      expect(value("parse_timestamp", date.toISOString(), pattern)).toBe(BigInt(date.getTime()));
      const english = value("date_format", date, "EEE, dd MMM yyyy HH:mm:ss 'GMT'");
      expect(english).toBe(date.toUTCString());
      const twelve = value("date_format", date, "d.M.yyyy h:m:s a") as string;
      expect(value("parse_timestamp", twelve, "d.M.yyyy h:m:s a")).toBe(
        BigInt(Math.floor(date.getTime() / 1000) * 1000),
      );
      expect(value("dayofyear", date)).toBe(
        BigInt(
          (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) -
            Date.UTC(date.getUTCFullYear(), 0, 1)) /
            86_400_000 +
            1,
        ),
      );
    }),
  );
});

test.each<[string, LiteralValue[], unknown]>([
  // S65
  ["split_index", ["a/b", "/", 2], null],
  ["split_index", ["a//b", "/", 1], ""],
  ["split_index", ["", "/", 0], null],
  ["split_index", ["a--b", "--", 1], "b"],
  ["split_index", ["a b", "", 1], "b"],
  ["split_index", ["a/b", "/", -1], null],
  ["regexp_extract", ["abc", "x(.)"], null],
  ["regexp_extract", ["abc", "(x)?b", 1], null],
  ["regexp_count", ["aaa", ""], 4],
  ["regexp_replace", ["abc", "", "-"], "-a-b-c-"],
  ["regexp", ["abc", ""], false],
  ["concat_ws", [null, "a"], null],
  ["repeat", ["a", -1], ""],
  ["repeat", ["a", 20_000_000], "no value"],
  ["overlay", ["abc", "XYZ", 2], "aXYZ"],
  ["overlay", ["abc", "X", 9], "abc"],
  ["locate", ["b", "abc", 3], 0],
  ["locate", ["", "abc"], 1],
  ["left", ["😀b", 1], "😀"],
  ["right", ["a😀", 1], "😀"],
  ["hex", [-1], "FFFFFFFFFFFFFFFF"],
  ["bin", [-1], "1".repeat(64)],
  ["unhex", ["xy"], null],
  ["parse_url", ["http://u:p@h.org:80/p/q?a=1&b=2#r", "HOST"], "h.org"],
  ["parse_url", ["http://u:p@h.org:80/p/q?a=1&b=2#r", "USERINFO"], "u:p"],
  ["parse_url", ["http://u:p@h.org:80/p/q?a=1&b=2#r", "FILE"], "/p/q?a=1&b=2"],
  ["parse_url", ["http://u:p@h.org:80/p/q?a=1&b=2#r", "QUERY", "c"], null],
  ["parse_url", ["no url", "HOST"], null],
  ["translate", ["abcba", "ab", "x"], "xcx"],
  ["elt", [3, "a", "b"], null],
  ["is_alpha", [null], false],
  ["is_decimal", ["1e5"], true],
  ["similar_to", ["abc", "a(b|x)_"], true],
  ["similar_to", ["abcd", "abc"], false],
  ["log", [-1], "no value"],
  ["truncate", [0.29, 2], 0.29],
  ["truncate", [-1234, -2], -1200],
  ["unix_timestamp", ["no time"], null],
  ["parse_timestamp", ["2023-02-29", "yyyy-MM-dd"], null],
  ["timestampadd", ["month", 1, new Date("2024-01-31T10:00:00Z")], BigInt(Date.UTC(2024, 1, 29, 10))],
  ["timestampdiff", ["month", new Date("2024-01-31T00:00:00Z"), new Date("2024-02-29T00:00:00Z")], 1n],
  ["timestampdiff", ["day", new Date(86_400_000), new Date(1)], 0n],
  ["convert_tz", ["2021-03-14 12:00:00", "America/Los_Angeles", "UTC"], "2021-03-14 19:00:00"],
  ["convert_tz", ["2021-03-14 12:00:00", "Nowhere", "UTC"], null],
  ["json_value", ['{"a": 9007199254740993}', "$.a"], "9007199254740993"],
  ["json_value", ['{"a": {"b": 1}}', "lax $.a"], null],
  ["json_value", ["no json", "$.a"], null],
  ["json_value", ['{"a b": true}', "$['a b']"], "true"],
  ["json_query", ['{"a": [{"b": 1}, {"b": 2}]}', "$.a[*].b"], "[1,2]"],
  ["json_query", ['{"a": 1}', "lax $.a", "UNCONDITIONAL"], "[1]"],
  ["json_exists", ['{"a": 1}', "$.b"], false],
  ["is_json", ["[1,]"], false],
  ["is_json", ['{"a": "\\ud800"}'], true],
  ["json_length", ["[1, [2]]"], 2],
])("%s, case %#", (fn, args, expected) => {
  expect(value(fn, ...args)).toEqual(expected);
});

test.each<[string, LiteralValue[], string]>([
  ["regexp_extract", ["a", "(a"], "( without its )"],
  ["regexp_extract", ["a", "a", 1], "no group 1"],
  ["regexp", ["a", "(?=a)"], "looking around"],
  ["date_format", [new Date(0), "YYYY"], "is no part of a time here"],
  ["timestampadd", ["fortnight", 1, new Date(0)], "is no unit of time"],
  ["json_value", ["{}", "a.b"], "is no path into JSON"],
])("%s is refused with the plan, case %#", (fn, args, message) => {
  expect(() => value(fn, ...args)).toThrow(message);
});
