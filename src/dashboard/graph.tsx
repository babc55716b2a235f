// The job as it runs: nodes with their share of work, edges with rows, bytes and back-pressure. A node tells its part of the
// plan when it is chosen, a button all of it.
/** @jsxImportSource preact */
import { Graph, layout } from "@dagrejs/dagre";
import { useMemo, useRef, useState } from "preact/hooks";
import type { JobGraph } from "../browser.js";
import type { Feed } from "../monitor/frames.js";
import { bytes, compact, count, percent } from "./format.js";
import type { EdgeRate, Model } from "./model.js";

const NODE_WIDTH = 178;
const NODE_HEIGHT = 58;
/** Room for an edge's two lines of text. */
const LABEL_WIDTH = 72;
const LABEL_HEIGHT = 34;
/** Held longer than this share of the time, an edge is in trouble. */
const HELD_WARN = 0.05;
const HELD_BAD = 0.5;

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly Point[];
  readonly edges: readonly { readonly points: readonly Point[]; readonly label: Point }[];
}

export function GraphCard({ model, feed }: { readonly model: Model; readonly feed: Feed }) {
  const [chosen, setChosen] = useState(-1);
  const [plan, setPlan] = useState("");
  const dialog = useRef<HTMLDialogElement>(null);
  const graph = model.start?.graph ?? { nodes: [], edges: [] };
  const drawing = useMemo(() => draw(graph), [graph]);
  const showPlan = async () => {
    setPlan("…");
    dialog.current?.showModal();
    setPlan(await feed.plan());
  };
  return (
    <section class="card graph" aria-labelledby="graph-title">
      <div class="head">
        <h2 id="graph-title">Job</h2>
        <p class="note">choose a step to see its plan</p>
        <button type="button" onClick={() => void showPlan()}>
          Whole plan
        </button>
      </div>
      <div class="drawing">
        <svg viewBox={`0 0 ${drawing.width} ${drawing.height}`} style={{ maxWidth: `${drawing.width * 1.15}px` }}>
          <title>The steps of the job and what flows between them</title>
          <defs>
            {["", "warn", "bad"].map((tone) => (
              <marker
                key={tone}
                id={`arrow${tone}`}
                viewBox="0 0 8 8"
                refX="7"
                refY="4"
                markerWidth="7"
                markerHeight="7"
                markerUnits="userSpaceOnUse"
                orient="auto"
              >
                <path d="M0 0 8 4 0 8z" class={`tip ${tone}`} />
              </marker>
            ))}
          </defs>
          {graph.edges.map((edge, index) => (
            <EdgeView
              key={`${edge.source}-${edge.target}-${edge.side}`}
              side={edge.side}
              place={drawing.edges[index]}
              rate={model.edgeRate(index)}
              name={`${graph.nodes[edge.source]?.name} to ${graph.nodes[edge.target]?.name}`}
            />
          ))}
          {graph.nodes.map((node, index) => (
            <NodeView
              key={node.uid}
              model={model}
              index={index}
              place={drawing.nodes[index]}
              chosen={index === chosen}
              choose={() => setChosen(index === chosen ? -1 : index)}
            />
          ))}
        </svg>
      </div>
      <Details model={model} index={chosen} />
      <dialog ref={dialog} aria-labelledby="plan-title">
        <form method="dialog" class="head">
          <h2 id="plan-title">The plan, with what each step did (EXPLAIN ANALYZE)</h2>
          <button type="submit">Close</button>
        </form>
        <pre>{plan}</pre>
      </dialog>
    </section>
  );
}

interface EdgeProps {
  readonly side: string | null;
  readonly place: Drawing["edges"][number] | undefined;
  readonly rate: EdgeRate | null;
  readonly name: string;
}

function EdgeView({ side, place, rate, name }: EdgeProps) {
  if (place === undefined) return null;
  const held = rate?.held ?? 0;
  const tone = held >= HELD_BAD ? "bad" : held >= HELD_WARN ? "warn" : "";
  const width = rate === null || rate.rowsPerSecond < 1 ? 1.2 : Math.min(5, 1.2 + Math.log10(rate.rowsPerSecond) * 0.9);
  const { x, y } = place.label;
  // A way out that nothing has taken is drawn, and says nothing.
  const quiet = side !== null && (rate?.rows ?? 0) === 0;
  const rows =
    rate === null ? "" : rate.rowsPerSecond >= 0.05 ? `${rateText(rate.rowsPerSecond)}/s` : `${count(rate.rows)} rows`;
  const size = rate === null ? "" : rate.bytesPerSecond >= 1 ? `${bytes(rate.bytesPerSecond)}/s` : bytes(rate.bytes);
  const under = held >= HELD_WARN ? `held ${percent(held)}` : size;
  return (
    <g class={`edge ${tone} ${side === null ? "" : "side"} ${quiet ? "quiet" : ""}`}>
      <title>{edgeText(name, side, rate)}</title>
      <path d={curve(place.points)} style={{ strokeWidth: width }} marker-end={`url(#arrow${tone})`} />
      <text x={x} y={y - 5} text-anchor="middle">
        {quiet ? "" : rows}
      </text>
      <text x={x} y={y + 14} text-anchor="middle" class="size">
        {quiet ? "" : side === null || held >= HELD_WARN ? under : side === "late" ? "late" : "refused"}
      </text>
    </g>
  );
}

