// A page that reads data files: how many rows each had, and which thread read it.
import { Millrace } from "millrace";

async function readFiles(names) {
  const mill = await Millrace.open();
  const results = [];
  for (const name of names) {
    const rows = mill.memory();
    const job = mill.fetch(name).to(rows).start();
    await job.done;
    results.push({ name, rows: rows.rowCount, thread: job.mode.thread });
  }
  await mill.close();
  return results;
}

readFiles(globalThis.millraceFiles).then(
  (results) => {
    globalThis.millraceResult = results;
  },
  (error) => {
    globalThis.millraceResult = { error: `${error.name} ${error.code}: ${error.message}` };
  },
);
