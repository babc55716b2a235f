// The job behind the pages of react/, preact/, vue/ and svelte/: clicks as they happen, counted by page each second of their
// own time, ten times as fast as life. The table holds the newest count of each page.
import { count, Millrace, tumble } from "millrace";

const PAGES = ["/", "/docs", "/blog"];

async function* clicks() {
  for (let i = 0; ; i++) {
    yield { at: new Date(i * 50), page: PAGES[((i * i) % 7) % PAGES.length] };
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const mill = await Millrace.open();
export const table = mill.memory({ key: "page", rowsMax: 100 });
mill
  .from(clicks(), { schema: { at: "TIMESTAMP(3)", page: "STRING" }, time: "at" })
  .window(tumble("1s"))
  .groupBy("page")
  .aggregate({ clicks: count() })
  .to(table)
  .start();
