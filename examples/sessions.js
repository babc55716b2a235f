// Visits to a shop: the pages that one visitor opens without a pause of half an hour.
import { count, Millrace, max, session } from "millrace";

const at = (time) => new Date(`2026-01-01T${time}:00Z`);
const pages = [
  { visitor: "ada", at: at("09:00"), page: "/" },
  { visitor: "bob", at: at("09:05"), page: "/" },
  { visitor: "ada", at: at("09:20"), page: "/boots" },
  { visitor: "ada", at: at("10:15"), page: "/orders" },
  { visitor: "bob", at: at("10:20"), page: "/hats" },
  // Came late, and makes one visit of ada's two.
  { visitor: "ada", at: at("09:48"), page: "/boots/buy" },
];

const mill = await Millrace.open();
const visits = mill
  .rows(pages, { time: "at", outOfOrder: "1h" })
  .window(session("30m"))
  .groupBy("visitor")
  .aggregate({ pages: count(), last: max("at") });

const clock = (date) => date.toISOString().slice(11, 16);
for await (const { windowStart, windowEnd, visitor, pages: opened, last } of visits) {
  console.log(`${visitor} ${clock(windowStart)} to ${clock(last)}, ${opened} pages, over at ${clock(windowEnd)}`);
}
await mill.close();

// Prints:
//
//     bob 09:05 to 09:05, 1 pages, over at 09:35
//     ada 09:00 to 10:15, 4 pages, over at 10:45
//     bob 10:20 to 10:20, 1 pages, over at 10:50
