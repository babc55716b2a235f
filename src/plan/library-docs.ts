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
} satisfies Record<string, LateDoc>;
