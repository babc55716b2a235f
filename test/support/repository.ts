// The repository as its own tests see it: where it is, and which text files it holds.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of the repository, without a slash at its end. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** A text file: `path` is relative to the repository, with forward slashes. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** Every file under the folders whose path matches, sorted; generated modules are left out, folders may be missing. */
export function textFiles(folders: readonly string[], pattern: RegExp): TextFile[] {
  const files: TextFile[] = [];
  for (const folder of folders) {
    for (const entry of list(join(ROOT, folder))) {
      const path = relative(ROOT, entry);
      if (!pattern.test(path) || path.endsWith(".generated.ts") || path.includes("node_modules/")) continue;
      files.push({ path, text: readFileSync(entry, "utf8") });
    }
  }
  return files.sort((left, right) => (left.path < right.path ? -1 : 1));
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
