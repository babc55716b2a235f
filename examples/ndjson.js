// From an NDJSON file through windows to another one. Records that cannot be read go to a third file, raw and with their
// place, instead of ending the job: two of the five in sensors.ndjson.
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { count, Millrace, max, tumble } from "millrace";

const input = fileURLToPath(new URL("sensors.ndjson", import.meta.url));
const output = join(mkdtempSync(join(tmpdir(), "millrace-")), "warmest.ndjson");

const mill = await Millrace.open();
const readings = mill.file(input, {
  schema: { at: "TIMESTAMP(3)", sensor: "STRING", celsius: "DOUBLE" },
  time: "at",
  outOfOrder: "10s",
  rowPolicy: "deadLetter",
});
const warmest = readings
  .window(tumble("1m"))
  .groupBy("sensor")
  .aggregate({ readings: count(), warmest: max("celsius") });

const refused = [];
const result = await warmest
  .to(mill.file(output))
  .and(readings.deadLetters().to(mill.callback((rows) => void refused.push(...rows))))
  .run();

process.stdout.write(readFileSync(output, "utf8"));
console.log(`${result.rowsIn} good records, ${result.badRows} refused:`);
for (const { line, code, message, raw } of refused) {
  console.log(`line ${line}: ${code}: ${message}`);
  console.log(`  ${new TextDecoder().decode(raw)}`);
}
await mill.close();

// Prints:
//
//     {"windowStart":"2026-03-01 10:00:00","windowEnd":"2026-03-01 10:01:00","windowTime":"2026-03-01 10:00:59.999","sensor":"north","readings":2,"warmest":6.25}
//     {"windowStart":"2026-03-01 10:01:00","windowEnd":"2026-03-01 10:02:00","windowTime":"2026-03-01 10:01:59.999","sensor":"south","readings":1,"warmest":11}
//     3 good records, 2 refused:
//     line 2: TYPE: column "celsius" is DOUBLE, found a string: "warm"
//       {"at":"2026-03-01T10:00:41Z","sensor":"south","celsius":"warm"}
//     line 4: JSON: expected "," or the closing bracket, found the line's end
//       {"at":"2026-03-01T10:01:10Z","sensor":"south","celsius":12
