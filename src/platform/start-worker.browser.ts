// Starts the engine's worker from the sources. In the package the build puts another file in this one's place, which holds the
// bundled worker as text and starts it from a Blob URL, so that no bundler has to know of it.

export function startWorker(): Worker {
  return new Worker(new URL("../worker.ts", import.meta.url), { type: "module", name: "millrace" });
}
