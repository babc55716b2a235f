// One suite for the storage of every host that has paths: Node over a temporary directory, the simulator in memory.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { nodePlatform } from "../../src/platform/node.js";
import {
  type FileInfo,
  promised,
  type ReadableFile,
  type Storage,
  type WritableFile,
} from "../../src/platform/platform.js";
import { SimPlatform } from "../../src/platform/sim.js";

interface Host {
  readonly storage: Storage;
  readonly root: string;
  put(path: string, text: string): void;
  get(path: string): string | undefined;
  wait<T>(promise: Promise<T>): Promise<T>;
}

const temporary = mkdtempSync(join(tmpdir(), "millrace-storage-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

function nodeHost(): Host {
  const root = mkdtempSync(join(temporary, "case-"));
  return {
    storage: nodePlatform().storage,
    root,
    put: (path, text) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    },
    get: (path) => {
      try {
        return readFileSync(path, "utf8");
      } catch {
        return undefined;
      }
    },
    wait: (promise) => promise,
  };
}

function simHost(): Host {
  const sim = new SimPlatform(1);
  return {
    storage: sim.storage,
    root: "/sim",
    put: (path, text) => sim.files.write(path, text),
    get: (path) => {
      const bytes = sim.files.read(path);
      return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
    },
    wait: (promise) => sim.drive(promise),
  };
}

const encode = (text: string) => new TextEncoder().encode(text);

describe.each([
  ["node", nodeHost],
  ["sim", simHost],
])("storage of %s", (_name, newHost) => {
  async function writeFile({ storage, wait }: Host, path: string, parts: readonly string[]): Promise<void> {
    const file = await wait(promised<WritableFile>((done) => storage.create(path, done)));
    for (const part of parts) await wait(promised<void>((done) => file.write(encode(part), done)));
    await wait(promised<void>((done) => file.sync(done)));
    await wait(promised<void>((done) => file.close(done)));
  }

  test("lists a file, a directory and a glob, sorted, hidden files left out", async () => {
    const host = newHost();
    for (const name of ["b.json", "a.json", ".c.json", "d/e.json", "d/f/g.json", "h.txt"]) {
      host.put(`${host.root}/${name}`, name);
    }
    const list = async (pattern: string) => {
      const files = await host.wait(promised<FileInfo[]>((done) => host.storage.list(host.root + pattern, done)));
      return files.map(({ path, lengthBytes }) => `${path.slice(host.root.length)}:${lengthBytes}`);
    };
    expect(await list("/a.json")).toEqual(["/a.json:6"]);
    expect(await list("")).toEqual(["/a.json:6", "/b.json:6", "/h.txt:5"]);
    expect(await list("/d/")).toEqual(["/d/e.json:8"]);
    expect(await list("/*.json")).toEqual(["/a.json:6", "/b.json:6"]);
    expect(await list("/**/*.json")).toEqual(["/a.json:6", "/b.json:6", "/d/e.json:8", "/d/f/g.json:10"]);
    expect(await list("/{d,x}/**/[fg].json")).toEqual(["/d/f/g.json:10"]);
    expect(await list("/missing.json")).toEqual([]);
    expect(await list("/missing/*.json")).toEqual([]);
  });

  test("reads any range, and fewer bytes only at the end", async () => {
    const host = newHost();
    const text = Array.from({ length: 20_000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join("");
    host.put(`${host.root}/x`, text);
    const file = await host.wait(promised<ReadableFile>((done) => host.storage.open(`${host.root}/x`, done)));
    expect(file.lengthBytes).toBe(20_000);
    for (const [offset, length] of [
      [0, 20_000],
      [19_990, 100],
      [7, 13],
      [20_000, 10],
      [5, 0],
    ] as const) {
      const bytes = await host.wait(promised<Uint8Array>((done) => file.read(offset, length, done)));
      expect(new TextDecoder().decode(bytes)).toBe(text.slice(offset, offset + length));
    }
    for (const roomBytes of [99, 100, 4096]) {
      const room = new ArrayBuffer(roomBytes);
      const bytes = await host.wait(promised<Uint8Array>((done) => file.read(19_950, 100, done, room)));
      expect(new TextDecoder().decode(bytes)).toBe(text.slice(19_950));
    }
    await host.wait(promised<void>((done) => file.close(done)));
  });

  test("writes a new file with its directories, then publishes it", async () => {
    const host = newHost();
    await writeFile(host, `${host.root}/new/.part`, ["one ", "two"]);
    expect(host.get(`${host.root}/new/.part`)).toBe("one two");
    await host.wait(
      promised<void>((done) => host.storage.publish(`${host.root}/new/.part`, `${host.root}/new/all`, done)),
    );
    expect(host.get(`${host.root}/new/all`)).toBe("one two");
    expect(host.get(`${host.root}/new/.part`)).toBeUndefined();
  });

  test("neither creates nor publishes over a file", async () => {
    const host = newHost();
    host.put(`${host.root}/taken`, "theirs");
    await expect(writeFile(host, `${host.root}/taken`, ["ours"])).rejects.toMatchObject({ code: "FILE_EXISTS" });
    await writeFile(host, `${host.root}/.part`, ["ours"]);
    const published = promised<void>((done) => host.storage.publish(`${host.root}/.part`, `${host.root}/taken`, done));
    await expect(host.wait(published)).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(host.get(`${host.root}/taken`)).toBe("theirs");
    expect(host.get(`${host.root}/.part`)).toBe("ours");
  });

  test("names what is missing", async () => {
    const host = newHost();
    const missing = { code: "FILE_NOT_FOUND", at: { source: `${host.root}/no` } };
    await expect(
      host.wait(promised<ReadableFile>((done) => host.storage.open(`${host.root}/no`, done))),
    ).rejects.toMatchObject(missing);
    await expect(
      host.wait(promised<void>((done) => host.storage.remove(`${host.root}/no`, done))),
    ).rejects.toMatchObject(missing);
  });
});

test("a glob of Node does not follow links to directories, which may lead in circles", async () => {
  const root = mkdtempSync(join(temporary, "links-"));
  writeFileSync(join(root, "a.json"), "{}");
  symlinkSync(root, join(root, "again"));
  symlinkSync(join(root, "a.json"), join(root, "b.json"));
  const files = await promised<FileInfo[]>((done) => nodePlatform().storage.list(`${root}/**/*.json`, done));
  expect(files.map(({ path }) => path.slice(root.length))).toEqual(["/a.json", "/b.json"]);
});

test("a directory is not opened as a file", async () => {
  await expect(promised<ReadableFile>((done) => nodePlatform().storage.open(temporary, done))).rejects.toMatchObject({
    code: "FILE_IO",
  });
});
