// Truth in three values: AND, OR, NOT, IS TRUE and their kin. What decides the result is evaluated first, and the rest only
// for the rows that it leaves open, so that a row which is excluded never fails.
import { type BoundCall, type Compute, type Evaluation, Vector } from "./evaluation.js";

/** AND and OR: later arguments are evaluated where the earlier ones decide nothing; none are left out when none is open. */
export function logic(call: BoundCall, args: readonly Compute[]): Compute {
  const [first, ...rest] = args as [Compute, ...Compute[]];
  if (call.fn === "not") return (run, rows) => not(run, first(run, rows));
  const conjunction = call.fn === "and";
  return (run, rows) => {
    let result = first(run, rows);
    for (const arg of rest) {
      const decided = conjunction ? isFalse(run, result) : run.truth(result);
      const open = run.andNot(rows, decided);
      if (run.count(open) === 0) break;
      result = combine(run, conjunction, result, arg(run, open));
    }
    return result;
  };
}

function not(run: Evaluation, vector: Vector): Vector {
  return new Vector(vector.type, run.not(vector.values), vector.validity);
}

/** Rows where a BOOLEAN is FALSE. */
function isFalse(run: Evaluation, { values, validity }: Vector): number {
  return validity === 0 ? run.not(values) : run.andNot(validity, values);
}

function combine(run: Evaluation, conjunction: boolean, a: Vector, b: Vector): Vector {
  const { kernels, n } = run;
  if (a.validity === 0 && b.validity === 0) {
    return new Vector(a.type, conjunction ? run.and(a.values, b.values) : run.or(a.values, b.values));
  }
  const [values, validity] = [run.bitmap(), run.bitmap()];
  const kernel = conjunction ? kernels.andKleene : kernels.orKleene;
  kernel(a.values, a.validity || run.ones, b.values, b.validity || run.ones, n, values, validity);
  return new Vector(a.type, values, validity);
}

/** OR of two BOOLEANs, evaluated already. */
export function either(run: Evaluation, a: Vector, b: Vector): Vector {
  return combine(run, false, a, b);
}

/** IS NULL, IS TRUE and their kin: never NULL. */
export function truth(call: BoundCall, args: readonly Compute[]): Compute {
  const [arg] = args as [Compute];
  const bits: Record<string, (run: Evaluation, vector: Vector) => number> = {
    is_null: (run, { validity }) => (validity === 0 ? run.zeros : run.not(validity)),
    is_not_null: (run, { validity }) => validity || run.ones,
    is_true: (run, vector) => run.truth(vector),
    is_not_true: (run, vector) => run.not(run.truth(vector)),
    is_false: isFalse,
    is_not_false: (run, vector) => run.not(isFalse(run, vector)),
  };
  const of = bits[call.fn] as (run: Evaluation, vector: Vector) => number;
  return (run, rows) => new Vector(call.type, of(run, arg(run, rows)));
}
