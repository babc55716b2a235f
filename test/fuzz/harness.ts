// The loop that all fuzz tests share: damaged inputs by a printed seed, the kept corpus replayed, and a finding made as small as it
// gets. A test of the name `gzip` stands in test/**/gzip-fuzz.test.ts and keeps its inputs in test/fuzz/corpus/gzip;
// `npm run fuzz -- gzip --execs N --seed S` runs more of it, `npm run fuzz -- all` every one.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "vitest";
import { crc32 } from "../../src/formats/crc32.js";
import { messageOf } from "../../src/platform/errors.js";
import { Chance, Damage } from "./damage.js";

export interface FuzzTarget {
  readonly name: string;
  /** What is damaged, beside the kept corpus. */
  readonly seeds: readonly (string | Uint8Array)[];
  /** Pieces of the format's grammar, that are put in. None where bytes alone make sense. */
  readonly pieces?: readonly (string | Uint8Array)[];
  /**
   * One execution. It must end in values or documented errors; it throws when it sees something else. Whatever it chooses
   * (options, chunk sizes) it takes from `chance`.
   */
  run(bytes: Uint8Array<ArrayBuffer>, chance: Chance): void | Promise<void>;
  /** What must hold when everything is over: memory given back and not grown. */
  end?(): void;
}

const EXECS = Number(process.env["FUZZ_EXECS"] ?? 1000);
const SEED = Number(process.env["FUZZ_SEED"] ?? 1);
/** A folder where each test says how far it is; scripts/fuzz.mjs adds it up. */
const PROGRESS = process.env["FUZZ_PROGRESS"];
/** An input is run with so many different streams of choices, and a kept one with each of them. */
const CHOICES = 16;
/** After so many the test's worker may answer its host, which takes silence for its end. */
const TURN_EXECS = 500;
const SMALLER_RUNS_MAX = 3000;

const corpusFolder = new URL("corpus/", import.meta.url);
const findingsFolder = new URL("../../.cache/fuzz/", import.meta.url);
const encoder = new TextEncoder();

const bytesOf = (input: string | Uint8Array) => (typeof input === "string" ? encoder.encode(input) : input);

function keptInputs(name: string): { file: string; bytes: Uint8Array<ArrayBuffer> }[] {
  const folder = new URL(`${name}/`, corpusFolder);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => ({ file, bytes: new Uint8Array(readFileSync(new URL(file, folder))) }));
}

/** Runs one input; undefined when nothing is wrong. */
async function failureOf(target: FuzzTarget, bytes: Uint8Array, choices: number): Promise<unknown> {
  try {
    // A copy: what an execution does to its input must not reach the next one.
    const running = target.run(bytes.slice(), new Chance(choices));
    if (running !== undefined) await running;
    return undefined;
  } catch (error) {
    return error ?? new Error("nothing was thrown");
  }
}

/** The input without whatever it fails without, parts of halving length at a time. */
async function smaller(target: FuzzTarget, bytes: Uint8Array, choices: number): Promise<Uint8Array> {
  let smallest = bytes;
  let runs = 0;
  for (let part = bytes.length >> 1; part > 0; part >>= 1) {
    for (let at = 0; at < smallest.length && runs < SMALLER_RUNS_MAX; runs++) {
      const without = new Uint8Array(smallest.length - Math.min(part, smallest.length - at));
      without.set(smallest.subarray(0, at));
      without.set(smallest.subarray(at + part), at);
      if ((await failureOf(target, without, choices)) === undefined) at += part;
      else smallest = without;
    }
  }
  return smallest;
}

/** Keeps the smallest input that fails as well, and says how to come back to it. */
async function finding(target: FuzzTarget, bytes: Uint8Array, choices: number, where: string): Promise<Error> {
  const again = await failureOf(target, bytes, choices);
  if (again === undefined) return new Error(`${where}, choices ${choices}: fails only behind other inputs`);
  const smallest = await smaller(target, bytes, choices);
  const cause = (await failureOf(target, smallest, choices)) ?? again;
  mkdirSync(findingsFolder, { recursive: true });
  const file = `${target.name}-${crc32(smallest).toString(16).padStart(8, "0")}`;
  writeFileSync(new URL(file, findingsFolder), smallest);
  const shown = [
    JSON.stringify(new TextDecoder().decode(smallest.subarray(0, 500))),
    Buffer.from(smallest).toString("hex"),
  ];
  return new Error(
    `${where}, choices ${choices}: ${messageOf(cause)}\n${shown[0]}\n${(shown[1] as string).slice(0, 1000)}\n` +
      `kept as .cache/fuzz/${file}; move it to test/fuzz/corpus/${target.name}/ with the fix`,
    { cause },
  );
}

/** Declares the tests of one parser. */
export function fuzz(target: FuzzTarget): void {
  const { name } = target;
  const kept = keptInputs(name);
  const seeds = [...target.seeds.map(bytesOf), ...kept.map(({ bytes }) => bytes)];
  const damage = new Damage(seeds, (target.pieces ?? []).map(bytesOf));

  describe(`fuzz ${name}`, () => {
    test("whole inputs and the kept corpus", async () => {
      for (const [index, bytes] of seeds.entries()) {
        const place = index - target.seeds.length;
        const where = place < 0 ? `seed ${index}` : `corpus ${name}/${(kept[place] as { file: string }).file}`;
        for (let choices = 0; choices < CHOICES; choices++) {
          if ((await failureOf(target, bytes, choices)) !== undefined)
            throw await finding(target, bytes, choices, where);
        }
      }
      target.end?.();
    });

    test(`${EXECS} damaged inputs, seed ${SEED}`, { timeout: 60_000 + EXECS * 20 }, async () => {
      const chance = new Chance(SEED);
      for (let exec = 0; exec < EXECS; exec++) {
        const bytes = damage.next(chance);
        const choices = chance.below(CHOICES);
        if ((await failureOf(target, bytes, choices)) !== undefined) {
          throw await finding(target, bytes, choices, `exec ${exec} of seed ${SEED}`);
        }
        if (exec % TURN_EXECS === 0) {
          if (PROGRESS !== undefined) writeFileSync(`${PROGRESS}/${name}`, String(exec));
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      if (PROGRESS !== undefined) writeFileSync(`${PROGRESS}/${name}`, String(EXECS));
      target.end?.();
    });
  });
}
