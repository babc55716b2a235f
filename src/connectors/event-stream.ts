// The text of an event stream, cut anywhere → events, as the HTML standard reads it (section 9.2.6): lines of `field: value`
// that end with LF, CR or CRLF; an empty line ends an event, lines that begin with a colon are comments.

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
/** What the name of a field may add to a line: `event: `, and some. */
const NAME_BYTES = 16;
/** UTF-8's byte order mark, which may stand at the start. */
const MARK = [0xef, 0xbb, 0xbf];

/** One event; `data` is lent until `take` returns. */
export interface StreamEvent {
  /** "message" unless the server named another. */
  readonly type: string;
  /** Lines of data with LF between them. */
  readonly data: Uint8Array;
}

export interface EventStreamHandlers {
  take(event: StreamEvent): void;
  /** The server asks for this delay before the next connection. */
  retry(delayMs: number): void;
  /** An event is longer than it may be; what follows of it is passed over. */
  tooLarge(): void;
}

/** Bytes → events. The rest of an event whose end never came is nothing. */
export class EventStreamParser {
  readonly #handlers: EventStreamHandlers;
  readonly #dataMax: number;
  /** A mark stands at the start of the stream alone. */
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** The unfinished line. */
  #line = new Uint8Array(256);
  #lineBytes = 0;
  #data = new Uint8Array(1024);
  #dataBytes = 0;
  /** Lines of data so far: an empty one counts as well. */
  #dataLines = 0;
  #type = "";
  /** The id in force behind the last event, and the one of the event that is not complete. */
  #lastId: string;
  #id: string;
  #afterCr = false;
  /** Bytes of the mark that were found; −1 when the start is past. */
  #marked = 0;
  #tooLarge = false;
  /** Inside a line that is too long. */
  #skipping = false;

  /**
   * @param lastId - the id that the stream goes on behind, "" for none
   * @param dataMax - bytes of the longest event
   */
  constructor(handlers: EventStreamHandlers, lastId: string, dataMax: number) {
    this.#handlers = handlers;
    this.#lastId = lastId;
    this.#id = lastId;
    this.#dataMax = dataMax;
  }

  /** Where a server goes on that is asked to: behind the last event that ended. */
  get lastId(): string {
    return this.#lastId;
  }

  feed(chunk: Uint8Array): void {
    let start = this.#skipMark(chunk);
    for (let at = start; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#afterCr) {
        this.#afterCr = false;
        if (byte === LF) {
          start = at + 1;
          continue;
        }
      }
      if (byte !== LF && byte !== CR) continue;
      this.#append(chunk, start, at);
      this.#endLine();
      this.#afterCr = byte === CR;
      start = at + 1;
    }
    this.#append(chunk, start, chunk.length);
  }

  #skipMark(chunk: Uint8Array): number {
    let at = 0;
    while (this.#marked >= 0 && at < chunk.length) {
      if (chunk[at] === MARK[this.#marked]) {
        at++;
        if (++this.#marked === MARK.length) this.#marked = -1;
      } else {
        // What looked like a mark was the beginning of a field's name.
        this.#append(Uint8Array.from(MARK), 0, this.#marked);
        this.#marked = -1;
      }
    }
    return at;
  }

  #append(chunk: Uint8Array, start: number, end: number): void {
    if (this.#skipping) return;
    if (this.#lineBytes + end - start > this.#dataMax + NAME_BYTES) {
      this.#skipping = true;
      this.#refuse();
      return;
    }
    this.#line = withRoom(this.#line, this.#lineBytes, end - start);
    this.#line.set(chunk.subarray(start, end), this.#lineBytes);
    this.#lineBytes += end - start;
  }

  #endLine(): void {
    const line = this.#line.subarray(0, this.#lineBytes);
    this.#lineBytes = 0;
    if (this.#skipping) {
      this.#skipping = false;
      return;
    }
    if (line.length === 0) {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(COLON);
    const name = this.#text(colon < 0 ? line : line.subarray(0, colon));
    const from = colon < 0 ? line.length : colon + (line[colon + 1] === SPACE ? 2 : 1);
    this.#field(name, line.subarray(from));
  }

  #field(name: string, value: Uint8Array): void {
    if (name === "data") this.#addData(value);
    else if (name === "event") this.#type = this.#text(value);
    // An id with a NUL is none.
    else if (name === "id" && !value.includes(0)) this.#id = this.#text(value);
    else if (name === "retry" && value.length > 0) {
      const digits = this.#text(value);
      if (/^\d+$/.test(digits)) this.#handlers.retry(Number(digits));
    }
  }

  #addData(value: Uint8Array): void {
    if (this.#dataBytes + value.length + 1 > this.#dataMax) {
      this.#refuse();
      return;
    }
    this.#data = withRoom(this.#data, this.#dataBytes, value.length + 1);
    if (this.#dataLines++ > 0) this.#data[this.#dataBytes++] = LF;
    this.#data.set(value, this.#dataBytes);
    this.#dataBytes += value.length;
  }

  #dispatch(): void {
    const type = this.#type === "" ? "message" : this.#type;
    const data = this.#data.subarray(0, this.#dataBytes);
    const isEvent = this.#dataLines > 0 && !this.#tooLarge;
    this.#dataBytes = 0;
    this.#dataLines = 0;
    this.#type = "";
    this.#tooLarge = false;
    this.#lastId = this.#id;
    if (isEvent) this.#handlers.take({ type, data });
  }

  /** Told once an event. */
  #refuse(): void {
    this.#lineBytes = 0;
    if (!this.#tooLarge) this.#handlers.tooLarge();
    this.#tooLarge = true;
  }

  #text(bytes: Uint8Array): string {
    return this.#decoder.decode(bytes);
  }
}

function withRoom(buffer: Uint8Array<ArrayBuffer>, used: number, more: number): Uint8Array<ArrayBuffer> {
  if (used + more <= buffer.length) return buffer;
  const larger = new Uint8Array(Math.max(used + more, 2 * buffer.length));
  larger.set(buffer.subarray(0, used));
  return larger;
}
