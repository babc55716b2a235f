// All series on one canvas. The time axis rolls with the clock, half a pixel at a time; the loudest series stand out, the others
// are its ground. Where the results are of another day, they are shown whole and still.
/** @jsxImportSource preact */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { cell, clock, compact } from "./format.js";
import type { Model } from "./model.js";
import { type Series, type Shape, seriesOf } from "./series.js";

/** What the rolling axis spans. */
const SPAN_S = 300;
const HEIGHT = 380;
/** Series that stand out by themselves. */
const LOUD = 4;
/** Results further behind the clock than this are history. */
const LIVE_LAG_MS = 600_000;

interface ChartProps {
  readonly model: Model;
  readonly shape: Shape;
  /** Column that is drawn. */
  readonly value: number;
  readonly choose: (value: number) => void;
}

export function ChartCard({ model, shape, value, choose }: ChartProps) {
  const [picked, setPicked] = useState("");
  const [hovered, setHovered] = useState<string | null>(null);
  const version = model.rowsVersion;
  // biome would have `model.rows` here; its version tells when it is another.
  const series = useMemo(() => seriesOf(model.rows, shape, value), [model, version, value, shape.time]);
  const loud = useMemo(() => loudest(series), [series]);
  const names = shape.values.map((column) => ({ column, name: model.columns[column]?.name ?? "" }));
  const marked = picked === "" || !series.names.includes(picked) ? null : picked;
  const label = names.find(({ column }) => column === value)?.name ?? "";
  return (
    <section class="card chart" aria-labelledby="chart-title">
      <div class="head">
        <h2 id="chart-title">{shape.name < 0 ? label : `${label} by ${model.columns[shape.name]?.name}`}</h2>
        <fieldset class="tabs">
          <legend class="hidden">What is drawn</legend>
          {names.map(({ column, name }) => (
            <button key={name} type="button" aria-pressed={column === value} onClick={() => choose(column)}>
              {name}
            </button>
          ))}
        </fieldset>
        <label>
          <span class="hidden">Highlight</span>
          <select value={marked ?? ""} onChange={(event) => setPicked(event.currentTarget.value)}>
            <option value="">highlight the loudest</option>
            {series.names.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Plot model={model} series={series} loud={loud} marked={marked} label={label} hover={setHovered} />
      <ul class="legend" aria-label="Series that stand out, with their last value">
        {(marked === null ? loud : [series.names.indexOf(marked)]).map((index, place) => (
          <li key={series.names[index]} class={marked === null ? `loud${place}` : "marked"}>
            {series.names[index]} <b>{cell(lastOf(series, index), "DOUBLE")}</b>
          </li>
        ))}
        <li class="hover">{hovered ?? ""}</li>
      </ul>
    </section>
  );
}

interface PlotProps {
  readonly model: Model;
  readonly series: Series;
  readonly loud: readonly number[];
  readonly marked: string | null;
  readonly label: string;
  readonly hover: (text: string | null) => void;
}

/** What the plot's callbacks look at; they are made once, what they look at changes. */
interface Look {
  loud: readonly number[];
  marked: number;
  colours: Colours;
}

interface Colours {
  readonly muted: string;
  readonly marked: string;
  readonly loud: readonly string[];
  readonly text: string;
  readonly grid: string;
}

/** Before the plot is in the page. */
const NO_COLOURS: Colours = { muted: "", marked: "", loud: [], text: "", grid: "" };

function Plot({ model, series, loud, marked, label, hover }: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const look = useRef<Look>({ loud, marked: -1, colours: NO_COLOURS });
  look.current.loud = loud;
  look.current.marked = marked === null ? -1 : series.names.indexOf(marked);
  const names = series.names.join("\n");

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    look.current.colours = coloursOf(element);
    const made = new uPlot(options(element.clientWidth, series.names, look.current, hover), dataOf(series), element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    const recolour = () => {
      look.current.colours = coloursOf(element);
      made.redraw(false, true);
    };
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", recolour);
    addEventListener("themechange", recolour);
    const stopRolling = roll(made, model);
    return () => {
      stopRolling();
      resized.disconnect();
      dark.removeEventListener("change", recolour);
      removeEventListener("themechange", recolour);
      made.destroy();
      plot.current = null;
    };
  }, [model, names]);

  useEffect(() => plot.current?.setData(dataOf(series), false), [series]);

  const last = series.times.at(-1);
  const told = last === undefined ? "no results yet" : `${series.names.length} series, until ${clock(last * 1000)}`;
  return (
    <div class="plot" ref={host} role="img" aria-label={`Chart of ${label}: ${told}. The table has the values.`} />
  );
}

