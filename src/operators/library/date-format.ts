// DATE_FORMAT over columns of timestamps: the text of a row is that of the row before while the smallest part of the pattern stays the
// same, as it mostly does where rows come in order of time.

import { textRoom } from "../../arrow/column.js";
import { unitsPerMs } from "../../arrow/types.js";
import { TimeFormat, timeFormat } from "../../plan/library/time-format.js";
import { hasBit } from "../evaluate/constants.js";
import { type Family, Vector } from "../evaluate/evaluation.js";
import { rowByRow } from "../evaluate/rows.js";

/** Texts that are kept beside the last one, by the number of their unit: rows that are a little late find theirs. */
const KEPT = 64;
const TWO_32 = 2 ** 32;

const encoder = new TextEncoder();

/** DATE_FORMAT(time, pattern). */
export const dateFormat: Family = (call, args) => {
  const [, pattern] = call.args;
  const made = pattern?.kind === "literal" && typeof pattern.value === "string" ? timeFormat(pattern.value) : null;
  if (!(made instanceof TimeFormat)) return rowByRow(call, args);
  const perMs = unitsPerMs((call.args[0] as { type: Parameters<typeof unitsPerMs>[0] }).type);
  const unit = made.unitMs * perMs;
  // Where even microseconds show, texts do not come again.
  if (unit === 0) return rowByRow(call, args);
  const keptUnits = new Float64Array(KEPT).fill(Number.NaN);
  const keptTexts: Uint8Array[] = new Array(KEPT);
  return (run, rows) => {
    const vector = (args[0] as (typeof args)[number])(run, rows);
    if (vector.constant) return rowByRow(call, args)(run, rows);
    const { arena, memory, n } = run;
    const counted = run.and(rows, vector.validity);
    const offsets = arena.allocate((n + 1) * 4);
    const texts: Uint8Array[] = new Array(n);
    const i32 = memory.i32;
    const to = offsets >>> 2;
    const from = vector.values >>> 2;
    let used = 0;
    i32[to] = 0;
    const empty = new Uint8Array(0);
    for (let row = 0; row < n; row++) {
      let text: Uint8Array = empty;
      if (hasBit(memory, counted, row)) {
        const time = (i32[from + 2 * row + 1] as number) * TWO_32 + ((i32[from + 2 * row] as number) >>> 0);
        const number = Math.floor(time / unit);
        const slot = ((number % KEPT) + KEPT) % KEPT;
        if (keptUnits[slot] !== number) {
          keptUnits[slot] = number;
          keptTexts[slot] = encoder.encode(made.format(Math.floor((number * unit) / perMs)));
        }
        text = keptTexts[slot] as Uint8Array;
      }
      texts[row] = text;
      used += text.length;
      i32[to + row + 1] = used;
    }
    const values = textRoom(run.workspace, used);
    const { u8 } = run.memory;
    let at = values;
    for (let row = 0; row < n; row++) {
      const text = texts[row] as Uint8Array;
      for (let i = 0; i < text.length; i++) u8[at++] = text[i] as number;
    }
    return new Vector(call.type, values, vector.validity, offsets);
  };
};
