// Prints what a race came to: a table for people, one JSON object a line for programs, and the page bench/results.md.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import type { Bench, Row } from "./harness.js";

/** Where the figures were taken; a figure without its machine says nothing. */
export function machine(): string {
  const [cpu] = cpus();
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpu?.model.trim() ?? "unknown CPU"}, ${memoryGb} GB, Node ${process.version}, V8 ${process.versions.v8}`;
}

const HEADINGS = ["contender", "median ms", "min ms", "M rows/s", "ratio"];

/** A Markdown table, padded so that it also reads well in a terminal. */
export function table(rows: readonly Row[]): string {
  const fetches = rows.some(({ bytes }) => bytes !== undefined);
  const headings = fetches ? [...HEADINGS, "kB fetched"] : HEADINGS;
  const cells = rows.map((row) => [
    row.contender,
    milliseconds(row.medianMs),
    milliseconds(row.minMs),
    (row.rowsPerS / 1e6).toFixed(2),
    row.ratio === null ? "–" : `${row.ratio.toFixed(2)}×`,
    ...(fetches ? [row.bytes === undefined ? "–" : (row.bytes / 1000).toFixed(0)] : []),
  ]);
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((line) => (line[column] ?? "").length)),
  );
  const line = (values: readonly string[]) =>
    `| ${values.map((value, i) => (i === 0 ? value.padEnd(widths[i] ?? 0) : value.padStart(widths[i] ?? 0))).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? `:${"-".repeat(width + 1)}` : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(headings), rule, ...cells.map(line)].join("\n");
}

/** Below a millisecond the third digit counts, above it is noise. */
function milliseconds(ms: number): string {
  return ms < 1 ? ms.toFixed(4) : ms.toFixed(1);
}

const PAGE = "bench/results.md";
const PREAMBLE = `# Results

What \`npm run bench\` measured, with command and machine. The ratio is a contender's time a row over ours: above 1× we are
faster. Contenders ran in one process, the order shuffled every round, garbage collected before each turn; every answer was
checked. Figures move by a third between runs on a shared machine; ratios of one run move less.
`;

/** Replaces the bench's section of bench/results.md, or adds it; what somebody wrote below the table stays. */
export function save(bench: Bench, rows: readonly Row[], rounds: number): void {
  const page = existsSync(PAGE) ? readFileSync(PAGE, "utf8") : PREAMBLE;
  const heading = `## ${bench.name}\n`;
  const measured = [
    heading,
    `${bench.title}\n`,
    `${table(rows)}\n`,
    `\`npm run bench -- ${bench.name} --rounds ${rounds}\`, ${new Date().toISOString().slice(0, 10)}, ${machine()}.\n`,
  ].join("\n");
  const sections = page.split(/^(?=## )/m);
  const index = sections.findIndex((section) => section.startsWith(heading));
  if (index < 0) sections.push(`\n${measured}`.replace(/^\n+/, "\n"));
  else sections[index] = measured + remarks(sections[index] ?? "");
  writeFileSync(PAGE, `${sections.map((section) => section.trim()).join("\n\n")}\n`);
}

/** The text after the line that names command and machine. */
function remarks(section: string): string {
  const end = section.search(/^`npm run bench/m);
  const newline = end < 0 ? -1 : section.indexOf("\n", end);
  return newline < 0
    ? ""
    : section
        .slice(newline)
        .trimStart()
        .replace(/^(?=.)/s, "\n");
}
