// A CSV file as a spreadsheet writes it: semicolons, decimal commas, texts in quotes, a line that is broken. Delimiter, header
// and types are found out; the warmest day of every place goes to another file.
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Millrace, max, tumble } from "millrace";

const folder = mkdtempSync(join(tmpdir(), "millrace-"));
const input = join(folder, "weather.csv");
const output = join(folder, "warmest.csv");
writeFileSync(
  input,
  `at;place;celsius
2026-07-01 06:00;"Köln; Dom";18,5
2026-07-01 15:00;"Köln; Dom";29,25
2026-07-01 15:00;Bonn;warm
2026-07-01 18:00;Bonn;27
2026-07-02 15:00;Bonn;24,75
`,
);

const mill = await Millrace.open();
const readings = mill.file(input, {
  schema: { at: "TIMESTAMP(3)", place: "STRING", celsius: "DOUBLE" },
  time: "at",
  rowPolicy: "deadLetter",
  csv: { decimal: "," },
});
const warmest = readings
  .window(tumble("1 day"))
  .groupBy("place")
  .aggregate({ celsius: max("celsius") })
  .select("windowStart", "place", "celsius");

const refused = [];
await warmest
  .to(mill.file(output))
  .and(readings.deadLetters().to(mill.callback((rows) => void refused.push(...rows))))
  .run();

process.stdout.write(readFileSync(output, "utf8"));
for (const { line, code, message } of refused) console.log(`line ${line}: ${code}: ${message}`);
await mill.close();

// Prints:
//
//     windowStart,place,celsius
//     2026-07-01 00:00:00,Köln; Dom,29.25
//     2026-07-01 00:00:00,Bonn,27
//     2026-07-02 00:00:00,Bonn,24.75
//     line 4: TYPE: column "celsius" is DOUBLE, found "warm"