/** Moves the axis with the clock until the returned function is called. */
function roll(plot: uPlot, model: Model): () => void {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let frame = 0;
  let drawn: uPlot.AlignedData | null = null;
  let drawnMax = 0;
  const turn = () => {
    frame = requestAnimationFrame(turn);
    const { data } = plot;
    const times = data[0];
    const first = times[0];
    const last = times[times.length - 1];
    if (first === undefined || last === undefined) return;
    const nowS = model.nowMs / 1000;
    const live = (nowS - last) * 1000 < LIVE_LAG_MS;
    // Half a pixel is the least that can be seen to move, and takes several frames; to draw all series costs more than one.
    const stepS = SPAN_S / Math.max(1, 2 * plot.bbox.width);
    const max = live ? Math.ceil(nowS / stepS) * stepS : Math.max(last, first + 1);
    // Without motion a step with every result is enough.
    if (data === drawn && (max === drawnMax || still.matches)) return;
    drawn = data;
    drawnMax = max;
    plot.setScale("x", { min: live ? Math.max(max - SPAN_S, Math.min(first, max - 30)) : first, max });
  };
  frame = requestAnimationFrame(turn);
  return () => cancelAnimationFrame(frame);
}

function options(
  width: number,
  names: readonly string[],
  look: Look,
  hover: (text: string | null) => void,
): uPlot.Options {
  const axis = (size: number): uPlot.Axis => ({
    stroke: () => look.colours.text,
    font: "12px system-ui, sans-serif",
    size,
    grid: { stroke: () => look.colours.grid, width: 1 },
    ticks: { stroke: () => look.colours.grid, width: 1 },
  });
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { focus: { prox: 24 }, drag: { x: false, y: false }, points: { show: false } },
    focus: { alpha: 0.15 },
    scales: {
      x: { time: true, auto: false },
      y: { range: (_, min, max) => [Math.min(0, min ?? 0), (max ?? 1) * 1.08 || 1] },
    },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    axes: [
      { ...axis(30), values: (_, ticks) => ticks.map((seconds) => clock(seconds * 1000)), space: 80 },
      { ...axis(52), values: (_, ticks) => ticks.map(compact) },
    ],
    series: [{}, ...names.map((name, index) => lineOf(name, index, look))],
    hooks: { setSeries: [(plot, index) => hover(index === null ? null : hoverText(plot, index))] },
  };
}

function lineOf(name: string, index: number, look: Look): uPlot.Series {
  return {
    label: name,
    points: { show: false },
    spanGaps: true,
    width: 1.25,
    stroke: () => {
      if (look.marked >= 0) return look.marked === index ? look.colours.marked : look.colours.muted;
      return look.colours.loud[look.loud.indexOf(index)] ?? look.colours.muted;
    },
  };
}

function hoverText(plot: uPlot, index: number): string {
  const value = plot.data[index]?.[plot.cursor.idx ?? -1];
  const time = plot.data[0][plot.cursor.idx ?? -1];
  const at = time === undefined ? "" : ` at ${clock(time * 1000)}`;
  return `${String(plot.series[index]?.label ?? "")} ${cell(value ?? null, "DOUBLE")}${at}`;
}

function dataOf({ times, values }: Series): uPlot.AlignedData {
  return [[...times], ...values.map((series) => [...series])];
}

/** The series that have gone furthest up and down lately, the furthest first. */
function loudest({ times, values }: Series): number[] {
  const from = times.findIndex((time) => time >= (times.at(-1) ?? 0) - SPAN_S);
  const swing = (series: readonly (number | null)[]) => {
    const known = series.slice(Math.max(0, from)).filter((value) => value !== null);
    return Math.max(...known) - Math.min(...known);
  };
  return values
    .map((series, index) => ({ index, swing: swing(series) }))
    .sort((a, b) => b.swing - a.swing)
    .slice(0, LOUD)
    .map(({ index }) => index);
}

function lastOf({ values }: Series, index: number): number | null {
  return values[index]?.findLast((value) => value !== null) ?? null;
}

/** Colours of the page as they are now, in words that a canvas knows: it knows no variables. */
function coloursOf(host: HTMLElement): Colours {
  const probe = document.createElement("span");
  host.append(probe);
  const of = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    muted: of("--series"),
    marked: of("--accent"),
    loud: ["--loud0", "--loud1", "--loud2", "--loud3"].map(of),
    text: of("--dim"),
    grid: of("--grid"),
  };
  probe.remove();
  return colours;
}
