// The test kit, `millrace/testing`: batches as text, one operator driven by hand, a clock that moves when told.
export { ManualClock, type TestContext, type TestContextOptions, testContext } from "./context.js";
export {
  collect,
  type Element,
  type Emitted,
  formatElements,
  lines,
  type RunOptions,
  rebatch,
  run,
  split,
  watermark,
} from "./run.js";
export { formatBatch, formatHeader, parseBatch } from "./text.js";
export { openTestWorkspace, type TestWorkspace } from "./workspace.js";
