// Logical → physical: one switch. Names become positions, shared nodes one node, side outputs edges. A window aggregates
// plain columns, so that computed keys and arguments are projected below it.
import { columnIndex, type Field, field, type Schema, schemaOf } from "../arrow/types.js";
import { assert, InternalError } from "../errors.js";
import { bindExpr, bindPredicate } from "./bind-expr.js";
import { columnNamed, derive } from "./derive.js";
import type { BoundExpr, Expr } from "./expr.js";
import type { AggregateCall, LogicalNode, LogicalPlan, NamedExpr } from "./logical.js";
import type { PhysicalAggregate, PhysicalNode, PhysicalPlan } from "./physical.js";
import { DEAD_LETTER_SCHEMA, lateSchema } from "./side-outputs.js";
import { type Program, sameData } from "./walk.js";
import { type Judge, judgesOf, windowText } from "./window.js";

type Edge = PhysicalNode["inputs"][number];

/** Rows that a node can read: where they come from and their columns. */
interface Port {
  readonly edge: Edge;
  readonly schema: Schema;
}

/** Nodes that refuse records, rows they cannot compute, or results that overflow. */
const REFUSING: ReadonlySet<PhysicalNode["kind"]> = new Set(["source", "filter", "project", "map", "window-aggregate"]);

type Grouping = LogicalNode<"window-aggregate"> | LogicalNode<"aggregate">;

/**
 * The physical plan of a program.
 * @param program - bound, checked, with a uid at every node (`nameNodes`)
 */
export function lower(program: Program): PhysicalPlan {
  const lowering = new Lowering(judgesOf(program));
  for (const root of program) lowering.port(root);
  return Object.freeze({ nodes: Object.freeze(lowering.nodes) });
}

class Lowering {
  readonly nodes: PhysicalNode[] = [];
  readonly #judges: ReadonlyMap<LogicalPlan, readonly Judge[]>;
  readonly #ports = new Map<LogicalPlan, Port>();

  constructor(judges: ReadonlyMap<LogicalPlan, readonly Judge[]>) {
    this.#judges = judges;
  }

  /** Where a node's rows are found; lowers it on first sight. */
  port(node: LogicalPlan): Port {
    let port = this.#ports.get(node);
    if (port === undefined) {
      port = this.#lower(node);
      this.#ports.set(node, port);
    }
    return port;
  }

