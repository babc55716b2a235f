// The page: tiles, chart, windows and graph over one model. Views are drawn anew when a frame has come, at most once a frame
// of the screen; everything from the feed is set as text.
/** @jsxImportSource preact */
import { useEffect, useReducer, useState } from "preact/hooks";
import type { Feed } from "../monitor/frames.js";
import { ChartCard } from "./chart.js";
import { GraphCard } from "./graph.js";
import type { Model } from "./model.js";
import { shapeOf } from "./series.js";
import { WindowsCard } from "./table.js";
import { Tiles } from "./tiles.js";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

export interface AppProps {
  readonly model: Model;
  readonly feed: Feed;
  /** Where the engine runs, for the foot of the page. */
  readonly where: string;
}

export function App({ model, feed, where }: AppProps) {
  useFrames(model);
  const [value, setValue] = useState<number | null>(null);
  const shape = shapeOf(model.columns);
  const shown = value !== null && shape?.values.includes(value) ? value : (shape?.values[0] ?? -1);
  return (
    <>
      <Header model={model} />
      <main>
        {model.lost === null ? null : (
          <p class="notice" role="alert">
            {model.lost}
          </p>
        )}
        {model.error === null ? null : (
          <p class="notice bad" role="alert">
            {model.error}
          </p>
        )}
        <Tiles model={model} />
        {model.columns.length === 0 ? (
          <Unseen model={model} />
        ) : (
          <div class="pair">
            {shape === null ? null : <ChartCard model={model} shape={shape} value={shown} choose={setValue} />}
            <WindowsCard model={model} shape={shape} value={shown} />
          </div>
        )}
        <GraphCard model={model} feed={feed} />
      </main>
      <footer>{where}</footer>
    </>
  );
}

/** In the place of results that nobody can see. */
function Unseen({ model }: { readonly model: Model }) {
  const targets = model.targets;
  if (targets === 0) return null;
  return (
    <p class="notice">
      The rows of this job go to {targets === 1 ? "a target" : `${targets} targets`} of its own and are counted here,
      not shown. A job file that gives a stream, without a target, shows its rows.
    </p>
  );
}

function Header({ model }: { readonly model: Model }) {
  const [theme, setTheme] = useState<Theme>("auto");
  useEffect(() => {
    if (theme === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.setAttribute("data-theme", theme);
    dispatchEvent(new Event("themechange"));
  }, [theme]);
  const state = model.lost === null ? model.state : "not connected";
  return (
    <header>
      <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
        <path d="M2 8c3-3 5 3 8 0s5 3 8 0 3 0 4 0M2 13c3-3 5 3 8 0s5 3 8 0 3 0 4 0M2 18c3-3 5 3 8 0s5 3 8 0 3 0 4 0" />
      </svg>
      <h1>
        Millrace <span>{model.start?.title ?? ""}</span>
      </h1>
      <p class={`state ${state.replaceAll(" ", "-")}`} role="status">
        {state}
      </p>
      <fieldset class="themes">
        <legend class="hidden">Colours</legend>
        {THEMES.map((name) => (
          <button key={name} type="button" aria-pressed={theme === name} onClick={() => setTheme(name)}>
            {name}
          </button>
        ))}
      </fieldset>
    </header>
  );
}

/** Draws the component anew after frames, once a frame of the screen. */
function useFrames(model: Model): void {
  const [, draw] = useReducer((times: number) => times + 1, 0);
  useEffect(() => {
    let asked = 0;
    const stop = model.subscribe(() => {
      asked ||= requestAnimationFrame(() => {
        asked = 0;
        draw(null);
      });
    });
    return () => {
      stop();
      cancelAnimationFrame(asked);
    };
  }, [model]);
}
