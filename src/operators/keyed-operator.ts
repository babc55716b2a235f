// What operators share that fire by the watermark and keep one state of their keys: it is opened, measured, saved and released
// with them.
import type { Schema } from "../arrow/types.js";
import type { PhysicalNode } from "../plan/physical.js";
import type { SnapshotReader, SnapshotWriter } from "../state/snapshot.js";
import { FiringOperator } from "./firing-operator.js";
import type { OperatorContext } from "./operator.js";

interface KeyedState {
  readonly usedBytes: number;
  snapshot(writer: SnapshotWriter): void;
  restore(reader: SnapshotReader): void;
  release(): void;
}

export abstract class KeyedOperator<Node extends PhysicalNode, State extends KeyedState> extends FiringOperator {
  protected readonly node: Node;
  /** Columns of the rows. */
  protected readonly input: Schema;
  protected context!: OperatorContext;
  protected state!: State;

  constructor(node: Node, input: Schema) {
    super();
    this.node = node;
    this.input = input;
  }

  open(context: OperatorContext): void {
    this.context = context;
    this.state = this.openState(context);
    this.measure();
  }

  snapshot(writer: SnapshotWriter): void {
    writer.value("watermarkMs", this.watermarkMs);
    this.state.snapshot(writer);
  }

  restore(reader: SnapshotReader): void {
    this.state.restore(reader);
    this.reach(reader.value("watermarkMs") as number);
    this.measure();
  }

  close(): void {
    // There is none when opening failed.
    (this.state as State | undefined)?.release();
  }

  /** The state, and whatever else lives from `open` to `close`. @throws UNSUPPORTED for types that are not aggregated yet */
  protected abstract openState(context: OperatorContext): State;

  protected measure(): void {
    this.context.metrics.stateBytes = this.state.usedBytes;
  }
}
