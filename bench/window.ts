// Tumbling windows of 10 s, COUNT, SUM, MIN, MAX and AVG by key: from columns with three kinds of keys, and from objects.
import type { Bench, Checksum, Contender } from "./harness.js";
import { eventObjects, expectedWindows, type KeyKind, windowEvents } from "./inputs/events.js";
import { objectContenders, windowContenders } from "./millrace.js";
import { rivalContenders } from "./versus/rivals.js";

const ROWS = 10_000_000;
const OBJECT_ROWS = 1_000_000;

/** The plain loop behind the expected sums takes a second: once for each number of rows. */
const expectedByRows = new Map<number, Checksum>();

function expected(rows: number): Checksum {
  let checksum = expectedByRows.get(rows);
  if (checksum === undefined) {
    checksum = expectedWindows(rows);
    expectedByRows.set(rows, checksum);
  }
  return checksum;
}

const KEYS: Readonly<Record<KeyKind, string>> = {
  codes: "1,000 keys as small i32 codes",
  i64: "1,000 keys as raw 64-bit integers",
  strings: "1,000 keys as plain 11-byte strings",
};

function overColumns(kind: KeyKind): Bench {
  return {
    name: `window/${kind}`,
    title: `10 million rows in columns, ${KEYS[kind]}, 10 s tumbling windows, disorder up to 5 s.`,
    rows: ROWS,
    baseline: "millrace",
    expected,
    contenders: (): Contender[] => {
      const events = windowEvents(ROWS, kind);
      return [...windowContenders(events), ...rivalContenders((rival) => rival.window?.(events))];
    },
  };
}

function overObjects(kind: "codes" | "strings"): Bench {
  return {
    name: `window/objects-${kind === "codes" ? "numbers" : "strings"}`,
    title: `1 million JavaScript objects, ${KEYS[kind]}, 10 s tumbling windows, disorder up to 5 s.`,
    rows: OBJECT_ROWS,
    baseline: "millrace",
    expected,
    contenders: (): Contender[] => {
      const objects = eventObjects(windowEvents(OBJECT_ROWS, kind), OBJECT_ROWS);
      return [...objectContenders(objects, kind), ...rivalContenders((rival) => rival.windowObjects?.(objects))];
    },
  };
}

export const benches: readonly Bench[] = [
  overColumns("codes"),
  overColumns("i64"),
  overColumns("strings"),
  overObjects("codes"),
  overObjects("strings"),
];
