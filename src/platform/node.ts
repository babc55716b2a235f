// Node as a host: files by node:fs, turns by setImmediate, fetch, and shared linear memory.
import * as fs from "node:fs";
import { promises } from "node:fs";
import { dirname } from "node:path";
import * as zlib from "node:zlib";
import { AbortError } from "../errors.js";
import { fileExists, fileFailed, fileNotFound } from "./errors.js";
import { isGlob, isHidden, matchName, parseGlob } from "./glob.js";
import { fetchBody, readFully, settle } from "./io.js";
import type { Completion, FileInfo, LogLevel, Platform, ReadableFile, Storage, WritableFile } from "./platform.js";
import { openSocket } from "./socket.node.js";

type Log = Platform["log"];

/** Zstandard came to Node with 22.15 and 23.8. */
const { zstdCompress } = zlib as { readonly zstdCompress?: typeof zlib.deflate };

/** @param options.log receives every message; without it warnings and errors go to standard error. */
export function nodePlatform(options: { log?: Log } = {}): Platform {
  return {
    name: "node",
    clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
    random: {
      u32: () => crypto.getRandomValues(new Uint32Array(1))[0] as number,
      uuid: () => crypto.randomUUID(),
    },
    scheduler: {
      soon: (turn) => void setImmediate(turn),
      after: (delayMs, turn) => {
        const timer = setTimeout(turn, delayMs);
        return () => clearTimeout(timer);
      },
    },
    storage,
    net: { fetch: (url, options, done) => fetchBody(fetch, url, options, done), webSocket: openSocket },
    output: { write: writeToStandardOutput },
    sharedMemory: true,
    // The first DecompressionStream of a process takes Node 15 ms, this 2.
    inflate: (deflated, done) => done(null, zlib.inflateSync(deflated)),
    gzip: (bytes, done) => zlib.gzip(bytes, done),
    ...(zstdCompress && { zstd: (bytes, done) => zstdCompress(bytes, done) }),
    log: options.log ?? logToStandardError,
  };
}

function logToStandardError(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  if (level !== "warn" && level !== "error") return;
  const details = Object.entries(fields).map(([name, value]) => ` ${name}=${String(value)}`);
  process.stderr.write(`millrace ${level}: ${message}${details.join("")}\n`);
}

/** Writes to standard output that are under way, or ended so lately that the event of their error may still come. */
let writesHeard = 0;
const hear = (): void => undefined;

/** A pipe whose reader has gone (`| head`) is no failure: the job has nothing left to do. */
function writeToStandardOutput(bytes: Uint8Array, done: Completion<void>): void {
  const { stdout } = process;
  // The stream tells its error by an event too, which ends the process where nobody listens. One listener stands for all
  // writes: eleven would be taken for a leak.
  if (writesHeard++ === 0) stdout.on("error", hear);
  stdout.write(bytes, (cause) => {
    setImmediate(() => {
      if (--writesHeard === 0) stdout.off("error", hear);
    });
    if (!cause) done(null);
    else if ((cause as NodeJS.ErrnoException).code !== "EPIPE") done(fileFailed("standard output", "write", cause));
    else done(new AbortError("CANCELLED", "nobody reads standard output any more", { cause }));
  });
}

const storage: Storage = {
  list: (pattern, done) => settle(list(pattern), done, (cause) => fileError(pattern, "list", cause)),
  open: (path, done) => {
    fs.open(path, "r", (error, fd) => {
      if (error !== null) return done(fileError(path, "open", error), undefined as never);
      fs.fstat(fd, (statError, stat) => {
        if (statError === null && stat.isFile()) return done(null, readable(path, fd, stat));
        fs.close(fd, () => done(fileError(path, "open", statError ?? new Error("not a file")), undefined as never));
      });
    });
  },
  create: (path, done) => settle(create(path), done, (cause) => fileError(path, "create", cause)),
  publish: (temporary, final, done) => {
    settle(publish(temporary, final), done, (cause) => fileError(final, "publish", cause));
  },
  remove: (path, done) => settle(promises.unlink(path), done, (cause) => fileError(path, "remove", cause)),
};

