// The first records of a CSV text, in plain TypeScript: what the dialect, the names of columns and their types are told from.
// It reads as the kernels do (assembly/csv-index.ts), slowly, and counts what looks wrong.

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** What splits a text into records and fields; `""` where there is no such character. */
export interface Marks {
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  readonly comment: string;
  readonly trim: boolean;
}

export interface CsvField {
  readonly text: string;
  readonly quoted: boolean;
  /** Escapes stood within the quotes: no number or time is written so. */
  readonly escaped: boolean;
}

export interface CsvRecords {
  readonly records: readonly (readonly CsvField[])[];
  /** Offset behind each record's line end. */
  readonly ends: readonly number[];
  /** Closing quotes with text behind them, and a quote that is never closed: signs of a wrong guess. */
  readonly strays: number;
  /** Records that end within the bytes; a last one without line end counts when the bytes are all there are. */
  readonly open: boolean;
}

// A mark in the midst of a text is text; the one at its start was passed over before.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads up to `max` records from `start`. A last record that is cut is left out unless `complete`. */
export function splitRecords(
  bytes: Uint8Array,
  marks: Marks,
  limits: { start: number; max: number; complete: boolean },
): CsvRecords {
  const codeOf = (character: string) => (character === "" ? -1 : character.charCodeAt(0));
  const [delimiter, quote, escaping, comment] = [marks.delimiter, marks.quote, marks.escape, marks.comment].map(codeOf);
  const { length } = bytes;
  const records: CsvField[][] = [];
  const ends: number[] = [];
  let strays = 0;
  let at = limits.start;

  const isBlank = (c: number | undefined) => (c === 0x20 || c === 0x09) && c !== delimiter;
  const isEnd = (c: number | undefined) => c === NEWLINE || c === RETURN;
  const textOf = (start: number, end: number) => decoder.decode(bytes.slice(start, end));

  /** The field at `at`, which then stands at its delimiter or line end; null when the bytes end inside quotes. */
  const field = (): CsvField | null => {
    const start = at;
    let open = at;
    if (marks.trim) while (isBlank(bytes[open])) open++;
    if (quote !== -1 && bytes[open] === quote) {
      const parts: string[] = [];
      let from = open + 1;
      at = from;
      for (;;) {
        if (at >= length) return null;
        const c = bytes[at];
        if (c === escaping && (escaping !== quote || bytes[at + 1] === quote) && at + 1 < length) {
          parts.push(textOf(from, at));
          from = at + 1;
          at += 2;
        } else if (c === quote) break;
        else at++;
      }
      parts.push(textOf(from, at));
      at++;
      if (marks.trim) while (isBlank(bytes[at])) at++;
      if (at < length && bytes[at] !== delimiter && !isEnd(bytes[at])) strays++;
      while (at < length && bytes[at] !== delimiter && !isEnd(bytes[at])) at++;
      return { text: parts.join(""), quoted: true, escaped: parts.length > 1 };
    }
    while (at < length && bytes[at] !== delimiter && !isEnd(bytes[at])) at++;
    const text = textOf(start, at);
    return { text: marks.trim ? withoutBlanks(text) : text, quoted: false, escaped: false };
  };
  const passLineEnd = () => {
    at += bytes[at] === RETURN && bytes[at + 1] === NEWLINE ? 2 : 1;
  };

  while (at < length && records.length < limits.max) {
    if (bytes[at] === comment) {
      while (at < length && !isEnd(bytes[at])) at++;
      passLineEnd();
      continue;
    }
    if (isEnd(bytes[at])) {
      passLineEnd();
      continue;
    }
    const record: CsvField[] = [];
    for (;;) {
      const next = field();
      if (next === null) return { records, ends, strays: strays + 1, open: true };
      record.push(next);
      if (bytes[at] !== delimiter || at >= length) break;
      at++;
    }
    // A CR at the very end may be half of a line end.
    const cut = at >= length || (bytes[at] === RETURN && at + 1 === length);
    if (cut && !limits.complete) return { records, ends, strays, open: true };
    passLineEnd();
    records.push(record);
    ends.push(Math.min(at, length));
  }
  return { records, ends, strays, open: false };
}

/** Without blanks and tabs at both ends, and only these: to the kernels other white space is text. */
export function withoutBlanks(text: string): string {
  const isBlank = (at: number) => text[at] === " " || text[at] === "\t";
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(start)) start++;
  while (start < end && isBlank(end - 1)) end--;
  return text.slice(start, end);
}

/** Offset behind the first `count` lines from `start`; null when there are not so many. */
export function skipLines(bytes: Uint8Array, start: number, count: number, complete: boolean): number | null {
  let at = start;
  for (let line = 0; line < count; line++) {
    while (at < bytes.length && bytes[at] !== NEWLINE && bytes[at] !== RETURN) at++;
    if (at + 1 >= bytes.length && !complete) return null;
    at += bytes[at] === RETURN && bytes[at + 1] === NEWLINE ? 2 : 1;
  }
  return Math.min(at, bytes.length);
}
