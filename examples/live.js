// A stream without end: rows come from an async iterable as they happen, windows close as the watermark passes them, and a
// signal ends the job.
import { count, Millrace, tumble } from "millrace";

/** Clicks, 400 ms of event time apart. One clock is wrong by a year; the rows after it are in time all the same. */
async function* clicks() {
  const startMs = Math.floor(Date.now() / 2000) * 2000 - 60_000;
  for (let i = 0; ; i++) {
    const wrong = i === 7;
    yield { at: new Date(startMs + i * 400 + (wrong ? 365 * 86_400_000 : 0)), page: i % 3 === 0 ? "/" : "/docs" };
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const mill = await Millrace.open();
const perSecond = mill
  .from(clicks(), {
    schema: { at: "TIMESTAMP(3)", page: "STRING" },
    time: "at",
    outOfOrder: "200ms",
    maxFutureDrift: "1m",
  })
  .window(tumble("2s"))
  .aggregate({ clicks: count() });

const stop = new AbortController();
const windows = [];
const show = mill.callback((rows) => {
  windows.push(...rows);
  if (windows.length >= 3) stop.abort(new Error("seen enough"));
});
const refused = [];
const keep = mill.callback((rows) => void refused.push(...rows));

const job = perSecond.to(show).and(perSecond.late().to(keep)).start({ signal: stop.signal });
await job.done.catch((reason) => console.log(`${job.state}: ${reason.message}`));
console.log("clicks a window:", ...windows.slice(0, 3).map(({ clicks }) => clicks));
console.log("refused:", ...refused.map(({ lateReason }) => lateReason));
await mill.close();

// Prints:
//
//     cancelled: seen enough
//     clicks a window: 5 4 5
//     refused: FUTURE
