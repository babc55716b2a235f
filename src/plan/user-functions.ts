// Functions that a program brings for expressions: rows like all others, by name and version, whose values JavaScript gives. Plans
// name them; the function itself stays in the process that has registered it.
import { type DataType, sameType, typeName } from "../arrow/types.js";
import { commonType } from "./coerce.js";
import { addFunctions, FUNCTIONS, removeFunctions } from "./functions.js";
import type { Form } from "./signatures.js";

export type UserScalar = (...args: never[]) => unknown;

export interface UserFunction {
  readonly name: string;
  readonly version: string;
  readonly args: readonly DataType[];
  readonly returns: DataType;
  readonly fn: UserScalar;
}

/** Adds a function. @returns what plans call it: `name@version`, and a number where another engine has it too */
export function addUserFunction({ name, version, args, returns, fn }: UserFunction): string {
  const title = `${name}@${version}`;
  let id = title;
  for (let count = 2; FUNCTIONS.has(id); count++) id = `${title}#${count}`;
  const signature = `${name}(${args.map(typeName).join(", ")})`;
  const row = {
    name: id,
    flink: null,
    kernel: "user",
    resolve: taking(args, returns),
    signature,
    volatile: true,
    user: fn,
  };
  addFunctions([{ ...row, nulls: "own" }]);
  return id;
}

/** Forgets functions; what was compiled with them keeps them. */
export function removeUserFunctions(ids: Iterable<string>): void {
  removeFunctions(ids);
}

/** Arguments that fit the declared types without loss; NULL is given to the function, and may come from it. */
function taking(declared: readonly DataType[], type: DataType): Form {
  return (args) => {
    const fits = args.every((arg, place) => {
      const to = declared[place];
      const common = to === undefined ? null : commonType([to, arg.type]);
      return common !== null && to !== undefined && sameType(common, to);
    });
    return fits && args.length === declared.length ? { args: declared, type, nullable: true } : null;
  };
}
