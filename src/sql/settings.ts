// SET and RESET: the options of a session, each known by name and legal by value. What nothing follows from is refused.
import { hintNames } from "../errors.js";
import type { Option, Span } from "./ast.js";
import type { Places } from "./bind-scope.js";
import type { ResetOption, SetOption } from "./statements.js";

interface Setting {
  readonly initial: string;
  readonly legal: readonly string[];
}

const SETTINGS: Readonly<Record<string, Setting>> = {
  /** Result types of SUM and AVG: `flink` are those of Flink, for scripts that count on them. */
  "sql.typing": { initial: "standard", legal: ["standard", "flink"] },
  "table.local-time-zone": { initial: "UTC", legal: ["UTC"] },
};

/** Options of Flink that have a place elsewhere. */
const INSTEAD: Readonly<Record<string, string>> = {
  "pipeline.name": "name the job where it is started: run({ name: 'orders' })",
  "table.exec.state.ttl": "state is freed by the watermark: group by windows, or deduplicate({ within: '1h' })",
  "parallelism.default": "programs run in one task",
  "execution.runtime-mode": "bounded input ends by itself, with the same rows",
};

export class Settings {
  readonly #values = new Map(Object.entries(SETTINGS).map(([key, { initial }]) => [key, initial]));

  /** Whether SUM and AVG have the types of Flink. */
  get hasFlinkTypes(): boolean {
    return this.#values.get("sql.typing") === "flink";
  }

  get rows(): readonly (readonly [key: string, value: string])[] {
    return [...this.#values];
  }

  /** @throws SqlError OPTION, UNSUPPORTED */
  set({ option }: SetOption & { readonly option: Option }, places: Places): void {
    const { key, value, span } = option;
    const { legal } = settingOf(key, span, places);
    if (!legal.includes(value)) {
      const [only, second] = legal;
      const takes = second === undefined ? `only '${only}' so far` : legal.map((one) => `'${one}'`).join(" or ");
      throw places.error(second === undefined ? "UNSUPPORTED" : "OPTION", `'${key}' = '${value}'`, span, takes);
    }
    this.#values.set(key, value);
  }

  /** @throws SqlError OPTION, UNSUPPORTED */
  reset({ key, span }: ResetOption, places: Places): void {
    for (const known of key === null ? this.#values.keys() : [key]) {
      this.#values.set(known, settingOf(known, span, places).initial);
    }
  }
}

function settingOf(key: string, span: Span, places: Places): Setting {
  if (Object.hasOwn(SETTINGS, key)) return SETTINGS[key] as Setting;
  const instead = INSTEAD[key];
  if (instead !== undefined) throw places.error("UNSUPPORTED", `SET '${key}' does nothing here`, span, instead);
  throw places.error("OPTION", `no option '${key}'`, span, hintNames(key, Object.keys(SETTINGS), "options"));
}
