// An observable as a stream: anything with `subscribe`, RxJS's too. It pushes a reading every few milliseconds; the windows go
// by the readings' own time, and close while it goes on.
import { avg, count, Millrace, tumble } from "millrace";

const START_MS = Date.UTC(2026, 0, 1);

const thermometer = {
  subscribe(observer) {
    let n = 0;
    const timer = setInterval(() => {
      observer.next({ at: new Date(START_MS + n * 250), celsius: 20 + (n % 4) });
      if (++n < 12) return;
      clearInterval(timer);
      observer.complete();
    }, 5);
    return { unsubscribe: () => clearInterval(timer) };
  },
};

const mill = await Millrace.open();
const readings = mill.from(thermometer, { schema: { at: "TIMESTAMP(3)", celsius: "DOUBLE" }, time: "at" });
const means = readings.window(tumble("1s")).aggregate({ n: count(), mean: avg("celsius") });
for await (const { windowStart, n, mean } of means) console.log(windowStart.toISOString(), n, mean);
await mill.close();

// Prints:
//
//     2026-01-01T00:00:00.000Z 4 21.5
//     2026-01-01T00:00:01.000Z 4 21.5
//     2026-01-01T00:00:02.000Z 4 21.5
