// Physical plan → tasks: one a source and one an operator with several inputs, each with the tree of operators that follows
// it. An edge inside a task is a call; an edge into an operator with several inputs is a channel.
import type { Workspace } from "../arrow/column.js";
import type { Schema } from "../arrow/types.js";
import { assert } from "../errors.js";
import { newMetrics, type Operator, type OperatorContext, type SideOutput } from "../operators/operator.js";
import { type Sink, SinkOperator } from "../operators/sink.js";
import { type Source, SourceOperator, type SplitProgress } from "../operators/source.js";
import type { PhysicalKind, PhysicalNode, PhysicalOf, PhysicalPlan } from "../plan/physical.js";
import { DEAD_LETTER_SCHEMA, lateSchema } from "../plan/side-outputs.js";
import type { Completion, Platform } from "../platform/platform.js";
import type { StateValue } from "../state/snapshot.js";
import { Channel, ChannelHead, type ChannelLimits } from "./channel.js";
import { Edge, type Receiver } from "./edge.js";
import { Outlet, Slot } from "./slot.js";
import { type Head, located, type Polled, Task } from "./task.js";
import type { Trace } from "./trace.js";

/** Makes what the nodes of a plan stand for. */
export interface Factory {
  source(node: PhysicalOf<"source">): Source;
  /** @param schema - columns of the rows that the sink gets */
  sink(node: PhysicalOf<"sink">, schema: Schema): Sink;
  operator(node: OperatorNode, inputs: readonly Schema[]): Operator;
}

/** Nodes that neither read from nor write to the outside. */
type OperatorNode = Exclude<PhysicalNode, { kind: "source" | "sink" }>;

export interface GraphOptions {
  readonly platform: Platform;
  readonly workspace: Workspace;
  readonly trace: Trace;
  readonly factory: Factory;
  readonly batchRowsMax: number;
  readonly channelLimits: ChannelLimits;
  /** Has a task stepped soon. */
  readonly schedule: (task: Task) => void;
  /** Has a blocked task stepped after its `timerMs`. */
  readonly arm: (task: Task) => void;
  /** Ends the job. */
  readonly fail: (error: Error) => void;
}

/** A sink and the node that it is. */
export interface OpenSink {
  readonly operator: SinkOperator;
  readonly outlet: Outlet;
}

/** Builds everything that runs for a plan; nothing is opened yet. */
export class Graph {
  readonly tasks: Task[] = [];
  /** One a node, in the plan's order. */
  readonly outlets: Outlet[] = [];
  /** By the node that reads, then by its input. */
  readonly edges: Edge[] = [];
  readonly sources: SourceOperator[] = [];
  /** Sinks that have been opened. */
  readonly sinks: OpenSink[] = [];
  readonly #options: GraphOptions;
  readonly plan: PhysicalPlan;
  /** By node: the task it runs in, and its operator; sources have no slot. */
  readonly #taskOf: Task[] = [];
  readonly #slotOf: (Slot | null)[] = [];

  constructor(plan: PhysicalPlan, options: GraphOptions) {
    this.#options = options;
    this.plan = plan;
    plan.nodes.forEach((node, index) => {
      if (node.kind === "source") this.#addSource(node, index);
      else if (node.inputs.length > 1) this.#addJoint(node, index);
      else this.#addSlot(node, index, this.#taskOf[(node.inputs[0] as PhysicalNode["inputs"][0]).node] as Task);
    });
  }

