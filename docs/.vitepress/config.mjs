// The documentation as a site: `npm run docs:site` builds it into .cache/site, `npx vitepress dev docs` shows it while one writes.
// A link that leads nowhere fails the build.
import { siteLinks } from "./pages.mjs";

/** Entries of the side bar: a title, and pages as [text, link]. */
const section = (text, ...pages) => ({ text, items: pages.map(([text, link]) => ({ text, link })) });

export default {
  title: "Millrace",
  description: "An embeddable event-time stream engine for JavaScript, in Node and in the browser",
  outDir: "../.cache/site",
  cacheDir: "../.cache/vitepress",
  // A folder's page is called README.md, so that it is shown where the repository is browsed.
  rewrites: { ":folder/README.md": ":folder/index.md" },
  markdown: { config: siteLinks },
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
        ["On the shell", "/start/shell"],
      ),
      section(
        "Concepts",
        ["Event time and watermarks", "/concepts/event-time"],
        ["Windows", "/concepts/windows"],
        ["Late rows", "/concepts/late-rows"],
        ["Architecture", "/architecture"],
      ),
      section(
        "Reference",
        ["Overview", "/reference/"],
        ["Streams", "/reference/streams"],
        ["Windows", "/reference/windows"],
        ["Watermarks and late rows", "/reference/watermarks-and-late-rows"],
        ["Expressions", "/reference/expressions"],
        ["Functions", "/reference/functions"],
        ["Types", "/reference/types"],
        ["Sources", "/reference/sources"],
        ["Targets", "/reference/sinks"],
        ["CSV", "/reference/csv"],
        ["Row policy", "/reference/row-policy"],
        ["Jobs", "/reference/jobs"],
        ["Pages, workers, bundlers", "/reference/pages"],
        ["Monitor", "/reference/monitor"],
        ["Command line", "/reference/command-line"],
        ["Arrow", "/reference/arrow"],
        ["Testing kit", "/reference/testing"],
        ["Limits", "/reference/limits"],
        ["Error codes", "/errors"],
      ),
      section(
        "More",
        ["Examples", "/examples"],
        ["Performance", "/performance"],
        ["Comparison", "/comparison"],
        ["Decisions", "/decisions/"],
        ["Changes", "/project/changes"],
        ["Contributing", "/project/contributing"],
        ["Security", "/project/security"],
      ),
    ],
  },
};
