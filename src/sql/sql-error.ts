// Errors in SQL text: the place as line and column, and the line itself with a caret below it.
import { EngineError, type ErrorCode, type ErrorDetails } from "../errors.js";
import type { Span } from "./ast.js";

/** How much of a long line is shown around the place. */
const SHOWN_CHARS = 96;

/** What is wrong with a text of SQL. `at` has its line and column, both from 1; `excerpt` the line with carets. */
export class SqlError extends EngineError {
  override readonly name = "SqlError";
  /** The line of the text and carets below the place: two lines, each with the line's number or room for it. */
  readonly excerpt: string;

  constructor(code: ErrorCode, message: string, text: string, span: Span, details: Omit<ErrorDetails, "at"> = {}) {
    const { line, column, excerpt } = placeOf(text, span);
    super(code, message, { ...details, at: { line, column } });
    this.excerpt = excerpt;
  }

  override format(): string {
    const [first = "", place = "", ...rest] = super.format().split("\n");
    return [first, place, ...this.excerpt.split("\n").map((line) => `  ${line}`), ...rest].join("\n");
  }
}

function placeOf(text: string, { from, to }: Span): { line: number; column: number; excerpt: string } {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < from; at = text.indexOf("\n", at + 1)) {
    line++;
    start = at + 1;
  }
  const next = text.indexOf("\n", start);
  const end = next < 0 ? text.length : next;
  const shownFrom = Math.max(start, Math.min(from - SHOWN_CHARS / 2, end - SHOWN_CHARS));
  const shownTo = Math.min(end, shownFrom + SHOWN_CHARS);
  const cutBefore = shownFrom > start ? "…" : "";
  const shown = text.slice(shownFrom, shownTo).replaceAll(/[\t\r]/g, " ");
  const margin = " ".repeat(String(line).length);
  const carets = "^".repeat(Math.max(1, Math.min(to, shownTo) - from));
  const excerpt = [
    `${line} | ${cutBefore}${shown}${shownTo < end ? "…" : ""}`,
    `${margin} | ${" ".repeat(from - shownFrom + cutBefore.length)}${carets}`,
  ].join("\n");
  return { line, column: from - start + 1, excerpt };
}
