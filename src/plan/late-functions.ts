// The functions that few programs name (plan/library): loaded when a program names one that is not known, so that a page does not
// pay for what it does not use.
import { loadPart } from "../platform/errors.js";
import { addFunctions, FUNCTIONS } from "./functions.js";
import type { Program } from "./walk.js";

/** The functions that are there before any other is added. */
const AT_ONCE: ReadonlySet<string> = new Set(FUNCTIONS.keys());

/** Whether functions were added to those that are there at once. */
export function hasLateFunctions(): boolean {
  return FUNCTIONS.size > AT_ONCE.size;
}

/** Loads the library if the program calls a function that is not known. @throws MODULE_MISSING */
export async function loadFunctions(program: Program): Promise<void> {
  if (!callsUnknown(program)) return;
  const { LIBRARY } = await loadPart("the functions", () => import("./library/index.js"));
  addFunctions(LIBRARY);
}

/** Whether a program calls a function that is not there, or not there yet. */
export function callsUnknown(program: Program): boolean {
  return calls(program, (name) => !FUNCTIONS.has(name));
}

/** Whether a program calls a function that it has brought itself. */
export function callsUser(program: Program): boolean {
  return calls(program, (name) => FUNCTIONS.get(name)?.user !== undefined);
}

/** Whether a program calls a function of the library, known by now or not. */
export function callsLate(program: Program): boolean {
  return calls(program, (name) => !AT_ONCE.has(name));
}

/** Whether a call anywhere in the program is of such a function. A plan is plain data: all of it is looked at, each part once. */
function calls(program: Program, is: (name: string) => boolean): boolean {
  const seen = new Set<object>();
  const visit = (value: unknown): boolean => {
    if (typeof value !== "object" || value === null || seen.has(value)) return false;
    seen.add(value);
    if ("kind" in value && value.kind === "call" && "fn" in value && is(String(value.fn))) return true;
    return Object.values(value).some(visit);
  };
  return visit(program);
}