  #lower(node: LogicalPlan): Port {
    const { schema, rowPolicy } = derive(node);
    const uid = uidOf(node);
    const common = { uid, schema, rowPolicy };
    switch (node.kind) {
      case "scan": {
        const { table } = node;
        const predicate = node.predicate === null ? null : bindPredicate(node.predicate, schema);
        return this.#add({ ...common, kind: "source", name: `source(${table.name})`, inputs: [], table, predicate });
      }
      case "filter": {
        const input = this.port(node.input);
        const predicate = bindPredicate(node.predicate, input.schema);
        return this.#add({ ...common, kind: "filter", name: "filter", inputs: [input.edge], predicate });
      }
      case "project":
        return this.#project(node.columns, this.port(node.input), uid, rowPolicy);
      case "watermark": {
        const input = this.port(node.input);
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
      case "aggregate":
        return this.#aggregate(node);
      case "deduplicate":
        return this.#deduplicate(node);
      case "union":
        return this.#union(
          node.inputs.map((input) => this.port(input)),
          schema,
          uid,
          rowPolicy,
        );
      case "unnest": {
        const input = this.port(node.input);
        return this.#add({
          ...common,
          kind: "unnest",
          name: `unnest(${node.column})`,
          inputs: [input.edge],
          column: columnIndex(input.schema, node.column),
          ordinality: node.ordinality !== null,
          outer: node.outer,
        });
      }
      case "map": {
        const { fn, mode } = node;
        const name = `${mode}(${fn.name})`;
        return this.#add({ ...common, kind: "map", name, inputs: [this.port(node.input).edge], fn, mode });
      }
      case "inspect": {
        const { fn } = node;
        const name = `inspect(${fn.name})`;
        return this.#add({ ...common, kind: "inspect", name, inputs: [this.port(node.input).edge], fn });
      }
      case "sink": {
        const { table } = node;
        const { bounded } = derive(node.input);
        const name = `sink(${table.name})`;
        return this.#add({ ...common, kind: "sink", name, inputs: [this.port(node.input).edge], table, bounded });
      }
      case "side-output":
        return node.output === "late" ? this.#late(node.input) : this.#deadLetters(node);
      case "unresolved-scan":
      case "with-columns":
        throw new InternalError(`a ${node.kind} was lowered before it was bound`);
    }
  }

  #add(node: PhysicalNode): Port {
    this.nodes.push(Object.freeze(node));
    return { edge: { node: this.nodes.length - 1, side: null }, schema: node.schema };
  }

  #project(columns: readonly NamedExpr[], input: Port, uid: string, rowPolicy: PhysicalNode["rowPolicy"]): Port {
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

  /** Inputs in the column order of the first one. */
  #union(inputs: readonly Port[], schema: Schema, uid: string, rowPolicy: PhysicalNode["rowPolicy"]): Port {
    const names = schema.fields.map(({ name }) => name);
    const ordered = inputs.map((input, index) => {
      if (names.every((name, at) => input.schema.fields[at]?.name === name)) return input;
      return this.#project(names.map(columnNamed), input, `${uid}/columns[${index}]`, rowPolicy);
    });
    return this.#add({ kind: "union", uid, name: "union", inputs: ordered.map(({ edge }) => edge), schema, rowPolicy });
  }

  #aggregate(node: Grouping): Port {
    const { schema, rowPolicy } = derive(node);
    const uid = uidOf(node);
    const exprs = [...node.keys.map(({ expr }) => expr), ...node.aggregates.flatMap(({ args }) => args)];
    const { port: input, columns } = this.#plainColumns(node.input, exprs, uid);
    const window = node.kind === "window-aggregate" ? node.window : null;
    const time = derive(node.input).timeColumn;
    const bounds = window === null ? 0 : 3;
    return this.#add({
      kind: "window-aggregate",
      uid,
      name: window === null ? "aggregate" : `window-aggregate(${windowText(window)})`,
      inputs: [input.edge],
      schema,
      rowPolicy,
      window,
      timeColumn: window === null ? -1 : columnIndex(input.schema, time as string),
      latenessMs: node.kind === "window-aggregate" ? node.latenessMs : 0,
      keys: node.keys.map(({ expr }) => columns(expr)),
      aggregates: node.aggregates.map((call, index): PhysicalAggregate => {
        const { type } = schema.fields[bounds + node.keys.length + index] as Field;
        const [argument] = call.args;
        return {
          name: call.name,
          fn: aggregateName(call),
          column: argument === undefined ? -1 : columns(argument),
          type,
        };
      }),
    });
  }

  #deduplicate(node: LogicalNode<"deduplicate">): Port {
    const { schema, rowPolicy, timeColumn } = derive(node);
    const uid = uidOf(node);
    const { port: input, columns } = this.#plainColumns(node.input, node.keys, uid);
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

  /**
   * The input of a step with its expressions as columns: what is computed is projected behind the columns of the input, once
   * for equal expressions.
   */
  #plainColumns(
    below: LogicalPlan,
    exprs: readonly Expr[],
    uid: string,
  ): { port: Port; columns: (expr: Expr) => number } {
    const input = this.port(below);
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
      const columns = [...input.schema.fields.map(({ name }) => columnNamed(name)), ...computed];
      port = this.#project(columns, input, `${uid}/arguments`, derive(below).rowPolicy);
    }
    const columns = (expr: Expr): number =>
      columnIndex(port.schema, expr.kind === "column" ? expr.name : (find(expr) as NamedExpr).name);
    return { port, columns };
  }

  /** What a watermark, window or deduplication refused, without the columns that lowering added. */
  #late(refusing: LogicalPlan): Port {
    const edge: Edge = { node: this.port(refusing).edge.node, side: "late" };
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
    visit(this.port(node.input).edge.node);
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
