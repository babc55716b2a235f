// `npm run build`, after the kernels: the library by tsc to dist/ (modules and declarations, one file a source file), the
// kernel modules beside it; the command line and the monitor's pages bundled with their libraries inside, so that installing
// brings few packages.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const buildInfo = join(root, ".cache/build.tsbuildinfo");

// What tsc wrote last time it only completes; without dist/ it must begin anew. `--clean` drops files of removed sources.
if (process.argv.includes("--clean")) rmSync(dist, { recursive: true, force: true });
if (!existsSync(dist)) rmSync(buildInfo, { force: true });

const tsc = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);
for (const name of ["kernels.wasm", "formats.wasm"]) copyFileSync(join(root, "build", name), join(dist, name));

const source = join(root, "src");
/** What is bundled; everything else of src/ is the library. */
const bundled = ["cli", "monitor", "dashboard"].map((folder) => join(source, folder));
const cli = join(source, "cli");
const entry = join(cli, "millrace.ts");

/**
 * Leaves the library itself out of the bundle: an import that leads from the command line into it becomes one from the
 * compiled file in dist/, so that the program and a user's job file share one copy.
 */
const libraryStaysOutside = {
  name: "library-stays-outside",
  enforce: "pre",
  resolveId(specifier, importer) {
    if (!importer || !specifier.startsWith(".")) return null;
    const target = resolve(dirname(importer), specifier);
    const isLibrary = target.startsWith(`${source}/`) && !bundled.some((folder) => target.startsWith(`${folder}/`));
    return isLibrary ? { id: `../${relative(source, target)}`, external: true } : null;
  },
};

if (existsSync(entry)) {
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    plugins: [libraryStaysOutside],
    ssr: { noExternal: true, external: ["millrace", "@assemblyscript/loader", "apache-arrow", "hyparquet", "valibot"] },
    build: {
      ssr: entry,
      outDir: join(dist, "cli"),
      emptyOutDir: true,
      target: "node20",
      minify: false,
      rolldownOptions: { output: { entryFileNames: "millrace.js", chunkFileNames: "[name].js" } },
    },
  });
  chmodSync(join(dist, "cli/millrace.js"), 0o755);
}

// Two pages: index.html brings its own engine and is served by any server of files, served.html is `millrace monitor`'s. All
// names are flat: the command line takes the folder into memory by them.
const pages = join(source, "dashboard");
await build({
  root: pages,
  base: "./",
  configFile: false,
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: join(dist, "monitor"),
    emptyOutDir: true,
    assetsDir: "",
    target: "es2023",
    modulePreload: false,
    rolldownOptions: { input: [join(pages, "index.html"), join(pages, "served.html")] },
  },
});
