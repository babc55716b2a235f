// What a shell completes: keywords, and the names of tables, columns and functions that there are.
import { DataStream, type Millrace } from "../node.js";
import { KEYWORD_LIST } from "../sql/vocabulary.js";

/** Names in SQL; asked for anew after statements have run. */
export class Names {
  readonly #mill: Millrace;
  #known: Promise<readonly string[]> | null = null;

  constructor(mill: Millrace) {
    this.#mill = mill;
  }

  all(): Promise<readonly string[]> {
    this.#known ??= this.#read();
    return this.#known;
  }

  forget(): void {
    this.#known = null;
  }

  async #read(): Promise<readonly string[]> {
    const [tables, functions] = await Promise.all([this.#first("SHOW TABLES"), this.#first("SHOW FUNCTIONS")]);
    const columns = tables.map((name) => this.#first(`SHOW COLUMNS FROM \`${name.replaceAll("`", "``")}\``));
    return [...new Set([...tables, ...(await Promise.all(columns)).flat(), ...functions, ...KEYWORD_LIST])];
  }

  /** The first column of what a statement gives; nothing where it fails: a table that cannot be opened has no columns. */
  async #first(text: string): Promise<string[]> {
    const names: string[] = [];
    try {
      for await (const result of this.#mill.script(text)) {
        if (!(result instanceof DataStream)) continue;
        for await (const row of result) names.push(String(Object.values(row)[0]));
      }
    } catch {
      return [];
    }
    return names;
  }
}

/** The names that the last word of a line may become, in the word's own case where they are told apart by none. */
export function completion(line: string, names: readonly string[]): [found: string[], word: string] {
  const word = /[\w$]*$/.exec(line)?.[0] ?? "";
  if (word === "") return [[], word];
  const isSmall = word === word.toLowerCase();
  const found = names
    .filter((name) => name.toLowerCase().startsWith(word.toLowerCase()))
    .map((name) => (isSmall && name === name.toUpperCase() ? name.toLowerCase() : name));
  return [[...new Set(found)].sort(), word];
}
