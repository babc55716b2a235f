// Sets of code points as sorted, disjoint ranges: low, high, low, high …, both ends included. Classes of regular expressions are
// made of them.

export type Ranges = readonly number[];

const POINT_MAX = 0x10ffff;
export const EVERY: Ranges = [0, POINT_MAX];

/** Any ranges in order, with those that meet or overlap made one. */
function normalized(ranges: Ranges): Ranges {
  const pairs: [number, number][] = [];
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i] as number, ranges[i + 1] as number]);
  pairs.sort(([a], [b]) => a - b);
  const out: number[] = [];
  for (const [low, high] of pairs) {
    const last = out.length - 1;
    if (last > 0 && low <= (out[last] as number) + 1) out[last] = Math.max(out[last] as number, high);
    else out.push(low, high);
  }
  return out;
}

export function union(...sets: readonly Ranges[]): Ranges {
  return normalized(sets.flat());
}

/** All that is not in the set. */
export function complement(set: Ranges): Ranges {
  const out: number[] = [];
  let next = 0;
  for (let i = 0; i < set.length; i += 2) {
    if ((set[i] as number) > next) out.push(next, (set[i] as number) - 1);
    next = (set[i + 1] as number) + 1;
  }
  if (next <= POINT_MAX) out.push(next, POINT_MAX);
  return out;
}

export function intersection(a: Ranges, b: Ranges): Ranges {
  return complement(union(complement(a), complement(b)));
}

export function contains(set: Ranges, point: number): boolean {
  let low = 0;
  let high = set.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (point < (set[2 * middle] as number)) high = middle;
    else if (point > (set[2 * middle + 1] as number)) low = middle + 1;
    else return true;
  }
  return false;
}

/** With the other case of every ASCII letter. */
export function bothCases(set: Ranges): Ranges {
  const shifted = (low: number, high: number, by: number): Ranges => {
    const letters = intersection(set, [low, high]);
    return letters.map((point) => point + by);
  };
  return union(set, shifted(0x41, 0x5a, 32), shifted(0x61, 0x7a, -32));
}

const DIGITS: Ranges = [0x30, 0x39];
const UPPER: Ranges = [0x41, 0x5a];
const LOWER: Ranges = [0x61, 0x7a];
const ALPHA = union(UPPER, LOWER);
export const WORD: Ranges = union(ALPHA, DIGITS, [0x5f, 0x5f]);
const SPACE: Ranges = [0x09, 0x0d, 0x20, 0x20];
const SIGNS: Ranges = [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e];
/** What `.` does not match. */
export const LINE_ENDS: Ranges = [0x0a, 0x0a, 0x0d, 0x0d, 0x85, 0x85, 0x2028, 0x2029];

/** Classes of one letter; in capitals their complements. */
export const LETTER_CLASSES: Readonly<Record<string, Ranges>> = {
  d: DIGITS,
  w: WORD,
  s: SPACE,
  h: [
    0x09, 0x09, 0x20, 0x20, 0xa0, 0xa0, 0x1680, 0x1680, 0x180e, 0x180e, 0x2000, 0x200a, 0x202f, 0x202f, 0x205f, 0x205f,
    0x3000, 0x3000,
  ],
  v: [0x0a, 0x0d, 0x85, 0x85, 0x2028, 0x2029],
};

/** Names of `\p{…}` that stand for ASCII. */
const POSIX_CLASSES: Readonly<Record<string, Ranges>> = {
  Lower: LOWER,
  Upper: UPPER,
  ASCII: [0, 0x7f],
  Alpha: ALPHA,
  Digit: DIGITS,
  Alnum: union(ALPHA, DIGITS),
  Punct: SIGNS,
  Graph: [0x21, 0x7e],
  Print: [0x20, 0x7e],
  Blank: [0x09, 0x09, 0x20, 0x20],
  Cntrl: [0, 0x1f, 0x7f, 0x7f],
  XDigit: union(DIGITS, [0x41, 0x46], [0x61, 0x66]),
  Space: SPACE,
};

const unicodeClasses = new Map<string, Ranges>();

/** The set of `\p{name}`, or null when there is none. Unicode's are read off the host's own tables, once each. */
export function namedClass(name: string): Ranges | null {
  const posix = POSIX_CLASSES[name];
  if (posix !== undefined) return posix;
  const known = unicodeClasses.get(name);
  if (known !== undefined) return known;
  const found = [name, name.replace(/^Is/, ""), `Script=${name.replace(/^Is/, "")}`].map(propertyTest).find(Boolean);
  if (found === undefined || found === null) return null;
  const out: number[] = [];
  for (let point = 0, isIn = false; point <= POINT_MAX + 1; point++) {
    const now = point <= POINT_MAX && found.test(String.fromCodePoint(point));
    if (now !== isIn) out.push(now ? point : point - 1);
    isIn = now;
  }
  unicodeClasses.set(name, out);
  return out;
}

function propertyTest(name: string): RegExp | null {
  if (!/^\w+(=\w+)?$/.test(name)) return null;
  try {
    return new RegExp(`^\\p{${name}}$`, "u");
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
