// Drives one operator as a task would: elements in, everything emitted out, as text to compare or as elements to feed on.
// Between two elements the arena is reset and overwritten, so that an operator that keeps arena memory is caught.
import { Batch } from "../arrow/batch.js";
import { Column, type Workspace } from "../arrow/column.js";
import type { Operator, Output, SideOutput, SplitEvent } from "../operators/operator.js";
import { type TestContext, testContext } from "./context.js";
import { formatBatch, formatHeader } from "./text.js";

/** What travels between operators besides batches. */
export type Element = Batch | { readonly watermarkMs: number } | { readonly event: SplitEvent };

/** A watermark among the elements; `Infinity` is the end of input. */
export function watermark(timeMs: number): Element {
  return { watermarkMs: timeMs };
}

/** A split event among the elements. */
export function split(number: number, status: SplitEvent["status"]): Element {
  return { event: { split: number, status } };
}

/** Everything that an operator emitted, in order. The batches are persisted and the caller's. */
export interface Emitted {
  readonly elements: readonly Element[];
  readonly sides: Readonly<Record<SideOutput, readonly Batch[]>>;
}

export interface RunOptions {
  /** The operator's context; made fresh from the first batch's workspace when missing. */
  readonly context?: TestContext;
  /** Needed when there is neither a context nor a batch to take it from. */
  readonly workspace?: Workspace;
  /** Side outputs that nobody listens to. */
  readonly deaf?: readonly SideOutput[];
  /** Runs between `open` and the first element, to restore a snapshot. */
  readonly opened?: (operator: Operator) => void;
  /** Runs after each element, at the place where a barrier could stand. */
  readonly between?: (operator: Operator, index: number) => void;
}

/** Opens the operator, gives it the elements, closes it. @throws Error when it left memory behind in its account. */
export function collect(operator: Operator, elements: readonly Element[], options: RunOptions = {}): Emitted {
  const context = options.context ?? testContext(options.workspace ?? workspaceOf(elements));
  const { account } = context.workspace;
  account.arena.reset();
  const arenaStart = account.arena.allocate(0);
  const inputs = elements.map((element) => (element instanceof Batch ? element.persist() : element));
  const usedBytes = account.usedBytes;
  const emitted: Element[] = [];
  const sides: Record<SideOutput, Batch[]> = { late: [], deadLetter: [] };
  let keptBytes = 0;
  const keep = (batch: Batch): Batch => {
    const before = account.usedBytes;
    const kept = independent(batch).persist();
    keptBytes += account.usedBytes - before;
    return kept;
  };
  const out: Output = {
    emit: (batch) => {
      if (batch.rowCount > 0) emitted.push(keep(batch));
    },
    watermark: (timeMs) => emitted.push({ watermarkMs: timeMs }),
    split: (event) => emitted.push({ event }),
    side: (output, batch) => sides[output].push(keep(batch)),
    hasSide: (output) => options.deaf?.includes(output) !== true,
  };
  operator.open(context);
  options.opened?.(operator);
  inputs.forEach((element, index) => {
    if (element instanceof Batch) operator.processBatch(element, 0, out);
    else if ("event" in element) operator.processSplit(element.event, out);
    else operator.processWatermark(element.watermarkMs, out);
    endStep(context.workspace, arenaStart);
    while (operator.pending) {
      context.resumes++;
      operator.resume(out);
      endStep(context.workspace, arenaStart);
    }
    options.between?.(operator, index);
  });
  operator.close();
  const leftBytes = account.usedBytes - usedBytes - keptBytes;
  if (leftBytes !== 0) throw new Error(`the operator left ${leftBytes} bytes in its account after close()`);
  for (const element of inputs) if (element instanceof Batch) element.release();
  return { elements: emitted, sides };
}

/** The rows as if nobody owned them: persisted, all of their memory is a copy, none of it the operator's own. */
function independent(batch: Batch): Batch {
  const unowned = (column: Column): Column => {
    const dictionary = column.dictionary === null ? null : unowned(column.dictionary);
    return new Column({ ...column, dictionary, children: column.children.map(unowned), region: null });
  };
  const columns = batch.schema.fields.map((_, index) => unowned(batch.column(index)));
  return batch.withColumns(batch.schema, columns);
}

/**
 * Like `collect`, as text: batches of one schema that follow each other stand under one header, then come the side
 * outputs, each under its name. Without watermarks the text does not depend on how the input was cut into batches.
 */
export function run(
  operator: Operator,
  elements: readonly Element[],
  options: RunOptions & { readonly watermarks?: boolean } = {},
): string {
  const emitted = collect(operator, elements, options);
  const wanted = (element: Element) => options.watermarks !== false || !("watermarkMs" in element);
  const text = formatElements(emitted.elements.filter(wanted));
  const parts = text === "" ? [] : [text];
  for (const [name, batches] of Object.entries(emitted.sides)) {
    if (batches.length > 0) parts.push(`${name} ${formatElements(batches)}`);
    for (const batch of batches) batch.release();
  }
  for (const element of emitted.elements) if (element instanceof Batch) element.release();
  return parts.join("\n");
}

/** Elements as text, one row, watermark or event a line. */
export function formatElements(elements: readonly Element[]): string {
  const lines: string[] = [];
  let header = "";
  for (const element of elements) {
    if (element instanceof Batch) {
      const ours = formatHeader(element);
      lines.push(formatBatch(element, ours !== header));
      header = ours;
    } else if ("event" in element) lines.push(`split ${element.event.split} ${element.event.status}`);
    else lines.push(`watermark ${element.watermarkMs}`);
  }
  return lines.join("\n");
}

/** Text that spans lines in a test's source: without the indentation and the empty lines around it. */
export function lines(strings: TemplateStringsArray, ...values: readonly unknown[]): string {
  const all = String.raw(strings, ...values).split("\n");
  return all
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");
}

/** The same rows cut into batches of `size`; each input batch is cut by itself, so splits and order stay. */
export function rebatch(elements: readonly Element[], size: number): Element[] {
  return elements.flatMap((element): Element[] => {
    if (!(element instanceof Batch)) return [element];
    const parts: Batch[] = [];
    for (let start = 0; start < element.rowCount; start += size) {
      parts.push(element.slice(start, Math.min(start + size, element.rowCount)).persist());
    }
    return parts;
  });
}

/** Ends a step: what lay in the arena is overwritten, then the arena reset. */
function endStep({ account }: Workspace, start: number): void {
  const { arena, memory } = account;
  const end = arena.allocate(0);
  const chunk = 2 ** 20 - 65536;
  memory.u8.fill(0xaa, start, end >= start && end < start + chunk ? end : start + chunk);
  arena.reset();
}

function workspaceOf(elements: readonly Element[]): Workspace {
  const first = elements.find((element) => element instanceof Batch);
  if (first === undefined) throw new Error("run without batches needs a `workspace` or a `context`");
  return (first as Batch).workspace;
}
