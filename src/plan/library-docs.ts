// What the functions of plan/library do: a sentence each, and an example in SQL that the tests run. Docs are made of it; the engine
// never loads it.

export interface LateDoc {
  readonly doc: string;
  /** An expression of SQL over literals. */
  readonly sql: string;
  /** What it gives, as rows have it. */
  readonly result: unknown;
}

function about(doc: string, sql: string, result: unknown): LateDoc {
  return { doc, sql, result };
}

const URL_TEXT = "'https://x.org/a/b?channel_id=7&y'";

/** By the name of the row in plan/library. */
export const LIBRARY_DOCS = {
  // Regular expressions
  regexp: about(
    "Whether a part of the text matches; of an empty pattern nothing does.",
    "REGEXP('stream', 'r.a')",
    true,
  ),
  regexp_extract: about(
    "The first match, or that group of it; NULL without a match.",
    `REGEXP_EXTRACT(${URL_TEXT}, '[?&]channel_id=([^&]*)', 1)`,
    "7",
  ),
  regexp_extract_all: about(
    "Every match's group, the first one unless another is named.",
    "REGEXP_EXTRACT_ALL('a=1, b=2', '(.)=(.)', 2)",
    ["1", "2"],
  ),
  regexp_replace: about(
    "Every match replaced by the text, in which nothing stands for a group.",
    "REGEXP_REPLACE('a1b22', '[0-9]+', '#')",
    "a#b#",
  ),
  regexp_count: about("How many matches there are.", "REGEXP_COUNT('a1b22', '[0-9]+')", 2),
  regexp_instr: about("1-based place of the first match, 0 when there is none.", "REGEXP_INSTR('naïve7', '[0-9]')", 6),
  regexp_substr: about("The first match; NULL when there is none.", "REGEXP_SUBSTR('a1b22', '[0-9]{2}')", "22"),
  // Text
  split_index: about(
    "The part of this number, from 0, between delimiters; NULL past the end.",
    "SPLIT_INDEX('https://x.org/a/b', '/', 3)",
    "a",
  ),
  concat_ws: about("All that are not NULL, with the first between them.", "CONCAT_WS('-', 'a', NULL, 'b')", "a-b"),
  repeat: about("So many times; OVERFLOW beyond 16 million characters.", "REPEAT('ab', 2)", "abab"),
  overlay: about(
    "As many characters from the start replaced, or those of the replacement's length.",
    "OVERLAY('stream' PLACING 'XY' FROM 2 FOR 3)",
    "sXYam",
  ),
  locate: about(
    "1-based place of the first occurrence from the start on, 0 when there is none.",
    "LOCATE('a', 'banana', 3)",
    4,
  ),
  instr: about("1-based place of the first occurrence, 0 when there is none.", "INSTR('stream', 're')", 3),
  left: about("The first characters.", "LEFT('stream', 3)", "str"),
  right: about("The last characters.", "RIGHT('stream', 3)", "eam"),
  initcap: about("Each word with a capital first and small letters after it.", "INITCAP('hello WORLD')", "Hello World"),
  ascii: about("The first byte of the text, 0 of an empty one.", "ASCII('a')", 97),
  chr: about("The character of this number modulo 256.", "CHR(97)", "a"),
  encode: about(
    "The bytes in a character set: UTF-8, UTF-16, UTF-16BE, UTF-16LE, ISO-8859-1, US-ASCII; NULL of others.",
    "ENCODE('é', 'UTF-8')",
    Uint8Array.of(0xc3, 0xa9),
  ),
  decode: about(
    "The text of bytes in a character set; NULL of unknown ones.",
    "DECODE(ENCODE('é', 'UTF-8'), 'UTF-8')",
    "é",
  ),
  to_base64: about("In base64.", "TO_BASE64('hello')", "aGVsbG8="),
  from_base64: about("The text that base64 stands for; NULL when it is none.", "FROM_BASE64('aGVsbG8=')", "hello"),
  hex: about("A whole number, or the bytes of a text, in hexadecimal digits.", "HEX('hi')", "6869"),
  unhex: about("The bytes of hexadecimal digits; NULL when they are none.", "UNHEX('6869')", Uint8Array.of(0x68, 0x69)),
  bin: about("A whole number in binary digits.", "BIN(5)", "101"),
  url_encode: about("As a form is sent.", "URL_ENCODE('a b/é')", "a+b%2F%C3%A9"),
  url_decode: about("The text of a form's value; NULL when a % has no two digits.", "URL_DECODE('a+b%2F')", "a b/"),
  parse_url: about(
    "A part of a URL: PROTOCOL AUTHORITY USERINFO HOST PATH QUERY REF FILE, or the value of a key of QUERY.",
    "PARSE_URL('https://x.org/a?k=1', 'QUERY', 'k')",
    "1",
  ),
  split: about("The parts between delimiters; each character where it is empty.", "SPLIT('a,b', ',')", ["a", "b"]),
  translate: about(
    "Characters of the second replaced by those in the same place of the third.",
    "TRANSLATE('banana', 'an', 'o')",
    "booo",
  ),
  elt: about("The text of this number, from 1; NULL when there is none.", "ELT(2, 'a', 'b')", "b"),
  btrim: about("Without blanks, or those characters, at both ends.", "BTRIM('xxaxx', 'x')", "a"),
  is_alpha: about("Whether all are letters; FALSE of NULL.", "IS_ALPHA('abc')", true),
  is_digit: about("Whether all are digits; FALSE of NULL.", "IS_DIGIT('12')", true),
  is_decimal: about("Whether it is a number; FALSE of NULL.", "IS_DECIMAL('-1.5')", true),
  str_to_map: about(
    "The entries of a text, between matches of a pattern (a comma unless given), parted by another (=).",
    "STR_TO_MAP('a=1,b=2')",
    new Map([
      ["a", "1"],
      ["b", "2"],
    ]),
  ),
  similar_to: about(
    "x SIMILAR TO pattern: % and _ as in LIKE, and the signs of a regular expression, over the whole text.",
    "'stream' SIMILAR TO 's(t|p)%'",
    true,
  ),
  // Numbers
  log: about("Natural logarithm, or to a base; OVERFLOW of a negative number.", "LOG(2, 8)", 3),
  log2: about("Logarithm to base 2.", "LOG2(8)", 3),
  sin: about("Sine.", "SIN(0)", 0),
  cos: about("Cosine.", "COS(0)", 1),
  tan: about("Tangent.", "TAN(0)", 0),
  cot: about("Cotangent.", "ROUND(COT(1), 6)", 0.642093),
  asin: about("Arc sine; OVERFLOW beyond −1 to 1.", "ASIN(0)", 0),
  acos: about("Arc cosine; OVERFLOW beyond −1 to 1.", "ACOS(1)", 0),
  atan: about("Arc tangent.", "ATAN(0)", 0),
  sinh: about("Hyperbolic sine.", "SINH(0)", 0),
  cosh: about("Hyperbolic cosine.", "COSH(0)", 1),
  tanh: about("Hyperbolic tangent.", "TANH(0)", 0),
  degrees: about("Radians in degrees.", "DEGREES(PI())", 180),
  radians: about("Degrees in radians.", "ROUND(RADIANS(90), 4)", 1.5708),
  atan2: about("The angle of the point (x, y).", "ATAN2(0, 1)", 0),
  truncate: about("Cut toward zero at so many digits.", "TRUNCATE(-12.345, 2)", "-12.34"),
  pi: about("π.", "ROUND(PI() * 10, 3)", 31.416),
  e: about("Euler's number.", "ROUND(E() * 10, 3)", 27.183),
  rand: about("From 0 to below 1, another one in every row; a seed is not taken.", "RAND() >= 0 AND RAND() < 1", true),
  rand_integer: about("From 0 to below the bound, another one in every row.", "RAND_INTEGER(1)", 0),
  uuid: about("A random UUID, another one in every row.", "CHAR_LENGTH(UUID())", 36),
  typeof: about("The type of the expression, as text.", "TYPEOF(1.5)", "DECIMAL(2, 1)"),
  if: about("x where the condition is TRUE, else y.", "IF(1 < 2, 'yes', 'no')", "yes"),
  // Digests
  md5: about("MD5 in hexadecimal digits.", "MD5('abc')", "900150983cd24fb0d6963f7d28e17f72"),
  sha1: about("SHA-1 in hexadecimal digits.", "SHA1('abc')", "a9993e364706816aba3e25717850c26c9cd0d89d"),
  sha224: about("SHA-224.", "SHA224('abc')", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
  sha256: about("SHA-256.", "SHA256('abc')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  sha384: about(
    "SHA-384.",
    "SHA384('abc')",
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  ),
  sha512: about("SHA-512.", "LEFT(SHA512('abc'), 32)", "ddaf35a193617abacc417349ae204131"),
  sha2: about("SHA-2 of 224, 256 (or 0), 384 or 512 bits; NULL of others.", "LEFT(SHA2('abc', 256), 8)", "ba7816bf"),
  crc32: about("The CRC-32 of IEEE 802.3.", "CRC32('abc')", 891568578n),
  // Time
  date_format: about(
    "The time as text by a pattern of Java's DateTimeFormatter.",
    "DATE_FORMAT(TIMESTAMP '2024-02-29 13:05:09', 'EEE d MMM yyyy, HH:mm')",
    "Thu 29 Feb 2024, 13:05",
  ),
  parse_timestamp: about(
    "TO_TIMESTAMP(text, format): the TIMESTAMP(3) that a text says by a pattern; NULL when it is not of it.",
    "TO_TIMESTAMP('29.02.2024 13:05', 'dd.MM.yyyy HH:mm')",
    new Date("2024-02-29T13:05:00Z"),
  ),
  to_timestamp_ltz: about(
    "The instant so many seconds (precision 0), milliseconds (3, as without) or microseconds (6) after 1970, or by a pattern.",
    "TO_TIMESTAMP_LTZ(60, 0)",
    new Date(60_000),
  ),
  from_unixtime: about(
    "Seconds since 1970 as text by a pattern, yyyy-MM-dd HH:mm:ss unless given.",
    "FROM_UNIXTIME(60)",
    "1970-01-01 00:01:00",
  ),
  unix_timestamp: about(
    "Seconds since 1970 of a text by a pattern; NULL when it is not of it.",
    "UNIX_TIMESTAMP('1970-01-02', 'yyyy-MM-dd')",
    86_400n,
  ),
  timestampadd: about(
    "So many units later: SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR; a month later is at most its last day.",
    "TIMESTAMPADD(MONTH, 1, DATE '2024-01-31')",
    "2024-02-29",
  ),
  timestampdiff: about(
    "Whole units from the first time to the second, toward zero.",
    "TIMESTAMPDIFF(HOUR, TIMESTAMP '2024-02-29 00:30:00', TIMESTAMP '2024-02-29 13:05:09')",
    12n,
  ),
  date_ceil: about(
    "CEIL(time TO unit): the start of the next year, quarter, month, week, day, hour, minute or second, or the time if it is one.",
    "CEIL(TIMESTAMP '2024-02-29 13:05:09' TO HOUR)",
    new Date("2024-02-29T14:00:00Z"),
  ),
  dayofyear: about("1 to 366.", "DAYOFYEAR(DATE '2024-02-29')", 60n),
  dayofweek: about("1, which is Sunday, to 7.", "DAYOFWEEK(DATE '2024-02-29')", 5n),
  convert_tz: about(
    "A time of one zone's clocks as those of another show it; NULL of unknown zones.",
    "CONVERT_TZ('1970-01-01 00:00:00', 'UTC', 'America/Los_Angeles')",
    "1969-12-31 16:00:00",
  ),
  // The clock
  now: about("The instant of the row's batch.", "NOW() > TO_TIMESTAMP_LTZ(0, 0)", true),
  current_timestamp: about("As NOW().", "CURRENT_TIMESTAMP > TO_TIMESTAMP_LTZ(0, 0)", true),
  current_row_timestamp: about("As NOW().", "CURRENT_ROW_TIMESTAMP() > TO_TIMESTAMP_LTZ(0, 0)", true),
  localtimestamp: about("NOW() as a TIMESTAMP, in UTC.", "LOCALTIMESTAMP > TIMESTAMP '2020-01-01 00:00:00'", true),
  current_date: about("The day of NOW(), in UTC.", "CURRENT_DATE > DATE '2020-01-01'", true),
  current_time: about("The time of day of NOW(), in UTC.", "CURRENT_TIME >= TIME '00:00:00'", true),
  localtime: about("As CURRENT_TIME.", "LOCALTIME >= TIME '00:00:00'", true),
  current_unix_timestamp: about("UNIX_TIMESTAMP(): seconds since 1970 by NOW().", "UNIX_TIMESTAMP() > 0", true),
  // JSON
  json_value: about(
    "The scalar that a path leads to, as text or RETURNING a type; NULL, ERROR or DEFAULT … ON EMPTY, ON ERROR.",
    `JSON_VALUE('{"a": [1, 2.50]}', '$.a[1]')`,
    "2.50",
  ),
  json_query: about(
    "The array or object that a path leads to, as JSON; WITH (CONDITIONAL) WRAPPER in an array.",
    `JSON_QUERY('{"a": [1, 2.50]}', '$.a')`,
    "[1,2.50]",
  ),
  json_exists: about("Whether a path leads to something.", `JSON_EXISTS('{"a": 1}', '$.a')`, true),
  is_json: about("x IS JSON [VALUE | SCALAR | ARRAY | OBJECT]; FALSE of NULL.", "'[1]' IS JSON ARRAY", true),
  json_length: about(
    "Elements or members of what a path leads to; 1 of a scalar.",
    `JSON_LENGTH('{"a": [1, 2]}', '$.a')`,
    2,
  ),
  json_quote: about("A text as a text of JSON.", `JSON_QUOTE('a"b')`, '"a\\"b"'),
  json_unquote: about("The text that a text of JSON says; itself when it is none.", `JSON_UNQUOTE('"a"')`, "a"),
  json_string: about("A value as JSON.", "JSON_STRING(ARRAY[1, 2])", "[1,2]"),
  json_object: about(
    "An object of keys and values; NULLs stay, or are left out with ABSENT ON NULL.",
    "JSON_OBJECT('a' VALUE 1, 'b' VALUE JSON_ARRAY(1, 'x'))",
    '{"a":1,"b":[1,"x"]}',
  ),
  json_array: about(
    "An array of values; NULLs are left out, or stay with NULL ON NULL.",
    "JSON_ARRAY(1, 'x', TRUE)",
    '[1,"x",true]',
  ),
  // ARRAY, MAP and ROW
  array: about("ARRAY[x, …]: elements of one type.", "ARRAY[1, 2]", [1, 2]),
  map: about("MAP[key, value, …]; of equal keys the last one counts.", "MAP['a', 1]", new Map([["a", 1]])),
  row: about("ROW(x, …): fields EXPR$0, EXPR$1 ….", "ROW(1, 'a')", { EXPR$0: 1, EXPR$1: "a" }),
  array_append: about("With the element behind it.", "ARRAY_APPEND(ARRAY[1], 2)", [1, 2]),
  array_prepend: about("With the element before it.", "ARRAY_PREPEND(ARRAY[1], 2)", [2, 1]),
  array_remove: about("Without all elements that equal it.", "ARRAY_REMOVE(ARRAY[1, 2, 1], 1)", [2]),
  array_position: about(
    "1-based place of the first element that equals it, 0 when there is none.",
    "ARRAY_POSITION(ARRAY['a', 'b'], 'b')",
    2,
  ),
  array_concat: about("One behind the other.", "ARRAY_CONCAT(ARRAY[1], ARRAY[2, 3])", [1, 2, 3]),
  array_distinct: about(
    "Without repeated elements; the first of each stays.",
    "ARRAY_DISTINCT(ARRAY[1, 2, 1])",
    [1, 2],
  ),
  array_reverse: about("In reverse order.", "ARRAY_REVERSE(ARRAY[1, 2])", [2, 1]),
  array_union: about("The distinct elements of both.", "ARRAY_UNION(ARRAY[1, 2], ARRAY[2, 3])", [1, 2, 3]),
  array_except: about(
    "The distinct elements of the first that the second has not.",
    "ARRAY_EXCEPT(ARRAY[1, 2], ARRAY[2])",
    [1],
  ),
  array_intersect: about("The distinct elements that both have.", "ARRAY_INTERSECT(ARRAY[1, 2], ARRAY[2, 3])", [2]),
  array_slice: about(
    "From a place to another, both included; below 0 from the end.",
    "ARRAY_SLICE(ARRAY[1, 2, 3], 2, -1)",
    [2, 3],
  ),
  array_sort: about(
    "In order; NULLs first where it ascends, else last, unless said.",
    "ARRAY_SORT(ARRAY[3, 1, 2])",
    [1, 2, 3],
  ),
  array_max: about("The greatest element; NULLs do not count.", "ARRAY_MAX(ARRAY[1, 3, 2])", 3),
  array_min: about("The least element; NULLs do not count.", "ARRAY_MIN(ARRAY[1, 3, 2])", 1),
  array_join: about(
    "The texts with a delimiter between; NULLs left out unless a text stands for them.",
    "ARRAY_JOIN(ARRAY['a', 'b'], '-')",
    "a-b",
  ),
  element: about("The only element; NULL of an empty array, OVERFLOW of several.", "ELEMENT(ARRAY[7])", 7),
  map_keys: about("All keys.", "MAP_KEYS(MAP['a', 1, 'b', 2])", ["a", "b"]),
  map_values: about("All values.", "MAP_VALUES(MAP['a', 1, 'b', 2])", [1, 2]),
  map_entries: about("Rows of key and value.", "MAP_ENTRIES(MAP['a', 1])", [{ key: "a", value: 1 }]),
  map_from_arrays: about(
    "Keys and values in pairs; CAST of arrays that are not equally long or hold a NULL key.",
    "MAP_FROM_ARRAYS(ARRAY['a'], ARRAY[1])",
    new Map([["a", 1]]),
  ),
  map_union: about(
    "The entries of all; of equal keys the last one counts.",
    "MAP_UNION(MAP['a', 1], MAP['a', 2])",
    new Map([["a", 2]]),
  ),
} satisfies Record<string, LateDoc>;
