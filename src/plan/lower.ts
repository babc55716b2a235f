// Logical → physical: one switch. Names become positions, shared nodes one node, side outputs edges. A window aggregates
// plain columns, so that computed keys and arguments are projected below it.
import { columnIndex, type Field, field, INT8, type Schema, schemaOf } from "../arrow/types.js";
import { assert, InternalError, PlanError } from "../errors.js";
import { bindExpr, bindPredicate } from "./bind-expr.js";
import {
  CHANGE_COLUMN,
  CHANGE_KINDS,
  type ChangeMode,
  hasChanges,
  INSERT,
  inputMode,
  withChanges,
  withoutChanges,
} from "./changes.js";
import { columnNamed, derive, isInTime } from "./derive.js";
import type { BoundExpr, Expr } from "./expr.js";
import { planJoin, type Side } from "./join.js";
import {
  type AggregateCall,
  callExprs,
  type LogicalNode,
  type LogicalPlan,
  type NamedExpr,
  type SortKey,
  topN,
} from "./logical.js";
import { type JoinPort, physicalJoin } from "./lower-join.js";
import type { PhysicalAggregate, PhysicalNode, PhysicalOver, PhysicalPlan, PhysicalSortKey } from "./physical.js";
import { mayRaise } from "./raise.js";
import { DEAD_LETTER_SCHEMA, lateSchema } from "./side-outputs.js";
import { type Program, readersOf, sameData, topological } from "./walk.js";
import { type Judge, judgesOf, windowText } from "./window.js";

type Edge = PhysicalNode["inputs"][number];

/** Rows that a node can read: where they come from and their columns. */
interface Port {
  readonly edge: Edge;
  readonly schema: Schema;
}

/** Nodes that refuse records, rows they cannot compute, or results that overflow. */
const REFUSING: ReadonlySet<PhysicalNode["kind"]> = new Set([
  "source",
  "filter",
  "project",
  "map",
  "window-aggregate",
  "group-aggregate",
  "join",
]);

/** The kind of rows that are only added. */
const INSERTION: NamedExpr = {
  name: CHANGE_COLUMN,
  expr: { kind: "literal", value: INSERT, type: INT8 },
};

type Grouping = LogicalNode<"window-aggregate"> | LogicalNode<"aggregate">;

/**
 * The physical plan of a program.
 * @param program - bound, checked, with a uid at every node (`nameNodes`)
 */
export function lower(program: Program): PhysicalPlan {
  const lowering = new Lowering(program);
  for (const root of program) lowering.port(root, derive(root).bounded ? "final" : "retract");
  return Object.freeze({ nodes: Object.freeze(lowering.nodes) });
}

class Lowering {
  readonly nodes: PhysicalNode[] = [];
  readonly #judges: ReadonlyMap<LogicalPlan, readonly Judge[]>;
  #ports = new Map<ChangeMode, Map<LogicalPlan, Port>>();
  /** Before the uids of nodes that are lowered once more. */
  #prefix = "";
  readonly #readers: ReadonlyMap<LogicalPlan, readonly LogicalPlan[]>;

  constructor(program: Program) {
    this.#judges = judgesOf(program);
    this.#readers = readersOf(program);
  }

  /** Where a node's rows are found with the changes that a reader needs; lowers it on first sight. */
  port(node: LogicalPlan, wanted: ChangeMode): Port {
    const mode = modeOf(node, wanted);
    const ports = this.#ports.get(mode) ?? new Map<LogicalPlan, Port>();
    this.#ports.set(mode, ports);
    let port = ports.get(node);
    if (port === undefined) {
      port = this.#lower(node, mode);
      ports.set(node, port);
    }
    return port;
  }

