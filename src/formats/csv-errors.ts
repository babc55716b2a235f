// Messages of refused CSV records: what the kernels found, in words, with the value at fault.
import { type Field, typeName } from "../arrow/types.js";
import type { ErrorCode } from "../errors.js";
import { CsvReason } from "./csv-layout.js";
import { describeRefusal } from "./json-errors.js";
import { Reason } from "./json-layout.js";

/** Characters of a value that a message shows. */
const SHOWN = 40;

/** What is known of a refused record. */
export interface CsvRefusal {
  readonly reason: number;
  /** The field at fault, or the text from the byte at fault on. */
  readonly text: string;
  readonly field: Field | undefined;
  /** Fields found and expected. */
  readonly found: number;
  readonly expected: number;
  readonly recordBytesMax: number;
}

/** A refused record in words. */
export function describeCsvRefusal(refusal: CsvRefusal): { code: ErrorCode; message: string } {
  const { reason, text, field, found, expected, recordBytesMax } = refusal;
  const shown = JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
  const column = field === undefined ? "the value" : `column "${field.name}" is ${typeName(field.type)}`;
  switch (reason) {
    case CsvReason.WIDTH:
      return { code: "CSV_WIDTH", message: `the record has ${countOf(found)}, expected ${expected}` };
    case CsvReason.STRAY:
      return { code: "CSV_QUOTE", message: `text behind a closing quote: ${shown}` };
    case CsvReason.OPEN:
      return { code: "CSV_QUOTE", message: "a quote that is opened in this record is never closed" };
    case Reason.NULL:
      return { code: "TYPE", message: `${column} NOT NULL, found nothing` };
    case Reason.UTF8:
      return { code: "UTF8", message: `${column}, found bytes that are not UTF-8` };
    case Reason.WRONG_TYPE:
    case Reason.TIME_FORMAT:
    case Reason.BASE64:
      return { code: "TYPE", message: `${column}, found ${shown}` };
    case Reason.NOT_INTEGER:
      return { code: "TYPE", message: `${column}, found a fraction: ${shown}` };
    case Reason.RANGE:
      return { code: "OVERFLOW", message: `${column}, ${shown} is out of its range` };
    case Reason.DIGITS:
      return { code: "TYPE", message: `${column}, ${shown} has more digits behind the point` };
    case Reason.TIME_RANGE:
      return { code: "TIME_RANGE", message: `${column}, there is no such time or it is out of range: ${shown}` };
    default:
      return describeRefusal(reason, text, field, { recordBytes: recordBytesMax });
  }
}

function countOf(fields: number): string {
  return `${fields} ${fields === 1 ? "field" : "fields"}`;
}