function readable(path: string, fd: number, stat: fs.Stats): ReadableFile {
  return {
    ...infoOf(path, stat),
    read: (offset, length, done, room) => {
      readFully(
        (at, target, answer) => {
          fs.read(fd, target, 0, target.length, at, (error, count) => {
            answer(error === null ? null : fileError(path, "read", error), count);
          });
        },
        offset,
        length,
        done,
        room,
      );
    },
    close: (done) => fs.close(fd, (error) => done(error ? fileError(path, "close", error) : null)),
  };
}

async function create(path: string): Promise<WritableFile> {
  await promises.mkdir(dirname(path), { recursive: true });
  const handle = await promises.open(path, "wx");
  return {
    path,
    write: (bytes, done) => settle(writeFully(handle, bytes), done, (cause) => fileError(path, "write", cause)),
    sync: (done) => settle(handle.sync(), done, (cause) => fileError(path, "sync", cause)),
    close: (done) => settle(handle.close(), done, (cause) => fileError(path, "close", cause)),
  };
}

async function writeFully(handle: promises.FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at);
    at += bytesWritten;
  }
}

/** A hard link never replaces a name that is taken, whoever took it meanwhile; rename would. */
async function publish(temporary: string, final: string): Promise<void> {
  await promises.link(temporary, final);
  await promises.unlink(temporary);
  const directory = await promises.open(dirname(final), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function list(pattern: string): Promise<FileInfo[]> {
  if (!isGlob(pattern)) return await listPath(pattern);
  const paths = new Set<string>();
  for (const { base, names } of parseGlob(pattern)) await walk(base, names, paths);
  const files: FileInfo[] = [];
  for (const path of paths) {
    const stat = await promises.stat(path);
    if (stat.isFile()) files.push(infoOf(path, stat));
  }
  return files.sort(byPath);
}

/** One file, or the files in one directory; hidden ones are somebody's work in progress. */
async function listPath(path: string): Promise<FileInfo[]> {
  const stat = await promises.stat(path).catch((error: NodeJS.ErrnoException) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (stat === null) return [];
  if (stat.isFile()) return [infoOf(path, stat)];
  const directory = path.endsWith("/") ? path : `${path}/`;
  const files: FileInfo[] = [];
  for (const name of await promises.readdir(path)) {
    const inside = isHidden(name) ? null : await promises.stat(directory + name);
    if (inside?.isFile()) files.push(infoOf(directory + name, inside));
  }
  return files.sort(byPath);
}

/** Adds what matches `names` below `directory`. Links to directories are not entered: they may lead in circles. */
async function walk(directory: string, names: readonly string[], found: Set<string>): Promise<void> {
  const [name, ...rest] = names as [string, ...string[]];
  const prefix = directory === "" || directory.endsWith("/") ? directory : `${directory}/`;
  if (!isGlob(name)) {
    if (rest.length > 0) await walk(prefix + name, rest, found);
    else if (fs.existsSync(prefix + name)) found.add(prefix + name);
    return;
  }
  if (name === "**" && rest.length > 0) await walk(directory, rest, found);
  for (const entry of await entriesOf(directory)) {
    const path = prefix + entry.name;
    if (name === "**" && entry.isDirectory() && !isHidden(entry.name)) await walk(path, names, found);
    if (!matchName(name, entry.name)) continue;
    if (rest.length === 0) found.add(path);
    else if (name !== "**" && entry.isDirectory()) await walk(path, rest, found);
  }
}

async function entriesOf(directory: string): Promise<fs.Dirent[]> {
  try {
    return await promises.readdir(directory === "" ? "." : directory, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error as NodeJS.ErrnoException)) return [];
    throw error;
  }
}

/** Device and inode stay when a file gets another name. */
function infoOf(path: string, { dev, ino, size }: fs.Stats): FileInfo {
  return { path, id: `${dev}:${ino}`, lengthBytes: size };
}

function byPath(a: FileInfo, b: FileInfo): number {
  return a.path < b.path ? -1 : 1;
}

function isMissing(error: NodeJS.ErrnoException): boolean {
  return error.code === "ENOENT" || error.code === "ENOTDIR";
}

function fileError(path: string, what: string, cause: unknown): Error {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === "EEXIST") return fileExists(path, cause);
  if (isMissing(cause as NodeJS.ErrnoException)) return fileNotFound(path, cause);
  return fileFailed(path, what, cause);
}
