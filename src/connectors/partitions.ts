// Columns that stand in the paths of files, as Hive writes them: `…/day=2026-01-31/region=eu/part-0.ndjson`. Their values are
// text of the path, cast to the columns' types; a file whose values rule a predicate out is not opened.
import type { Batch } from "../arrow/batch.js";
import { DATE, type Field, field, INT64, type Schema, STRING, schemaOf } from "../arrow/types.js";
import { parseDate } from "../arrow/values.js";
import { DataError } from "../errors.js";
import { Evaluator } from "../operators/evaluate.js";
import { evaluateConstant } from "../plan/constant.js";
import type { BoundExpr, BoundValue } from "../plan/expr.js";
import { castValue } from "../plan/scalar/cast.js";
import { Failure } from "../plan/scalar/value.js";

/** What Hive and its heirs write for NULL. */
export const NULL_TEXT = "__HIVE_DEFAULT_PARTITION__";
const INTEGER_TEXT = /^(0|-?[1-9]\d{0,17})$/;

type Values = ReadonlyMap<string, string | null>;

/** The values in a path's directories, by name in their order. */
function valuesOf(path: string): Values {
  const values = new Map<string, string | null>();
  for (const name of path.split("/").slice(0, -1)) {
    const at = name.indexOf("=");
    if (at <= 0) continue;
    const text = unescaped(name.slice(at + 1));
    values.set(unescaped(name.slice(0, at)), text === NULL_TEXT ? null : text);
  }
  return values;
}

/** Percent signs are escapes where they can be. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // No escape, or none of UTF-8: the text is meant as it is.
    return text;
  }
}

/** The columns that all of these paths tell, as text and NULL can be; none when one path tells others. */
export function partitionFields(paths: readonly string[]): Field[] {
  const all = paths.map(valuesOf);
  const names = [...(all[0]?.keys() ?? [])];
  const isAlike = all.every((values) => values.size === names.length && names.every((name) => values.has(name)));
  if (!isAlike) return [];
  return names.map((name) => {
    const texts = all.map((values) => values.get(name)).filter((text) => typeof text === "string");
    if (texts.length > 0 && texts.every((text) => INTEGER_TEXT.test(text))) return field(name, INT64);
    const isDate = texts.length > 0 && texts.every((text) => parseDate(text) !== undefined);
    return field(name, isDate ? DATE : STRING);
  });
}

/** A schema with the partitions' columns, in place of the file's own of these names. */
export function withPartitions({ fields }: Schema, partitions: readonly Field[]): Schema {
  const isPartition = ({ name }: Field) => partitions.some((partition) => partition.name === name);
  return schemaOf([...fields.filter((own) => !isPartition(own)), ...partitions]);
}

/** The columns of one table that its paths tell. */
export class Partitions {
  /** What the files themselves are read for. */
  readonly fileSchema: Schema;
  readonly #schema: Schema;
  readonly #names: ReadonlySet<string>;
  readonly #predicate: BoundExpr | null;
  readonly #columns = new Map<string, readonly Evaluator[]>();

  constructor(schema: Schema, names: readonly string[], predicate: BoundExpr | null) {
    this.#schema = schema;
    this.#names = new Set(names);
    this.#predicate = predicate;
    this.fileSchema = schemaOf(schema.fields.filter(({ name }) => !this.#names.has(name)));
  }

  /** The predicate for one file: its partitions' columns are constants. @throws CAST */
  predicateOf(path: string): BoundExpr | null {
    return this.#predicate === null || this.#names.size === 0
      ? this.#predicate
      : substituted(this.#predicate, (column) => this.#literal(column.name, column, path));
  }

  /** False only when the path's values let no row of the file through. @throws CAST */
  canMatch(path: string): boolean {
    const predicate = this.predicateOf(path);
    return predicate === null || conjuncts(predicate).every((part) => mayHold(evaluateConstant(part)));
  }

  /** A file's rows with the columns that its path tells. @throws CAST */
  complete(batch: Batch, path: string): Batch {
    if (this.#names.size === 0) return batch;
    let columns = this.#columns.get(path);
    if (columns === undefined) {
      columns = this.#schema.fields.map((own) => new Evaluator(this.#expression(own, path)));
      this.#columns.set(path, columns);
    }
    return batch.withColumns(
      this.#schema,
      columns.map((column) => column.evaluate(batch)),
    );
  }

  /** Forgets a file that is read. */
  forget(path: string): void {
    this.#columns.delete(path);
  }

  #expression(own: Field, path: string): BoundExpr {
    const literal = this.#literal(own.name, own, path);
    if (literal !== null) return literal;
    const index = this.fileSchema.fields.findIndex(({ name }) => name === own.name);
    return { kind: "column", index, ...own };
  }

  #literal(name: string, { type, nullable }: Pick<Field, "type" | "nullable">, path: string): BoundExpr | null {
    if (!this.#names.has(name)) return null;
    const text = valuesOf(path).get(name) ?? null;
    const value = castValue(text, STRING, type);
    if (!(value instanceof Failure) && (value !== null || nullable)) return { kind: "literal", value, type, nullable };
    throw new DataError("CAST", `${path}: "${text ?? "NULL"}" is no value of the column "${name}"`, {
      hint: `declare it as STRING, or read without it: { partitions: false }`,
      at: { source: path, field: name },
    });
  }
}

function mayHold(outcome: BoundValue | Failure | undefined): boolean {
  // A failure is for the filter to meet, row by row.
  return outcome !== false && outcome !== null;
}

function conjuncts(expr: BoundExpr): readonly BoundExpr[] {
  return expr.kind === "call" && expr.fn === "and" ? expr.args.flatMap(conjuncts) : [expr];
}

/** The expression with columns replaced where `replace` gives something. */
function substituted(
  expr: BoundExpr,
  replace: (column: Extract<BoundExpr, { kind: "column" }>) => BoundExpr | null,
): BoundExpr {
  const inner = (part: BoundExpr) => substituted(part, replace);
  switch (expr.kind) {
    case "column":
      return replace(expr) ?? expr;
    case "literal":
      return expr;
    case "call":
      return { ...expr, args: expr.args.map(inner) };
    case "cast":
      return { ...expr, input: inner(expr.input) };
    case "case":
      return {
        ...expr,
        branches: expr.branches.map(({ when, then }) => ({ when: inner(when), then: inner(then) })),
        otherwise: expr.otherwise === null ? null : inner(expr.otherwise),
      };
  }
}
