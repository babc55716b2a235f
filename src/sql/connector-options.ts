// How options of connectors are written in SQL: each reader gives the value of a text, or undefined for what it does not take.

export type Read = (text: string) => unknown;

export interface ConnectorSpec {
  /** The engine's name of it. */
  readonly connector: string;
  /** Options in SQL → where the engine's table keeps the value (a dot: inside a format's options), and how it is read. */
  readonly options: Readonly<Record<string, readonly [name: string, read: Read, takes: string]>>;
  /** The option that the table is called by; it is required. */
  readonly named?: string;
  /** An option that there has to be. */
  readonly required?: string;
  /** Whether options `header.NAME` are headers of requests. */
  readonly headers?: boolean;
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Whether the table takes changes as a target. */
  readonly takes?: "retract";
  /** Makes the engine's table of the values, where it is more than these. */
  readonly make?: (values: Readonly<Record<string, unknown>>) => {
    readonly name: string;
    readonly options: Readonly<Record<string, unknown>>;
    /** What is kept beside the plan. */
    readonly live: unknown;
  };
}

export const words: Read = (text) => (text === "" ? undefined : text);
export const flag: Read = (text) => (text === "true" ? true : text === "false" ? false : undefined);
export const whole: Read = (text) =>
  /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
export const above: Read = (text) => (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0 ? Number(text) : undefined);
export const count: Read = (text) => (Number(text) > 0 ? whole(text) : undefined);
export const share: Read = (text) => (/^\d+(\.\d+)?$/.test(text) && Number(text) <= 1 ? Number(text) : undefined);

/** A size as Flink writes it: `200`, `200b`. */
export const bytes: Read = (text) => whole(text.replace(/ ?b(ytes)?$/, ""));

/** A time as TIMESTAMP literals have it, in UTC. */
export const date: Read = (text) => {
  const time = /^\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d(\.\d{1,3})?)?)?$/.test(text) ? new Date(`${text}Z`) : undefined;
  return time === undefined || Number.isNaN(time.getTime()) ? undefined : time;
};

/** One of the values. */
export const oneOf = (...legal: readonly string[]): Read => {
  return (text) => (legal.includes(text) ? text : undefined);
};

/** Names with commas between them. */
export const names: Read = (text) => {
  const all = text.split(",").map((name) => name.trim());
  return all.every((name) => name !== "") ? all : undefined;
};

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

/** A time as Flink writes it, `5 s`, in milliseconds: 1 at least, and whole. */
export const milliseconds: Read = (text) => {
  const [, value, unit = ""] = /^(\d+(?:\.\d+)?) ?(ms|s|min|h)$/.exec(text) ?? [];
  const ms = Number(value) * (UNITS[unit] ?? Number.NaN);
  return Number.isSafeInteger(ms) && ms > 0 ? ms : undefined;
};
