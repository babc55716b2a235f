// `millrace query FILE.sql` or `-e "SQL"`: statements in order. A SELECT prints its rows, an INSERT runs to its end, EXPLAIN
// prints the plan.
import { DataStream, Millrace, Pipeline, PlanError } from "../node.js";
import { interruptible } from "./interrupt.js";
import type { Format } from "./output.js";
import { printRows } from "./rows.js";
import { readSql } from "./run.js";

interface QueryFlags {
  readonly execute?: string;
  readonly format: Format;
  readonly batchSize?: number;
  readonly memory?: number;
  readonly changelog?: boolean;
  readonly parallelism: number;
  readonly seed?: number;
}

export async function query(path: string | undefined, flags: QueryFlags): Promise<void> {
  checkFlags(flags);
  const text = textOf(path, flags.execute);
  await interruptible(async (signal) => {
    const mill = await Millrace.open();
    const options = {
      signal,
      ...(flags.memory === undefined ? {} : { memoryBytes: flags.memory }),
      ...(flags.batchSize === undefined ? {} : { batchRows: flags.batchSize }),
    };
    for await (const result of mill.script(text, options)) {
      if (result instanceof Pipeline) await result.run(options);
      else if (result instanceof DataStream) {
        const rows = flags.changelog ? result.changelog("op") : result;
        await printRows(rows, flags.format, options);
      } else process.stdout.write(`${result}\n`);
    }
  });
}

/** @throws OPTION, FILE_NOT_FOUND */
function textOf(path: string | undefined, execute: string | undefined): string {
  if (path !== undefined && execute !== undefined) {
    throw new PlanError("OPTION", "a file and --execute", { hint: "give one of them" });
  }
  if (execute !== undefined) return execute;
  if (path === undefined) {
    throw new PlanError("OPTION", "no SQL to run", {
      hint: 'millrace query FILE.sql, or millrace query -e "SELECT 1"',
    });
  }
  return readSql(path);
}

/** @throws UNSUPPORTED for what is not there yet */
function checkFlags({ parallelism, seed }: QueryFlags): void {
  if (parallelism !== 1) {
    throw new PlanError("UNSUPPORTED", `--parallelism ${parallelism}`, { hint: "programs run in one task so far" });
  }
  if (seed !== undefined) {
    throw new PlanError("UNSUPPORTED", `--seed ${seed}`, {
      hint: "set it in the table: WITH ('connector' = 'datagen', 'seed' = '7')",
    });
  }
}
