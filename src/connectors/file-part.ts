// One new file: written under a hidden name beside its target, made durable, and given its name by a hard link at the end. What
// was not published leaves nothing behind, and no file is ever written over.

import { joined } from "../formats/joined.js";
import { fileExists } from "../platform/errors.js";
import type { Completion, Platform, WritableFile } from "../platform/platform.js";
import type { Backlog } from "./backlog.js";

/** Bytes gathered for one write; compressed each is a member or frame of its own, which larger ones make smaller. */
const WRITE_BYTES = 256 << 10;
const COMPRESS_BYTES = 1 << 20;

/** One call to the storage; they run one after another. */
type Call = (done: Completion<void>) => void;

export interface PartOptions {
  readonly path: string;
  readonly platform: Platform;
  /** What the files of the target share. */
  readonly backlog: Backlog;
  /** How bytes are compressed; null: they are not. */
  readonly compress: ((bytes: Uint8Array, done: Completion<Uint8Array>) => void) | null;
  /** Once it has its name, an abort leaves it. */
  readonly keepsName: boolean;
  /** Told of the first error. */
  readonly failed: (error: Error) => void;
  /** Told when bytes were written that the backlog does not hold any more. */
  readonly wrote: (bytes: number) => void;
}

export class FilePart {
  readonly path: string;
  readonly #options: PartOptions;
  readonly #temporary: string;
  #file: WritableFile | null = null;
  /** Encoded bytes that are not handed to a write yet. */
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #hasMember = false;
  readonly #calls: Call[] = [];
  #calling = false;
  #aborted = false;
  #hasTemporary = false;
  #isPublished = false;
  #failed: (error: Error) => void;

  /** Creates the file, unless its name is taken. */
  constructor(options: PartOptions) {
    const { path, platform } = options;
    const { storage, random } = platform;
    this.path = path;
    this.#options = options;
    this.#failed = options.failed;
    const slash = path.lastIndexOf("/") + 1;
    this.#temporary = `${path.slice(0, slash)}.${path.slice(slash)}.${random.uuid()}.tmp`;
    // Looked at before a day's work, not only after it; publishing looks again.
    this.#enqueue((done) => {
      storage.list(path, (error, files) => done(error ?? (files.length > 0 ? fileExists(path) : null)));
    });
    this.#enqueue((done) => {
      options.backlog.takeHandle(() => {
        storage.create(this.#temporary, (error, created) => {
          if (error === null) {
            this.#file = created;
            this.#hasTemporary = true;
          } else options.backlog.giveHandle();
          done(error);
        });
      });
    });
  }

  write(bytes: Uint8Array): void {
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    this.#options.backlog.waitingBytes += bytes.length;
    if (this.#gatheredBytes >= (this.#options.compress === null ? WRITE_BYTES : COMPRESS_BYTES)) this.flush();
  }

  /** All bytes came: makes them durable and closes the file. */
  seal(): void {
    this.flush();
    if (this.#options.compress !== null && !this.#hasMember) this.#enqueueBytes(new Uint8Array(0));
    this.#enqueue((next) => this.#created.sync(next));
    this.#enqueue((next) => this.#closeFile(next));
  }

  /** Gives a sealed file its name. */
  publish(done: Completion<void>): void {
    this.#failed = done;
    this.#enqueue((next) => {
      this.#options.platform.storage.publish(this.#temporary, this.path, (error) => {
        if (error === null) {
          this.#hasTemporary = false;
          this.#isPublished = true;
        }
        next(error);
      });
    });
    this.#enqueue((next) => {
      next(null);
      done(null);
    });
  }

  /** What is under way comes to its end first; then the file is closed and goes, unless it has a name that it keeps. */
  abort(done: Completion<void>): void {
    this.#aborted = true;
    this.#calls.length = 0;
    this.#enqueue((next) => this.#closeFile(next));
    this.#enqueue((next) => this.#removeFile(next));
    this.#enqueue((next) => {
      next(null);
      done(null);
    });
  }

  /** Hands on what was gathered. */
  flush(): void {
    const bytes = joined(this.#gathered, this.#gatheredBytes);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    if (bytes.length > 0) this.#enqueueBytes(bytes);
  }

  #enqueueBytes(bytes: Uint8Array): void {
    this.#hasMember = true;
    this.#enqueue((next) => {
      const write = (packed: Uint8Array): void => {
        this.#created.write(packed, (error) => {
          this.#options.backlog.waitingBytes -= bytes.length;
          this.#options.wrote(bytes.length);
          next(error);
        });
      };
      const { compress } = this.#options;
      if (compress === null) write(bytes);
      else compress(bytes, (error, packed) => (error === null ? write(packed) : next(error)));
    });
  }

  get #created(): WritableFile {
    return this.#file as WritableFile;
  }

  #closeFile(done: Completion<void>): void {
    const file = this.#file;
    this.#file = null;
    if (file === null) {
      done(null);
      return;
    }
    file.close((error) => {
      this.#options.backlog.giveHandle();
      done(error);
    });
  }

  #removeFile(done: Completion<void>): void {
    const { platform, keepsName } = this.#options;
    const { storage } = platform;
    if (this.#isPublished && !keepsName) storage.remove(this.path, done);
    else if (this.#hasTemporary) storage.remove(this.#temporary, done);
    else done(null);
  }

  #enqueue(call: Call): void {
    this.#calls.push(call);
    this.#next();
  }

  #next(): void {
    if (this.#calling) return;
    const call = this.#calls.shift();
    if (call === undefined) return;
    this.#calling = true;
    call((error) => {
      this.#calling = false;
      if (error !== null) this.#refuse(error);
      this.#next();
    });
  }

  /** The first error ends everything; while cleaning up it is only said. */
  #refuse(error: Error): void {
    if (this.#aborted) {
      this.#options.platform.log("warn", `while removing ${this.#temporary}: ${error.message}`);
      return;
    }
    this.#calls.length = 0;
    this.#failed(error);
  }
}
