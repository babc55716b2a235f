// String functions that are loaded late, on one row. Positions and lengths count code points, from 1.
import { arrayOf, BINARY, BOOLEAN, type DataType, INT32, INT64, mapOf, STRING } from "../../arrow/types.js";
import { formatHex, parseHex } from "../../arrow/values.js";
import { isInteger } from "../coerce.js";
import { type FunctionRow, own } from "../functions.js";
import { Regex, regexOf } from "../regex/regex.js";
import { type CellFunction, OVERFLOW } from "../scalar/value.js";
import { type Form, text } from "../signatures.js";
import { fromBase64, toBase64 } from "./base64.js";
import { late, maybe, oneOf, type Rule, takes } from "./row.js";

const points = (value: string): string[] => Array.from(value);
const one = text([STRING], STRING);

/** Code points that a repeated string has at most: as many bytes as a record may have. */
const REPEATED_MAX = 2 ** 24;

const ofText =
  (fn: (...args: string[]) => ReturnType<CellFunction>): CellFunction =>
  (args) =>
    fn(...(args as string[]));

/** All that are not NULL, with the first between them; NULL where the first is. */
const concatWs: CellFunction = ([separator, ...parts]) => {
  return separator === null ? null : parts.filter((part) => part !== null).join(separator as string);
};

const concatWsForm: Form = (args) => {
  const resolved = text(
    args.map(() => STRING),
    STRING,
  )(args);
  return resolved === null || args.length === 0 ? null : { ...resolved, nullable: args[0]?.nullable === true };
};

const repeat: CellFunction = ([value, count]) => {
  const times = Math.max(0, count as number);
  return (value as string).length * times > REPEATED_MAX ? OVERFLOW : (value as string).repeat(times);
};

/** `length` characters from `start` replaced; as many as the replacement has unless said. */
const overlay: CellFunction = ([value, replacement, start, length]) => {
  const all = points(value as string);
  const from = start as number;
  const count = (length as number | undefined) ?? points(replacement as string).length;
  if (from <= 0 || from > all.length) return value as string;
  const rest = count < 0 || from + count > all.length ? "" : all.slice(from - 1 + count).join("");
  return all.slice(0, from - 1).join("") + replacement + rest;
};

/** The place of `search` at `start` or later; 0 when there is none. */
const locate: CellFunction = ([search, value, start = 1]) => {
  if ((start as number) < 1) return 0;
  const all = points(value as string);
  const head = all.slice(0, (start as number) - 1).join("");
  if ((start as number) > all.length + 1) return 0;
  const at = (value as string).indexOf(search as string, head.length);
  return at < 0 ? 0 : points((value as string).slice(0, at)).length + 1;
};

const initcap = ofText((value) => {
  return value.toLowerCase().replaceAll(/[\p{L}\p{N}]+/gu, (word) => {
    const [first = "", ...rest] = points(word);
    return first.toUpperCase() + rest.join("");
  });
});

/** Of an ARRAY element's count: one code point of the number modulo 256; nothing of negative ones. */
const chr: CellFunction = ([code]) => {
  const number = code as bigint;
  return number < 0n ? "" : String.fromCharCode(Number(number & 0xffn));
};

const encoder = new TextEncoder();

/** A code unit of `bytes` bytes, the high byte first unless `little`. */
function units(value: string, little: boolean): Uint8Array {
  const bytes = new Uint8Array(value.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < value.length; i++) view.setUint16(2 * i, value.charCodeAt(i), little);
  return bytes;
}

const single =
  (max: number) =>
  (value: string): Uint8Array => {
    return Uint8Array.from(points(value), (point) => {
      const code = point.codePointAt(0) as number;
      return code <= max ? code : 0x3f;
    });
  };

