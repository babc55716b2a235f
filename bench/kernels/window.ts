// The kernels under a tumbling window, each for itself over 10 million rows in batches of 8,192: where the time of the
// operator goes (bench/operators/window-aggregate.ts has them together).
import type { Workspace } from "../../src/arrow/column.js";
import { StateStore } from "../../src/state/store.js";
import { Utf8Table, WordTable } from "../../src/state/table.js";
import type { Bench, Contender } from "../harness.js";
import { KEY_COUNT, START_MS } from "../inputs/events.js";
import { type Variant, type WindowInput, windowInput } from "../inputs/window-batches.js";

const ROWS = 10_000_000;
const BATCH_ROWS = 8192;
const CELLS = 1024;

/** One batch: addresses of its times, keys and values, and how many rows. */
type Kernel = (times: number, keys: number, values: number, n: number) => void;

/** A kernel over all batches. `open` lays out what it writes to; `keyBytes` is the width of a key. */
function overBatches(
  name: string,
  variant: Variant,
  keyBytes: number,
  open: (workspace: Workspace, input: WindowInput) => Kernel,
): Contender {
  let input: WindowInput | undefined;
  let kernel: Kernel | undefined;
  return {
    name,
    async prepare() {
      input = await windowInput(ROWS, variant);
      kernel = open(input.workspace, input);
    },
    run() {
      const { rows, workspace } = input as WindowInput;
      const [times, keys, values] = [0, 1, 2].map((index) => rows.column(index)) as [Place, Place, Place];
      const keyAt = keys.offsets === 0 ? keys.values : keys.offsets;
      for (let row = 0; row < ROWS; row += BATCH_ROWS) {
        const n = Math.min(BATCH_ROWS, ROWS - row);
        (kernel as Kernel)(times.values + row * 8, keyAt + row * keyBytes, values.values + row * 8, n);
        workspace.account.arena.reset();
      }
      return { rows: ROWS };
    },
  };
}

type Place = ReturnType<WindowInput["rows"]["column"]>;

function updates(workspace: Workspace, cellBytes: number): number {
  const { account } = workspace;
  const states = account.allocate(2 * CELLS * cellBytes);
  account.memory.u8.fill(0, states, states + 2 * CELLS * cellBytes);
  return states;
}

function contenders(): Contender[] {
  return [
    overBatches("range of times", "codes", 4, ({ account, kernels }) => {
      const out = account.allocate(16);
      return (times, _keys, _values, n) => kernels.rangeTimes(times, n, 1, out);
    }),
    overBatches("keys in a small range", "codes", 4, ({ account, kernels }) => {
      const [map, groups, misses] = [account.allocate(CELLS * 4), account.allocate(BATCH_ROWS * 4), 0];
      for (let key = 0; key <= KEY_COUNT; key++) account.memory.u32[(map >>> 2) + key] = key;
      return (_times, keys, _values, n) => kernels.mapWords(keys, n, map, 0, KEY_COUNT, groups, misses);
    }),
    overBatches("64-bit keys", "i64", 8, (workspace) => {
      const table = new WordTable(new StateStore(workspace));
      return (_times, keys, _values, n) => table.intern(keys, 0, n);
    }),
    overBatches("strings of 11 bytes", "strings", 4, (workspace, { rows }) => {
      const table = new Utf8Table(new StateStore(workspace));
      const { values: bytes } = rows.column(1);
      return (_times, offsets, _values, n) => table.intern(offsets, bytes, 0, n);
    }),
    overBatches("cells of two windows", "codes", 4, ({ account, kernels }) => {
      const cells = account.allocate(BATCH_ROWS * 4);
      return (times, keys, _values, n) => kernels.cellsOfTwo(times, keys, n, START_MS, 1, 0, CELLS, cells);
    }),
    overBatches("cells entered, none new", "codes", 4, ({ account, kernels }) => {
      const flags = account.allocate(CELLS);
      account.memory.u8.fill(1, flags, flags + CELLS);
      return (_times, keys, _values, n) => kernels.enterDense(keys, 0, n, 31, flags, 0, 0);
    }),
    overBatches("update of f64 cells", "codes", 4, (workspace) => {
      const states = updates(workspace, 32);
      return (_times, keys, values, n) => workspace.kernels.updateF64(states, keys, values, n);
    }),
    overBatches("update of i64 cells", "codes", 4, (workspace) => {
      const states = updates(workspace, 48);
      return (times, keys, _values, n) => workspace.kernels.updateI64(states, keys, times, n);
    }),
  ];
}

export const benches: readonly Bench[] = [
  {
    name: "kernel-window/each",
    title: "Each kernel under the window, 10 million rows in memory, 1,000 keys, batches of 8,192.",
    rows: ROWS,
    baseline: "update of f64 cells",
    expected: (rows) => ({ rows }),
    contenders,
  },
];
