// Where a file of the repository is found on the site. Pages keep their relative links, which work in a clone as well; the site
// leads those that leave docs/ to the page that shows the same file.
import { existsSync, statSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Files outside docs/ that are pages of docs/project, by the page's name. */
export const PROJECT = {
  changes: "CHANGELOG.md",
  contributing: "CONTRIBUTING.md",
  security: "SECURITY.md",
};

/** Other files outside docs/ with a page of their own. */
const OUTSIDE = { "README.md": "/", "bench/results.md": "/performance", examples: "/examples" };

for (const [page, file] of Object.entries(PROJECT)) OUTSIDE[file] = `/project/${page}`;

/** Anchor of an example on the page of examples: `examples/csv.js` is `csv-js`. */
const exampleAnchor = (file) => posix.basename(file).replaceAll(".", "-");

/** The file, relative to the repository, that is behind a page of the site. */
function fileOf(page) {
  const name = /^project\/(.+)\.md$/.exec(page)?.[1];
  return PROJECT[name] ?? posix.join("docs", page);
}

/**
 * The link that a page of the site (its path below docs/) has for `href`, which stands in the file behind it; undefined for a
 * source file, which is on no page. Addresses, and links within the page, stay as they are.
 *
 * @throws Error when there is no such file
 */
export function siteLink(page, href) {
  if (/^([a-z]+:|\/|#)/i.test(href)) return href;
  const [path, hash] = href.split("#");
  const target = posix.join(posix.dirname(fileOf(page)), path).replace(/\/$/, "");
  const suffix = hash === undefined ? "" : `#${hash}`;
  if (!existsSync(join(ROOT, target))) throw new Error(`${fileOf(page)} links to ${target}, which does not exist`);
  if (target.startsWith("docs/")) {
    const folder = statSync(join(ROOT, target)).isDirectory() ? "/" : "";
    return `/${target.slice("docs/".length).replace(/(^|\/)README\.md$/, "$1")}${folder}${suffix}`;
  }
  if (/^examples\/.+\.js$/.test(target)) return `/examples#${exampleAnchor(target)}`;
  return OUTSIDE[target] === undefined ? undefined : OUTSIDE[target] + suffix;
}

/** Leads every link of a page to where the site has its file; a plugin of markdown-it. */
export function siteLinks(markdown) {
  markdown.core.ruler.push("site-links", ({ tokens, env }) => {
    for (const { children } of tokens) {
      for (const [index, token] of (children ?? []).entries()) {
        if (token.type !== "link_open") continue;
        const link = siteLink(env.relativePath, token.attrGet("href"));
        if (link !== undefined) token.attrSet("href", link);
        else withoutLink(children, index);
      }
    }
  });
}

/** Keeps the text of a link to a file that is on no page. */
function withoutLink(tokens, index) {
  const end = tokens.findIndex(({ type }, at) => at > index && type === "link_close");
  for (const token of [tokens[index], tokens[end]]) {
    token.type = token.type.replace("link", "em");
    token.tag = "span";
    token.attrs = null;
  }
}