/** Character sets: text to bytes, what cannot be said as `?`; and the name that decoders know. */
const CHARSETS: Readonly<Record<string, readonly [encode: (value: string) => Uint8Array, decoder: string]>> = {
  "US-ASCII": [single(0x7f), "ascii"],
  "ISO-8859-1": [single(0xff), "latin1"],
  "UTF-8": [(value) => encoder.encode(value), "utf-8"],
  "UTF-16BE": [(value) => units(value, false), "utf-16be"],
  "UTF-16LE": [(value) => units(value, true), "utf-16le"],
  "UTF-16": [(value) => Uint8Array.of(0xfe, 0xff, ...units(value, false)), "utf-16be"],
};

const encode = ofText((value, charset) => {
  const found = CHARSETS[charset.toUpperCase()];
  return found === undefined ? null : formatHex(found[0](value));
});

const decode = ofText((hex, charset) => {
  const name = charset.toUpperCase();
  const found = CHARSETS[name];
  if (found === undefined) return null;
  const bytes = parseHex(hex) as Uint8Array;
  if (name === "ISO-8859-1" || name === "US-ASCII") {
    const max = name === "US-ASCII" ? 0x7f : 0xff;
    return Array.from(bytes, (byte) => (byte <= max ? String.fromCharCode(byte) : "\ufffd")).join("");
  }
  return new TextDecoder(found[1], { ignoreBOM: name !== "UTF-16" }).decode(bytes);
});

function utf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** A whole number in two's complement, or the bytes of a text, in hexadecimal capitals. */
const hex: CellFunction = ([value]) => {
  if (typeof value === "bigint") return BigInt.asUintN(64, value).toString(16).toUpperCase();
  return formatHex(encoder.encode(value as string)).toUpperCase();
};

const unhex = ofText((value) => {
  const even = value.length % 2 === 0 ? value : `0${value}`;
  return /^[0-9a-fA-F]*$/.test(even) ? even.toLowerCase() : null;
});

