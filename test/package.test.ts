// The package as npm would publish it: what package.json promises exists, and nothing else travels. Reads dist/, so build first.
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { ROOT, readText } from "./support/repository.js";

const run = promisify(execFile);

type Conditions = string | { readonly [condition: string]: Conditions };
interface Manifest {
  readonly exports: Readonly<Record<string, Conditions>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readText("package.json")) as Manifest;

const targets = (conditions: Conditions): string[] =>
  typeof conditions === "string" ? [conditions] : Object.values(conditions).flatMap(targets);

beforeAll(() => {
  if (!existsSync(join(ROOT, "dist"))) throw new Error("no dist/: run `npm run build` first");
});

test("every file that the exports and the command name exists", () => {
  const named = [...Object.values(manifest.exports).flatMap(targets), ...Object.values(manifest.bin)];
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test("every subpath imports in Node", async () => {
  // What ends in .wasm, .json or .js is a file for others to load: the worker runs in a page only.
  const subpaths = Object.keys(manifest.exports).filter((path) => !/\.(wasm|json|js)$/.test(path));
  const program = subpaths.map((path) => `await import("${join("millrace", path)}");`).join(" ");
  await expect(run(process.execPath, ["--input-type=module", "-e", program], { cwd: ROOT })).resolves.toBeDefined();
});

test("the browser's entry reaches no Node module and only its runtime dependencies", () => {
  const seen = new Set<string>();
  const outside = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    // No blanks in a specifier, so that a text which ends in the word "from" is none.
    for (const [, , specifier = ""] of readFileSync(file, "utf8").matchAll(/\b(from|import)\s*\(?\s*"([^"\s]+)"/g)) {
      if (specifier.startsWith(".")) visit(resolve(dirname(file), specifier));
      else outside.add(specifier);
    }
  };
  visit(join(ROOT, "dist/browser.js"));
  const legal = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
  expect([...outside].filter((name) => !legal.some((known) => name === known || name.startsWith(`${known}/`)))).toEqual(
    [],
  );
});

test("the runtime dependencies are these four, pinned exactly", () => {
  expect(Object.keys(manifest.dependencies).sort()).toEqual([
    "@assemblyscript/loader",
    "apache-arrow",
    "hyparquet",
    "valibot",
  ]);
  for (const version of Object.values(manifest.dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

test("installing runs no script of ours", () => {
  const onInstall = ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"];
  expect(Object.keys(manifest.scripts).filter((name) => onInstall.includes(name))).toEqual([]);
});

test("the tarball holds the build and six pages, nothing else", async () => {
  const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: ROOT });
  const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[];
  const legal =
    /^(dist\/([\w-]+\/)*[\w.-]+\.(js|d\.ts)|dist\/(kernels|formats)\.wasm|dist\/monitor\/[\w.-]+\.(html|css)|package\.json|README(\.zh)?\.md|CHANGELOG\.md|LICENSE|SECURITY\.md)$/;
  const paths = packed?.files.map((file) => file.path) ?? [];
  expect(paths).toEqual(expect.arrayContaining(["dist/kernels.wasm", "dist/formats.wasm"]));
  expect(paths.filter((path) => !legal.test(path))).toEqual([]);
});
