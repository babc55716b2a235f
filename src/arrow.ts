// The entry millrace/arrow: batches to and from apache-arrow, and Arrow IPC.
export {
  fromArrow,
  readIpc,
  schemaFromArrow,
  type ToArrowOptions,
  toArrow,
  toTable,
  writeIpc,
} from "./formats/arrow.js";
