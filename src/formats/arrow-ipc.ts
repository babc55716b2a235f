// Arrow IPC bytes that are there as a whole → a table of apache-arrow, checked before it reads them.
import * as arrow from "apache-arrow";
import type { DataError } from "../errors.js";
import { messageOf } from "../platform/errors.js";
import { arrowIpcInvalid, IpcMessages } from "./arrow-messages.js";
import { verifyFooter } from "./arrow-verify.js";

/** `ARROW1`, at the end behind the footer's length. */
const MAGIC_BYTES = 6;

/** A table from Arrow IPC bytes, stream or file. @throws ARROW_INVALID when they are none, damaged, or big-endian. */
export function readIpc(bytes: Uint8Array, source = "the bytes"): arrow.Table {
  verifyIpc(bytes, source);
  let table: arrow.Table;
  try {
    table = arrow.tableFromIPC(bytes);
  } catch (cause) {
    throw invalid(source, cause);
  }
  if (table.schema.fields.length === 0) throw arrowIpcInvalid(source, "no schema in it");
  return table;
}

/** Every message, and in a file the footer, whose blocks have to be messages. @throws ARROW_INVALID */
function verifyIpc(bytes: Uint8Array, source: string): void {
  const messages = new IpcMessages(source);
  messages.feed(bytes);
  messages.finish();
  const starts = new Set<number>();
  for (let message = messages.next(); message !== null; message = messages.next()) starts.add(message.byte);
  if (!messages.isFile) return;
  try {
    const end = bytes.length - MAGIC_BYTES - 4;
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getInt32(end, true);
    if (!(length > 0 && length <= end)) throw new Error(`a footer of ${length} bytes`);
    const { dictionaries, recordBatches } = verifyFooter(bytes.subarray(end - length, end));
    const stray = [...dictionaries, ...recordBatches].find(({ byte }) => !starts.has(byte));
    if (stray !== undefined) throw new Error(`no message begins at byte ${stray.byte}`);
  } catch (cause) {
    throw invalid(source, cause);
  }
}

function invalid(source: string, cause: unknown): DataError {
  return arrowIpcInvalid(source, messageOf(cause), undefined, cause);
}