  /** Opens the operators, what follows before what leads to it; then takes a saved state back; then starts reading. */
  open(restore?: (task: Task) => void): void {
    for (let index = this.plan.nodes.length - 1; index >= 0; index--) {
      const slot = this.#slotOf[index];
      if (slot === null || slot === undefined) continue;
      const { operator, outlet } = slot;
      if (operator instanceof SinkOperator) this.sinks.push({ operator, outlet });
      (this.#taskOf[index] as Task).openSlot(slot, this.#contextOf(index));
    }
    for (const task of this.tasks) {
      restore?.(task);
      task.open();
    }
  }

  /** Every node's kind and counters, in the plan's order. */
  forEach(visit: (kind: PhysicalKind, outlet: Outlet) => void): void {
    for (const [index, { kind }] of this.plan.nodes.entries()) visit(kind, this.#outlet(index));
  }

  #addSource(node: PhysicalOf<"source">, index: number): void {
    const task = this.#addTask();
    const outlet = this.#addOutlet(node, task);
    const { factory, platform } = this.#options;
    // What stands below is not built yet.
    let progress: ((split: number) => number) | null = null;
    const progressMs = (split: number) => {
      progress ??= this.#progressOf(index);
      return progress(split);
    };
    const operator = new SourceOperator(factory.source(node), platform, progressMs);
    this.sources.push(operator);
    this.#slotOf.push(null);
    task.head = new SourceHead(operator, outlet, () => operator.open(this.#contextOf(index), outlet));
  }

  /** An operator with several inputs begins a task, and every edge that leads to it is a channel. */
  #addJoint(node: PhysicalNode, index: number): void {
    const task = this.#addTask();
    const channels = node.inputs.map(({ node: input, side }) => {
      const channel = new Channel(this.#options.channelLimits);
      const writer = this.#taskOf[input] as Task;
      task.follow(writer);
      channel.wakeReader = () => task.wake();
      channel.wakeWriter = () => writer.wake();
      this.#connect(input, side, index, channel);
      return channel;
    });
    const slot = this.#newSlot(node, task);
    task.head = new ChannelHead(channels, slot, task);
  }

  #addSlot(node: PhysicalNode, index: number, task: Task): void {
    const slot = this.#newSlot(node, task);
    for (const { node: input, side } of node.inputs) this.#connect(input, side, index, slot);
  }

  #connect(source: number, side: SideOutput | null, target: number, receiver: Receiver): void {
    const edge = new Edge({ source, target, side }, receiver);
    this.#outlet(source).connect(edge);
    this.edges.push(edge);
  }

  #newSlot(node: PhysicalNode, task: Task): Slot {
    const slot = new Slot(this.#operator(node), this.#addOutlet(node, task), task);
    this.#slotOf.push(slot);
    task.slots.push(slot);
    return slot;
  }

  #operator(node: PhysicalNode): Operator {
    const { factory, platform, fail } = this.#options;
    const inputs = node.inputs.map(({ node: input, side }) => this.#schemaOf(input, side));
    assert(node.kind !== "source", "a source has no inputs");
    if (node.kind !== "sink") return factory.operator(node, inputs);
    const schema = inputs[0] as Schema;
    return new SinkOperator(factory.sink(node, schema), schema, platform, (error) => fail(located(error, node)));
  }

  #schemaOf(index: number, side: SideOutput | null): Schema {
    const node = this.plan.nodes[index] as PhysicalNode;
    if (side === null) return node.schema;
    if (side === "deadLetter") return DEAD_LETTER_SCHEMA;
    const input = node.inputs[0] as PhysicalNode["inputs"][0];
    return lateSchema(this.#schemaOf(input.node, input.side));
  }

  #addTask(): Task {
    const { workspace, platform, trace, schedule, arm } = this.#options;
    const task = new Task({ workspace, clock: platform.clock, trace, schedule, arm });
    this.tasks.push(task);
    return task;
  }

  #addOutlet({ uid, name }: PhysicalNode, task: Task): Outlet {
    const outlet = new Outlet(uid, name, newMetrics(), this.#options.trace);
    this.outlets.push(outlet);
    this.#taskOf.push(task);
    return outlet;
  }

  #outlet(index: number): Outlet {
    return this.outlets[index] as Outlet;
  }

  #contextOf(index: number): OperatorContext {
    const { workspace, platform, batchRowsMax } = this.#options;
    const { uid, name, rowPolicy } = this.plan.nodes[index] as PhysicalNode;
    const task = this.#taskOf[index] as Task;
    const outlet = this.#outlet(index);
    const warned = new Set<string>();
    return {
      uid,
      name,
      workspace,
      clock: task.operatorClock,
      metrics: outlet.metrics,
      rowPolicy,
      batchRowsMax,
      shouldYield: () => task.shouldYield(outlet),
      warnOnce: (key, message) => {
        if (warned.has(key)) return;
        warned.add(key);
        platform.log("warn", message, { operator: uid });
      },
      wake: () => task.wake(),
      connection: (event) => {
        if (event.status === "waiting") outlet.metrics.retries++;
        task.trace.emit({ kind: "connection", uid, ...event });
      },
    };
  }

  /**
   * How far event time is in a split of the source, by the nearest watermark below it: what a source of several files goes
   * by when it chooses which to read on. Between the two a union may have numbered the split anew.
   */
  #progressOf(source: number): (split: number) => number {
    let renumber = (split: number): number => split;
    for (let at = source; ; ) {
      const next = this.plan.nodes.findIndex((node) => node.inputs.some((input) => readsMain(input, at)));
      const node = this.plan.nodes[next];
      if (node === undefined) return () => Number.NEGATIVE_INFINITY;
      if (node.kind === "watermark") {
        const { operator } = this.#slotOf[next] as Slot;
        return (split) => (operator as Operator & SplitProgress).progressMs(renumber(split));
      }
      if (node.inputs.length > 1) {
        const inner = renumber;
        const input = node.inputs.findIndex((candidate) => readsMain(candidate, at));
        renumber = (split) => ChannelHead.splitNumber(inner(split), input, node.inputs.length);
      }
      at = next;
    }
  }
}

function readsMain(input: PhysicalNode["inputs"][0], index: number): boolean {
  return input.node === index && input.side === null;
}

/** A source as the head of a task. */
class SourceHead implements Head {
  readonly outlet: Outlet;
  readonly open: () => void;
  readonly #operator: SourceOperator;

  constructor(operator: SourceOperator, outlet: Outlet, open: () => void) {
    this.#operator = operator;
    this.outlet = outlet;
    this.open = open;
  }

  get blocked(): boolean {
    return this.outlet.blocked;
  }

  get mayIdle(): boolean {
    return this.#operator.mayIdle;
  }

  poll(): Polled {
    return this.#operator.poll();
  }

  snapshot(): StateValue {
    return this.#operator.snapshot();
  }

  restore(state: StateValue): void {
    this.#operator.restore(state);
  }

  close(done: Completion<void>): void {
    this.#operator.close(done);
  }
}
