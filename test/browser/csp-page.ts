// The page of page.test.ts that stands under a strict content security policy: runs the shared stream, reports to its parent.
import { EngineError, Millrace } from "millrace";
import { PAGE_OPTIONS, runPage } from "../support/page.js";

// Vitest wraps every `import()` that it serves in a call of its runner, which a frame does not have.
Object.assign(globalThis, { __vitest_browser_runner__: { wrapDynamicImport: (load: () => unknown) => load() } });

const violations: string[] = [];
addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
  violations.push(`${effectiveDirective} ${blockedURI}`);
});

async function run(): Promise<unknown> {
  const mill = await Millrace.open();
  const url = new URL("/test/fixtures/page.ndjson", import.meta.url).href;
  const result = await runPage(mill, mill.fetch(url, PAGE_OPTIONS));
  await mill.close();
  return result;
}

const outcome = await run().catch((error: unknown) => {
  return error instanceof EngineError ? { code: error.code, message: error.message } : { message: String(error) };
});
// Reports of violations are tasks of their own: let them come first.
setTimeout(() => parent.postMessage({ outcome, violations }, "*"), 50);
