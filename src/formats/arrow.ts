// Arrow interchange through apache-arrow, which is loaded by the files of this name and by nothing else: whoever wants it
// imports this file on demand, or the entry millrace/arrow.
export { type ToArrowOptions, toArrow, toTable, writeIpc } from "./arrow-export.js";
export { fromArrow } from "./arrow-import.js";
export { readIpc } from "./arrow-ipc.js";
export { schemaFromArrow } from "./arrow-types.js";
