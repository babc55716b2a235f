// The last results as a table: the newest window first, in it the greatest value first.
/** @jsxImportSource preact */
import { cell, clock, count, isNumber } from "./format.js";
import type { Model } from "./model.js";
import type { Shape } from "./series.js";

const SHOWN = 100;
/** Columns that say the same thing thrice where the window is in the table's caption. */
const WINDOW_COLUMNS = ["windowEnd", "windowTime"];

interface WindowsProps {
  readonly model: Model;
  readonly shape: Shape | null;
  /** Column that rows are ordered by within a window. */
  readonly value: number;
}

export function WindowsCard({ model, shape, value }: WindowsProps) {
  const columns = model.columns
    .map((column, index) => ({ ...column, index }))
    .filter(({ name }) => !WINDOW_COLUMNS.includes(name));
  const rows = newest(model, shape, value);
  const others = Math.max(0, model.targets - 1);
  return (
    <section class="card windows" aria-labelledby="windows-title">
      <div class="head">
        <h2 id="windows-title">Last results</h2>
        <p class="note">
          {rows.length === 0 ? "none yet" : `${rows.length} of ${count(model.rows.length)}`}
          {others === 0 ? "" : `; ${others} more ${others === 1 ? "target" : "targets"} below, not shown`}
        </p>
      </div>
      <section class="scroll" aria-label="Table of the last results">
        <table>
          <caption class="hidden">The last results, newest first</caption>
          <thead>
            <tr>
              {columns.map(({ name, type, index }) => (
                <th
                  key={name}
                  scope="col"
                  class={isNumber(type) ? "number" : ""}
                  aria-sort={index === value ? "descending" : undefined}
                >
                  {name === "windowStart" ? "window" : name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, at) => (
              <tr key={at}>
                {columns.map(({ name, type, index }) => (
                  <td key={name} class={isNumber(type) ? "number" : ""}>
                    {name === "windowStart" && typeof row[index] === "number"
                      ? clock(row[index])
                      : cell(row[index], type)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function newest({ rows }: Model, shape: Shape | null, value: number) {
  if (shape === null) return rows.slice(-SHOWN).reverse();
  const order = (cellOf: unknown) => (typeof cellOf === "number" ? cellOf : Number.NEGATIVE_INFINITY);
  // The newest are the last to come but for late firings; twice as many as are shown hold them.
  return rows
    .slice(-2 * SHOWN)
    .sort((a, b) => order(b[shape.time]) - order(a[shape.time]) || order(b[value]) - order(a[value]))
    .slice(0, SHOWN);
}
