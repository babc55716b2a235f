// Live things that plans only name: arrays, iterables, sockets and user functions. Each is kept beside the reference that
// stands in plans, for as long as a plan holds that reference; an engine that runs for months keeps nothing else but the tables
// and views that have names.
import type { Schema } from "../arrow/types.js";
import { InternalError } from "../errors.js";
import type { FunctionRef, LogicalPlan, QueryRef, TableRef } from "./logical.js";

/** A table or view that has a name. */
export interface NamedTable {
  /** What a query reads. */
  readonly plan: LogicalPlan;
  /** Where INSERT writes, null for views; its columns are null where the rows bring theirs. */
  readonly target: { readonly table: TableRef; readonly schema: Schema | null } | null;
  /** Columns that tell rows apart, as PRIMARY KEY has declared them. */
  readonly key?: readonly string[];
  /** As CREATE had it, for SHOW CREATE; absent for what the program has named. */
  readonly text?: string;
}

export class Catalog {
  /** Tables and views by the names that SQL knows them by. */
  readonly tables = new Map<string, NamedTable>();
  /** The program's own functions of expressions, by their names in capitals: what plans call them. */
  readonly functions = new Map<string, string>();
  readonly #live = new WeakMap<TableRef | FunctionRef | QueryRef, unknown>();
  #count = 0;

  /**
   * A table or target for plans. `live` is what its connector works on, when that cannot be an option; `takes`, which changes
   * it takes as a target.
   */
  addTable(
    connector: string,
    name: string,
    options: Readonly<Record<string, unknown>>,
    live?: unknown,
    takes?: NonNullable<TableRef["takes"]>,
  ): TableRef {
    const ref = Object.freeze({
      id: this.#nextId(connector),
      connector,
      name,
      options: Object.freeze({ ...options }),
      ...(takes === undefined ? {} : { takes }),
    });
    if (live !== undefined) this.#live.set(ref, live);
    return ref;
  }

  /** A table of another catalog, whose reference came with its plan. */
  adopt(ref: TableRef, live: unknown): void {
    this.#live.set(ref, live);
  }

  /** A user function for plans. `version` tells a checkpoint whether the function is still the same. */
  addFunction(fn: unknown, name: string, version = "1"): FunctionRef {
    const ref = Object.freeze({ id: this.#nextId("function"), version, name });
    this.#live.set(ref, fn);
    return ref;
  }

  /** A query for plans; `read` gives its plan, without queries in it. */
  addQuery(read: () => Promise<LogicalPlan>, name: string): QueryRef {
    const ref = Object.freeze({ id: this.#nextId("query"), name });
    this.#live.set(ref, read);
    return ref;
  }

  /** The plan behind a query's reference. @throws what reading it throws */
  plan(ref: QueryRef): Promise<LogicalPlan> {
    return (this.#live.get(ref) as () => Promise<LogicalPlan>)();
  }

  /** The same table with more options, found out when it was bound. */
  withOptions(ref: TableRef, options: Readonly<Record<string, unknown>>): TableRef {
    return this.addTable(ref.connector, ref.name, { ...ref.options, ...options }, this.#live.get(ref));
  }

  /** What was kept with a table or function; undefined for a table without. The caller knows its type by the connector. */
  live(ref: TableRef | FunctionRef): unknown {
    return this.#live.get(ref);
  }

  /** The user function behind a reference. */
  function(ref: FunctionRef): (...args: never[]) => unknown {
    const fn = this.#live.get(ref);
    if (typeof fn !== "function") throw new InternalError(`function ${ref.name} (${ref.id}) is not in this catalog`);
    return fn as (...args: never[]) => unknown;
  }

  #nextId(prefix: string): string {
    this.#count += 1;
    return `${prefix}-${this.#count}`;
  }
}
