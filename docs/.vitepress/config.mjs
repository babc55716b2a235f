// The documentation as a site: `npm run docs:site` builds it into .cache/site, `npx vitepress dev docs` shows it while one writes.
// A link that leads nowhere fails the build.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkAnchors } from "./anchors.mjs";
import { ROOT, siteLink, siteLinks } from "./pages.mjs";

/** Entries of the side bar: a title, and pages as [text, link]. */
const section = (text, ...pages) => ({ text, items: pages.map(([text, link]) => ({ text, link })) });

/** The pages of the reference, as its overview lists them. */
function referencePages() {
  const overview = readFileSync(join(ROOT, "docs/reference/README.md"), "utf8");
  return [...overview.matchAll(/^\| \[(.+?)\]\((.+?)\)/gm)].map(([, text, href]) => [
    text,
    siteLink("reference/index.md", href),
  ]);
}

export default {
  title: "Millrace",
  description: "An embeddable event-time stream engine for JavaScript, in Node and in the browser",
  outDir: "../.cache/site",
  cacheDir: "../.cache/vitepress",
  // A folder's page is called README.md, so that it is shown where the repository is browsed.
  rewrites: { ":folder/README.md": ":folder/index.md" },
  markdown: { config: siteLinks },
  buildEnd: ({ outDir }) => checkAnchors(outDir),
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Get started", link: "/start/node" },
      { text: "Concepts", link: "/concepts/event-time" },
      { text: "Reference", link: "/reference/" },
      { text: "Performance", link: "/performance" },
      { text: "Comparison", link: "/comparison" },
    ],
    sidebar: [
      section(
        "Get started",
        ["In Node", "/start/node"],
        ["In a page", "/start/page"],
        ["React, Preact, Vue, Svelte", "/start/frameworks"],
        ["On the shell", "/start/shell"],
      ),
      section(
        "Concepts",
        ["Event time and watermarks", "/concepts/event-time"],
        ["Windows", "/concepts/windows"],
        ["Late rows", "/concepts/late-rows"],
        ["Architecture", "/architecture"],
      ),
      section("Reference", ["Overview", "/reference/"], ...referencePages()),
      section(
        "More",
        ["Examples", "/examples"],
        ["Performance", "/performance"],
        ["Nexmark", "/nexmark"],
        ["Comparison", "/comparison"],
        ["Decisions", "/decisions/"],
        ["Changes", "/project/changes"],
        ["Contributing", "/project/contributing"],
        ["Security", "/project/security"],
      ),
    ],
  },
};
