// Starts the worker of data files. From the sources there is one worker for everything; in the package the build puts another
// file in this one's place, as it does with start-worker.browser.ts.
export { startWorker } from "./start-worker.browser.js";