  #lower(node: LogicalPlan, mode: ChangeMode): Port {
    const { schema, rowPolicy } = derive(node);
    const uid = this.#uidOf(node, mode);
    const common = { uid, schema, rowPolicy };
    const below = inputMode(node, mode);
    switch (node.kind) {
      case "scan": {
        const { table } = node;
        const predicate = node.predicate === null ? null : bindPredicate(node.predicate, schema);
        return this.#add({ ...common, kind: "source", name: `source(${table.name})`, inputs: [], table, predicate });
      }
      case "filter": {
        const input = this.port(node.input, below);
        const predicate = bindPredicate(node.predicate, input.schema);
        const passed = { ...common, schema: input.schema };
        return this.#add({ ...passed, kind: "filter", name: "filter", inputs: [input.edge], predicate });
      }
      case "project":
        return this.#project(node.columns, this.port(node.input, below), uid, rowPolicy);
      case "watermark": {
        const input = this.port(node.input, below);
        const { column, ...spec } = node.spec;
        return this.#add({
          ...common,
          kind: "watermark",
          name: `watermark(${column})`,
          inputs: [input.edge],
          ...spec,
          column: columnIndex(input.schema, column),
          judges: this.#judges.get(node) ?? [],
        });
      }
      case "window-aggregate":
        return this.#windowAggregate(node, uid);
      case "aggregate":
        return mode === "final" ? this.#aggregateAtEnd(node, uid) : this.#groupAggregate(node, uid, mode);
      case "deduplicate":
        return node.keep === "last" ? this.#lastRows(node, uid, mode) : this.#deduplicate(node, uid);
      case "sort":
        return this.#sort(node, uid, mode);
      case "top-n":
        return this.#topN(node, uid, mode);
      case "over":
        return this.#over(node, uid);
      case "union": {
        const inputs = node.inputs.map((input) => this.port(input, below));
        return this.#union(inputs, schema, uid, rowPolicy);
      }
      case "join":
        return this.#join(node, mode, uid);
      case "changelog":
        return this.#changelog(this.port(node.input, below), node.column, uid, rowPolicy);
      case "unnest": {
        const input = this.port(node.input, below);
        return this.#add({
          ...common,
          schema: hasChanges(input.schema) ? withChanges(schema) : schema,
          kind: "unnest",
          name: `unnest(${node.column})`,
          inputs: [input.edge],
          column: columnIndex(input.schema, node.column),
          ordinality: node.ordinality !== null,
          outer: node.outer,
        });
      }
      case "map": {
        const { fn, mode: how } = node;
        const name = `${how}(${fn.name})`;
        return this.#add({ ...common, kind: "map", name, inputs: [this.port(node.input, below).edge], fn, mode: how });
      }
      case "inspect": {
        const { fn } = node;
        const name = `inspect(${fn.name})`;
        return this.#add({ ...common, kind: "inspect", name, inputs: [this.port(node.input, below).edge], fn });
      }
      case "sink": {
        const { table } = node;
        const { bounded } = derive(node.input);
        const input = this.port(node.input, table.takes ?? "final");
        const taken = { ...common, schema: input.schema };
        return this.#add({ ...taken, kind: "sink", name: `sink(${table.name})`, inputs: [input.edge], table, bounded });
      }
      case "side-output":
        return node.output === "late" ? this.#late(node.input) : this.#deadLetters(node);
      case "unresolved-scan":
      case "unresolved-query":
      case "with-columns":
        throw new InternalError(`a ${node.kind} was lowered before it was bound`);
    }
  }

  /** A node that is lowered for readers of several modes has a state of its own for each. */
  #uidOf(node: LogicalPlan, mode: ChangeMode): string {
    const uid = `${this.#prefix}${uidOf(node)}`;
    const again = [...this.#ports.values()].some((ports) => ports.has(node));
    return again ? `${uid}/${mode}` : uid;
  }

  #add(node: PhysicalNode): Port {
    this.nodes.push(Object.freeze(node));
    return { edge: { node: this.nodes.length - 1, side: null }, schema: node.schema };
  }

  /** The kind of change goes on as it is. */
  #project(named: readonly NamedExpr[], input: Port, uid: string, rowPolicy: PhysicalNode["rowPolicy"]): Port {
    return this.#compute(
      hasChanges(input.schema) ? [...named, columnNamed(CHANGE_COLUMN)] : named,
      input,
      uid,
      rowPolicy,
    );
  }

  #compute(columns: readonly NamedExpr[], input: Port, uid: string, rowPolicy: PhysicalNode["rowPolicy"]): Port {
    const bound = columns.map(({ expr }) => bindExpr(expr, input.schema));
    const schema = schemaOf(columns.map(({ name }, index) => fieldOf(name, bound[index] as BoundExpr)));
    return this.#add({
      kind: "project",
      uid,
      name: "project",
      inputs: [input.edge],
      schema,
      rowPolicy,
      columns: bound,
    });
  }

  /** Inputs in the column order of the first one. Where one is updated, the rows of the others are insertions. */
  #union(inputs: readonly Port[], own: Schema, uid: string, rowPolicy: PhysicalNode["rowPolicy"]): Port {
    const updated = inputs.some((input) => hasChanges(input.schema));
    const schema = updated ? withChanges(own) : own;
    const names = schema.fields.map(({ name }) => name);
    const ordered = inputs.map((input, index) => {
      if (names.every((name, at) => input.schema.fields[at]?.name === name)) return input;
      const columns = own.fields.map(({ name }) => columnNamed(name));
      if (updated) columns.push(hasChanges(input.schema) ? columnNamed(CHANGE_COLUMN) : INSERTION);
      return this.#compute(columns, input, `${uid}/columns[${index}]`, rowPolicy);
    });
    return this.#add({ kind: "union", uid, name: "union", inputs: ordered.map(({ edge }) => edge), schema, rowPolicy });
  }

  #join(node: LogicalNode<"join">, mode: ChangeMode, uid: string): Port {
    const { schema, rowPolicy, changelog } = derive(node);
    const plan = planJoin(node, derive(node.left), derive(node.right));
    const lowered = (side: Side): JoinPort => {
      const { build } = plan;
      const read = build === side ? this.#alone(node, side, uid) : this.port(node[side], inputMode(node, mode));
      const exprs = plan.keys.map((key) => key[side]);
      const { port, columns } = this.#plainColumns(read, exprs, `${uid}/${side}`, rowPolicy);
      return { ...port, keys: exprs.map(columns), isUpdated: hasChanges(read.schema) };
    };
    const [left, right] = [lowered("left"), lowered("right")];
    const passing = plan.build === "left" ? right : left;
    const takesBack = plan.build === null ? mode !== "final" && changelog === "retract" : passing.isUpdated;
    return this.#add({
      ...physicalJoin(node, plan, left, right),
      uid,
      inputs: [left.edge, right.edge],
      schema: takesBack ? withChanges(schema) : schema,
      rowPolicy,
    });
  }

  /**
   * A side that is read to its end while the other waits. What others read of it too is read once more for them: they could
   * not go on while the join takes nothing else, nor it while they do not.
   */
  #alone(node: LogicalNode<"join">, side: Side, uid: string): Port {
    const own = new Set(topological([node[side]]));
    if (
      [...own].every((known) => (this.#readers.get(known) ?? []).every((reader) => reader === node || own.has(reader)))
    ) {
      return this.port(node[side], "final");
    }
    const outside = { ports: this.#ports, prefix: this.#prefix };
    this.#ports = new Map();
    this.#prefix = `${uid}/${side}/`;
    const port = this.port(node[side], "final");
    this.#ports = outside.ports;
    this.#prefix = outside.prefix;
    return port;
  }

  #changelog(input: Port, column: string, uid: string, rowPolicy: PhysicalNode["rowPolicy"]): Port {
    const { fields } = withoutChanges(input.schema);
    const kind: Expr = hasChanges(input.schema)
      ? {
          kind: "case",
          branches: CHANGE_KINDS.map((text, number) => ({
            when: {
              kind: "call",
              fn: "eq",
              args: [columnNamed(CHANGE_COLUMN).expr, { kind: "literal", value: number }],
            },
            then: { kind: "literal", value: text },
          })),
          otherwise: null,
        }
      : { kind: "literal", value: CHANGE_KINDS[INSERT] };
    const columns = [...fields.map(({ name }) => columnNamed(name)), { name: column, expr: kind }];
    return this.#compute(columns, input, uid, rowPolicy);
  }

  #windowAggregate(node: LogicalNode<"window-aggregate">, uid: string): Port {
    const { window, latenessMs } = node;
    const { input, common, grouping } = this.#grouped(node, "final", uid);
    return this.#add({
      ...common,
      kind: "window-aggregate",
      name: `window-aggregate(${windowText(window)})`,
      window,
      timeColumn: columnIndex(input.schema, derive(node.input).timeColumn as string),
      latenessMs,
      ...grouping,
    });
  }

  /** Bounded input of which the end is all that is wanted: one window over all of it. */
  #aggregateAtEnd(node: LogicalNode<"aggregate">, uid: string): Port {
    const { common, grouping } = this.#grouped(node, "final", uid);
    const none = { window: null, timeColumn: -1, latenessMs: 0 };
    return this.#add({ ...common, kind: "window-aggregate", name: "aggregate", ...none, ...grouping });
  }

  #groupAggregate(node: LogicalNode<"aggregate">, uid: string, mode: ChangeMode): Port {
    const { common, grouping } = this.#grouped(node, "retract", uid);
    return this.#add({
      ...common,
      schema: withChanges(common.schema),
      kind: "group-aggregate",
      name: "group-aggregate",
      ...grouping,
      before: mode === "retract",
      endless: !derive(node).bounded,
      // The one group of all rows is no growing state.
      ttlMs: node.keys.length === 0 ? null : (node.ttlMs ?? null),
    });
  }

  /** What all kinds of groups have: an input with plain columns for keys and arguments, and their positions. */
  #grouped(node: Grouping, below: ChangeMode, uid: string) {
    const { schema, rowPolicy } = derive(node);
    const calls = node.aggregates.map((call) => maskedCall(call, derive(node.input).schema));
    const exprs = [...node.keys.map(({ expr }) => expr), ...calls.flatMap(callExprs)];
    const { port: input, columns } = this.#plainColumns(this.port(node.input, below), exprs, uid, rowPolicy);
    const results = schema.fields.slice(schema.fields.length - node.aggregates.length);
    const aggregates = calls.map((call, index): PhysicalAggregate => {
      const { type } = results[index] as Field;
      const [argument] = call.args;
      const column = argument === undefined ? -1 : columns(argument);
      const fn = aggregateName(call);
      return {
        name: call.name,
        fn,
        column,
        type,
        // The least of some values is that of each once.
        ...(call.distinct && fn !== "min" && fn !== "max" ? { distinct: call.distinct } : {}),
        ...(call.filter === undefined ? {} : { filter: columns(call.filter) }),
      };
    });
    const common = { uid, inputs: [input.edge], schema, rowPolicy };
    return { input, common, grouping: { keys: node.keys.map(({ expr }) => columns(expr)), aggregates } };
  }

  #deduplicate(node: LogicalNode<"deduplicate">, uid: string): Port {
    const { schema, rowPolicy, timeColumn } = derive(node);
    const { port: input, columns } = this.#plainColumns(this.port(node.input, "final"), node.keys, uid, rowPolicy);
    return this.#add({
      kind: "deduplicate",
      uid,
      name: "deduplicate",
      inputs: [input.edge],
      schema,
      rowPolicy,
      timeColumn: timeColumn === null ? -1 : columnIndex(input.schema, timeColumn),
      keys: node.keys.map(columns),
      withinMs: node.withinMs,
    });
  }

  /** What ends is sorted at its end; of what does not the first rows are kept, or it is in the order of time. */
  #sort(node: LogicalNode<"sort">, uid: string, mode: ChangeMode): Port {
    const { order, limit, offset } = node;
    const { schema, rowPolicy, bounded, changelog } = derive(node);
    if (changelog === "retract") {
      const ranked = { keys: [], ties: "first", limit: limit as number, rank: null } as const;
      return this.#topN({ ...node, kind: "top-n", ...ranked }, uid, mode);
    }
    const exprs = order.map(({ expr }) => expr);
    const { port: input, columns } = this.#plainColumns(this.port(node.input, "final"), exprs, uid, rowPolicy);
    const common = { uid, inputs: [input.edge], schema, rowPolicy, offset };
    if (order.length === 0 || limit === 0) return this.#add({ ...common, kind: "limit", name: "limit", limit });
    const time = bounded ? null : timeOrder(node);
    const timeColumn = time === null ? -1 : columnIndex(input.schema, time);
    return this.#add({ ...common, kind: "sort", name: "sort", order: sortKeys(order, columns), limit, timeColumn });
  }

  /** By event time as the watermark passes it, else at the end of the input. */
  #over(node: LogicalNode<"over">, uid: string): Port {
    const { keys, order, frame, calls } = node;
    const { schema, rowPolicy } = derive(node);
    const source = derive(node.input);
    const isTimed = isInTime(node) && calls.every(({ fn }) => fn !== "lead");
    if (!isTimed && !source.bounded) throw notInTime(node);
    const exprs = [...keys, ...order.map(({ expr }) => expr), ...calls.flatMap(({ args }) => args)];
    const { port: input, columns } = this.#plainColumns(this.port(node.input, "final"), exprs, uid, rowPolicy);
    const made = schema.fields.slice(schema.fields.length - calls.length);
    return this.#add({
      uid,
      inputs: [input.edge],
      schema,
      rowPolicy,
      kind: "over",
      name: "over",
      keys: keys.map(columns),
      order: sortKeys(order, columns),
      frame,
      calls: calls.map(({ name, fn, args: [argument, other], distance }, index): PhysicalOver => {
        const { type } = made[index] as Field;
        const place = (expr: Expr | undefined): number => (expr === undefined ? -1 : columns(expr));
        return { name, fn: fn as PhysicalOver["fn"], column: place(argument), other: place(other), distance, type };
      }),
      timeColumn: isTimed ? columnIndex(input.schema, source.timeColumn as string) : -1,
    });
  }

  /** The first rows by event time downwards, or as they came the other way round. A tie takes the later one (S81). */
  #lastRows(node: LogicalNode<"deduplicate">, uid: string, mode: ChangeMode): Port {
    const { input, keys } = node;
    const { timeColumn } = derive(input);
    const order = timeColumn === null ? [] : [{ ...columnNamed(timeColumn), descending: true, nullsFirst: false }];
    return this.#topN(topN(input, { keys, order, ties: "last", limit: 1, offset: 0, rank: null }), uid, mode);
  }

  #topN(node: LogicalNode<"top-n">, uid: string, mode: ChangeMode): Port {
    const { keys, order, ties, limit, offset, rank, input: source } = node;
    const { schema, rowPolicy, bounded } = derive(node);
    const exprs = [...keys, ...order.map(({ expr }) => expr)];
    const below = this.port(source, mode === "final" ? "final" : "retract");
    const { port: input, columns } = this.#plainColumns(below, exprs, uid, rowPolicy);
    return this.#add({
      uid,
      inputs: [input.edge],
      schema: mode === "final" ? schema : withChanges(schema),
      rowPolicy,
      kind: "top-n",
      name: `top-n(${limit})`,
      keys: keys.map(columns),
      order: sortKeys(order, columns),
      ties,
      limit,
      offset,
      rank: rank !== null,
      mode,
      retracting: hasChanges(input.schema),
      endless: !bounded,
    });
  }

  /**
   * The input of a step with its expressions as columns: what is computed is projected behind the columns of the input, once
   * for equal expressions.
   */
  #plainColumns(
    input: Port,
    exprs: readonly Expr[],
    uid: string,
    rowPolicy: PhysicalNode["rowPolicy"],
  ): { port: Port; columns: (expr: Expr) => number } {
    const computed: NamedExpr[] = [];
    const find = (expr: Expr): NamedExpr | undefined => computed.find((known) => sameData(known.expr, expr));
    // `$0`, `$1` …, or with more signs where the input has such names.
    const taken = input.schema.fields.map(({ name }) => name);
    let sign = "$";
    while (taken.some((name) => name.startsWith(sign))) sign += "$";
    for (const expr of exprs) {
      if (expr.kind !== "column" && find(expr) === undefined)
        computed.push({ name: `${sign}${computed.length}`, expr });
    }
    let port = input;
    if (computed.length > 0) {
      const columns = [...withoutChanges(input.schema).fields.map(({ name }) => columnNamed(name)), ...computed];
      port = this.#project(columns, input, `${uid}/arguments`, rowPolicy);
    }
    const columns = (expr: Expr): number =>
      columnIndex(port.schema, expr.kind === "column" ? expr.name : (find(expr) as NamedExpr).name);
    return { port, columns };
  }

  /** What a watermark, window or deduplication refused, without the columns that lowering added. */
  #late(refusing: LogicalPlan): Port {
    const edge: Edge = { node: this.port(refusing, "retract").edge.node, side: "late" };
    const port: Port = { edge, schema: this.#schemaOf(edge) };
    const wanted = lateSchema(derive((refusing as LogicalNode<"watermark">).input).schema);
    if (wanted.fields.length === port.schema.fields.length) return port;
    return this.#project(
      wanted.fields.map(({ name }) => columnNamed(name)),
      port,
      `${uidOf(refusing)}/late`,
      "fail",
    );
  }

  #schemaOf({ node: index, side }: Edge): Schema {
    const node = this.nodes[index] as PhysicalNode;
    if (side === null) return node.schema;
    if (side === "deadLetter") return DEAD_LETTER_SCHEMA;
    const [input] = node.inputs;
    assert(input !== undefined, `${node.name} refuses rows of its input`);
    return lateSchema(this.#schemaOf(input));
  }

  /** Everything that the nodes below refuse. */
  #deadLetters(node: LogicalNode<"side-output">): Port {
    const { schema, rowPolicy } = derive(node);
    const below = new Set<number>();
    const visit = (index: number): void => {
      if (below.has(index)) return;
      below.add(index);
      for (const input of (this.nodes[index] as PhysicalNode).inputs) visit(input.node);
    };
    visit(this.port(node.input, "retract").edge.node);
    const refusing = [...below].filter((index) => {
      const { kind, rowPolicy: policy } = this.nodes[index] as PhysicalNode;
      return policy === "deadLetter" && REFUSING.has(kind);
    });
    const ports = refusing
      .sort((a, b) => a - b)
      .map((at): Port => ({ edge: { node: at, side: "deadLetter" }, schema }));
    const [first] = ports;
    assert(first !== undefined, "a stream with dead letters has a source that keeps them");
    return ports.length === 1 ? first : this.#union(ports, schema, uidOf(node), rowPolicy);
  }
}

