// Sorts and rankings in words, for describe.ts.
import { type Field, fieldText, type Schema } from "../arrow/types.js";
import { formatExpr, formatName } from "./format-expr.js";
import type { LogicalNode, SortKey } from "./logical.js";
import type { PhysicalOf, PhysicalSortKey } from "./physical.js";

interface Described {
  readonly title: string;
  readonly details: readonly string[];
}

/** `sort a, b desc`; empty without keys. */
export function sortText(order: readonly SortKey[]): string {
  return order.length === 0 ? "" : `sort ${orderText(order, ({ expr }) => formatExpr(expr))}`;
}

export function limitText({ limit, offset }: { readonly limit: number | null; readonly offset: number }): string[] {
  return [...(limit === null ? [] : [`limit ${limit}`]), ...(offset === 0 ? [] : [`offset ${offset}`])];
}

/** `10 by price desc for auction`. */
export function topText({ limit, order, keys }: LogicalNode<"top-n">): string {
  const by = order.length === 0 ? "" : ` by ${orderText(order, ({ expr }) => formatExpr(expr))}`;
  return `${limit}${by}${keys.length === 0 ? "" : ` for ${keys.map(formatExpr).join(", ")}`}`;
}

/** `place = row_number() for auction by price desc`. */
export function overText({ calls, keys, order, frame }: LogicalNode<"over">): string {
  const values = calls.map(({ name, fn, args, distance }) => {
    const written = [...args.map(formatExpr), ...(distance === 0 ? [] : [String(distance)])].join(", ");
    return `${formatName(name)} = ${fn}(${written})`;
  });
  const by = order.length === 0 ? "" : ` by ${orderText(order, ({ expr }) => formatExpr(expr))}`;
  const unit = frame.unit === "range" ? " ms" : " rows";
  const within = frame.preceding === null ? "" : ` within ${frame.preceding}${unit}`;
  return `${values.join(", ")}${keys.length === 0 ? "" : ` for ${keys.map(formatExpr).join(", ")}`}${by}${within}`;
}

export function topDetails({ offset, rank, ties }: LogicalNode<"top-n">): string[] {
  return [
    ...(offset === 0 ? [] : [`offset: ${offset}`]),
    ...(rank === null ? [] : [`rank: ${formatName(rank)}`]),
    ...(ties === "first" ? [] : ["of equal rows: the last one"]),
  ];
}

export function describeSort(node: PhysicalOf<"sort">, input: Schema): Described {
  const { order, limit, offset, timeColumn } = node;
  const kept = limit === null ? "all rows" : `${limit + offset} rows and as many again`;
  return {
    title: ["sort", orderText(order, (key) => nameAt(input, key)), ...limitText(node)].join(" "),
    details: [timeColumn < 0 ? `state: ${kept}, until the input ends` : "state: rows ahead of the watermark"],
  };
}

/** State that grows for ever says so. */
export function describeTopN(node: PhysicalOf<"top-n">, input: Schema): Described {
  const { keys, order, limit, offset, rank, mode, retracting, endless } = node;
  const by = order.length === 0 ? [] : ["by", orderText(order, (key) => nameAt(input, key))];
  const rows = retracting ? "all rows" : limit + offset === 1 ? "one row" : `${limit + offset} rows`;
  const entry = keys.length > 0 ? `${rows} a key` : rows;
  const growing = endless && (keys.length > 0 || retracting);
  const what = keys.length > 0 ? "it grows with the keys" : "it grows with the rows";
  return {
    title: ["top-n", String(limit), ...by].join(" "),
    details: [
      ...(keys.length > 0 ? [`keys: ${keys.map((column) => nameAt(input, { column })).join(", ")}`] : []),
      ...(offset === 0 ? [] : [`offset: ${offset}`]),
      mode === "final"
        ? "emits: at the end of the input"
        : `changes: ${mode === "retract" ? "+I -U +U -D" : "+I +U -D"}, once a batch`,
      `state: ${entry}${growing ? `; never freed: ${what}, a window would bound it` : ""}`,
      ...(rank ? [`rank: ${formatName((node.schema.fields.at(mode === "final" ? -1 : -2) as Field).name)}`] : []),
      `columns: ${node.schema.fields.map((each) => fieldText({ ...each, name: formatName(each.name) })).join(", ")}`,
    ],
  };
}

export function describeOver(node: PhysicalOf<"over">, input: Schema): Described {
  const { keys, order, frame, calls, timeColumn } = node;
  const by = order.length === 0 ? [] : ["by", orderText(order, (key) => nameAt(input, key))];
  const values = calls.map(
    ({ name, fn, column }) => `${formatName(name)} = ${fn}(${column < 0 ? "" : nameAt(input, { column })})`,
  );
  const unit = frame.unit === "rows" ? "rows" : "ms";
  const reach = frame.preceding === null ? "the last row of a key" : `what ${frame.preceding} ${unit} before reach`;
  const state =
    timeColumn < 0
      ? "all rows, until the input ends"
      : `rows ahead of the watermark, and ${reach}; keys are never freed`;
  return {
    title: ["over", ...by].join(" "),
    details: [
      ...(keys.length > 0 ? [`keys: ${keys.map((column) => nameAt(input, { column })).join(", ")}`] : []),
      `values: ${values.join(", ")}`,
      `state: ${state}`,
      `columns: ${node.schema.fields.map((each) => fieldText({ ...each, name: formatName(each.name) })).join(", ")}`,
    ],
  };
}

function nameAt({ fields }: Schema, { column }: Pick<PhysicalSortKey, "column">): string {
  return formatName((fields[column] as Field).name);
}

interface Direction {
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

function orderText<K extends Direction>(order: readonly K[], text: (key: K) => string): string {
  return order
    .map((key) => {
      const nulls = key.nullsFirst === key.descending ? ` nulls ${key.nullsFirst ? "first" : "last"}` : "";
      return `${text(key)}${key.descending ? " desc" : ""}${nulls}`;
    })
    .join(", ");
}
