// The two browser projects are what their names say; everything else in this folder relies on it.
import { expect, inject, test } from "vitest";

test("the page is cross-origin isolated in the isolated project and only there", () => {
  expect(globalThis.crossOriginIsolated).toBe(inject("isolated"));
});

test("shared WASM memory constructs in both", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
  expect(Object.prototype.toString.call(memory.buffer)).toBe("[object SharedArrayBuffer]");
});
