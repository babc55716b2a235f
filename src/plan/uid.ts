// Names of nodes: the user's, or made of the node's path in the plan as written. State and metrics are found by them, so
// they are given before the optimizer moves anything.
import { hintNames, PlanError } from "../errors.js";
import type { LogicalPlan } from "./logical.js";
import { inputsOf, type Program, rewrite } from "./walk.js";

/**
 * The program with a uid at every node. A path begins at the output (`0` for the first) and names each kind on the way
 * down, numbered where a node has several inputs: `0/sink/window-aggregate/watermark/scan`. A shared node has the path
 * of its first reader.
 * @throws OPTION when the user gave one name twice
 */
export function nameNodes(program: Program): Program {
  const paths = new Map<LogicalPlan, string>();
  const visit = (node: LogicalPlan, path: string): void => {
    if (paths.has(node)) return;
    paths.set(node, path);
    const inputs = inputsOf(node);
    inputs.forEach((input, index) => {
      visit(input, `${path}${inputs.length > 1 ? `[${index}]` : ""}/${input.kind}`);
    });
  };
  program.forEach((root, index) => {
    visit(root, `${index}/${root.kind}`);
  });
  const given = [...paths.keys()].flatMap(({ uid }) => (uid === undefined ? [] : [uid]));
  const twice = given.find((uid, index) => given.indexOf(uid) !== index);
  if (twice !== undefined) {
    throw new PlanError("OPTION", `two steps have the uid "${twice}"`, { hint: hintNames("", given, "uids") });
  }
  return rewrite(program, (node, old) =>
    node.uid === undefined ? Object.freeze({ ...node, uid: paths.get(old) as string }) : node,
  );
}
