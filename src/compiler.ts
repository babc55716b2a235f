// What makes a bound program run in this thread: its plan compiled, and the operators of that plan. It stands apart from the
// engine, so that a page whose programs run in a worker need not load it.
export { buildOperator } from "./operators/build.js";
export { compile } from "./plan/compile.js";
