// What CSV readers are tried with: the cases of test/fixtures/csv, and what they are damaged with.
import { readFileSync } from "node:fs";

const cases = JSON.parse(readFileSync(new URL("../fixtures/csv/cases.json", import.meta.url), "utf8")) as {
  text: string;
}[];

export const CSV_SEEDS: readonly string[] = [
  ...cases.map(({ text }) => text),
  `a,b,c\n${'1,2.5,"x ""y"" z"\n'.repeat(20)}`,
  `"${"long text, ".repeat(10)}",1,2020-02-29T23:59:59.123Z\r\n`,
];

export const CSV_PIECES: readonly string[] = [
  ...",;\"'\\\n\r\t #09-+.|",
  ...['""', "\r\n", "e5", "1e400", "NaN", "true", "2020-02-29", "23:59", "é", "\ufeff", "\0", "__proto__"],
  ...["x".repeat(100), ",".repeat(70), '"\n'.repeat(20), "9".repeat(40), '","', '"\n"', "NULL"],
];
