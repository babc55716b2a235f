// `npm run build`, after the kernels: the library by tsc to dist/ (modules and declarations, one file a source file; what every
// page loads has its code in a few: core.mjs), the kernel modules beside it, the engine's worker in one file; the command line
// and the monitor's pages bundled with their libraries inside, so that installing brings few packages.
import { spawn } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "vite";
import { bundleCore, hasStale, writeCore } from "./core.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const buildInfo = join(root, ".cache/build.tsbuildinfo");

// What tsc wrote last time it only completes; without dist/ it must begin anew. `--clean` drops files of removed sources.
if (process.argv.includes("--clean")) rmSync(dist, { recursive: true, force: true });
if (!existsSync(dist)) rmSync(buildInfo, { force: true });

const source = join(root, "src");

/** What reads data files: most of it are apache-arrow and the compressors of Parquet. */
const DATA_FILES = ["arrow-file", "arrow-format", "avro", "parquet"].map((name) => join(source, `formats/${name}.ts`));

/** The functions that few programs name. */
const LIBRARY = ["plan/library/index", "operators/library/families"].map((name) => join(source, `${name}.ts`));

/**
 * Makes what is imported late a part like all others: a worker has its text at once. Left late, the bundler would wrap every
 * module in a function of its own, and V8 compiles such functions before it runs the first line.
 *
 * @param leftOut - files that the page sends no program for that needs them
 */
const importedAtOnce = (leftOut) => ({
  name: "imported-at-once",
  async transform(code, id) {
    if (!code.includes("import(")) return null;
    const late = importsIn(this.parse(code));
    const lines = [];
    let text = code;
    // From the end, so that the places of those before stay what they are.
    for (const { start, end, specifier } of late.reverse()) {
      const resolved = await this.resolve(specifier, id);
      const name = `late$${lines.length}`;
      const isLeftOut = leftOut.includes(resolved?.id);
      if (!isLeftOut) lines.push(`import * as ${name} from ${JSON.stringify(specifier)};`);
      const value = isLeftOut ? `Promise.reject(new Error("it is in the other worker"))` : `Promise.resolve(${name})`;
      text = text.slice(0, start) + value + text.slice(end);
    }
    return { code: `${text}\n${lines.join("\n")}`, map: null };
  },
});

/** The late imports of a module, in their order. */
function importsIn(node) {
  if (node === null || typeof node !== "object") return [];
  const within = Object.values(node).flatMap((child) =>
    Array.isArray(child) ? child.flatMap(importsIn) : importsIn(child),
  );
  if (node.type !== "ImportExpression") return within;
  return [{ start: node.start, end: node.end, specifier: node.source.value }];
}

/** The engine's worker in one file: a Blob URL has nothing to import from. */
async function bundleWorker(leftOut = []) {
  const { output } = await build({
    root,
    configFile: false,
    logLevel: "warn",
    plugins: [importedAtOnce(leftOut)],
    build: {
      write: false,
      target: "es2023",
      modulePreload: false,
      rolldownOptions: { input: join(source, "worker.ts"), output: { codeSplitting: false } },
    },
  });
  return output[0].code;
}

const core = await bundleCore(source);
// A file that left the core has to be written by tsc again.
if (hasStale(dist, core)) rmSync(buildInfo, { force: true });

/** The library, while the bundles that need nothing of it are made. */
const library = new Promise((done) => {
  const tsc = spawn(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  });
  tsc.on("close", done);
});

const [worker, lightWorker] = await Promise.all([bundleWorker(), bundleWorker([...DATA_FILES, ...LIBRARY])]);
const pagesBuilt = buildPages();
const status = await library;
if (status !== 0) process.exit(status ?? 1);
await pagesBuilt;
writeCore(dist, core);

// The files are for callers who bring the modules themselves (`millrace/slim`): as every host can use them, for plain memory.
for (const name of ["kernels", "formats"]) {
  const { MODULE } = await import(pathToFileURL(join(dist, `wasm/${name}.generated.js`)).href);
  const bytes = readFileSync(join(root, `build/${name}.wasm`));
  bytes[MODULE.flagOffset] = 0x01;
  writeFileSync(join(dist, `${name}.wasm`), bytes);
}

// The worker as a file, for a page's own origin; and both as text for Blob URLs, in the place of what starts one from sources.
writeFileSync(join(dist, "worker.js"), worker);
for (const [name, code] of Object.entries({ "start-worker": lightWorker, "start-file-worker": worker })) {
  writeFileSync(
    join(dist, `platform/${name}.browser.js`),
    `// Starts a worker of the engine from its bundled text, so that no bundler has to know of it. The text stands where it is
// read once: in the function, as a minifier would put it there, V8 would read it twice.
const source = new Blob([${JSON.stringify(code)}], { type: "text/javascript" });

export function startWorker() {
  const url = URL.createObjectURL(source);
  const worker = new Worker(url, { type: "module", name: "millrace" });
  // Its first message tells that the text was read.
  worker.addEventListener("message", () => URL.revokeObjectURL(url), { once: true });
  return worker;
}
`,
  );
}

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
async function buildPages() {
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
}
