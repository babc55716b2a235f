// JSON as a tree that keeps the digits of numbers as they are written, and the paths into it.

export type Json = null | boolean | string | JsonNumber | readonly Json[] | ReadonlyMap<string, Json>;

export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const DEPTH_MAX = 500;
const TOKEN =
  /[\t\n\r ]*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/sy;
const SPACE = /[\t\n\r ]*/y;

/** The tree of a text, or undefined when it is no JSON. Of equal keys the last one counts. */
export function parseJson(text: string): Json | undefined {
  const reader = new Reader(text);
  const value = reader.value(0);
  return value !== undefined && reader.isAtEnd ? value : undefined;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.#text);
    return SPACE.lastIndex === this.#text.length;
  }

  #next(): RegExpExecArray | null {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text);
    if (match !== null) this.#at = TOKEN.lastIndex;
    return match;
  }

  value(depth: number): Json | undefined {
    return this.#of(this.#next(), depth);
  }

  #of(token: RegExpExecArray | null, depth: number): Json | undefined {
    if (token === null || depth > DEPTH_MAX) return undefined;
    const [, sign, string, number, word] = token;
    if (string !== undefined) return stringOf(string);
    if (number !== undefined) return new JsonNumber(number);
    if (word !== undefined) return word === "null" ? null : word === "true";
    if (sign === "[") return this.#array(depth);
    return sign === "{" ? this.#object(depth) : undefined;
  }

  #array(depth: number): Json | undefined {
    const items: Json[] = [];
    for (let token = this.#next(); ; token = this.#next()) {
      if (token?.[1] === "]" && items.length === 0) return items;
      const item = this.#of(token, depth + 1);
      if (item === undefined) return undefined;
      items.push(item);
      const after = this.#next()?.[1];
      if (after === "]") return items;
      if (after !== ",") return undefined;
    }
  }

  #object(depth: number): Json | undefined {
    const members = new Map<string, Json>();
    for (let token = this.#next(); ; token = this.#next()) {
      if (token?.[1] === "}" && members.size === 0) return members;
      const key = token?.[2];
      if (key === undefined || this.#next()?.[1] !== ":") return undefined;
      const name = stringOf(key);
      const member = this.value(depth + 1);
      if (name === undefined || member === undefined) return undefined;
      members.set(name, member);
      const after = this.#next()?.[1];
      if (after === "}") return members;
      if (after !== ",") return undefined;
    }
  }
}

/** What stands between quotes; undefined when an escape or a control character in it is none of JSON. */
function stringOf(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function printJson(value: Json): string {
  if (value instanceof JsonNumber) return value.text;
  if (isJsonArray(value)) return `[${value.map(printJson).join(",")}]`;
  if (value instanceof Map) {
    return `{${Array.from(value, ([key, member]: [string, Json]) => `${JSON.stringify(key)}:${printJson(member)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

export function isJsonArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function isScalar(value: Json): boolean {
  return !isJsonArray(value) && !(value instanceof Map);
}

/** A name, an index, or all there are. */
type Step = string | number | null;

export interface JsonPath {
  /** Whether what is not there is an error, and not nothing. */
  readonly strict: boolean;
  readonly steps: readonly Step[];
}

const STEP =
  /\.(?:([A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff-]*)|(\*))|\[\s*(?:(\d+)|(\*)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]/y;

/** The path of a text: `$`, names behind a dot or in brackets, places from 0 in brackets, `*`. Null when it is none. */
export function parsePath(text: string): JsonPath | null {
  const head = /^\s*(?:(lax|strict)\s+)?\$/i.exec(text);
  if (head === null) return null;
  const steps: Step[] = [];
  const end = text.trimEnd().length;
  for (let at = head[0].length; at < end; at = STEP.lastIndex) {
    STEP.lastIndex = at;
    const match = STEP.exec(text);
    if (match === null) return null;
    const [, name, all, index, each, single, double] = match;
    if (index !== undefined) steps.push(Number(index));
    else if (all !== undefined || each !== undefined) steps.push(null);
    else steps.push((name ?? single ?? double ?? "").replaceAll(/\\(.)/gs, "$1"));
  }
  return { strict: head[1]?.toLowerCase() !== "lax", steps };
}

/** What the path leads to; undefined where it leads to nothing. With a `*` in it, an array of all that it leads to. */
export function valueAt(root: Json, { steps }: JsonPath): Json | undefined {
  let found: Json[] = [root];
  for (const step of steps) {
    found = found.flatMap((value) => {
      if (step === null) return isJsonArray(value) ? value : value instanceof Map ? [...value.values()] : [];
      const member =
        typeof step === "number"
          ? isJsonArray(value)
            ? value[step]
            : undefined
          : value instanceof Map
            ? value.get(step)
            : undefined;
      return member === undefined ? [] : [member as Json];
    });
  }
  return steps.includes(null) ? found : found[0];
}
