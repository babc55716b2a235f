// A target that keeps nothing: for what a program costs without writing. The job's metrics have the rows that it took.
import type { Sink } from "../operators/sink.js";
import type { Connector } from "../runtime/connector.js";

export const blackhole: Connector = {
  name: "blackhole",
  sink: () => BLACKHOLE,
};

const BLACKHOLE: Sink = {
  ready: true,
  open: () => undefined,
  // Columns that a filter has narrowed are compacted when they are asked for: somebody has to ask, or nothing is computed.
  write: (batch) => {
    for (let index = 0; index < batch.schema.fields.length; index++) batch.column(index);
  },
  finish: (done) => done(null),
  abort: (done) => done(null),
};
