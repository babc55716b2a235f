// Functions of the clock and of chance over columns. All rows of a batch have one time: that at which the batch is computed.

import { MS_PER_DAY } from "../../arrow/values.js";
import { assert } from "../../errors.js";
import type { BoundValue } from "../../plan/expr.js";
import { floorDiv } from "../../plan/scalar/value.js";
import { cellReader, constantVector, hasBit, vectorFrom } from "../evaluate/constants.js";
import type { Compute, Evaluation, Family } from "../evaluate/evaluation.js";

type Host = NonNullable<Evaluation["workspace"]["host"]>;

function hostOf({ workspace }: Evaluation): Host {
  assert(workspace.host !== undefined, "a function of the host where there is none");
  return workspace.host;
}

/** NOW(), CURRENT_DATE … */
export const clock: Family = ({ type }) => {
  return (run) => {
    const ms = Math.floor(hostOf(run).clock.nowMs());
    const days = Math.floor(ms / MS_PER_DAY);
    if (type.kind === "date") return constantVector(run, days, type);
    if (type.kind === "time") return constantVector(run, ms - days * MS_PER_DAY, type);
    return constantVector(run, type.kind === "int64" ? floorDiv(BigInt(ms), 1000n) : BigInt(ms), type);
  };
};

const TWO_21 = 2 ** 21;
const TWO_53 = 2 ** 53;

/** From 0 to below 1, with all bits that a DOUBLE has room for. */
function fraction({ random }: Host): number {
  return ((random.u32() >>> 0) * TWO_21 + (random.u32() >>> 11)) / TWO_53;
}

/** RAND(), RAND_INTEGER(bound), UUID(). */
export const random: Family = ({ fn, type }, args) => {
  const make: Readonly<Record<string, (host: Host, bound: number) => BoundValue>> = {
    rand: fraction,
    rand_integer: (host, bound) => Math.floor(fraction(host) * bound),
    uuid: (host) => host.random.uuid(),
  };
  const value = make[fn] as (host: Host, bound: number) => BoundValue;
  return (run, rows) => {
    const host = hostOf(run);
    const [bound] = args.map((arg: Compute) => cellReader(run, arg(run, rows)));
    const cells: BoundValue[] = new Array(run.n).fill(null);
    for (let row = 0; row < run.n; row++) {
      const most = bound?.(row);
      if (hasBit(run.memory, rows, row) && most !== null) cells[row] = value(host, Number(most ?? 0));
    }
    return vectorFrom(run, type, cells);
  };
};
