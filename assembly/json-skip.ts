// NDJSON decoding: values that no column wants, or that a STRING column keeps as raw text. Checked to the last byte, as
// RFC 8259 says, without recursion: open brackets stand in 128 bytes of the context.
import { Context, DEPTH_MAX, Reason, refuse, STACK, skipBlanks } from "./json-context";
import { scanNumber } from "./json-number";
import { skipString } from "./json-string";

const NULL_WORD: u32 = 0x6c6c756e;
const TRUE_WORD: u32 = 0x65757274;
/** `alse`: `false` without its first letter. */
const ALSE_WORD: u32 = 0x65736c61;

@inline
export function isNull(at: usize): bool {
  return load<u32>(at) == NULL_WORD;
}

@inline
export function isTrue(at: usize): bool {
  return load<u32>(at) == TRUE_WORD;
}

@inline
export function isFalse(at: usize): bool {
  return load<u8>(at) == 0x66 && load<u32>(at, 1) == ALSE_WORD;
}

/** Checks a value that is neither object nor array. Returns the address behind it, or 0. */
@inline
function skipScalar(context: Context, at: usize): usize {
  const c = load<u8>(at);
  if (c == 0x22) return skipString(context, at + 1);
  if (<u32>c - 0x30 <= 9 || c == 0x2d) return scanNumber(context, at);
  if (isTrue(at) || isNull(at)) return at + 4;
  if (isFalse(at)) return at + 5;
  return refuse(context, Reason.EXPECTED_VALUE, at);
}

/** Checks `"name" :` from the first blank before it. Returns the address of its value's first byte, or 0. */
function skipName(context: Context, at: usize): usize {
  at = skipBlanks(at);
  if (load<u8>(at) != 0x22) return refuse(context, Reason.EXPECTED_KEY, at);
  at = skipString(context, at + 1);
  if (at == 0) return 0;
  at = skipBlanks(at);
  if (load<u8>(at) != 0x3a) return refuse(context, Reason.EXPECTED_COLON, at);
  return skipBlanks(at + 1);
}

/** Checks the value that begins at `at`, inside the record's object. Returns the address behind it, or 0. */
export function skipValue(context: Context, at: usize): usize {
  const stack = changetype<usize>(context) + STACK;
  let depth: usize = 0;
  while (true) {
    // A value begins at `at`.
    const c = load<u8>(at);
    if (c == 0x7b || c == 0x5b) {
      if (<u32>depth + 2 > DEPTH_MAX) return refuse(context, Reason.DEPTH, at);
      // `{` and `[` are two below `}` and `]`: keep what must close it.
      store<u8>(stack + depth, c + 2);
      depth++;
      at = skipBlanks(at + 1);
      if (load<u8>(at) != c + 2) {
        if (c == 0x7b) {
          at = skipName(context, at);
          if (at == 0) return 0;
        }
        continue;
      }
    } else {
      at = skipScalar(context, at);
      if (at == 0) return 0;
      if (depth == 0) return at;
      at = skipBlanks(at);
    }
    // A value, or an empty object or array that is still open, ends at `at`: close all that close here.
    while (true) {
      const closing = load<u8>(stack + depth - 1);
      const next = load<u8>(at);
      if (next == closing) {
        depth--;
        at++;
        if (depth == 0) return at;
        at = skipBlanks(at);
      } else if (next == 0x2c) {
        at++;
        if (closing == 0x7d) {
          at = skipName(context, at);
          if (at == 0) return 0;
        } else at = skipBlanks(at);
        break;
      } else return refuse(context, Reason.EXPECTED_COMMA, at);
    }
  }
}
