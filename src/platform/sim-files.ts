// The simulator's files: names and bytes in memory, every call answered later by chance, reads that fall short.
import { fileExists, fileFailed, fileNotFound } from "./errors.js";
import { isGlob, isHidden, matchGlob } from "./glob.js";
import { readFully } from "./io.js";
import type { Completion, FileInfo, ReadableFile, Storage, WritableFile } from "./platform.js";

/** Lets something happen after a latency drawn by chance. */
type Later = (label: string, turn: () => void) => void;

export type FileCall = "list" | "open" | "read" | "create" | "write" | "sync" | "publish" | "remove" | "close";

export class SimFiles implements Storage {
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #later: Later;
  readonly #chance: () => number;
  readonly #faults: { readonly call: FileCall; readonly matches: (path: string) => boolean }[] = [];
  /** Files open at this moment; a finished run leaves none. */
  openCount = 0;

  constructor(later: Later, chance: () => number) {
    this.#later = later;
    this.#chance = chance;
  }

  /** Puts a file there at once, as some other program would. */
  write(path: string, content: Uint8Array | string): void {
    this.#bytes.set(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
  }

  /** The file's bytes; undefined without file. */
  read(path: string): Uint8Array | undefined {
    return this.#bytes.get(path);
  }

  /** All paths there are, sorted. */
  paths(): string[] {
    return [...this.#bytes.keys()].sort();
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
        .map((path) => ({ path, lengthBytes: this.#get(path).length }));
    });
  }

  open(path: string, done: Completion<ReadableFile>): void {
    this.#answer("open", path, done, () => {
      const bytes = this.#get(path);
      this.openCount++;
      const readSome = (offset: number, target: Uint8Array, answer: Completion<number>) => {
        this.#answer("read", path, answer, () => {
          const available = Math.max(0, Math.min(target.length, bytes.length - offset));
          const count = available === 0 ? 0 : 1 + Math.floor((available - 1) * this.#chance());
          target.set(bytes.subarray(offset, offset + count));
          return count;
        });
      };
      return {
        path,
        lengthBytes: bytes.length,
        read: (offset, lengthBytes, answer) => readFully(readSome, offset, lengthBytes, answer),
        close: (answer) => this.#close(path, answer),
      };
    });
  }

  create(path: string, done: Completion<WritableFile>): void {
    this.#answer("create", path, done, () => {
      if (this.#bytes.has(path)) throw fileExists(path);
      this.#bytes.set(path, new Uint8Array(0));
      this.openCount++;
      return {
        path,
        write: (bytes, answer) => {
          this.#answer("write", path, answer, () => {
            const before = this.#get(path);
            const after = new Uint8Array(before.length + bytes.length);
            after.set(before);
            after.set(bytes, before.length);
            this.#bytes.set(path, after);
          });
        },
        sync: (answer) => this.#answer("sync", path, answer, () => undefined),
        close: (answer) => this.#close(path, answer),
      };
    });
  }

  publish(temporary: string, final: string, done: Completion<void>): void {
    this.#answer("publish", final, done, () => {
      if (this.#bytes.has(final)) throw fileExists(final);
      this.#bytes.set(final, this.#get(temporary));
      this.#bytes.delete(temporary);
    });
  }

  remove(path: string, done: Completion<void>): void {
    this.#answer("remove", path, done, () => {
      this.#get(path);
      this.#bytes.delete(path);
    });
  }

  #close(path: string, done: Completion<void>): void {
    // A handle is gone even when its close reports an error (POSIX close).
    this.openCount--;
    this.#answer("close", path, done, () => undefined);
  }

  #get(path: string): Uint8Array {
    const bytes = this.#bytes.get(path);
    if (bytes === undefined) throw fileNotFound(path);
    return bytes;
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
