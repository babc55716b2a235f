// The parts of a JSON text as texts: what a schema is told from, since JavaScript's values have no 64-bit integers.

/** Keys and the text of their values, of a text that is known to be a JSON object. */
export function* members(text: string): Generator<[string, string]> {
  let at = skipBlanks(text, 1);
  while (text[at] === '"') {
    const keyEnd = stringEnd(text, at);
    const name = JSON.parse(text.slice(at, keyEnd)) as string;
    // One `:` and blanks around it.
    const start = skipBlanks(text, skipBlanks(text, keyEnd) + 1);
    const end = valueEnd(text, start);
    yield [name, text.slice(start, end)];
    at = skipBlanks(text, end);
    if (text[at] !== ",") return;
    at = skipBlanks(text, at + 1);
  }
}

/** The text of each element, of a text that is known to be a JSON array. */
export function* elements(text: string): Generator<string> {
  let at = skipBlanks(text, 1);
  while (text[at] !== "]") {
    const end = valueEnd(text, at);
    yield text.slice(at, end);
    at = skipBlanks(text, end);
    if (text[at] === ",") at = skipBlanks(text, at + 1);
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t" || text[at] === "\r") at++;
  return at;
}

/** Position behind the string that begins at `start`. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** Position behind the value that begins at `start`. */
function valueEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const c = text[at] as string;
    if (c === '"') at = stringEnd(text, at);
    else {
      if (c === "{" || c === "[") depth++;
      if (c === "}" || c === "]") depth--;
      at++;
      // A number or a word goes on to the next mark.
      if (depth === 0 && c !== "}" && c !== "]") while (/[^,}\] \t\r]/.test(text[at] ?? ",")) at++;
    }
  } while (depth > 0);
  return at;
}
