// The four figures that tell whether a stream is well, each with its last minutes as a line.
/** @jsxImportSource preact */
import type { Pulse } from "../monitor/frames.js";
import { count, duration } from "./format.js";
import type { Model } from "./model.js";

/** Samples that a line shows: two minutes. */
const SHOWN = 480;
const WIDTH = 240;
const HEIGHT = 44;

export function Tiles({ model }: { readonly model: Model }) {
  const pulses = model.pulses.slice(-SHOWN);
  const last = model.pulse;
  const share = (rows: number) => {
    if (last === null || last.rowsIn === 0) return "";
    return `${((rows / last.rowsIn) * 100).toFixed(2)} % of ${count(last.rowsIn)}`;
  };
  const smooth = smoothed(pulses.map(({ rowsPerSecond }) => rowsPerSecond));
  return (
    <div class="tiles">
      <Tile
        name="Throughput"
        value={count(smooth.at(-1) ?? 0)}
        unit="rows/s"
        note={last === null ? "" : `${count(last.rowsIn)} rows in all`}
        line={smooth}
      />
      <Tile
        name="Watermark lag"
        value={last?.lagMs === undefined || last.lagMs === null ? "–" : duration(last.lagMs)}
        unit=""
        note="behind the clock"
        line={pulses.map(({ lagMs }) => lagMs ?? 0)}
      />
      <Tile
        name="Late rows"
        value={count(last?.lateRows ?? 0)}
        unit=""
        note={share(last?.lateRows ?? 0)}
        line={perSample(pulses, ({ lateRows }) => lateRows)}
        tone="warn"
      />
      <Tile
        name="Refused rows"
        value={count(last?.badRows ?? 0)}
        unit=""
        note={share(last?.badRows ?? 0)}
        line={perSample(pulses, ({ badRows }) => badRows)}
        tone="bad"
      />
    </div>
  );
}

interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly unit: string;
  readonly note: string;
  readonly line: readonly number[];
  readonly tone?: "warn" | "bad";
}

function Tile({ name, value, unit, note, line, tone }: TileProps) {
  return (
    <section class={`card tile ${tone ?? ""}`}>
      <h2>{name}</h2>
      <p class="figure">
        {value} <span>{unit}</span>
      </p>
      <p class="note">{note}</p>
      <Line values={line} />
    </section>
  );
}

/** A line from 0 at its foot, the newest value at the right edge. */
function Line({ values }: { readonly values: readonly number[] }) {
  if (values.length < 2) return <svg class="line" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" />;
  const most = Math.max(1e-9, ...values) * 1.1;
  const x = (index: number) => WIDTH - ((values.length - 1 - index) * WIDTH) / (SHOWN - 1);
  const points = values.map(
    (value, index) => `${x(index).toFixed(1)},${(HEIGHT - 1 - (Math.max(0, value) / most) * (HEIGHT - 4)).toFixed(1)}`,
  );
  return (
    <svg class="line" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <polygon points={`${x(0).toFixed(1)},${HEIGHT} ${points.join(" ")} ${WIDTH},${HEIGHT}`} />
      <polyline points={points.join(" ")} />
    </svg>
  );
}

/** The mean over a second: batches come in steps that say nothing of the rate. */
function smoothed(values: readonly number[]): number[] {
  return values.map((_, index) => {
    const part = values.slice(Math.max(0, index - 3), index + 1);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}

function perSample(pulses: readonly Pulse[], total: (pulse: Pulse) => number): number[] {
  return smoothed(pulses.slice(1).map((pulse, index) => total(pulse) - total(pulses[index] ?? pulse)));
}
