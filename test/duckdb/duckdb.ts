// DuckDB as an oracle: another engine's answer to the same question over the same rows. Its package stands with the rivals of the
// benches (`npm ci --prefix bench/versus --ignore-scripts`, which `npm run test:duckdb` does).
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

interface Api {
  readonly DuckDBInstance: {
    create(path: string, options: Readonly<Record<string, string>>): Promise<{ connect(): Promise<Connection> }>;
  };
}
interface Connection {
  run(sql: string): Promise<unknown>;
  runAndReadAll(sql: string): Promise<{ getRowsJson(): readonly (readonly unknown[])[] }>;
  closeSync(): void;
}

/** One database in memory. */
export class DuckDb {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async open(): Promise<DuckDb> {
    const require = createRequire(pathToFileURL(join(process.cwd(), "bench/versus/package.json")));
    const module = (await import(pathToFileURL(require.resolve("@duckdb/node-api")).href)) as Api & { default?: Api };
    const { DuckDBInstance } = module.default ?? module;
    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'; SET default_null_order = 'nulls_first'");
    return new DuckDb(connection);
  }

  async run(sql: string): Promise<void> {
    await this.#connection.run(sql);
  }

  /** Rows of values as their JSON form: integers and decimals beyond a double, and times, are text. */
  async rows(sql: string): Promise<readonly (readonly unknown[])[]> {
    return (await this.#connection.runAndReadAll(sql)).getRowsJson();
  }

  close(): void {
    this.#connection.closeSync();
  }
}
