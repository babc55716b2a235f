// The pages of the project that stand at the repository's root: each is shown on the site as it is.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT, ROOT } from "../.vitepress/pages.mjs";

export default {
  paths: () =>
    Object.entries(PROJECT).map(([page, file]) => ({
      params: { page },
      content: readFileSync(join(ROOT, file), "utf8"),
    })),
};
