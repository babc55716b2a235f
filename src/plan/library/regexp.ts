// Functions of regular expressions: Java's syntax as far as it runs in linear time (plan/regex). A literal pattern that is none is
// refused with the plan; one that comes out of a column gives NULL, as in Flink.
import { arrayOf, BOOLEAN, INT32, STRING } from "../../arrow/types.js";
import { PlanError } from "../../errors.js";
import type { FunctionRow } from "../functions.js";
import { Regex, RegexError, regexOf } from "../regex/regex.js";
import type { Cell, CellFunction } from "../scalar/value.js";
import { type Form, text } from "../signatures.js";
import { late, literalText, maybe } from "./row.js";

/** A form whose second argument is a pattern; `group`: whether the third is the number of one of its groups. */
function withPattern(form: Form, name: string, group = false): Form {
  return (args) => {
    const resolved = form(args);
    const pattern = literalText(args[1]);
    if (resolved === null || pattern === undefined) return resolved;
    const regex = regexOf(pattern);
    if (regex instanceof RegexError) {
      throw new PlanError("TYPE", `${name}: ${regex.message} of '${pattern}'`, { hint: regex.hint });
    }
    const index = args[2]?.value;
    if (group && typeof index === "number" && (index < 0 || index > regex.groupCount)) {
      throw new PlanError("TYPE", `${name}: no group ${index} in '${pattern}'`, {
        hint: `the pattern has ${regex.groupCount} groups; 0 is the whole match`,
      });
    }
    return resolved;
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Each match's places of the groups. The array is written anew for every match. */
function* matches(regex: Regex, bytes: Uint8Array, groups: readonly number[]): Generator<Int32Array> {
  const matcher = regex.matcher(groups);
  const slots = new Int32Array(2 * Math.max(...groups) + 2);
  for (let from = 0; from <= bytes.length; ) {
    if (!matcher.find(bytes, 0, bytes.length, from, slots)) return;
    const [start, end] = [slots[0] as number, slots[1] as number];
    yield slots;
    from = end > start ? end : end + widthAt(bytes, end);
  }
}

function widthAt(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

function part(bytes: Uint8Array, slots: Int32Array, group: number): string | null {
  const [start, end] = [slots[2 * group] as number, slots[2 * group + 1] as number];
  return start < 0 || end < 0 ? null : decoder.decode(bytes.subarray(start, end));
}

/** A function of the text's bytes, the pattern and what else was given; NULL where the pattern is none. */
function ofPattern(compute: (bytes: Uint8Array, regex: Regex, more: readonly unknown[]) => Cell): CellFunction {
  return ([value, pattern, ...more]) => {
    const regex = regexOf(pattern as string);
    return regex instanceof Regex ? compute(encoder.encode(value as string), regex, more) : null;
  };
}

const found = ofPattern((bytes, regex) => regex.matcher([]).find(bytes, 0, bytes.length, 0, new Int32Array(0)));

/** The empty pattern, which matches everywhere, is none that somebody means. */
const regexp: CellFunction = (args, signature) => (args[1] === "" ? false : found(args, signature));

const extract = ofPattern((bytes, regex, [index = 0]) => {
  const group = index as number;
  if (group < 0 || group > regex.groupCount) return null;
  const slots = new Int32Array(2 * group + 2);
  return regex.matcher([group]).find(bytes, 0, bytes.length, 0, slots) ? part(bytes, slots, group) : null;
});

const replace = ofPattern((bytes, regex, [replacement]) => {
  let result = "";
  let at = 0;
  for (const [start, end] of matches(regex, bytes, [0]) as Generator<Int32Array & [number, number]>) {
    result += decoder.decode(bytes.subarray(at, start)) + replacement;
    at = end;
  }
  return result + decoder.decode(bytes.subarray(at));
});

const count = ofPattern((bytes, regex) => Array.from(matches(regex, bytes, [0])).length);

const instr = ofPattern((bytes, regex) => {
  for (const [start] of matches(regex, bytes, [0])) {
    return Array.from(decoder.decode(bytes.subarray(0, start))).length + 1;
  }
  return 0;
});

const extractAll = ofPattern((bytes, regex, [index = 1]) => {
  const group = index as number;
  if (group < 0 || group > regex.groupCount) return null;
  return Array.from(matches(regex, bytes, [0, group]), (slots) => part(bytes, slots, group));
});

const two = [STRING, STRING];

export const REGEXP_ROWS: readonly FunctionRow[] = [
  late("REGEXP", maybePattern(text(two, BOOLEAN), "REGEXP"), "(STRING, pattern)", regexp, { kernel: "regexp" }),
  late(
    "REGEXP_EXTRACT",
    withPattern(maybe(text([...two, INT32], STRING, 1)), "REGEXP_EXTRACT", true),
    "(STRING, pattern [, group])",
    extract,
    { kernel: "regexp_extract" },
  ),
  late(
    "REGEXP_EXTRACT_ALL",
    withPattern(maybe(text([...two, INT32], arrayOf(STRING), 1)), "REGEXP_EXTRACT_ALL", true),
    "(STRING, pattern [, group])",
    extractAll,
  ),
  late(
    "REGEXP_REPLACE",
    maybePattern(text([...two, STRING], STRING), "REGEXP_REPLACE"),
    "(STRING, pattern, replacement)",
    replace,
  ),
  late("REGEXP_COUNT", maybePattern(text(two, INT32), "REGEXP_COUNT"), "(STRING, pattern)", count),
  late("REGEXP_INSTR", maybePattern(text(two, INT32), "REGEXP_INSTR"), "(STRING, pattern)", instr),
  late("REGEXP_SUBSTR", withPattern(maybe(text(two, STRING)), "REGEXP_SUBSTR"), "(STRING, pattern)", extract),
];

/** NULL is a result where the pattern may be none. */
function maybePattern(form: Form, name: string): Form {
  const checked = withPattern(form, name);
  const nullable = maybe(checked);
  return (args) => (literalText(args[1]) === undefined ? nullable(args) : checked(args));
}
