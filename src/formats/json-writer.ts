// The bytes of JSON values, appended to a buffer that grows: digits, escapes, times, without a string on the way where that
// pays.
import { formatDate } from "../arrow/values.js";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const DOT = 0x2e;
const COLON = 0x3a;
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Microseconds of the last digit of a fraction, by its digits. */
const FRACTION_UNITS = [1_000_000, 100_000, 10_000, 1000, 100, 10, 1];

/** Letters of the escapes of one letter, by control character. */
const SHORT_ESCAPES: Readonly<Record<number, string>> = { 8: "b", 9: "t", 10: "n", 12: "f", 13: "r" };

/** Writes the value of one row; chosen once a column and batch. */
export type Cell = (row: number) => void;

export class JsonWriter {
  #bytes = new Uint8Array(65_536);
  #used = 0;
  /** The date written last, and its text. */
  #days = Number.NaN;
  #dateText = "";

  /** Everything written since the last call. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.slice(0, this.#used);
    this.#used = 0;
    return bytes;
  }

  byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#used++] = byte;
  }

  bytes(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#reserve(length);
    // Keys are short: a loop is faster than the call of `set`.
    const target = this.#bytes;
    const at = this.#used;
    for (let i = 0; i < length; i++) target[at + i] = bytes[i] as number;
    this.#used = at + length;
  }

  /** ASCII text as it is. */
  ascii(text: string): void {
    const { length } = text;
    this.#reserve(length);
    const target = this.#bytes;
    const at = this.#used;
    for (let i = 0; i < length; i++) target[at + i] = text.charCodeAt(i);
    this.#used = at + length;
  }

  /** Bytes of a longer block as they are. */
  part(source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    const target = this.#bytes;
    let at = this.#used;
    for (let i = start; i < end; i++) target[at++] = source[i] as number;
    this.#used = at;
  }

  /** A whole number up to ±2^53. */
  integer(value: number): void {
    this.#reserve(24);
    let rest = value;
    if (value < 0) {
      this.#bytes[this.#used++] = 0x2d;
      rest = -value;
    }
    if (rest < 1e9) {
      this.#digits(rest, countDigits(rest));
      return;
    }
    // 32-bit arithmetic on nine digits at a time.
    const high = Math.floor(rest / 1e9);
    this.#digits(high, countDigits(high));
    this.#digits(rest - high * 1e9, 9);
  }

  /** A float as the shortest text that reads back the same; `single` for 32 bits, `quoted` for what is no number. */
  float(value: number, single: boolean, quoted: boolean): void {
    if (Number.isFinite(value)) this.ascii(String(single ? shortestSingle(value) : value));
    else this.ascii(quoted ? `"${value}"` : String(value));
  }

  /** A string from its UTF-8. */
  string(source: Uint8Array, start: number, end: number): void {
    // An escape takes six bytes at most.
    this.#reserve(6 * (end - start) + 2);
    const bytes = this.#bytes;
    let at = this.#used;
    bytes[at++] = QUOTE;
    for (let i = start; i < end; i++) {
      const c = source[i] as number;
      if (c >= 0x20 && c !== QUOTE && c !== BACKSLASH) {
        bytes[at++] = c;
        continue;
      }
      bytes[at++] = BACKSLASH;
      if (c >= 0x20) bytes[at++] = c;
      else {
        const text = SHORT_ESCAPES[c] ?? `u${c.toString(16).padStart(4, "0")}`;
        for (let j = 0; j < text.length; j++) bytes[at++] = text.charCodeAt(j);
      }
    }
    bytes[at++] = QUOTE;
    this.#used = at;
  }

  /** Bytes as a base64 string, padded (RFC 4648 section 4). */
  base64(source: Uint8Array, start: number, end: number): void {
    this.byte(QUOTE);
    for (let i = start; i < end; i += 3) {
      const bits =
        ((source[i] as number) << 16) |
        (i + 1 < end ? (source[i + 1] as number) << 8 : 0) |
        (i + 2 < end ? (source[i + 2] as number) : 0);
      const text = `${BASE64[bits >> 18]}${BASE64[(bits >> 12) & 63]}${BASE64[(bits >> 6) & 63]}${BASE64[bits & 63]}`;
      this.ascii(end - i >= 3 ? text : text.slice(0, end - i + 1).padEnd(4, "="));
    }
    this.byte(QUOTE);
  }

  /** `YYYY-MM-DD`. */
  date(days: number): void {
    if (days !== this.#days) {
      this.#days = days;
      this.#dateText = formatDate(days);
    }
    this.ascii(this.#dateText);
  }

  /**
   * `YYYY-MM-DD HH:MM:SS`, and `precision` digits of the second's fraction unless it is 0. `ms` since 1970, `micros` beside
   * them.
   */
  timestamp(ms: number, micros: number, precision: number): void {
    const days = Math.floor(ms / 86_400_000);
    const msOfDay = ms - days * 86_400_000;
    const second = Math.floor(msOfDay / 1000);
    this.date(days);
    this.#reserve(16);
    this.#bytes[this.#used++] = 0x20;
    this.#digits(Math.floor(second / 3600), 2);
    this.#bytes[this.#used++] = COLON;
    this.#digits(Math.floor(second / 60) % 60, 2);
    this.#bytes[this.#used++] = COLON;
    this.#digits(second % 60, 2);
    const fraction = (msOfDay % 1000) * 1000 + micros;
    if (fraction === 0 || precision === 0) return;
    this.#bytes[this.#used++] = DOT;
    this.#digits(Math.floor(fraction / (FRACTION_UNITS[precision] as number)), precision);
  }

  /** The last `count` digits of a number below 2^31, zeros in front. */
  #digits(value: number, count: number): void {
    const target = this.#bytes;
    const start = this.#used;
    let rest = value | 0;
    for (let at = start + count - 1; at >= start; at--) {
      const tenth = (rest / 10) | 0;
      target[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.#used = start + count;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#used + bytes, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }
}

/** Decimal digits of a whole number below 10^10. */
function countDigits(value: number): number {
  let count = 1;
  for (let power = 10; value >= power; power *= 10) count++;
  return count;
}

/** A double with few digits that rounds to this single: 0.1, not 0.10000000149011612. */
function shortestSingle(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}
