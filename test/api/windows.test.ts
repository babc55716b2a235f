// Windows as the API makes them: alignment, offsets, refusals.
import { describe, expect, test } from "vitest";
import { cumulate, hop, tumble } from "../../src/api/windows.js";
import { checkWindowFanout } from "../../src/plan/window.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The first window start at or after a date, found by going through all milliseconds that begin an hour. */
function firstStart({ window }: ReturnType<typeof tumble>, from: string): string {
  for (let time = Date.parse(from); ; time += HOUR) {
    if ((time - window.offsetMs) % window.sizeMs === 0) return new Date(time).toISOString();
  }
}

describe("S20 windows are aligned to the epoch", () => {
  test("S20 a week begins on Monday", () => {
    expect(firstStart(tumble("1 week"), "2026-11-17T00:00Z")).toBe("2026-11-23T00:00:00.000Z");
    expect(firstStart(tumble("1w"), "1970-01-01T00:00Z")).toBe("1970-01-05T00:00:00.000Z");
  });

  test("S20 seven days begin on a Thursday, as 1970-01-01 was", () => {
    expect(tumble("7 days").window).toEqual({ kind: "tumble", sizeMs: 7 * DAY, offsetMs: 0 });
    expect(firstStart(tumble("7 days"), "2026-11-17T00:00Z")).toBe("2026-11-19T00:00:00.000Z");
    expect(firstStart(tumble(7 * DAY), "2026-11-17T00:00Z")).toBe("2026-11-19T00:00:00.000Z");
  });

  test("S20 two weeks begin on the Monday of the week that holds the epoch", () => {
    // 1969-12-29 + 14 days.
    expect(firstStart(tumble("2 weeks"), "1970-01-01T00:00Z")).toBe("1970-01-12T00:00:00.000Z");
  });

  test("S20 hours begin on the hour, whatever the first row", () => {
    expect(tumble("1h").window).toEqual({ kind: "tumble", sizeMs: HOUR, offsetMs: 0 });
  });
});

test("S19 offsets go both ways, and around", () => {
  expect(tumble("1 day", { offset: "8h" }).window.offsetMs).toBe(8 * HOUR);
  expect(tumble("1 day", { offset: "-8h" }).window.offsetMs).toBe(16 * HOUR);
  expect(tumble("1 day", { offset: "32h" }).window.offsetMs).toBe(8 * HOUR);
  expect(tumble("1 week", { offset: "-1 day" }).window.offsetMs).toBe(3 * DAY);
});

test("S24 a row in more than 10,000 windows is refused when planned", () => {
  expect(() => checkWindowFanout(10_000, 1)).not.toThrow();
  expect(() => checkWindowFanout(10_001, 1)).toThrow(
    expect.objectContaining({
      code: "WINDOW_FANOUT",
      message: "windows of 10001 ms every 1 ms hold each row 10001 times, the limit is 10000",
      hint: "slide by 2 ms or more",
    }),
  );
  // The hint is good.
  expect(() => checkWindowFanout(10_001, 2)).not.toThrow();
  // A tumbling window holds each row once, whatever its size.
  expect(() => tumble("10000 weeks")).not.toThrow();
});

test("sizes beyond 2^31 ms stay exact", () => {
  expect(tumble("520 weeks").window.sizeMs).toBe(520 * 7 * DAY);
});

test("windows that overlap begin at multiples of their slide, growing ones at multiples of their size", () => {
  expect(hop("1h", "5m").window).toEqual({ kind: "hop", sizeMs: HOUR, slideMs: HOUR / 12, offsetMs: 0 });
  expect(hop("1 day", "1h", { offset: "-10m" }).window.offsetMs).toBe((50 * HOUR) / 60);
  expect(hop("2 weeks", "1 week").window.offsetMs).toBe(4 * DAY);
  expect(cumulate("1 day", "1h", { offset: "25h", lateness: "1m" })).toEqual({
    window: { kind: "cumulate", sizeMs: DAY, stepMs: HOUR, offsetMs: HOUR },
    latenessMs: 60_000,
  });
  expect(cumulate("1 week", "1 day").window.offsetMs).toBe(4 * DAY);
});

test("what makes no window is refused", () => {
  expect(() => hop("1h", "0s")).toThrow(expect.objectContaining({ code: "OPTION", message: "window slide is 0 ms" }));
  expect(() => cumulate("1h", "7m")).toThrow(
    expect.objectContaining({ code: "OPTION", message: "cumulate() of 1h in steps of 7m" }),
  );
  expect(() => cumulate("1h", "2h")).toThrow(expect.objectContaining({ code: "OPTION" }));

  expect(() => tumble("0s")).toThrow(expect.objectContaining({ code: "OPTION", message: "window size is 0 ms" }));
  expect(() => tumble(-5)).toThrow(expect.objectContaining({ code: "OPTION" }));
  expect(() => tumble("5")).toThrow(expect.objectContaining({ code: "TIME_UNIT" }));
  expect(() => tumble("1 month")).toThrow(
    expect.objectContaining({ code: "UNSUPPORTED", hint: expect.stringContaining('"30 days"') }),
  );
  expect(() => tumble("1h", { lateness: "-1s" })).toThrow(
    expect.objectContaining({ code: "OPTION", message: "lateness is -1000 ms" }),
  );
  const wrong: object = { latness: "5m" };
  expect(() => tumble("1h", wrong)).toThrow(
    expect.objectContaining({ code: "OPTION", hint: 'did you mean "lateness"?' }),
  );
});
