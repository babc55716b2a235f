// Every link to a headline leads to one. VitePress finds pages that do not exist; headlines are looked up here, in what it built.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/**
 * Looks at all pages below `folder`.
 *
 * @throws Error naming the links whose headline is not on their page
 */
export function checkAnchors(folder) {
  const pages = new Map();
  for (const file of readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".html"))) {
    pages.set(`/${file.replaceAll("\\", "/")}`, readFileSync(join(folder, file), "utf8"));
  }
  const dead = [];
  for (const [page, html] of pages) {
    for (const [, path, hash] of html.matchAll(/<a [^>]*href="([^":#]*)#([^"]+)"/g)) {
      const target = path === "" ? page : posix.join(posix.dirname(page), path);
      const found = pages.get(path.startsWith("/") ? path.replace(/\/$/, "/index.html") : target);
      if (!found?.includes(`id="${decodeURIComponent(hash)}"`)) dead.push(`${page}: ${path}#${hash}`);
    }
  }
  if (dead.length > 0) throw new Error(`links to headlines that do not exist:\n${dead.join("\n")}`);
}
