// The end of an Arrow IPC file, read first where the file can be read at any place: which columns there are, and where each
// dictionary and record batch stands.
//
//     │ ARROW1 00 00 │ messages │ footer (flatbuffers) │ its length i32 │ ARROW1 │
//
// Source: Arrow columnar format, "IPC File Format".
import type * as arrow from "apache-arrow";
import { messageOf } from "../platform/errors.js";
import type { Completion, ReadableFile } from "../platform/platform.js";
import { arrowIpcInvalid, checkBody, decodeHeader, isMagic, METADATA_BYTES_MAX } from "./arrow-messages.js";
import { type Block, verifyFooter } from "./arrow-verify.js";

/** Read at once from the file's end: most footers fit. */
const TAIL_BYTES = 1 << 16;
const HEAD_BYTES = 8;
/** The footer's length, and the mark behind it. */
const END_BYTES = 10;
const FOOTER_BYTES_MAX = METADATA_BYTES_MAX;

/** What an Arrow file says of itself. */
export interface ArrowFooter {
  readonly schema: arrow.Schema;
  /** The schema as a message, which apache-arrow wants before any other. */
  readonly schemaMessage: Uint8Array;
  readonly dictionaries: readonly Block[];
  readonly recordBatches: readonly Block[];
}

/** Reads the footer; null when the bytes do not begin as a file's: a stream's, perhaps. Errors: ARROW_INVALID, RECORD_TOO_LARGE. */
export function readArrowFooter(file: ReadableFile, done: Completion<ArrowFooter | null>): void {
  const { path, lengthBytes } = file;
  const fail = (what: string): void => done(arrowIpcInvalid(path, what), null);
  file.read(0, HEAD_BYTES, (headError, head) => {
    if (headError !== null) return done(headError, null);
    if (!isMagic(head)) return done(null, null);
    const tailAt = Math.max(0, lengthBytes - TAIL_BYTES);
    return file.read(tailAt, lengthBytes - tailAt, (tailError, tail) => {
      if (tailError !== null) return done(tailError, null);
      if (tail.length < lengthBytes - tailAt || lengthBytes < HEAD_BYTES + END_BYTES) return fail("it ends too early");
      const end = tail.length - END_BYTES;
      if (!isMagic(tail.subarray(end + 4))) return fail("it does not end as a file does: is it complete?");
      const footerBytes = new DataView(tail.buffer, tail.byteOffset).getInt32(end, true);
      const footerAt = lengthBytes - END_BYTES - footerBytes;
      if (!(footerBytes > 0 && footerBytes <= FOOTER_BYTES_MAX && footerAt >= HEAD_BYTES)) {
        return fail(`a footer of ${footerBytes} bytes in a file of ${lengthBytes}`);
      }
      if (footerAt >= tailAt) return parse(tail.subarray(footerAt - tailAt, end), footerAt, path, done);
      return file.read(footerAt, footerBytes, (error, bytes) => {
        if (error !== null) done(error, null);
        else if (bytes.length < footerBytes) fail("it ends too early");
        else parse(bytes, footerAt, path, done);
      });
    });
  });
}

function parse(bytes: Uint8Array, footerAt: number, path: string, done: Completion<ArrowFooter | null>): void {
  let footer: ArrowFooter;
  try {
    const { version, schemaAt, dictionaries, recordBatches } = verified(bytes, path);
    for (const block of [...dictionaries, ...recordBatches]) checkBlock(block, footerAt, path);
    const schemaMessage = messageOfSchema(bytes, schemaAt, version);
    const schema = decodeHeader(schemaMessage, path, footerAt).header() as arrow.Schema;
    footer = { schema, schemaMessage, dictionaries, recordBatches };
  } catch (error) {
    done(error as Error, null);
    return;
  }
  done(null, footer);
}

function verified(bytes: Uint8Array, path: string): ReturnType<typeof verifyFooter> {
  try {
    return verifyFooter(bytes);
  } catch (cause) {
    throw arrowIpcInvalid(path, `its footer is damaged: ${messageOf(cause)}`, undefined, cause);
  }
}

/** @throws ARROW_INVALID, RECORD_TOO_LARGE */
function checkBlock({ byte, metadataBytes, bodyBytes }: Block, footerAt: number, path: string): void {
  const isWithin = byte >= HEAD_BYTES && bodyBytes >= 0 && byte + metadataBytes + bodyBytes <= footerAt;
  if (!isWithin || !(metadataBytes > 0 && metadataBytes <= METADATA_BYTES_MAX)) {
    throw arrowIpcInvalid(path, `its footer names ${metadataBytes} and ${bodyBytes} bytes at ${byte}`, byte);
  }
  checkBody(bodyBytes, path, byte);
}

/**
 * A schema's message around the footer that holds the schema's table: flatbuffers' offsets count from where they stand, so the
 * table stays where it is, and a message that refers to it is put before it.
 *
 *     │ FF FF FF FF │ length │ root │ vtable: 12, 24, 4, 6, 8, 16 │ table: version i16, kind u8, header u32, body i64 │ footer │
 */
function messageOfSchema(footer: Uint8Array, schemaAt: number, version: number): Uint8Array {
  const prefixBytes = 8;
  const vtable = 4;
  const table = 16;
  const tableBytes = 24;
  const metadataBytes = Math.ceil((table + tableBytes + footer.length) / 8) * 8;
  const bytes = new Uint8Array(prefixBytes + metadataBytes);
  const view = new DataView(bytes.buffer, prefixBytes);
  bytes.fill(0xff, 0, 4);
  new DataView(bytes.buffer).setInt32(4, metadataBytes, true);
  view.setUint32(0, table, true);
  [12, tableBytes, 4, 6, 8, 16].forEach((value, index) => {
    view.setUint16(vtable + 2 * index, value, true);
  });
  view.setInt32(table, table - vtable, true);
  view.setInt16(table + 4, version, true);
  view.setUint8(table + 6, 1);
  view.setUint32(table + 8, tableBytes - 8 + schemaAt, true);
  bytes.set(footer, prefixBytes + table + tableBytes);
  return bytes;
}