/** What a node makes of the changes that are wanted: one that only adds rows is the same for all readers. */
function modeOf(node: LogicalPlan, wanted: ChangeMode): ChangeMode {
  const { changelog, keys } = derive(node);
  if (changelog === "append") return "retract";
  return wanted === "upsert" && keys === null ? "retract" : wanted;
}

function sortKeys(order: readonly SortKey[], columns: (expr: Expr) => number): PhysicalSortKey[] {
  return order.map(({ expr, descending, nullsFirst }) => ({ column: columns(expr), descending, nullsFirst }));
}

function notInTime({ input, calls }: LogicalNode<"over">): PlanError {
  const { timeColumn, changelog } = derive(input);
  const ahead = calls.find(({ fn }) => fn === "lead");
  if (ahead !== undefined) {
    return new PlanError("UNSUPPORTED", `"${ahead.name}" looks ahead in a stream that does not end`, {
      hint: "look back instead: LAG",
    });
  }
  const what = changelog === "append" ? "of a stream that does not end" : "over results that are updated without end";
  return new PlanError("UNSUPPORTED", `OVER in another order than event time, ${what}`, {
    hint: `${timeColumn === null ? "declare an event time and order by it" : `ORDER BY ${timeColumn}`}; or keep the first ranks: ROW_NUMBER() and WHERE place <= 10`,
  });
}