/** Everything that is known of an edge, in words. */
function edgeText(name: string, side: string | null, rate: EdgeRate | null): string {
  const what = side === null ? name : `${name} (${side})`;
  if (rate === null) return what;
  const { rows, bytes: size, queuedRows, held } = rate;
  return `${what}: ${count(rows)} rows, ${bytes(size)}, ${count(queuedRows)} rows waiting, back-pressure ${percent(held)}`;
}

interface NodeProps {
  readonly model: Model;
  readonly index: number;
  readonly place: Point | undefined;
  readonly chosen: boolean;
  readonly choose: () => void;
}

function NodeView({ model, index, place, chosen, choose }: NodeProps) {
  const node = model.start?.graph.nodes[index];
  if (node === undefined || place === undefined) return null;
  const busy = model.busy(index);
  const counts = model.counts?.nodes[index];
  const [kind, detail] = partsOf(node.name);
  const late = counts?.lateRows ?? 0;
  const told = `${node.name}, busy ${percent(busy)}${late > 0 ? `, ${count(late)} late rows` : ""}`;
  return (
    <foreignObject x={place.x - NODE_WIDTH / 2} y={place.y - NODE_HEIGHT / 2} width={NODE_WIDTH} height={NODE_HEIGHT}>
      <button type="button" class={`node ${node.kind}`} aria-pressed={chosen} aria-label={told} onClick={choose}>
        <span class="kind">{kind}</span>
        <span class="share">{percent(busy)}</span>
        <span class="name">{detail}</span>
        <span class="busy">
          <span style={{ width: `${busy * 100}%` }} />
        </span>
      </button>
    </foreignObject>
  );
}

function Details({ model, index }: { readonly model: Model; readonly index: number }) {
  const node = model.start?.graph.nodes[index];
  const counts = model.counts?.nodes[index];
  if (node === undefined) return null;
  const facts: readonly (readonly [string, string])[] =
    counts === undefined
      ? []
      : [
          ["rows in", count(counts.rowsIn)],
          ["rows out", count(counts.rowsOut)],
          ["late", count(counts.lateRows)],
          ["duplicates", count(counts.duplicateRows)],
          ["refused", count(counts.badRows)],
          ["state", bytes(counts.stateBytes)],
          ["busy", `${count(counts.busyMs)} ms`],
          [
            "watermark",
            counts.watermarkMs === null
              ? "–"
              : new Date(counts.watermarkMs).toISOString().slice(0, 23).replace("T", " "),
          ],
        ];
  return (
    <section class="details" aria-label={`Plan of ${node.name}`}>
      <pre>{[node.title, ...node.details.map((line) => `  ${line}`)].join("\n")}</pre>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function draw(graph: JobGraph): Drawing {
  const dagre = new Graph({ multigraph: true });
  dagre.setGraph({ rankdir: "LR", nodesep: 22, ranksep: 26, edgesep: 14, marginx: 8, marginy: 8 });
  graph.nodes.forEach((_, index) => {
    dagre.setNode(String(index), { width: NODE_WIDTH, height: NODE_HEIGHT });
  });
  graph.edges.forEach(({ source, target }, index) => {
    const label = { width: LABEL_WIDTH, height: LABEL_HEIGHT, labelpos: "c", minlen: 1 };
    dagre.setEdge(String(source), String(target), label, String(index));
  });
  layout(dagre);
  const { width = 0, height = 0 } = dagre.graph();
  return {
    width: Math.max(1, width),
    height: Math.max(1, height),
    nodes: graph.nodes.map((_, index) => pointOf(dagre.node(String(index)))),
    edges: graph.edges.map(({ source, target }, index) => {
      const edge = dagre.edge(String(source), String(target), String(index));
      return { points: (edge.points ?? []).map(pointOf), label: pointOf(edge) };
    }),
  };
}

function pointOf({ x = 0, y = 0 }: { readonly x?: number; readonly y?: number }): Point {
  return { x, y };
}

/** A smooth line through the points. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  const middles = rest.slice(0, -1).map(({ x, y }, index) => {
    const next = rest[index + 1] as Point;
    const end = index === rest.length - 2 ? next : { x: (x + next.x) / 2, y: (y + next.y) / 2 };
    return `Q${x} ${y} ${end.x} ${end.y}`;
  });
  return middles.length === 0
    ? `M${first.x} ${first.y}L${rest[0]?.x} ${rest[0]?.y}`
    : `M${first.x} ${first.y}${middles.join("")}`;
}

/** `window-aggregate(tumble 5s)` is a kind and what it is of. */
function partsOf(name: string): readonly [string, string] {
  const [, kind, detail] = /^([^(]+)\((.*)\)$/s.exec(name) ?? [];
  return kind === undefined || detail === undefined ? [name, ""] : [kind, detail];
}

function rateText(rate: number): string {
  if (rate < 10) return rate.toFixed(1);
  return rate < 10_000 ? count(rate) : compact(rate);
}
