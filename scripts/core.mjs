// What every page loads is three files of the package, and what reads streams one more: a hundred source files would become as
// many requests in a page without a bundler, and some twenty-five where a bundler shares them with the parts that come late.
// Each source file stays where it was as a line that passes its names on, so that whoever imports it, in Node too, has the
// same classes.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { build } from "vite";

/**
 * The files, each over those before it, and where each begins: what `millrace/arrow` shares with a page, what
 * `millrace/testing` shares with it beyond that, the rest of a page, and what reads streams of bytes. So neither subpath
 * brings the engine along.
 */
const FILES = { columns: "arrow.ts", base: "testing/index.ts", core: "browser.ts", streams: "connectors/fetch.ts" };
/** They pass names on, or are the page's own. */
const ENTRIES = ["arrow.ts", "testing/index.ts", "browser.ts", "index.ts"];
const MARK = "// Its code is in ";

/**
 * @param source - the folder of the library's sources
 * @returns the files' code by their name, and by path in dist/ the line that each source file becomes
 */
export async function bundleCore(source) {
  const page = await namesBehind(source, FILES.core);
  const streams = await namesBehind(source, FILES.streams);
  const parts = new Map();
  const code = new Map();
  for (const [file, entry] of Object.entries(FILES)) {
    const behind = await namesBehind(source, entry);
    const own = [...behind].filter(([path]) => {
      return (page.has(path) || streams.has(path)) && !parts.has(path) && !ENTRIES.includes(path);
    });
    const inFile = (name, part) => `${name}$${part}`;
    const all = own.map(([path, names], part) => {
      return passOn(names, (name) => [name, inFile(name, part)], join(source, path));
    });
    code.set(file, await bundle(source, "\0core", () => undefined, { text: all.join("\n"), parts }));
    for (const [part, [path, names]] of own.entries()) {
      parts.set(path, { file, line: (from) => passOn(names, (name) => [inFile(name, part), name], from) });
    }
  }
  return { code, parts: new Map([...parts].map(([path, part]) => [path.replace(/\.ts$/, ".js"), part])) };
}

/** Writes the files, and the lines in the place of their parts. */
export function writeCore(dist, { code, parts }) {
  for (const [file, text] of code) writeFileSync(join(dist, `${file}.js`), text);
  for (const [path, { file, line }] of parts) {
    const from = relative(dirname(path), `${file}.js`);
    writeFileSync(join(dist, path), `${MARK}${file}.js.\n${line(from.startsWith(".") ? from : `./${from}`)}\n`);
  }
}

/** Whether a file of an earlier build passes names on that is no part any more: only a compiler can write it again. */
export function hasStale(dist, { parts }) {
  if (!existsSync(dist)) return false;
  return readdirSync(dist, { recursive: true }).some((path) => {
    return path.endsWith(".js") && !parts.has(path) && readFileSync(join(dist, path), "utf8").startsWith(MARK);
  });
}

/** By path in the sources, what each file exports that an entry imports, the entry too, without what is imported late. */
async function namesBehind(source, entry) {
  const found = new Map();
  await bundle(source, join(source, entry), (id, names) => {
    if (id.startsWith(`${source}/`) && names.length > 0) found.set(relative(source, id), names);
  });
  return found;
}

function passOn(names, renamed, from) {
  const list = names.map((name) => renamed(name).join(" as "));
  return `export { ${list.join(", ")} } from ${JSON.stringify(from)};`;
}

/**
 * @param visit - gets the id and the exports of every module
 * @param made - the entry's text where it is no file, and the parts that are in a file already
 */
async function bundle(source, input, visit, { text = null, parts = new Map() } = {}) {
  const done = new Map([...parts].map(([path, part]) => [`\0${path}`, part]));
  const plugin = {
    name: "core",
    enforce: "pre",
    resolveId(specifier, importer, { kind }) {
      if (specifier === "\0core") return specifier;
      // The files lie side by side.
      if (done.has(importer)) return { id: specifier, external: true };
      if (!specifier.startsWith(".")) return null;
      const path = relative(source, resolve(dirname(importer), specifier));
      if (kind === "dynamic-import") return { id: `./${path}`, external: true };
      const part = `\0${path.replace(/\.js$/, ".ts")}`;
      return done.has(part) ? part : null;
    },
    load: (id) => (id === "\0core" ? text : (done.get(id)?.line(`./${done.get(id).file}.js`) ?? null)),
    buildEnd() {
      for (const id of this.getModuleIds()) visit(id, this.getModuleInfo(id)?.exports ?? []);
    },
  };
  const { output } = await build({
    root: dirname(source),
    configFile: false,
    logLevel: "warn",
    plugins: [plugin],
    ssr: { external: true },
    build: {
      ssr: true,
      write: false,
      target: "es2023",
      minify: false,
      rolldownOptions: { input, output: { codeSplitting: false }, preserveEntrySignatures: "strict" },
    },
  });
  return output[0].code;
}