/** The event time that rows without end are put in order by. @throws UNSUPPORTED for any other order */
function timeOrder({ input, order }: LogicalNode<"sort">): string {
  const { timeColumn } = derive(input);
  const [first, second] = order;
  const isTime = first?.expr.kind === "column" && first.expr.name === timeColumn && !first.descending;
  if (isTime && second === undefined && timeColumn !== null) return timeColumn;
  const hint = timeColumn === null ? "" : `, or order by "${timeColumn}" alone, which comes in that order`;
  throw new PlanError("UNSUPPORTED", "all rows in order of a stream that does not end", {
    hint: `limit it: the first rows are kept up to date${hint}`,
  });
}

/** S58: arguments that may fail are not computed of rows that do not count. */
function maskedCall(call: AggregateCall, schema: Schema): AggregateCall {
  const { filter, args } = call;
  if (filter === undefined || !args.some((arg) => mayRaise(bindExpr(arg, schema)))) return call;
  const masked = args.map((then): Expr => ({ kind: "case", branches: [{ when: filter, then }], otherwise: null }));
  return { ...call, args: masked };
}

function uidOf(node: LogicalPlan): string {
  assert(node.uid !== undefined, `a ${node.kind} without uid`);
  return node.uid;
}

function fieldOf(name: string, { type, nullable }: BoundExpr): Field {
  return field(name, type, nullable);
}

function aggregateName({ fn }: AggregateCall): PhysicalAggregate["fn"] {
  return fn as PhysicalAggregate["fn"];
}
