// The layers of src/, lowest first: a file imports from its own folder and from lower layers only. This table is what
// .dependency-cruiser.mjs enforces, what test/tidy.test.ts finds a home by, and what docs/architecture.md draws.

/** Entries of the package: what is built on the public API may import these and nothing else of src/. */
export const ENTRIES = "^src/(index|node|browser|slim|arrow|worker)\\.ts$";

/** Files that may name Node: its platform, its twins of portable files, its entry and the command line. */
export const NODE_TWINS = "^src/(platform/node\\.ts|node\\.ts|cli/.*|.*\\.node\\.ts)$";

/** Files that may name the DOM. */
export const BROWSER_TWINS = "^src/(platform/browser\\.ts|(browser|slim|worker)\\.ts|dashboard/.*|.*\\.browser\\.ts)$";

/**
 * Groups of one layer do not import each other. `also` is what a group may import beyond the lower layers, `only` what it may
 * import instead of them, `never` what it may not although it stands lower.
 */
export const LAYERS = [
  { layer: 0, name: "contracts", files: "^src/(errors\\.ts|error-codes\\.ts|platform/(platform|errors)\\.ts)$" },
  { layer: 1, name: "wasm", files: "^src/wasm/" },
  { layer: 2, name: "arrow", files: "^src/arrow/" },
  {
    layer: 3,
    name: "plan",
    files: "^src/plan/",
    only: ["^src/(errors|platform/errors)\\.ts$", "^src/arrow/(types|values)\\.ts$"],
  },
  { layer: 4, name: "sql", files: "^src/sql/" },
  { layer: 4, name: "api", files: "^src/api/" },
  { layer: 4, name: "state", files: "^src/state/" },
  { layer: 5, name: "operators", files: "^src/operators/", never: ["^src/(sql|api)/"] },
  { layer: 6, name: "runtime", files: "^src/runtime/", never: ["^src/(sql|api)/"] },
  { layer: 7, name: "engine", files: "^src/(engine|runner|compiler|live-table|sql-front)\\.ts$" },
  { layer: 8, name: "formats", files: "^src/formats/" },
  { layer: 8, name: "connectors", files: "^src/connectors/", also: ["^src/formats/"] },
  { layer: 8, name: "render", files: "^src/render/" },
  { layer: 8, name: "cluster", files: "^src/cluster/", also: ["^src/render/"] },
  { layer: 8, name: "hosts", files: "^src/platform/(?!(platform|errors)\\.ts$)" },
  { layer: 9, name: "entries", files: ENTRIES },
  { layer: 9, name: "ml", files: "^src/ml/", only: [ENTRIES] },
  // Drives operators by hand, so it knows what stands below the engine.
  { layer: 9, name: "testing", files: "^src/testing/" },
  { layer: 9, name: "monitor", files: "^src/monitor/", only: [ENTRIES] },
  {
    layer: 9,
    name: "cli",
    files: "^src/cli/",
    only: [ENTRIES],
    // The shell asks where statements end, and completes their words.
    also: ["^src/monitor/", "^src/sql/(script|vocabulary)\\.ts$", "^src/errors\\.ts$"],
  },
  { layer: 9, name: "dashboard", files: "^src/dashboard/", only: [ENTRIES], also: ["^src/monitor/"] },
];
