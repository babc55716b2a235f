// In a page: NDJSON that a server sends, fetched as a stream → window → rows, the same as in Node; and the same again in a
// page whose content security policy allows nothing but its own scripts and WebAssembly.
import { Millrace } from "millrace";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { PAGE_OPTIONS, PAGE_RESULT, runPage } from "../support/page.js";

const SERVED = new URL("/test/fixtures/page.ndjson", location.href).href;

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

test("the page is isolated, or not, as its project says", () => {
  expect(crossOriginIsolated).toBe(inject("isolated"));
});

test.each([1, 7, 8192])("what a server sends → window → rows (batches of %i)", async (batchRows) => {
  expect(await runPage(mill, mill.fetch(SERVED, PAGE_OPTIONS), batchRows)).toEqual(PAGE_RESULT);
});

test("the body of a fetch of one's own is a source too", async () => {
  const { body } = await fetch(SERVED);
  expect(await runPage(mill, mill.from(body as ReadableStream<Uint8Array>, PAGE_OPTIONS))).toEqual(PAGE_RESULT);
});

/** What the module of a framed page reports: its result or error, and violations of its policy. */
interface Report {
  readonly outcome: unknown;
  readonly violations: readonly string[];
}

/** Runs csp-page.ts in a frame under `policy`. */
async function framed(policy: string): Promise<Report> {
  const frame = document.createElement("iframe");
  const script = new URL("./csp-page.ts", import.meta.url).href;
  const report = new Promise<Report>((resolve) => {
    const listen = ({ source, data }: MessageEvent): void => {
      if (source !== frame.contentWindow) return;
      removeEventListener("message", listen);
      resolve(data as Report);
    };
    addEventListener("message", listen);
  });
  frame.srcdoc = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}"><script type="module" src="${script}"></script>`;
  document.body.append(frame);
  try {
    return await report;
  } finally {
    frame.remove();
  }
}

const STRICT = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

test("under a strict content security policy everything works, and nothing asks for more", async () => {
  expect(await framed(STRICT)).toEqual({ outcome: PAGE_RESULT, violations: [] });
});

test("the policy is in force: without 'wasm-unsafe-eval' the kernels cannot load", async () => {
  const { outcome, violations } = await framed(STRICT.replace(" 'wasm-unsafe-eval'", ""));
  expect(outcome).toMatchObject({ code: "KERNELS" });
  expect(violations).toContain("script-src wasm-eval");
});
