// Which file may import which: the layer table (scripts/layers.mjs), no circles, host modules only in their twins, and each
// runtime dependency behind its one door.
import { BROWSER_TWINS, LAYERS, NODE_TWINS } from "./scripts/layers.mjs";

/** What a group may import of src/ besides itself: lower layers, or the short list it names instead. */
function allowed({ layer, files, only, also = [] }) {
  const lower = LAYERS.filter((other) => other.layer < layer).map((other) => other.files);
  return [files, ...(only ?? lower), ...also];
}

const layerRules = LAYERS.flatMap((group) => [
  {
    name: `layer-${group.layer}-${group.name}`,
    comment: `${group.name} (layer ${group.layer}) imports what stands below it only`,
    severity: "error",
    from: { path: group.files },
    to: { path: "^src/", pathNot: allowed(group) },
  },
  ...(group.never ?? []).map((path) => ({
    name: `layer-${group.layer}-${group.name}-never`,
    comment: `${group.name} does not know the front ends; they meet in engine.ts`,
    severity: "error",
    from: { path: group.files },
    to: { path },
  })),
]);

/** `package` may be imported by `door` alone. */
const behindDoor = (name, door) => ({
  name: `door-${name.replaceAll(/\W+/g, "-")}`,
  comment: `${name} has one door, so that it can be replaced and loaded late`,
  severity: "error",
  from: { path: "^src/", pathNot: door },
  to: { path: `node_modules/${name}/` },
});

export default {
  forbidden: [
    {
      name: "no-circles",
      comment: "two files that need each other are one file, or miss a third",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "unresolvable",
      comment: "an import leads nowhere",
      severity: "error",
      from: { path: "^src/" },
      to: { couldNotResolve: true },
    },
    ...layerRules,
    {
      name: "node-modules-in-twins",
      comment:
        "node: modules are for platform/node.ts, *.node.ts, node.ts and the command line; all others ask Platform",
      severity: "error",
      from: { path: "^src/", pathNot: NODE_TWINS },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "node-twins-from-node",
      comment: "a Node twin is reached from Node's entry alone",
      severity: "error",
      from: { path: "^src/", pathNot: NODE_TWINS },
      to: { path: NODE_TWINS },
    },
    {
      name: "browser-twins-from-browser",
      comment: "a browser twin is reached from the browser's entry alone",
      severity: "error",
      from: { path: "^src/", pathNot: BROWSER_TWINS },
      to: { path: BROWSER_TWINS },
    },
    behindDoor("@assemblyscript/loader", "^src/wasm/"),
    behindDoor("apache-arrow", "^src/formats/arrow"),
    behindDoor("hyparquet", "^src/formats/parquet"),
    {
      name: "no-development-dependencies",
      comment: "the library runs on its dependencies alone; only what vite bundles may use others",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(cli|dashboard)/" },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        dependencyTypesNot: ["npm", "npm-peer", "npm-optional"],
      },
    },
    {
      name: "product-without-tests",
      comment: "src/ and assembly/ know neither tests nor benches",
      severity: "error",
      from: { path: "^(src|assembly)/" },
      to: { path: "^(test|bench|examples|scripts)/" },
    },
    {
      name: "examples-as-a-user",
      comment: "an example imports the package by its name, as its reader will",
      severity: "error",
      from: { path: "^examples/" },
      to: { path: "^src/", pathNot: "^src/(node|browser|arrow|testing/index)\\.ts$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|build|coverage|\\.cache)/" },
    tsConfig: { fileName: "tsconfig.json" },
    // Type imports count: a layer that names a higher one's types knows it.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