/** As forms are sent: letters, digits and .-*_ stay, a blank is +. */
const urlEncode = ofText((value) => {
  const bytes = encoder.encode(value);
  let result = "";
  for (const byte of bytes) {
    const letter = String.fromCharCode(byte);
    if (/[A-Za-z0-9.*_-]/.test(letter)) result += letter;
    else result += byte === 0x20 ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return result;
});

const urlDecode = ofText((value) => {
  const bytes: number[] = [];
  const source = encoder.encode(value);
  for (let i = 0; i < source.length; i++) {
    const byte = source[i] as number;
    if (byte !== 0x25) bytes.push(byte === 0x2b ? 0x20 : byte);
    else {
      const digits = String.fromCharCode(source[i + 1] ?? 0, source[i + 2] ?? 0);
      if (!/^[0-9a-fA-F]{2}$/.test(digits)) return null;
      bytes.push(Number.parseInt(digits, 16));
      i += 2;
    }
  }
  return utf8(Uint8Array.from(bytes));
});

/** RFC 3986, appendix B. */
const URL_PARTS = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

const parseUrl = ofText((url, part, key) => {
  const match = URL_PARTS.exec(url);
  const [, protocol, authority, path, query, ref] = match ?? [];
  if (match === null || protocol === undefined || !/^[A-Za-z][A-Za-z0-9+.-]*$/.test(protocol)) return null;
  const userInfo = authority?.includes("@") ? authority.slice(0, authority.lastIndexOf("@")) : undefined;
  if (key !== undefined) {
    if (part !== "QUERY") return null;
    const pair = (query ?? "").split("&").find((item) => item.split("=", 1)[0] === key && item.includes("="));
    return pair === undefined ? null : pair.slice(key.length + 1);
  }
  const parts: Readonly<Record<string, string | undefined>> = {
    PROTOCOL: protocol,
    AUTHORITY: authority,
    USERINFO: userInfo,
    HOST: authority?.replace(/^.*@/, "").replace(/:\d*$/, ""),
    PATH: path,
    QUERY: query,
    REF: ref,
    FILE: query === undefined ? path : `${path}?${query}`,
  };
  return parts[part] ?? null;
});

const split: CellFunction = ([value, delimiter]) => {
  return delimiter === "" ? points(value as string) : (value as string).split(delimiter as string);
};

/** Characters of `from` become those in the same place of `to`, or nothing where it is shorter. */
const translate = ofText((value, from, to) => {
  const targets = points(to);
  const map = new Map<string, string>();
  points(from).forEach((point, i) => {
    if (!map.has(point)) map.set(point, targets[i] ?? "");
  });
  return points(value)
    .map((point) => map.get(point) ?? point)
    .join("");
});

const elt: CellFunction = ([index, ...texts]) => (index === null ? null : (texts[Number(index) - 1] ?? null));

const eltForm: Form = (args) => {
  const [index, ...texts] = args;
  if (index === undefined || texts.length === 0 || !(isInteger(index.type) || index.type.kind === "null")) return null;
  const resolved = text(
    texts.map(() => STRING),
    STRING,
  )(texts);
  return resolved === null ? null : { args: [INT64, ...resolved.args], type: STRING, nullable: true };
};

/** Texts that stand for truth: NULL is none of them. */
const only =
  (pattern: RegExp): CellFunction =>
  ([value]) =>
    value !== null && pattern.test(value as string);
const certain = (form: Form) => ({ resolve: form, nulls: "never" as const });

const trimmed: CellFunction = ([value, characters = " "]) => {
  const set = new Set(points(characters as string));
  const all = points(value as string);
  let start = 0;
  let end = all.length;
  while (start < end && set.has(all[start] as string)) start++;
  while (end > start && set.has(all[end - 1] as string)) end--;
  return all.slice(start, end).join("");
};

/** Parts of a text at matches of one pattern, each parted into key and value at the first match of another. */
const strToMap: CellFunction = ([value, entries = ",", pairs = "="]) => {
  const [outer, inner] = [regexOf(entries as string), regexOf(pairs as string)];
  if (!(outer instanceof Regex) || !(inner instanceof Regex)) return null;
  const found = new Map<string, string | null>();
  for (const part of parted(value as string, outer, Number.POSITIVE_INFINITY)) {
    const [key = "", text = null] = parted(part, inner, 2);
    found.set(key, text);
  }
  return [...found];
};

/** At most `most` parts of a text between the matches. */
function parted(value: string, regex: Regex, most: number): string[] {
  const bytes = encoder.encode(value);
  const slots = new Int32Array(2);
  const parts: string[] = [];
  let at = 0;
  const matcher = regex.matcher([0]);
  for (let from = 0; parts.length + 1 < most && matcher.find(bytes, 0, bytes.length, from, slots); ) {
    const [start, end] = [slots[0] as number, slots[1] as number];
    if (end > start) {
      parts.push(utf8(bytes.subarray(at, start)));
      at = end;
    }
    from = Math.max(end, from + 1);
    if (from > bytes.length) break;
  }
  return [...parts, utf8(bytes.subarray(at))];
}

/** A pattern of SQL's SIMILAR TO as one of Java's: % and _ as in LIKE, the rest a regular expression over the whole text. */
function similarPattern(pattern: string, mark: string | null): string {
  let result = "(?s)\\A(?:";
  const all = points(pattern);
  for (let i = 0; i < all.length; i++) {
    const point = all[i] as string;
    if (point === mark) result += `\\x{${(all[++i] ?? "").codePointAt(0)?.toString(16) ?? ""}}`;
    else if (point === "%") result += ".*";
    else if (point === "_") result += ".";
    else result += /[.^$\\]/.test(point) ? `\\${point}` : point;
  }
  return `${result})\\z`;
}

const similarTo: CellFunction = ([value, pattern, mark = null]) => {
  const regex = regexOf(similarPattern(pattern as string, mark as string | null));
  if (!(regex instanceof Regex)) return null;
  const bytes = encoder.encode(value as string);
  return regex.matcher([]).find(bytes, 0, bytes.length, 0, new Int32Array(0));
};

const whole: Rule = ({ type }) => (isInteger(type) || type.kind === "null" ? INT64 : null);
const bytesOrText: Rule = ({ type }) => (type.kind === "binary" ? BINARY : type.kind === "string" ? STRING : null);
const string: Rule = ({ type }) => (type.kind === "string" || type.kind === "null" ? STRING : null);
const binary: Rule = ({ type }) => (type.kind === "binary" ? BINARY : null);
const numbered = (count: DataType): Form => text([STRING, count], STRING);

export const TEXT_ROWS: readonly FunctionRow[] = [
  late("CONCAT_WS", own(concatWsForm), "(separator, STRING, …)", concatWs),
  late("REPEAT", numbered(INT32), "(STRING, count)", repeat, { raises: true }),
  late("OVERLAY", text([STRING, STRING, INT32, INT32], STRING, 1), "(STRING, replacement, start [, length])", overlay),
  late("LOCATE", text([STRING, STRING, INT32], INT32, 1), "(search, STRING [, start])", locate),
  late("INSTR", text([STRING, STRING], INT32), "(STRING, search)", ([value, search], signature) =>
    locate([search as string, value as string], signature),
  ),
  late("LEFT", numbered(INT32), "(STRING, length)", ([value, length]) =>
    points(value as string)
      .slice(0, Math.max(0, length as number))
      .join(""),
  ),
  late("RIGHT", numbered(INT32), "(STRING, length)", ([value, length]) => {
    const all = points(value as string);
    return all.slice(Math.max(0, all.length - Math.max(0, length as number))).join("");
  }),
  late("INITCAP", one, "(STRING)", initcap),
  late("ASCII", text([STRING], INT32), "(STRING)", ([value]) => encoder.encode(value as string)[0] ?? 0),
  late("CHR", takes([whole], STRING), "(integer)", chr),
  late("ENCODE", maybe(text([STRING, STRING], BINARY)), "(STRING, charset)", encode),
  late("DECODE", maybe(takes([binary, string], STRING)), "(BYTES, charset)", decode),
  late("TO_BASE64", takes([bytesOrText], STRING), "(STRING | BYTES)", ([value], { args }) =>
    toBase64(args[0]?.kind === "binary" ? (parseHex(value as string) as Uint8Array) : encoder.encode(value as string)),
  ),
  late("FROM_BASE64", maybe(one), "(STRING)", ([value]) => {
    const bytes = fromBase64(value as string);
    return bytes === null ? null : utf8(bytes);
  }),
  late("HEX", oneOf(takes([whole], STRING), one), "(integer | STRING)", hex),
  late("UNHEX", maybe(text([STRING], BINARY)), "(STRING)", unhex),
  late("BIN", takes([whole], STRING), "(integer)", ([value]) => BigInt.asUintN(64, value as bigint).toString(2)),
  late("URL_ENCODE", one, "(STRING)", urlEncode),
  late("URL_DECODE", maybe(one), "(STRING)", urlDecode),
  late("PARSE_URL", maybe(text([STRING, STRING, STRING], STRING, 1)), "(url, part [, key])", parseUrl),
  late("SPLIT", text([STRING, STRING], arrayOf(STRING)), "(STRING, delimiter)", split),
  late("TRANSLATE", text([STRING, STRING, STRING], STRING), "(STRING, from, to)", translate),
  late("ELT", own(eltForm), "(index, STRING, …)", elt),
  late("BTRIM", text([STRING, STRING], STRING, 1), "(STRING [, characters])", trimmed),
  late("IS_ALPHA", certain(text([STRING], BOOLEAN)), "(STRING)", only(/^\p{L}+$/u)),
  late("IS_DIGIT", certain(text([STRING], BOOLEAN)), "(STRING)", only(/^\p{Nd}+$/u)),
  late("IS_DECIMAL", certain(text([STRING], BOOLEAN)), "(STRING)", only(/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/)),
  late("STR_TO_MAP", text([STRING, STRING, STRING], mapOf(STRING, STRING), 2), "(STRING [, entries, pairs])", strToMap),
  late("SIMILAR_TO", maybe(text([STRING, STRING, STRING], BOOLEAN, 1)), "(STRING, pattern [, escape])", similarTo),
];
