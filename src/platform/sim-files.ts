// The simulator's files: names and bytes in memory, every call answered later by chance, reads that fall short.
import { fileExists, fileFailed, fileNotFound } from "./errors.js";
import { isGlob, isHidden, matchGlob } from "./glob.js";
import { readFully } from "./io.js";
import type { Completion, FileInfo, ReadableFile, Storage, WritableFile } from "./platform.js";

/** Lets something happen after a latency drawn by chance. */
type Later = (label: string, turn: () => void) => void;

export type FileCall = "list" | "open" | "read" | "create" | "write" | "sync" | "publish" | "remove" | "close";

/** What names stand for. */
interface SimFile {
  readonly id: string;
  bytes: Uint8Array;
}

export class SimFiles implements Storage {
  readonly #files = new Map<string, SimFile>();
  #made = 0;
  readonly #later: Later;
  readonly #chance: () => number;
  readonly #faults: { readonly call: FileCall; readonly matches: (path: string) => boolean }[] = [];
  /** Files open at this moment; a finished run leaves none. */
  openCount = 0;

  constructor(later: Later, chance: () => number) {
    this.#later = later;
    this.#chance = chance;
  }

  /** Puts a new file there at once, as some other program would; who has the one before open keeps it. */
  write(path: string, content: Uint8Array | string): void {
    this.#files.set(path, { id: `${this.#made++}`, bytes: bytesOf(content) });
  }

  /** Some other program writes on. */
  append(path: string, content: Uint8Array | string): void {
    const file = this.#get(path);
    file.bytes = joined(file.bytes, bytesOf(content));
  }

  /** Some other program cuts a file off. */
  truncate(path: string, lengthBytes: number): void {
    const file = this.#get(path);
    file.bytes = file.bytes.slice(0, lengthBytes);
  }

  /** Some other program gives a file another name. */
  rename(from: string, to: string): void {
    this.#files.set(to, this.#get(from));
    this.#files.delete(from);
  }

  /** The file's bytes; undefined without file. */
  read(path: string): Uint8Array | undefined {
    return this.#files.get(path)?.bytes;
  }

  /** All paths there are, sorted. */
  paths(): string[] {
    return [...this.#files.keys()].sort();
  }

  /** The next such call on the path fails with FILE_IO. */
  failNext(call: FileCall, path: string): void {
    this.#faults.push({ call, matches: (candidate) => candidate === path });
  }

  /** The same for the next such call on any path that begins so. */
  failNextIn(call: FileCall, prefix: string): void {
    this.#faults.push({ call, matches: (candidate) => candidate.startsWith(prefix) });
  }

  list(pattern: string, done: Completion<FileInfo[]>): void {
    this.#answer("list", pattern, done, () => {
      const directory = pattern.endsWith("/") ? pattern : `${pattern}/`;
      const isInside = (path: string) =>
        path.startsWith(directory) &&
        !/\//.test(path.slice(directory.length)) &&
        !isHidden(path.slice(directory.length));
      const matches = (path: string) =>
        isGlob(pattern) ? matchGlob(pattern, path) : path === pattern || isInside(path);
      return this.paths()
        .filter(matches)
        .map((path) => {
          const { id, bytes } = this.#get(path);
          return { path, id, lengthBytes: bytes.length };
        });
    });
  }

  open(path: string, done: Completion<ReadableFile>): void {
    this.#answer("open", path, done, () => {
      const file = this.#get(path);
      const { id } = file;
      const lengthBytes = file.bytes.length;
      this.openCount++;
      const readSome = (offset: number, target: Uint8Array, answer: Completion<number>) => {
        this.#answer("read", path, answer, () => {
          const { bytes } = file;
          const available = Math.max(0, Math.min(target.length, bytes.length - offset));
          const count = available === 0 ? 0 : 1 + Math.floor((available - 1) * this.#chance());
          target.set(bytes.subarray(offset, offset + count));
          return count;
        });
      };
      return {
        path,
        id,
        lengthBytes,
        read: (offset, length, answer, room) => readFully(readSome, offset, length, answer, room),
        close: (answer) => this.#close(path, answer),
      };
    });
  }

  create(path: string, done: Completion<WritableFile>): void {
    this.#answer("create", path, done, () => {
      if (this.#files.has(path)) throw fileExists(path);
      this.write(path, "");
      const file = this.#get(path);
      this.openCount++;
      return {
        path,
        write: (bytes, answer) => {
          this.#answer("write", path, answer, () => {
            file.bytes = joined(file.bytes, bytes);
          });
        },
        sync: (answer) => this.#answer("sync", path, answer, () => undefined),
        close: (answer) => this.#close(path, answer),
      };
    });
  }

  publish(temporary: string, final: string, done: Completion<void>): void {
    this.#answer("publish", final, done, () => {
      if (this.#files.has(final)) throw fileExists(final);
      this.rename(temporary, final);
    });
  }

  remove(path: string, done: Completion<void>): void {
    this.#answer("remove", path, done, () => {
      this.#get(path);
      this.#files.delete(path);
    });
  }

  #close(path: string, done: Completion<void>): void {
    // A handle is gone even when its close reports an error (POSIX close).
    this.openCount--;
    this.#answer("close", path, done, () => undefined);
  }

  #get(path: string): SimFile {
    const file = this.#files.get(path);
    if (file === undefined) throw fileNotFound(path);
    return file;
  }

  #answer<T>(call: FileCall, path: string, done: Completion<T>, work: () => T): void {
    this.#later(`${call} ${path}`, () => {
      let value: T;
      try {
        const fault = this.#faults.findIndex((candidate) => candidate.call === call && candidate.matches(path));
        if (fault >= 0) {
          this.#faults.splice(fault, 1);
          throw fileFailed(path, call, new Error("simulated fault"));
        }
        value = work();
      } catch (error) {
        done(error as Error, undefined as never);
        return;
      }
      done(null, value);
    });
  }
}

function bytesOf(content: Uint8Array | string): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

function joined(before: Uint8Array, bytes: Uint8Array): Uint8Array {
  const after = new Uint8Array(before.length + bytes.length);
  after.set(before);
  after.set(bytes, before.length);
  return after;
}
