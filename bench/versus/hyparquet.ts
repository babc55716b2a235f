// hyparquet used as its page shows: rows as objects, a row group at a time, then a plain loop over them.
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { Checksum } from "../harness.js";
import { HOUR_MS } from "../inputs/flights.js";
import type { Rival } from "./rival.js";

interface Group {
  count: number;
  sum: number;
}

async function hourlyDelays(path: string): Promise<Checksum> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const hours = new Map<number, Map<string, Group>>();
  let rowStart = 0;
  for (const rowGroup of metadata.row_groups) {
    const rowEnd = rowStart + Number(rowGroup.num_rows);
    const options = { file, metadata, compressors, columns: ["date", "delay", "origin"], rowStart, rowEnd };
    for (const { date, delay, origin } of await parquetReadObjects(options)) {
      const minutes = Number(delay);
      addFlight(hours, Number(date) + minutes * 60_000, origin, minutes);
    }
    rowStart = rowEnd;
  }
  const total = { groups: 0, count: 0, avg: 0 };
  for (const groups of hours.values()) {
    for (const { count, sum } of groups.values()) {
      total.groups++;
      total.count += count;
      total.avg += sum / count;
    }
  }
  return total;
}

function addFlight(hours: Map<number, Map<string, Group>>, time: number, origin: string, delay: number): void {
  const hour = time - (time % HOUR_MS);
  let groups = hours.get(hour);
  if (groups === undefined) {
    groups = new Map();
    hours.set(hour, groups);
  }
  const group = groups.get(origin);
  if (group === undefined) {
    groups.set(origin, { count: 1, sum: delay });
  } else {
    group.count++;
    group.sum += delay;
  }
}

export const hyparquet: Rival = {
  package: null,
  flights: (path) => [{ name: "hyparquet rows", run: () => hourlyDelays(path) }],
};
