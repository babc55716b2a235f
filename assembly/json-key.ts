// NDJSON decoding: keys. The usual key is foretold by the line before and compared in json.ts; this is what happens
// otherwise: the name is read, looked up by hash, and remembered as what comes next.
import { Context, Reason, refuse, SLOT_BYTES, Slot, skipBlanks, TEXT_MAX, Type } from "./json-context";
import { copyString, skipString } from "./json-string";
import { MASK } from "./tables";

/** FNV-1a (Fowler, Noll, Vo), 32 bits. */
function hashName(name: usize, length: usize): u32 {
  let hash: u32 = 0x811c9dc5;
  for (let i: usize = 0; i < length; i++) hash = (hash ^ load<u8>(name + i)) * 0x01000193;
  return hash;
}

/** The address in the table where the name stands or would stand. */
function findEntry(context: Context, name: usize, length: usize, hash: u32): usize {
  const mask = context.tableMask;
  let index = hash & mask;
  while (true) {
    const entry = <usize>context.table + ((<usize>index) << 2);
    const address = load<u32>(entry);
    if (address == 0) return entry;
    const slot = changetype<Slot>(address);
    if (slot.hash == hash && slot.nameLength == <u32>length && memory.compare(slot.name, name, length) == 0)
      return entry;
    index = (index + 1) & mask;
  }
}

/** Makes the slots forget all texts and enters the columns' names into the zeroed table. Called once a decoder. */
export function openJson(contextPtr: usize): void {
  const context = changetype<Context>(contextPtr);
  context.dateTail = u32.MAX_VALUE; // no date is known: two bytes never are this
  // No JSON text has 16 bytes of 0xff: such a text never matches.
  for (let i: u32 = 0; i < context.slotsMax + 2; i++) {
    memory.fill(slotAt(context, i), 0xff, 64);
    changetype<Slot>(slotAt(context, i)).next = <u32>slotAt(context, 1);
  }
  for (let i: u32 = 0; i < context.columnCount; i++) {
    const slot = changetype<Slot>(slotAt(context, i + 2));
    slot.hash = hashName(slot.name, slot.nameLength);
    store<u32>(findEntry(context, slot.name, slot.nameLength, slot.hash), <u32>changetype<usize>(slot));
  }
}

@inline
export function slotAt(context: Context, index: u32): usize {
  return <usize>context.slots + <usize>index * SLOT_BYTES;
}

/** A slot for a key that no column wants, so that the next line knows it; 0 when there is no more room. */
function learnName(context: Context, name: usize, length: usize, hash: u32, entry: usize): usize {
  const count = context.slotCount;
  if (count == context.slotsMax || length > TEXT_MAX) return 0;
  const address = slotAt(context, count + 2);
  const slot = changetype<Slot>(address);
  // The name is kept in the slot itself, behind its fields: the input goes away.
  slot.name = <u32>(address + NAME);
  slot.nameLength = <u32>length;
  slot.hash = hash;
  slot.type = Type.SKIP;
  memory.copy(slot.name, name, length);
  store<u32>(entry, <u32>address);
  context.slotCount = count + 1;
  return address;
}

/** Room for a learned name within a slot, behind the fields. */
const NAME: usize = 128;

/**
 * Reads blanks, a key, blanks, `:` and blanks from `start` (behind `{` or `,`); `before` is the slot of the key before.
 * `context.found` is the key's slot. Returns the address of the value's first byte, or 0.
 */
export function readKey(context: Context, before: Slot, start: usize): usize {
  const open = skipBlanks(start);
  if (load<u8>(open) != 0x22) return refuse(context, Reason.EXPECTED_KEY, open);
  const behind = skipString(context, open + 1);
  if (behind == 0) return 0;
  const escaped = context.out;
  let at = skipBlanks(behind);
  if (load<u8>(at) != 0x3a) return refuse(context, Reason.EXPECTED_COLON, at);
  at = skipBlanks(at + 1);

  let name = open + 1;
  let length = behind - 1 - name;
  let found: usize = 0;
  if (escaped) {
    // A name that is longer than the scratch is longer than any column's.
    const fits = copyString(context, name, context.scratch, context.scratch + context.scratchBytes) != 0;
    if (!fits && context.reason != Reason.SPACE) return 0;
    name = context.scratch;
    length = fits ? <usize>context.out - name : 0;
    if (fits) found = load<u32>(findEntry(context, name, length, hashName(name, length)));
  } else {
    const hash = hashName(name, length);
    const entry = findEntry(context, name, length, hash);
    found = load<u32>(entry);
    if (found == 0) found = learnName(context, name, length, hash, entry);
    if (found != 0 && at - start <= TEXT_MAX) rememberText(changetype<Slot>(found), start, at - start);
  }
  if (found == 0) found = slotAt(context, 1);
  before.next = <u32>found;
  context.found = <u32>found;
  return at;
}

/** Keeps the text before the value, with masks of its length. */
function rememberText(slot: Slot, text: usize, length: usize): void {
  const long = length > 16;
  slot.mask0 = v128.load(MASK + 16 - min(length, 16));
  slot.mask1 = long ? v128.load(MASK + 32 - length) : i64x2.splat(0);
  slot.text0 = v128.and(v128.load(text), slot.mask0);
  // A short text may stand at the input's end, with nothing to read behind it.
  slot.text1 = long ? v128.and(v128.load(text, 16), slot.mask1) : i64x2.splat(0);
  slot.textLength = <u32>length;
}
