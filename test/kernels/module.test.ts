// The kernel modules as bytes: nothing but memory comes in, no data lies in them, they stay small, one flag makes them shared.
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { nodePlatform } from "../../src/platform/node.js";
import { MODULE as BASE } from "../../src/wasm/base.generated.js";
import { MODULE as FORMATS } from "../../src/wasm/formats.generated.js";
import { MODULE as KERNELS } from "../../src/wasm/kernels.generated.js";
import { moduleBytes } from "../../src/wasm/module.js";
import { MODULE as NEXMARK } from "../../src/wasm/nexmark.generated.js";

/** Raw bytes that each release module may have. */
const BUDGETS = { kernels: 46_000, base: 6_000, formats: 48_000, nexmark: 6_000 };

/** Section ids of the core specification, 5.5.2. */
const SECTIONS = [
  "custom",
  "type",
  "import",
  "function",
  "table",
  "memory",
  "global",
  "export",
  "start",
  "element",
  "code",
  "data",
];

function fileOf(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`../../build/${name}`, import.meta.url)));
}

/** Names of the module's sections, in order. */
function sectionsOf(bytes: Uint8Array): string[] {
  const names: string[] = [];
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at++] as number;
    let size = 0;
    // LEB128.
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number;
      size |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    names.push(SECTIONS[id] ?? `section ${id}`);
    at += size;
  }
  return names;
}

describe.each(Object.keys(BUDGETS).flatMap((name) => [`${name}.wasm`, `${name}.debug.wasm`]))("%s", (name) => {
  const bytes = fileOf(name);
  const module = new WebAssembly.Module(bytes);

  test("imports env.memory and nothing else, so no abort", () => {
    const imports = WebAssembly.Module.imports(module).map((entry) => `${entry.kind} ${entry.module}.${entry.name}`);
    expect(imports).toEqual(["memory env.memory"]);
  });

  test("exports functions and its memory", () => {
    const others = WebAssembly.Module.exports(module).filter(({ kind }) => kind !== "function");
    expect(others).toEqual([{ name: "memory", kind: "memory" }]);
  });

  test("has no data, no start function and no memory of its own", () => {
    const sections = sectionsOf(bytes);
    expect(sections).toContain("code");
    for (const banned of ["data", "start", "memory"]) expect(sections).not.toContain(banned);
  });
});

test.each(Object.entries(BUDGETS))("the release module %s has at most %i bytes", (name, bytesMax) => {
  expect(fileOf(`${name}.wasm`).length).toBeLessThanOrEqual(bytesMax);
});

/** Names of a release module's kernels. */
function kernelsOf(name: string): string[] {
  return WebAssembly.Module.exports(new WebAssembly.Module(fileOf(`${name}.wasm`)))
    .filter(({ kind }) => kind === "function")
    .map((entry) => entry.name);
}

test("no kernel is in two modules, but that the base is a part of the core", () => {
  const apart = Object.keys(BUDGETS).filter((name) => name !== "base");
  const kernels = apart.flatMap(kernelsOf);
  expect(new Set(kernels).size).toBe(kernels.length);
  expect(kernelsOf("kernels")).toEqual(expect.arrayContaining(kernelsOf("base")));
});

test.each([
  ["kernels", KERNELS],
  ["base", BASE],
  ["formats", FORMATS],
  ["nexmark", NEXMARK],
] as const)(
  "the generated module %s is the built one, with the flag of the memory that is asked for",
  async (name, module) => {
    const built = fileOf(`${name}.wasm`);
    expect(inflateSync(Buffer.from(module.deflated, "base64")).equals(Buffer.from(built))).toBe(true);
    expect(module.bytes).toBe(built.length);
    for (const shared of [true, false]) {
      const bytes = await moduleBytes(module, shared);
      expect(new Uint8Array(await moduleBytes(module, shared, nodePlatform().inflate))).toEqual(bytes);
      const different = [...bytes.keys()].filter((at) => bytes[at] !== built[at]);
      expect(different).toEqual(shared ? [] : [module.flagOffset]);
      const memory = new WebAssembly.Memory({ initial: 2, maximum: 4, shared });
      expect(() => new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })).not.toThrow();
      const other = new WebAssembly.Memory({ initial: 2, maximum: 4, shared: !shared });
      expect(() => new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: other } })).toThrow(
        /shared/,
      );
    }
  },
);
