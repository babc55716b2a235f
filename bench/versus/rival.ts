// What an engine that we compare with fills in. The rivals' packages have a package.json and a lockfile of their own in this
// folder (`npm ci --prefix bench/versus --ignore-scripts`); an adapter names the few calls it needs, so that the benches
// compile without them.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { PageContender } from "../browser/host.js";
import type { Contender } from "../harness.js";
import type { EventObject, WindowEvents } from "../inputs/events.js";
import type { Lines } from "../inputs/lines.js";
import type { Readings } from "../inputs/readings.js";

export interface Rival {
  /** The npm package it needs; null for plain JavaScript. */
  readonly package: string | null;
  /** COUNT, SUM, MIN, MAX, AVG by tumbling window and key, over columns it may hold in its own form. */
  window?(events: WindowEvents): readonly Contender[];
  /** The same from one object a row. */
  windowObjects?(objects: readonly EventObject[]): readonly Contender[];
  /** Lines to typed columns; the checksum touches every column. */
  ndjson?(lines: Lines): readonly Contender[];
  /** Records of fields to typed columns; the checksum touches every column. */
  csv?(lines: Lines): readonly Contender[];
  /** The file of readings through tumbling windows by key, COUNT, SUM, MIN, MAX and AVG, into a file of results. */
  pipeline?(files: Readings): readonly Contender[];
  /** Hourly COUNT and AVG(delay) by origin, from the file. */
  flights?(path: string): readonly Contender[];
  /** COUNT and SUM by window and key of a CSV, in a page; `open` makes a contender of it. */
  page?(open: (page: PageContender) => Contender): readonly Contender[];
}

const require = createRequire(pathToFileURL(join(process.cwd(), "bench/versus/package.json")));

/** Loads a rival's package; `T` is the part of it that the adapter uses. */
export async function loadRival<T>(name: string): Promise<T> {
  const module = (await import(pathToFileURL(require.resolve(name)).href)) as T & { readonly default?: T };
  return module.default ?? module;
}

export function isInstalled(rival: Rival): boolean {
  if (rival.package === null) return true;
  try {
    require.resolve(rival.package);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND") return false;
    throw error;
  }
}
