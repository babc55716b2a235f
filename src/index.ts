// The portable public API: what every host's entry gives beside its own `Millrace`.

export { type Aggregate, avg, count, countDistinct, max, min, sum } from "./api/aggregates.js";
export type { ConsoleOptions } from "./api/console.js";
export type { DeduplicateKey, DeduplicateOptions } from "./api/deduplicate.js";
export type { Duration } from "./api/duration.js";
export type { ExplainOptions, Stage } from "./api/explain.js";
export { Case, col, Expression, interval, lit, type Operand, when } from "./api/expression.js";
export {
  abs,
  arrayContains,
  cardinality,
  ceil,
  charLength,
  coalesce,
  concat,
  contains,
  dateFloor,
  day,
  endsWith,
  exp,
  extract,
  type FloorUnit,
  floor,
  fromEpochMs,
  greatest,
  hour,
  ifNull,
  least,
  ln,
  log10,
  lower,
  lpad,
  ltrim,
  minute,
  month,
  nullif,
  position,
  power,
  quarter,
  replace,
  reverse,
  round,
  rpad,
  rtrim,
  second,
  sign,
  sqrt,
  startsWith,
  substring,
  type TimePart,
  toDate,
  toEpochMs,
  toTimestamp,
  trim,
  upper,
  week,
  year,
} from "./api/functions.js";
export type { Joined, JoinKeys, JoinOptions } from "./api/join.js";
export { type FunctionName, fn } from "./api/late-functions.js";
export type {
  EventSourceOptions,
  EventSourceTarget,
  EventsOptions,
  MessageOptions,
  ObservableLike,
  PollOptions,
  PushOptions,
  RetryPolicy,
  WebSocketOptions,
} from "./api/live.js";
export type {
  NexmarkAuction,
  NexmarkBid,
  NexmarkEvent,
  NexmarkOptions,
  NexmarkPerson,
  NexmarkRows,
} from "./api/nexmark.js";
export {
  asc,
  desc,
  type LimitOptions,
  type Ordering,
  type OrderKey,
  type OrderOptions,
  type TopOptions,
} from "./api/order.js";
export { Pipeline, type Target } from "./api/pipeline.js";
export type { ArgumentsOf, FunctionTypes, Registered } from "./api/register.js";
export type {
  AnyRow,
  EdgeMetrics,
  Job,
  JobEvent,
  JobGraph,
  JobGraphEdge,
  JobGraphNode,
  JobMode,
  JobProgress,
  JobResult,
  JobSample,
  JobState,
  NodeMetrics,
  RowOptions,
  RowReader,
  RunOptions,
  TraceOptions,
} from "./api/runner.js";
export {
  type ChangeKind,
  DataStream,
  type DeadLetter,
  type FunctionOptions,
  GroupedStream,
  type MapOptions,
  type StreamTraits,
  type UnnestOptions,
  type WatermarkOptions,
  WindowedStream,
} from "./api/stream.js";
export { Table, type TableOptions } from "./api/table.js";
export type {
  BatchesOptions,
  BytesOptions,
  ColumnsOptions,
  CsvOptions,
  FetchOptions,
  FileOptions,
  GenerateOptions,
  NodeBytes,
  RowsOptions,
} from "./api/tables.js";
export type { StdoutOptions, WebhookFailure, WebhookOptions } from "./api/targets.js";
export type { CheckedSchema, RowOf, SchemaLiteral } from "./api/types.js";
export {
  cumulate,
  hop,
  type SessionOptions,
  session,
  tumble,
  type WindowOptions,
  type WindowSpec,
} from "./api/windows.js";
export type { Row } from "./arrow/builder.js";
export type { ColumnData } from "./arrow/columns.js";
export type { NestedRow, ReadOptions, Scalar, Value } from "./arrow/rows.js";
export type { ColumnView } from "./arrow/views.js";
export { Engine, type EngineOptions, MemoryTable } from "./engine.js";
export {
  AbortError,
  ConnectorError,
  DataError,
  EngineError,
  type ErrorCode,
  InternalError,
  type Place,
  PlanError,
  ResourceError,
  SchemaError,
  StateError,
} from "./errors.js";
export type { LiveOptions, LiveTable, SubscribeOptions } from "./live-table.js";
export type { RowPolicy } from "./plan/policy.js";
export type { LogLevel, Platform } from "./platform/platform.js";
export type { RowChanges, TableEvent } from "./runtime/live-rows.js";
export type { Named, SqlTag, SqlValue } from "./sql-front.js";
