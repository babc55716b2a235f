// `npm run build`, after the kernels: the library by tsc to dist/ (modules and declarations, one file a source file), the
// kernel modules beside it, and the command line bundled with its libraries inside, so that installing brings few packages.
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
const cli = join(source, "cli");
const entry = join(cli, "millrace.ts");

/**
 * Leaves the library itself out of the bundle: an import that leads from src/cli/ elsewhere into src/ becomes one from the
 * compiled file in dist/, so that the program and a user's job file share one copy.
 */
const libraryStaysOutside = {
  name: "library-stays-outside",
  enforce: "pre",
  resolveId(specifier, importer) {
    if (!importer || !specifier.startsWith(".")) return null;
    const target = resolve(dirname(importer), specifier);
    const leavesCli = target.startsWith(`${source}/`) && !target.startsWith(`${cli}/`);
    return leavesCli ? { id: `../${relative(source, target)}`, external: true } : null;
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
